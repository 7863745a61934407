"""What does the computation cost, and where? Time and memory of a recorded step, FLOPs and bytes by static shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.op_costs import (
    Numbers,
    OpCosts,
    RunCosts,
    recorded_run,
    recorded_runs,
    run_costs,
    static_costs,
)
from scopeview.analysis.query import Query, parse_amount
from scopeview.analysis.suggestions import not_found
from scopeview.errors import NotFoundError
from scopeview.model.ops import OpRow
from scopeview.model.scopes import ROOT, ScopeId

CostKey = Literal["time", "memory", "flops", "output_bytes", "parameters"]
_LISTED = 8
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CostRow:
    """What one op or one scope costs."""

    path: str
    """The op or scope; empty for all that was asked for."""
    is_scope: bool
    """Whether it is a scope, with all that lies in it."""
    op_type: str
    """Of an op."""
    ops: int
    """How many ops it is."""
    time_us: float | None
    """Microseconds in the recorded step; null where there is none, or where none of it ran."""
    memory_bytes: int | None
    """Bytes that its ops were given in the recorded step."""
    executions: int | None
    """How often its ops ran in the recorded step."""
    flops: int | None
    """Floating-point operations, of one execution of each op; null where no shape gives them."""
    output_bytes: int | None
    """Bytes of what its ops give, in one execution of each."""
    parameters: int | None
    """Elements of the variables that are among its ops."""


@dataclass(frozen=True, slots=True)
class CostReport:
    """What a graph or one scope of it costs: in all, and by its parts."""

    scope: str
    """The scope that was asked for; empty for all."""
    program: str
    """The program whose ops these are; empty for the main graph."""
    run: str
    """The recorded step that times are of; empty if the artifact holds none."""
    runs: tuple[str, ...]
    """All recorded steps."""
    total: CostRow
    """Of all together."""
    rows: tuple[CostRow, ...]
    """The parts, or the ops, that cost most first."""
    total_rows: int
    """How many parts or ops there are."""
    offset: int
    """How many were skipped."""
    is_per_example: bool
    """Whether a size was unknown, such as the batch, and counts as 1."""
    unknown: tuple[str, ...]
    """The first of the ops that compute much and whose shapes nothing gives: TensorFlow's import may."""
    total_unknown: int
    """How many there are."""
    elsewhere: tuple[str, ...]
    """The first of the ops of the step that this graph does not hold."""
    total_elsewhere: int
    """How many there are."""
    elsewhere_us: float
    """Microseconds that these took."""
    too_large: bool
    """Whether the graph has too many ops to look at their shapes."""


def costs(  # noqa: PLR0913 - one parameter per field of the query
    context: AnalysisContext,
    scope: str = "",
    *,
    program: str | None = None,
    run: str | None = None,
    by_op: bool = False,
    sort: CostKey | None = None,
    limit: int = 50,
    offset: int = 0,
) -> CostReport:
    """Say what a graph costs.

    Args:
        context: the model.
        scope: only what lies in this scope of ops.
        program: the program to look at; the one that is shown by default if None.
        run: the recorded step; the last one if None.
        by_op: list single ops, and not the parts of the scope.
        sort: what to sort by; by time where there is a recorded step, else by FLOPs, if None.
        limit: rows to return.
        offset: rows to skip.

    Raises:
        NotFoundError: there is no such scope, program or step.
    """
    shown = context.in_program(program)
    recorded = recorded_run(context, run)
    table = _Table(shown, static_costs(shown), run_costs(shown, recorded) if recorded is not None else None)
    tree = shown.model.op_scopes
    found = ROOT if not scope else tree.find(scope)
    if found is None:
        raise NotFoundError(not_found(shown.model, scope, (tree.path(ScopeId(i)) for i in range(1, len(tree)))))
    own = shown.model.graph.row(scope) if scope else None
    rows = table.ops_of(found) if by_op else table.parts_of(found)
    key = sort or ("time" if table.run is not None else "flops")
    rows.sort(key=lambda row: (-(_KEYS[key](row) or 0), row.path))
    taken = table.run
    unknown = [row for row in table.static.unknown if row in tree.rows(found)]
    return CostReport(
        scope=scope,
        program=shown.model.entry.name if shown.model.entry is not None else "",
        run=recorded.name if recorded is not None else "",
        runs=tuple(one.name for one in recorded_runs(context)),
        total=table.of_rows("", True, "", [*tree.rows(found), *([own] if own is not None else [])]),
        rows=tuple(rows[offset : offset + limit]),
        total_rows=len(rows),
        offset=offset,
        is_per_example=table.static.is_per_example,
        unknown=tuple(shown.model.graph.name(OpRow(row)) for row in unknown[:_LISTED]),
        total_unknown=len(unknown),
        elsewhere=taken.elsewhere[:_LISTED] if taken is not None else (),
        total_elsewhere=len(taken.elsewhere) if taken is not None else 0,
        elsewhere_us=taken.elsewhere_us if taken is not None else 0.0,
        too_large=table.static.too_large,
    )


