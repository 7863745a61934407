"""What data flows to, and what it comes from: walks over the columns of a table, whole frontiers at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from scopeview.model.attributes import TensorValue
from scopeview.model.op_types import ARGUMENT_TYPE, LAYERS, SIZES, VARIABLE_TYPES
from scopeview.model.ops import OpRow, OpTable

Flags = NDArray[np.bool_]
Rows = TypeVar("Rows", np.int32, np.int64)


def flags(rows: Sequence[int] | NDArray[np.int64], size: int) -> Flags:
    """Return a flag for each of some ops: shape (size,), true for the given rows."""
    found = np.zeros(size, dtype=bool)
    found[rows] = True
    return found


def per_type(table: OpTable, test: Callable[[str], object]) -> Flags:
    """Return a flag for each op that a test of its type gives: shape (ops,)."""
    of_type = np.array([bool(test(name)) for name in table.columns.types] or [False], dtype=bool)
    return of_type[table.columns.type_id]


def data_edges(table: OpTable) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return source and target of every data edge whose source is in the table."""
    columns = table.columns
    kept = (columns.source >= 0) & (columns.port >= 0)
    return columns.source[kept].astype(np.int64), table.targets[kept]


def downstream(table: OpTable, starts: Flags, through: Flags) -> Flags:
    """Return what data of some ops arrives in, the ops themselves left out unless it comes back to them.

    Args:
        table: the ops.
        starts: where the data comes from, shape (ops,).
        through: ops that the walk may enter, shape (ops,).
    """
    return _walk(*table.cached("data edges by source", lambda: _sorted_by_tail(table, forward=True)), starts, through)


def upstream(table: OpTable, starts: Flags, through: Flags) -> Flags:
    """Return what the data of some ops comes from, entering only some: the reverse of `downstream`."""
    return _walk(*table.cached("data edges by target", lambda: _sorted_by_tail(table, forward=False)), starts, through)


def _sorted_by_tail(table: OpTable, *, forward: bool) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return where the edges of each op start, shape (ops + 1,), and the op at the other end of each edge."""
    source, target = data_edges(table)
    tail, head = (source, target) if forward else (target, source)
    first = np.concatenate(([0], np.cumsum(np.bincount(tail, minlength=len(table)))))
    return first, head[np.argsort(tail, kind="stable")].astype(np.int32)


def _walk(first_edge: NDArray[np.int64], head: NDArray[np.int32], starts: Flags, through: Flags) -> Flags:
    reached = np.zeros(len(starts), dtype=bool)
    frontier = np.flatnonzero(starts)
    while frontier.size:
        first = first_edge[frontier]
        counts = first_edge[frontier + 1] - first
        before = np.repeat(np.cumsum(counts) - counts, counts)
        entered = head[np.repeat(first, counts) + np.arange(int(counts.sum())) - before]
        frontier = distinct(entered[through[entered] & ~reached[entered]])
        reached[frontier] = True
    return reached


def distinct(rows: NDArray[Rows]) -> NDArray[Rows]:
    """Return rows sorted and each once; `np.unique` is slower, and imports more of numpy than all else here needs."""
    found = np.sort(rows)
    is_first = np.ones(len(found), dtype=bool)
    is_first[1:] = found[1:] != found[:-1]
    return found[is_first]


def takes_data(table: OpTable, fed: frozenset[str] = frozenset()) -> Flags:
    """Return which ops compute with data: with what is fed, read, drawn at random or given as a constant input.

    Args:
        table: the ops.
        fed: arguments of a function that bring data, and no variable.
    """
    return table.cached(("takes data", fed), lambda: _find_data(table, fed))


def _find_data(table: OpTable, fed: frozenset[str]) -> Flags:
    has_input = np.zeros(len(table), dtype=bool)
    columns = table.columns
    has_input[table.targets[columns.port >= 0]] = True
    is_held = per_type(table, lambda name: name in VARIABLE_TYPES or name in ("Const", "NoOp"))
    starts = (~has_input & ~is_held) | per_type(table, lambda name: "Random" in name or name == "TruncatedNormal")
    for row in table.rows_of_type(ARGUMENT_TYPE):
        starts[row] = table.name(row) in fed
    starts[_constant_inputs(table)] = True
    return starts | downstream(table, starts, ~per_type(table, lambda name: name in SIZES))


def _constant_inputs(table: OpTable) -> list[OpRow]:
    """Return constants that layers apply weights to."""
    columns, target = table.columns, table.targets
    edges = np.flatnonzero(per_type(table, LAYERS.fullmatch)[target] & (columns.source >= 0))
    edges = edges[edges - columns.in_start[target[edges]] < 2]
    sources = distinct(columns.source[edges])
    rows = [OpRow(row) for row in sources[per_type(table, lambda name: name == "Const")[sources]].tolist()]
    values = table.select_attributes(rows, ("value",))["value"]
    return [row for row, value in zip(rows, values, strict=True) if isinstance(value, TensorValue) and value.shape]
