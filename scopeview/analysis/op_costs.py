"""What each op of a graph costs: from static shapes, and from a recorded step where the file holds one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.flops import CONTRACTIONS, RULES, Operands, Sizes, flops_of, known_sizes
from scopeview.analysis.derive.tensor_types import output_count, output_facts
from scopeview.errors import NotFoundError
from scopeview.model.dtypes import element_bytes
from scopeview.model.ops import Edge, OpRow
from scopeview.model.recorded_runs import RecordedRun
from scopeview.model.shapes import Shape, byte_count
from scopeview.model.wanted import check_wanted

MOST_OPS = 200_000
"""Ops of a graph up to which shapes are looked at one by one."""

_EVERY = 1024
_MOST = 1 << 60
"""More is damage: sums of it would not fit."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OpCosts:
    """One number for each op; NaN where nothing gives it. Shapes are (ops,)."""

    flops: Numbers
    """Floating-point operations of one execution."""
    output_bytes: Numbers
    """Bytes of what it gives, in one execution."""
    parameters: Numbers
    """Elements of the variable that it is."""
    unknown: tuple[int, ...]
    """Rows of the ops that compute much and whose shapes nothing gives."""
    is_per_example: bool
    """Whether some size was unknown and counts as 1."""
    too_large: bool
    """Whether shapes were not looked at, for there are too many ops."""


@dataclass(frozen=True, slots=True)
class RunCosts:
    """What each op took in a recorded step; NaN for an op that did not run. Shapes are (ops,)."""

    time_us: Numbers
    memory_bytes: Numbers
    executions: Numbers
    elsewhere: tuple[str, ...]
    """Ops of the step that the graph does not hold, such as those that TensorFlow added."""
    elsewhere_us: float
    """What these took."""


def recorded_runs(context: AnalysisContext) -> tuple[RecordedRun, ...]:
    """Return the recorded steps of the artifact, in the order of the file."""
    return context.model.runs.all if context.model.runs is not None else ()


def recorded_run(context: AnalysisContext, name: str | None = None) -> RecordedRun | None:
    """Return a recorded step of the artifact, the last one if none is named; None if it holds none.

    Raises:
        NotFoundError: there is no step of this name.
    """
    runs = recorded_runs(context)
    if name is None:
        return runs[-1] if runs else None
    for found in runs:
        if found.name == name:
            return found
    known = f"it holds {', '.join(one.name for one in runs)}" if runs else "it holds no recorded step"
    raise NotFoundError(f"there is no recorded step {name!r} in {context.model.origin.path}: {known}")


def static_costs(context: AnalysisContext) -> OpCosts:
    """Return what each op costs by its shapes, worked out once."""
    return context.cached("static costs", lambda: _static_costs(context))


def run_costs(context: AnalysisContext, run: RecordedRun) -> RunCosts:
    """Return what each op took in a recorded step, worked out once."""
    return context.cached(("run costs", run.name), lambda: _run_costs(context, run))


def _static_costs(context: AnalysisContext) -> OpCosts:
    graph = context.model.graph
    flops, given, parameters = (np.full(len(graph), np.nan) for _ in range(3))
    for variable in context.model.variables:
        row = graph.row(variable.handle_op) if variable.handle_op else None
        if row is not None and variable.parameters is not None:
            parameters[row] = variable.parameters
    if len(graph) > MOST_OPS:
        return OpCosts(flops, given, parameters, (), is_per_example=False, too_large=True)
    is_per_example = False
    unknown: list[int] = []
    for row in map(OpRow, range(len(graph))):
        if row % _EVERY == 0:
            check_wanted()
        size, has_unknown = output_bytes_of_op(context, row)
        is_per_example |= has_unknown
        if size is not None:
            given[row] = size
        count = flops_of_op(context, row)
        if count is not None:
            flops[row] = count
        elif graph.op_type(row) in CONTRACTIONS:
            unknown.append(row)
    return OpCosts(flops, given, parameters, tuple(unknown), is_per_example, too_large=False)


def flops_of_op(context: AnalysisContext, row: OpRow) -> int | None:
    """Return the floating-point operations of one execution of an op; None where no rule or no shape gives them."""
    op_type = context.model.graph.op_type(row)
    count = flops_of(op_type, _operands(context, row)) if op_type in RULES else None
    return count if count is not None and 0 <= count < _MOST else None


def _operands(context: AnalysisContext, row: OpRow) -> Operands:
    graph = context.model.graph
    inputs = tuple(_input_sizes(context, edge) for edge in graph.inputs(row) if not edge.is_control)
    return Operands(inputs, _sizes(context, row, 0), graph.attributes(row))


def _input_sizes(context: AnalysisContext, edge: Edge) -> Sizes | None:
    if edge.source < 0:
        return None
    found = _sizes(context, edge.source, max(0, edge.port))
    if found is not None:
        return found
    held = int(context.weights_of[edge.source])
    return None if held < 0 else known_sizes(_shape_of_variable(context, OpRow(held)))


def _shape_of_variable(context: AnalysisContext, row: OpRow) -> Shape:
    shapes = context.cached(
        "shapes of variables", lambda: {v.handle_op: v.shape for v in context.model.variables if v.handle_op}
    )
    return shapes.get(context.model.graph.name(row))


def _sizes(context: AnalysisContext, row: OpRow, port: int) -> Sizes | None:
    facts = output_facts(context.model, "", row, port)
    return known_sizes(facts.shape) if facts.shape_known else None


def output_bytes_of_op(context: AnalysisContext, row: OpRow) -> tuple[int | None, bool]:
    """Return the bytes of all outputs whose shape and dtype are known, and whether a size of them was not."""
    total: int | None = None
    has_unknown = False
    for port in range(min(64, output_count(context.model, "", row) or 1)):
        facts = output_facts(context.model, "", row, port)
        sizes = known_sizes(facts.shape) if facts.shape_known else None
        if sizes is None or facts.dtype is None or element_bytes(facts.dtype) is None:
            continue
        has_unknown |= None in (facts.shape or ())
        size = byte_count(sizes, facts.dtype)
        total = total if size is None else (total or 0) + size
    return total if total is None or total < _MOST else None, has_unknown


def _run_costs(context: AnalysisContext, run: RecordedRun) -> RunCosts:
    graph = context.model.graph
    time, memory, executions = (np.full(len(graph), np.nan) for _ in range(3))
    elsewhere: list[str] = []
    elsewhere_us = 0.0
    for name, found in run.ops.items():
        row = graph.row(name)
        if row is None:
            elsewhere.append(name)
            elsewhere_us += found.time_us
        else:
            time[row], memory[row], executions[row] = found.time_us, found.memory_bytes, found.executions
    return RunCosts(time, memory, executions, tuple(elsewhere), elsewhere_us)