def recorded_steps(context: AnalysisContext) -> tuple[str, ...]:
    """Return the names of the recorded steps of the artifact, in the order of the file."""
    return tuple(dict.fromkeys(run.name for run in recorded_runs(context)))


def fits_costs(context: AnalysisContext, function: str, query: Query) -> NDArray[np.bool_] | bool:
    """Return which ops cost what a query asks for; in the bodies of functions nothing is known."""
    asked = [(field, *parse_amount(field, value)) for field in ("time", "flops") for value in query.values(field)]
    if not asked:
        return True
    run = recorded_run(context)
    if function or (run is None and query.values("time")):
        return False
    fitting = np.ones(len(context.model.graph), dtype=bool)
    for field, compare, bound in asked:
        numbers = static_costs(context).flops if run is None or field == "flops" else run_costs(context, run).time_us
        fitting &= np.array([bool(compare(number, bound)) for number in numbers.tolist()], dtype=bool)
    return fitting


_KEYS: dict[CostKey, Callable[[CostRow], float | None]] = {
    "time": lambda row: row.time_us,
    "memory": lambda row: row.memory_bytes,
    "flops": lambda row: row.flops,
    "output_bytes": lambda row: row.output_bytes,
    "parameters": lambda row: row.parameters,
}


class _Table:
    """The numbers of the ops of one graph, added up by rows."""

    def __init__(self, context: AnalysisContext, static: OpCosts, run: RunCosts | None) -> None:
        self.context = context
        self.static = static
        self.run = run

    def parts_of(self, scope: ScopeId) -> list[CostRow]:
        """Return the scopes and ops directly in a scope that cost anything; an op of a scope's name is part of that."""
        graph, tree = self.context.model.graph, self.context.model.op_scopes
        found: list[CostRow] = []
        paths: set[str] = set()
        for child in tree.children(scope):
            path, rows = tree.path(child), list(tree.rows(child))
            paths.add(path)
            own = graph.row(path)
            found.append(self.of_rows(path, True, "", [*rows, *([own] if own is not None else [])]))
        names = [(row, graph.name(OpRow(row))) for row in tree.leaves(scope)]
        found += [self._op(row, name) for row, name in names if name not in paths]
        return [row for row in found if any(key(row) for key in _KEYS.values())]

    def ops_of(self, scope: ScopeId) -> list[CostRow]:
        """Return every op in a scope that costs anything."""
        rows = [row for row in self.context.model.op_scopes.rows(scope) if self._costs_anything(row)]
        return [self._op(row, self.context.model.graph.name(OpRow(row))) for row in rows]

    def _op(self, row: int, name: str) -> CostRow:
        return self.of_rows(name, False, self.context.model.graph.op_type(OpRow(row)), [row])

    def of_rows(self, path: str, is_scope: bool, op_type: str, rows: Sequence[int]) -> CostRow:
        """Add up what some ops cost."""
        at = np.asarray(rows, dtype=np.int64)
        run, static = self.run, self.static
        return CostRow(
            path=path,
            is_scope=is_scope,
            op_type=op_type,
            ops=len(at),
            time_us=_sum(run.time_us, at) if run is not None else None,
            memory_bytes=_whole(run.memory_bytes, at) if run is not None else None,
            executions=_whole(run.executions, at) if run is not None else None,
            flops=_whole(static.flops, at),
            output_bytes=_whole(static.output_bytes, at),
            parameters=_whole(static.parameters, at),
        )

    def _costs_anything(self, row: int) -> bool:
        run = self.run
        return bool(self.static.flops[row] > 0 or self.static.parameters[row] > 0) or (
            run is not None and bool(run.time_us[row] >= 0)
        )


def _sum(numbers: Numbers, at: Rows) -> float | None:
    known = numbers[at][~np.isnan(numbers[at])]
    return float(known.sum()) if len(known) else None


def _whole(numbers: Numbers, at: Rows) -> int | None:
    found = _sum(numbers, at)
    return None if found is None else int(found)
