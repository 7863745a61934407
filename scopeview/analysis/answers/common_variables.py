"""What several ops and scopes have in common: the variables that the computation of each of them uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scopeview.analysis.context import AnalysisContext
from scopeview.model.names import is_within
from scopeview.model.variables import Variable


@dataclass(frozen=True, slots=True)
class CommonVariables:
    """Variables that all of several names use."""

    names: tuple[str, ...]
    variables: tuple[str, ...]
    """The first of them."""
    total_variables: int


def common_variables(context: AnalysisContext, names: Sequence[str], *, limit: int = 60) -> CommonVariables:
    """Find the variables that each of some ops, scopes and variables uses; a variable uses itself.

    Args:
        context: the model, analyzed.
        names: ops or scopes of the main graph, or variables.
        limit: variables to list.
    """
    found = [v.name for v in context.model.variables if all(_uses(context, name, v) for name in names)]
    return CommonVariables(tuple(names), tuple(found[:limit]), len(found))


def _uses(context: AnalysisContext, name: str, variable: Variable) -> bool:
    if name == variable.name or name in variable.handles:
        return True
    if any(is_within(site.scope, name) for site in context.call_sites(variable)):
        return True
    return any(access.op == name for access in context.accesses(variable).forward)
