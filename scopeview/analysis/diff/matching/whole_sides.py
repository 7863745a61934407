"""What only the sides as wholes show: that hardly anything is matched, or that all moved under another scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from scopeview.analysis.diff.matching.entries import Item
from scopeview.analysis.diff.matching.found import Found
from scopeview.analysis.diff.spelling import canonical, prefix_change

_FEW = 4
_LEAST_ALIKE = 2
"""Variables that must agree before a whole side is taken for the other under another root."""
_LEAST_MATCHED = 0.1
"""Share of the smaller side below which agreement of names is no more than chance."""

Sides = tuple[Sequence[Item], Sequence[Item]]


def judge_as_wholes(sides: Sides, found: Found) -> None:
    """Withdraw what is matched by chance, and match what a change of prefix or of the root explains.

    Args:
        sides: the variables of both sides that stand for themselves.
        found: what is matched and proposed so far; it is changed.
    """
    _withdraw_chance(sides, found)
    _match_proved_prefixes(sides, found)
    _match_below_roots(sides, found)


def _withdraw_chance(sides: Sides, found: Found) -> None:
    """Turn uncertain matches into proposals where hardly anything is matched: two models with nothing in common."""
    names = {item.name for item in sides[0]}
    matched = [match for match in found.matches if match.a in names]
    smaller = min(map(len, sides))
    if len(matched) < max(_LEAST_MATCHED * smaller, 2 if smaller > _FEW else 1):
        found.withdraw([match for match in matched if match.confidence in ("medium", "low")])


def _match_proved_prefixes(sides: Sides, found: Found) -> None:
    """Match proposals that differ by a change of prefix alone that matched variables show."""
    items = tuple({item.name: item for item in side} for side in sides)
    changes = {_change(match.a, match.b) for match in found.matches if match.a != match.b and match.a in items[0]}
    olds = Counter(old for old, _ in changes)
    for one, other in list(found.proposals.items()):
        old, new = _change(one, other)
        is_alike = one in items[0] and other in items[1] and _kind(items[0][one]) == _kind(items[1][other])
        if (old, new) in changes and olds[old] == 1 and is_alike and (old or new):
            found.add(one, other, f"{old}/ -> {new}/, as other variables", "medium")
            del found.proposals[one]


def _change(a: str, b: str) -> tuple[str, str]:
    return prefix_change(canonical(a), canonical(b))


def _kind(item: Item) -> object:
    return item.shape, item.dtype


def _match_below_roots(sides: Sides, found: Found) -> None:
    """Match sides of which nothing is matched, and that are equal but for the scope all of a side lies in."""
    if any(item.name in found.to_b for item in sides[0]) or min(map(len, sides)) < _LEAST_ALIKE:
        return
    below: list[dict[str, Item]] = []
    roots = []
    for side in sides:
        scopes = [item.name.split("/")[:-1] for item in side]
        depth = next(
            (n for n, names in enumerate(zip(*scopes, strict=False)) if len(set(names)) > 1), min(map(len, scopes))
        )
        roots.append("/".join(scopes[0][:depth]))
        below.append({"/".join(item.name.split("/")[depth:]): item for item in side})
    if {rest: _kind(item) for rest, item in below[0].items()} != {rest: _kind(i) for rest, i in below[1].items()}:
        return
    found.proposals.clear()
    evidence = f"{roots[0]}/ -> {roots[1]}/, and everything below is equal"
    for rest, item in below[0].items():
        found.add(item.name, below[1][rest].name, evidence, "medium")
