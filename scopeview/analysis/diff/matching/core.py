"""Matches the variables of two sides."""

from __future__ import annotations

from collections.abc import Sequence

from scopeview.analysis.diff.matching.entries import Item, Match, Result
from scopeview.analysis.diff.matching.modules import Module, alike, modules_of
from scopeview.analysis.diff.matching.solve import Solver


def match_items(a: Sequence[Item], b: Sequence[Item]) -> Result:
    """Match the variables of two sides one to one; what is not clear stays open."""
    own_a, own_b = [i for i in a if not i.is_auxiliary], [i for i in b if not i.is_auxiliary]
    modules_a, modules_b = alike(modules_of(own_a), modules_of(own_b))
    solver = Solver(modules_a, modules_b, False)
    pairing = solver.solve()
    matches = []
    for one, other in enumerate(pairing.partner):
        if other >= 0:
            matches += _unfold(modules_a[one], modules_b[int(other)], pairing.evidence[one])
    return Result(tuple(matches), {}, ())


def _unfold(a: Module, b: Module, evidence: str) -> list[Match]:
    return [
        Match(item.name, b.members[role].name, evidence, "high") for role, item in a.members.items() if role in b.members
    ]
