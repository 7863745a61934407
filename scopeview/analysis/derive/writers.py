"""Which ops write variables, and how: updates, moving averages, what comes out of a checkpoint.

w  <- Assign(w, init)                       the first value
w  <- Assign(w, RestoreV2)                  a saver
w  <- ApplyAdam(w, w/Adam, w/Adam_1, ...)   an optimizer; its other variables are slots of w
w  <- AssignSub(w, Mul(Sub(w, x), decay))   a moving average (`moving_averages.assign_moving_average`)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.reach import Flags, downstream
from scopeview.model.handed_on import first_inputs, handed_on
from scopeview.model.names import CONTROL
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
    edge = table.input(row, slot)
    if edge is None or edge.source == MISSING or edge.is_control:
        return ""
    found = referred_to(table)[edge.source]
    return table.name(OpRow(found)) if found >= 0 else ""


def referred_to(table: OpTable) -> Sequence[int]:
    """Return the variable op that each op is or hands on without a read, -1 where it does neither: shape (ops,)."""
    return table.cached("variables referred to", lambda: _find_referred_to(table).data)


def _find_referred_to(table: OpTable) -> NDArray[np.int64]:
    source, port = first_inputs(table)
    is_alone = np.diff(table.columns.in_start) == 1
    # An Identity copies a resource handle; on a reference it would be a read.
    copies = table.are_of_type("Identity") & is_alone & (source >= 0)
    copies[copies] = table.are_of_type("VarHandleOp")[source[copies]]
    passes = (table.are_of_type(*REFERENCE_PASSES) | copies) & (port != CONTROL)
    return handed_on(table, table.are_of_type(*VARIABLE_TYPES), passes, _STEPS - 1)


def gradient_assignments(table: OpTable, gradients: Flags) -> Iterator[tuple[OpRow, str]]:
    """Yield assignments of values that are computed from gradients, each with its variable's op.

    Args:
        table: the ops.
        gradients: which of them compute gradients (`gradient_rows`), shape (ops,).
    """
    reached = downstream(table, gradients, np.ones(len(table), dtype=bool))
    for row in table.rows_of_type(*ASSIGNS):
        target = variable_behind(table, row, 0) if reached[row] else ""
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


def restored_assignments(table: OpTable) -> Flags:
    """Return which assignments write what comes out of a checkpoint: shape (ops,)."""
    return table.cached("restored assignments", lambda: _find_restored(table))


def _find_restored(table: OpTable) -> Flags:
    columns = table.columns
    restores = table.are_of_type(*RESTORES)
    found = np.zeros(len(table), dtype=bool)
    if not restores.any():
        return found
    _, port = first_inputs(table)
    handed = handed_on(table, restores, table.are_of_type(*VALUE_PASSES) & (port != CONTROL), _STEPS - 1)
    assigns = np.flatnonzero(table.are_of_type(*ASSIGNS) & (np.diff(columns.in_start) > 1))
    value = columns.in_start[assigns] + 1
    is_known = (columns.port[value] != CONTROL) & (columns.source[value] >= 0)
    found[assigns[is_known]] = handed[columns.source[value[is_known]]] >= 0
    return found


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
