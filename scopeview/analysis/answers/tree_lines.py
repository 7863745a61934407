"""What stands on each line of the trees of `scopeview inspect`, beside the names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from scopeview.analysis.answers.inspect import VariableRecord, record_of
from scopeview.analysis.answers.traced import flags_of
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.trees.outline import Outline, OutlineRow
from scopeview.analysis.variable_row import VariableRow
from scopeview.model.model import Model
from scopeview.model.ops import OpRow


@dataclass(frozen=True, slots=True)
class OpLine:
    """A line of the op tree."""

    ops: int
    """Ops that it stands for, those of numbered twins included."""
    own_type: str
    """Type of the op of that very name; empty where there is none."""
    types: Mapping[str, int]
    """Op types below it, the most frequent first."""


@dataclass(frozen=True, slots=True)
class VariableLine:
    """A line of the variable tree."""

    record: VariableRecord | None
    """The variable of that very name, if there is one."""
    call_sites: int
    """How many use it."""
    slots: tuple[str, ...]
    """What its optimizer slots and averages are called."""
    parameters: int | None
    """Elements of it and, for a scope alone, of all below; twins included."""
    below: int
    """Variables below it, twins left out."""
    flags: tuple[str, ...]
    """The reuse flags with which the scope was entered, where a trace says it."""


@dataclass(frozen=True, slots=True)
class TreeLines:
    """The two outlines of an inspection with their lines; None where a section was not asked for."""

    ops: Outline | None
    op_lines: tuple[OpLine | None, ...]
    """One for each row of the outline; None for a row that counts what is left out."""
    variables: Outline | None
    variable_lines: tuple[VariableLine | None, ...]
    scope: str
    """The only scope that is shown; empty for all."""
    program: str
    """The program whose ops are drawn; empty for the main graph."""
    has_ops: bool
    """Whether that has any."""


def tree_lines(
    context: AnalysisContext, shown: AnalysisContext, ops: Outline | None, variables: Outline | None, scope: str
) -> TreeLines:
    """Say what stands on the lines of two outlines.

    Args:
        context: the model, analyzed.
        shown: the program whose ops are drawn, or the model itself.
        ops: the outline of its ops.
        variables: the outline of the model's variables.
        scope: the only scope that they show; empty for all.
    """
    entry = shown.model.entry
    return TreeLines(
        ops,
        tuple(_op_line(shown.model, ops, row) for row in ops.rows) if ops is not None else (),
        variables,
        tuple(_variable_lines(context, variables)) if variables is not None else (),
        scope,
        entry.name if entry is not None else "",
        bool(len(shown.model.graph)),
    )


def _op_line(model: Model, outline: Outline, row: OutlineRow) -> OpLine | None:
    if row.kind == "more":
        return None
    own = row.first if row.kind == "leaf" else row.own
    own_type = model.graph.op_type(OpRow(int(outline.kept[own]))) if own is not None else ""
    if row.kind == "leaf":
        return OpLine(row.twins, own_type, {})
    size = row.last - row.first + (row.own is not None)
    return OpLine(size * row.twins, own_type, model.graph.type_counts(outline.kept[row.first : row.last]))


def _variable_lines(context: AnalysisContext, outline: Outline) -> Iterator[VariableLine | None]:
    table = context.model.variables
    summed = np.concatenate(([0], np.cumsum(table.parameters[outline.kept]))).tolist()
    for row in outline.rows:
        if row.kind == "more":
            yield None
            continue
        below = row.last - row.first if row.kind == "scope" else 0
        if row.kind == "scope" and row.own is None:
            total = (summed[row.last] - summed[row.first]) * row.twins
            yield VariableLine(None, 0, (), total, below, flags_of(context, row.path))
            continue
        variable = VariableRow(context, table[int(outline.kept[row.first if row.own is None else row.own])])
        record, slots = record_of(variable), tuple(slot.slot for slot in variable.auxiliary)
        number = None if record.parameters is None else record.parameters * row.twins
        yield VariableLine(record, len(variable.call_sites), slots, number, below, ())
