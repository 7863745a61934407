"""Plumbing: constants, casts, shapes and the like, folded into the one op that takes what they give.

A picture of a computation is not made of `Shape`, `strided_slice` and `Cast`. An op is plumbing by its type, and by
what it takes: a `StridedSlice` of a shape is plumbing, one of an image is not. It is folded where all that it gives
goes to one op beside it, which may be folded in turn; what a scope takes stays outside that scope.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.graph_view.graph_index import GraphIndex
from scopeview.analysis.graph_view.unit import Cut, Unit
from scopeview.model.op_types import PLUMBING, PLUMBING_OF_SHAPES

Ints = NDArray[np.int64]


def fold_plumbing(graph_index: GraphIndex, cut: Cut, unfolded: frozenset[str]) -> tuple[list[Unit], Ints]:
    """Return the units of a cut with plumbing folded into its consumers, and the unit of every row anew."""
    units = cut.units
    fold_into = _targets(graph_index, cut, unfolded)
    if not fold_into:
        return units, cut.unit_of_row
    kept = [index for index in range(len(units)) if index not in fold_into]
    number = np.full(len(units), -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    members: dict[int, list[int]] = {}
    for index, target in fold_into.items():
        number[index] = number[target]
        members.setdefault(target, []).append(index)
    return [_with(units[i], [units[m] for m in sorted(members.get(i, []))]) for i in kept], number[cut.unit_of_row]


def _with(unit: Unit, folded: list[Unit]) -> Unit:
    if not folded:
        return unit
    rows = np.sort(np.concatenate([unit.rows, *(one.rows for one in folded)]))
    return replace(unit, rows=rows, plumbing=tuple(one.row for one in folded if one.row is not None))


def _targets(graph_index: GraphIndex, cut: Cut, unfolded: frozenset[str]) -> dict[int, int]:
    """Return what each unit of plumbing is folded into, chains followed to their end."""
    found: dict[int, int] = {}
    is_plumbing = _are_plumbing(graph_index, cut, unfolded)
    if not is_plumbing.any():
        return found
    source, target = cut.links
    consumers: list[list[int]] = [[] for _ in cut.units]
    for one, other in zip(source.tolist(), target.tolist(), strict=True):
        consumers[one].append(other)
    waiting = set(np.flatnonzero(is_plumbing).tolist())
    # From consumers to producers: each round folds what feeds a single unit that is not waiting itself.
    while waiting:
        done = set()
        for unit in waiting:
            if waiting.isdisjoint(consumers[unit]):
                ends = {found.get(consumer, consumer) for consumer in consumers[unit]}
                if len(ends) == 1 and cut.units[end := ends.pop()].scope is None:
                    found[unit] = end
                done.add(unit)
        if not done:
            break  # they feed each other: a loop of plumbing is drawn
        waiting -= done
    return found


def _are_plumbing(graph_index: GraphIndex, cut: Cut, unfolded: frozenset[str]) -> NDArray[np.bool_]:
    """Return which units may be folded: plumbing by type, that gives to this scope alone and holds no variable."""
    units = cut.units
    found = np.zeros(len(units), dtype=bool)
    of_shapes: list[int] = []
    for index, unit in enumerate(units):
        if unit.scope is not None or unit.row is None or unit.path in unfolded:
            continue
        op_type = graph_index.table.op_type(unit.row)
        found[index] = op_type in PLUMBING
        if op_type in PLUMBING_OF_SHAPES:
            of_shapes.append(index)
    _spread(graph_index, cut, found, of_shapes)
    for index in np.flatnonzero(found).tolist():
        row = units[index].row
        if row in graph_index.variable_rows or row in graph_index.collected:
            found[index] = False
    found[_leaves(graph_index, cut)] = False
    return found


def _spread(graph_index: GraphIndex, cut: Cut, found: NDArray[np.bool_], of_shapes: list[int]) -> None:
    """Add what takes nothing but plumbing that computes shapes: slices, products and packs of shapes."""
    source, target = cut.links
    takes: dict[int, list[int]] = {index: [] for index in of_shapes}
    for one, other in zip(source.tolist(), target.tolist(), strict=True):
        if other in takes:
            takes[other].append(one)
    types = graph_index.table
    shapes = {
        index
        for index, unit in enumerate(cut.units)
        if unit.row is not None and unit.scope is None and types.op_type(unit.row) in ("Shape", "Size", "Rank", "Const")
    }
    while True:
        more = {index for index, inputs in takes.items() if inputs and shapes.issuperset(inputs)} - shapes
        if not more:
            return
        shapes |= more
        found[sorted(more)] = True


def _leaves(graph_index: GraphIndex, cut: Cut) -> list[int]:
    """Return the units that give something to an op outside the scope."""
    columns = graph_index.table.columns
    source = columns.source.astype(np.int64)
    inside = (source >= cut.first) & (source < cut.last)
    outward = inside & ((graph_index.target < cut.first) | (graph_index.target >= cut.last)) & (columns.port >= 0)
    return [int(unit) for unit in np.unique(cut.unit_of_row[source[outward] - cut.first])]
