"""Which ops write variables, and how: updates, moving averages, what comes out of a checkpoint.

w  <- Assign(w, init)                       the first value
w  <- Assign(w, RestoreV2)                  a saver
w  <- ApplyAdam(w, w/Adam, w/Adam_1, ...)   an optimizer; its other variables are slots of w
w  <- AssignSub(w, Mul(Sub(w, x), decay))   a moving average (`moving_averages.assign_moving_average`)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from scopeview.analysis.derive.reach import Flags
from scopeview.model.op_types import (
    ASSIGNS,
    INITIAL,
    READS,
    REFERENCE_PASSES,
    RESTORES,
    SAVER,
    SUMMARY,
    VALUE_PASSES,
    VARIABLE_TYPES,
    WRITER,
)
from scopeview.model.ops import MISSING, OpRow, OpTable

_STEPS = 16
_MOST_BEHIND = 200
"""Ops that an optimizer's formula has, and more; a value with more behind it is computed by a network."""

_MOST_COMPUTED = 500
"""Ops that an optimizer computes with one slot, and more."""


def variable_behind(table: OpTable, row: OpRow, slot: int) -> str:
    """Return the variable op that an input refers to without a read between, or an empty string."""
    for _ in range(_STEPS):
        edge = table.input(row, slot)
        if edge is None or edge.source == MISSING or edge.is_control:
            return ""
        row, slot = edge.source, 0
        op_type = table.op_type(row)
        if op_type in VARIABLE_TYPES:
            return table.name(row)
        is_handle_pass = op_type == "Identity" and len(table.sources(row)) == 1
        if op_type not in REFERENCE_PASSES and not is_handle_pass:
            return ""
        if is_handle_pass and not _holds_handle(table, row):
            return ""
    return ""


def _holds_handle(table: OpTable, row: OpRow) -> bool:
    """Whether an Identity copies a resource handle: on a reference it would be a read."""
    source = table.inputs(row)[0].source
    return source != MISSING and table.op_type(source) == "VarHandleOp"


def gradient_assignments(table: OpTable, gradients: Flags) -> Iterator[tuple[OpRow, str]]:
    """Yield assignments of values that are computed from gradients, each with its variable's op.

    Args:
        table: the ops.
        gradients: which of them compute gradients (`gradient_rows`), shape (ops,).
    """
    for row in table.rows_of_type(*ASSIGNS):
        target = variable_behind(table, row, 0)
        if target and any(gradients[behind] for behind in _behind(table, row, gradients)):
            yield row, target


def variables_read(table: OpTable, row: OpRow, gradients: Flags) -> set[str]:
    """Return the variables whose values go into what an op writes, as far back as gradients begin."""
    behind = _behind(table, row, gradients)
    return {table.name(source) for source in behind if table.op_type(source) in VARIABLE_TYPES}


def _behind(table: OpTable, row: OpRow, gradients: Flags) -> list[OpRow]:
    """Return what a written value is computed from, nearest first; gradients end the walk, and so does its length."""
    written = _written(table, row)
    queue = [source for source in dict.fromkeys(table.data_sources(row)) if source != written]
    seen = set(queue)
    for source in queue:
        if len(queue) > _MOST_BEHIND:
            break
        if gradients[source]:
            continue
        fresh = [before for before in dict.fromkeys(table.data_sources(source)) if before not in seen]
        queue += fresh
        seen.update(fresh)
    return queue


def _written(table: OpTable, row: OpRow) -> OpRow:
    edge = table.input(row, 0)
    return OpRow(MISSING) if edge is None else edge.source


def is_computed_with(table: OpTable, variable: OpRow, gradients: Flags) -> bool:
    """Whether the value of a variable goes anywhere but into writes, savers and summaries.

    A slot is read to be written again, or to write the variable that it belongs to. What gradients take is computed
    with: it, or what is made of it, was differentiated.
    """
    queue = [variable]
    seen = set(queue)
    for row in queue:
        if len(queue) > _MOST_COMPUTED:
            return True
        op_type = table.op_type(row)
        onward = table.data_targets(row)
        if any(gradients[target] for target in onward):
            return True
        if not onward and op_type not in READS and op_type not in VARIABLE_TYPES:
            return True
        for target in onward:
            if target not in seen and not _only_looks_on(table.op_type(target)):
                seen.add(target)
                queue.append(target)
    return False


@cache
def _only_looks_on(op_type: str) -> bool:
    """Whether an op of a type writes, saves, summarizes or initializes."""
    return any(end.fullmatch(op_type) for end in (WRITER, SAVER, SUMMARY, INITIAL))


def is_restored(table: OpTable, row: OpRow) -> bool:
    """Whether what an op assigns comes out of a checkpoint."""
    for _ in range(_STEPS):
        edges = [edge for edge in table.inputs(row) if not edge.is_control]
        value = edges[1:2] if table.op_type(row).startswith("Assign") else edges[:1]
        if not value or value[0].source == MISSING:
            return False
        row = value[0].source
        if table.op_type(row) in RESTORES:
            return True
        if table.op_type(row) not in VALUE_PASSES:
            return False
    return False


def is_moving_average(table: OpTable, row: OpRow) -> bool:
    """Whether an op moves a variable towards a value: `v -= (v - value) * decay`."""
    if not table.op_type(row).startswith("AssignSub"):
        return False
    return any(
        table.op_type(factor) == "Sub"
        for product in _source(table, row, 1)
        if table.op_type(product) == "Mul"
        for factor in table.data_sources(product)
    )


def _source(table: OpTable, row: OpRow, slot: int) -> Iterator[OpRow]:
    edge = table.input(row, slot)
    if edge is not None and edge.source != MISSING and not edge.is_control:
        yield edge.source
