"""What the ops that read a variable cost: time of a recorded step, FLOPs and bytes by static shapes.

Only the ops of the variable are looked at, so that a page of a table is quick in a graph of any size. An op that reads
two variables counts for both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.flops import CONTRACTIONS
from scopeview.analysis.op_costs import Numbers, flops_of_op, output_bytes_of_op, recorded_run, run_costs
from scopeview.model.variables import Variable


@dataclass(frozen=True, slots=True)
class ReaderCosts:
    """What the ops of the computation that read a variable cost; None where nothing gives it."""

    time_us: float | None
    """Microseconds in the last recorded step."""
    flops: int | None
    """Floating-point operations of one execution of each, where all that compute much are known.

    An unknown size, such as the batch, counts as 1.
    """
    output_bytes: int | None
    """Bytes of what they give, in one execution of each."""


def reader_costs(context: AnalysisContext, variable: Variable) -> ReaderCosts:
    """Return what the ops that read a variable cost, in the program that is shown by default; worked out once."""
    shown = context.in_program()
    return shown.cached(("reader costs", variable.identity), lambda: _reader_costs(shown, variable))


def _reader_costs(context: AnalysisContext, variable: Variable) -> ReaderCosts:
    graph = context.model.graph
    names = {access.op for access in context.accesses(variable).forward if not access.function}
    rows = sorted(row for row in map(graph.row, names) if row is not None)
    run = recorded_run(context)
    flops = [flops_of_op(context, row) for row in rows]
    is_partial = any(
        count is None and graph.op_type(row) in CONTRACTIONS for row, count in zip(rows, flops, strict=True)
    )
    return ReaderCosts(
        time_us=_time(run_costs(context, run).time_us[rows]) if run is not None and rows else None,
        flops=None if is_partial else _sum(flops),
        output_bytes=_sum(output_bytes_of_op(context, row)[0] for row in rows),
    )


def _time(times: Numbers) -> float | None:
    known = times[~np.isnan(times)]
    return float(known.sum()) if len(known) else None


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
