"""What several ops and scopes have in common: the variables that the computation of each of them uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scopeview.analyses.facts import Facts
from scopeview.model.names import is_within
from scopeview.model.variables import Variable


@dataclass(frozen=True, slots=True)
class UsedByAll:
    """Variables that all of several names use."""

    names: tuple[str, ...]
    variables: tuple[str, ...]
    """The first of them."""
    total_variables: int


def used_by_all(facts: Facts, names: Sequence[str], *, limit: int = 60) -> UsedByAll:
    """Find the variables that each of some ops, scopes and variables uses; a variable uses itself.

    Args:
        facts: the model, analysed.
        names: ops or scopes of the main graph, or variables.
        limit: variables to list.
    """
    found = [v.name for v in facts.model.variables if all(_uses(facts, name, v) for name in names)]
    return UsedByAll(tuple(names), tuple(found[:limit]), len(found))


def _uses(facts: Facts, name: str, variable: Variable) -> bool:
    if name == variable.name or name in variable.handles:
        return True
    if any(is_within(site.scope, name) for site in facts.call_sites(variable)):
        return True
    return any(access.op == name for access in facts.accesses(variable).forward)
