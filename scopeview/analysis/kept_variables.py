"""Variables of the other side that keep its values in a conversion: readers of some files ask for all of them."""

from __future__ import annotations

from dataclasses import replace

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.convert import ConvertPlan, ConvertRow, key_of, variables_by_name
from scopeview.model.dtypes import NON_NUMERIC
from scopeview.model.shapes import element_count
from scopeview.model.variables import Variable


def with_kept(plan: ConvertPlan, like: AnalysisContext) -> ConvertPlan:
    """Return a plan that writes every variable of the other side: what gets no values keeps those that it has.

    Args:
        plan: what is converted.
        like: the other side, with values.
    """
    written = {row.key for row in plan.rows}
    kept = {
        name: variable
        for name, variable in variables_by_name(like).items()
        if key_of(variable) not in written
        and variable.dtype not in NON_NUMERIC
        and element_count(variable.shape) is not None
    }
    rows = [_kept(variable, like.model.origin.path) for variable in kept.values()]
    return replace(
        plan,
        rows=tuple(sorted((*plan.rows, *rows), key=lambda row: row.key)),
        unfilled=tuple(one for one in plan.unfilled if one.name not in kept),
        size_bytes=plan.size_bytes + sum(variable.size_bytes or 0 for variable in kept.values()),
    )


def _kept(variable: Variable, path: str) -> ConvertRow:
    shape = tuple(size or 0 for size in variable.shape or ())
    return ConvertRow(
        source=variable.name,
        key=key_of(variable),
        dtype=variable.dtype,
        shape=shape,
        source_dtype=variable.dtype,
        source_shape=shape,
        axes=(),
        resize="",
        reason=f"no counterpart in the source; as in {path}",
        is_kept=True,
    )
