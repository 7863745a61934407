"""How many parameters are trained, how many are not, and how many are the state of optimizers?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.copies import copies
from scopeview.model.op_types import APPLY
from scopeview.model.variables import Variable

if TYPE_CHECKING:
    from scopeview.analysis.derive.auxiliary_columns import AuxiliaryColumns

_FROM_GRADIENTS = "S1"
"""The role rule of writes whose value is computed from gradients."""


@dataclass(frozen=True, slots=True)
class ParameterTotals:
    """The parameters of a model in three parts, variables of unknown shape left out."""

    trained: int | None
    """Elements of what an optimizer of the graph updates; of what is trainable, where the graph has no optimizer."""
    not_trained: int | None
    """Elements of all else that is no state of an optimizer: statistics, averages, frozen layers, counters."""
    optimizer: int
    """Elements of slots and of optimizer scalars such as beta powers."""


def parameter_totals(context: AnalysisContext) -> ParameterTotals:
    """Add up the parameters of a model by what changes them; None where the artifact does not say.

    In a graph with an optimizer, what no optimizer updates is not trained, whatever the collections say. Without one
    `trainable` decides. Where that is unknown, as in a checkpoint, what has slots was trained, and in a model that has
    slots nothing else was. If that leaves any variable with parameters unknown, so are both sums. A second object of a
    variable counts for nothing.
    """
    return context.cached("parameter totals", lambda: _totals(context))


def _totals(context: AnalysisContext) -> ParameterTotals:
    auxiliary = context.auxiliary_variables
    if context.model.variables.columns is not None:
        from scopeview.analysis.derive.auxiliary_columns import AuxiliaryColumns

        if isinstance(auxiliary, AuxiliaryColumns):
            return _of_columns(auxiliary, context.model.variables.parameters)
    state = trained = others = 0
    unknown: list[Variable] = []
    has_optimizer = any(
        is_trained(context, variable) for variable in context.model.variables if variable not in auxiliary
    )
    has_slots = any(kept.kind == "slot" and kept.primary for kept in auxiliary)
    twice = copies(context.model.variables)
    for variable in context.model.variables:
        if variable.identity in twice:
            continue
        size = variable.parameters or 0
        kept = auxiliary.of(variable)
        is_known = is_trained(context, variable) if has_optimizer else variable.trainable
        if is_known is None and has_slots:
            is_known = any(one.kind == "slot" for one in auxiliary.belonging_to(variable))
        if kept is not None and kept.kind in ("slot", "scalar"):
            state += size
        elif kept is not None or is_known is False:
            others += size
        elif is_known:
            trained += size
        elif size:
            unknown.append(variable)
    return ParameterTotals(None, None, state) if unknown else ParameterTotals(trained, others, state)


def _of_columns(auxiliary: AuxiliaryColumns, sizes: NDArray[np.int64]) -> ParameterTotals:
    """Add up the parameters of a checkpoint: what has slots was trained, where any has."""
    is_slot = auxiliary.are("slot")
    is_state = is_slot | auxiliary.are("scalar")
    is_own = auxiliary.kind < 0
    state, others = int(sizes[is_state].sum()), int(sizes[~is_state & ~is_own].sum())
    if not is_slot.any():
        return ParameterTotals(None, None, state) if sizes[is_own].any() else ParameterTotals(0, others, state)
    has_slots = np.zeros(len(sizes), dtype=bool)
    has_slots[auxiliary.primary[is_slot]] = True
    return ParameterTotals(int(sizes[is_own & has_slots].sum()), others + int(sizes[is_own & ~has_slots].sum()), state)


def is_trained(context: AnalysisContext, variable: Variable) -> bool:
    """Whether an optimizer updates a variable: by an `Apply*` op, in an `update_<variable>` scope, or op by op."""
    if variable.kind == "checkpoint":
        return False
    known = context.is_trained(variable)
    if known is not None:
        return known
    return any(
        access.role == "update"
        and (
            APPLY.fullmatch(access.op_type) is not None
            or "/update_" in f"/{access.scope}"
            or context.role_rule(access.op, access.function) == _FROM_GRADIENTS
        )
        for access in context.accesses(variable).writers
    )
