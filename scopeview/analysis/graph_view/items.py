"""The items of a level: its units, folded until they are few enough to be drawn.

units        ->  series   numbered units of one structure, numbered ops of one type
still many   ->  alike    what has one structure whatever its name, ops of one role and type
still many   ->  rest     the largest stay, the others are counted in one item, or in runs that follow each other
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.roles import Role
from scopeview.analysis.derive.structure import Shape
from scopeview.analysis.graph_view.graph_index import GraphIndex
from scopeview.analysis.graph_view.unit import Unit
from scopeview.analysis.graph_view.view_options import ViewOptions
from scopeview.analysis.trees.folding import fold_twins, stem_of
from scopeview.model.names import leaf_of
from scopeview.model.op_types import is_placeholder

Ints = NDArray[np.int64]

_LEAST_SERIES = 5
"""Numbered ops that make a series; TensorBoard takes the same number."""

HiddenBy = Role | Literal["rule"]
"""Why something is not drawn in place: for its role, or for a rule of whoever looks."""

GroupKind = Literal["", "series", "alike", "run", "rest"]
"""How the units of an item belong together: alone, numbered and equal, of one structure or type, one after the other in
an order in which no link goes back, or left over."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is drawn as one box."""

    kind: GroupKind
    label: str
    units: tuple[int, ...]
    """Indices into the units of the level."""
    hidden_by: HiddenBy | None
    """The role for which it is hidden, or `rule`; None if it is drawn in place."""


Group = tuple[GroupKind, str, tuple[int, ...]]
"""A kind, a label, and indices into the units of a level."""


@dataclass(frozen=True, slots=True)
class Folding:
    """Folds the units of one level."""

    graph_index: GraphIndex
    units: Sequence[Unit]
    ordering: tuple[Ints, Ints]
    """The pairs of units that data flows between, or that control dependencies order."""
    options: ViewOptions

    def fold(self, hidden: Sequence[HiddenBy | None]) -> Iterable[Item]:
        """Fold the units into items, in the order in which their first ops were defined.

        Whatever is folded, data never leaves a box and enters it again, unless it does so through one unit.
        """
        by_role: dict[HiddenBy | None, list[int]] = defaultdict(list)
        for index, role in enumerate(hidden):
            by_role[role].append(index)
        items: list[Item] = []
        for role, indices in by_role.items():
            groups = self._twins(indices)
            for narrow in (self._alike, self._rest):
                groups = self._without_circles(groups)
                groups = narrow(groups) if len(groups) > self.options.limit else groups
            items += [Item(kind, label, units, role) for kind, label, units in groups]
        return sorted(items, key=lambda item: (item.kind == "rest", self._defined(item.units[0])))

    def _defined(self, unit: int) -> int:
        return int(self.graph_index.table.columns.definition[self.units[unit].rows].min())

    def _twins(self, indices: Sequence[int]) -> list[Group]:
        """Fold numbered units of one structure, and numbered ops of one type."""
        groups = fold_twins(indices, self._label, self._structure, lambda index: len(self.units[index].rows))
        found: list[Group] = []
        for group in groups:
            if len(group.items) > 1 and (self._is_unfolded(group.items) or self._is_short(group.items)):
                found += [("", self._label(index), (index,)) for index in group.items]
            else:
                found.append(("series" if len(group.items) > 1 else "", group.label, tuple(group.items)))
        return found

    def _is_short(self, indices: Sequence[int]) -> bool:
        """Whether it is a handful of ops: three `add` in one scope are no series."""
        return len(indices) < _LEAST_SERIES and self.units[indices[0]].scope is None

    def _label(self, index: int) -> str:
        return leaf_of(self.units[index].path)

    def _structure(self, index: int) -> Hashable:
        unit, graph_index = self.units[index], self.graph_index
        own = graph_index.table.op_type(unit.row) if unit.row is not None else ""
        return own, Shape(
            graph_index.table, unit.scope, int(graph_index.hashes[unit.scope])
        ) if unit.scope is not None else None

    def _is_unfolded(self, indices: Sequence[int]) -> bool:
        return bool(self.options.unfolded) and any(self.units[i].path in self.options.unfolded for i in indices)

    def _without_circles(self, groups: list[Group]) -> list[Group]:
        """Take apart the groups that links leave and enter again: as one box they would feed themselves."""
        circled = self._circled(groups)
        found: list[Group] = []
        for number, group in enumerate(groups):
            found += [("", self._label(i), (i,)) for i in group[2]] if number in circled else [group]
        return found

    def _circled(self, groups: Sequence[Group]) -> set[int]:
        """Return the groups of several units that lie on a circle of groups."""
        if all(len(units) == 1 for _, _, units in groups):
            return set()
        circled = _on_circles(len(groups), *self._group_links(groups))
        return {number for number in circled if len(groups[number][2]) > 1}

    def _group_links(self, groups: Sequence[Group]) -> tuple[Ints, Ints]:
        """Return the pairs of different groups that are linked."""
        group_of = np.full(len(self.units), -1, dtype=np.int64)
        for number, (_, _, units) in enumerate(groups):
            group_of[list(units)] = number
        source, target = group_of[self.ordering[0]], group_of[self.ordering[1]]
        kept = (source >= 0) & (target >= 0) & (source != target)
        return source[kept], target[kept]

    def _alike(self, groups: Sequence[Group]) -> list[Group]:
        """Fold what has one structure, whatever its name, and ops of one role and type."""
        families: dict[Hashable, list[Group]] = defaultdict(list)
        for group in groups:
            unit = self.units[group[2][0]]
            role = int(self.graph_index.roles[unit.rows].max(initial=0))
            is_free = group[0] == "" and not self._is_unfolded(group[2])
            families[(role, self._structure(group[2][0])) if is_free else group[2]].append(group)
        found: list[Group] = []
        for family in families.values():
            units = tuple(index for group in family for index in group[2])
            found.append(("alike", self._alike_label(units), units) if len(family) > 1 else family[0])
        return found

    def _alike_label(self, units: Sequence[int]) -> str:
        first = self.units[units[0]]
        if first.scope is None and first.row is not None:
            return self.graph_index.table.op_type(first.row)
        return f"{stem_of(self._label(units[0]))}, …"

    def _rest(self, groups: Sequence[Group]) -> list[Group]:
        """Keep inputs and the largest, and count the others in one item; or in several, where one would feed itself."""
        ops = [sum(len(self.units[index].rows) for index in units) for _, _, units in groups]
        inputs = self._inputs(groups)
        order = sorted(range(len(groups)), key=lambda number: (number not in inputs, -ops[number], number))
        limit = self.options.limit
        kept, others = sorted(order[: limit - 1]), sorted(order[limit - 1 :])
        units = tuple(index for number in others for index in groups[number][2])
        found = [*(groups[number] for number in kept), ("rest", f"{len(others):,} more", units)]
        return found if len(found) - 1 not in self._circled(found) else self._runs(groups)

    def _runs(self, groups: Sequence[Group]) -> list[Group]:
        """Fold what follows each other: runs of an order in which no link goes back have such an order too.

        Inputs stay as they are, and a third that is more than single ops: what holds layers first, then the largest.
        """
        groups = sorted(groups, key=lambda group: self._defined(group[2][0]))
        ops = [sum(len(self.units[index].rows) for index in units) for _, _, units in groups]
        order = in_order(len(groups), *self._group_links(groups))
        limit = self.options.limit
        has_layer = [any(self._has_layer(index) for index in units) for _, _, units in groups]
        largest = sorted(range(len(groups)), key=lambda number: (not has_layer[number], -ops[number]))[: limit // 3]
        alone = self._inputs(groups) | {number for number in largest if ops[number] > 1}
        stretches: list[list[int]] = [[]]
        for number in order:
            if number in alone:
                stretches += [[number], []]
            else:
                stretches[-1].append(number)
        length = 1
        while sum(-(-len(stretch) // length) for stretch in stretches) > limit and length < len(groups):
            length += max(1, length // 4)
        return [
            self._run([groups[number] for number in stretch[start : start + length]])
            for stretch in stretches
            for start in range(0, len(stretch), length)
        ]

    def _has_layer(self, index: int) -> bool:
        return bool(self.graph_index.is_layer[self.units[index].rows].any())

    def _inputs(self, groups: Sequence[Group]) -> set[int]:
        """Return the groups that are fed from outside, as far as they leave room for others."""
        table = self.graph_index.table
        found = (
            number
            for number, (_, _, units) in enumerate(groups)
            if (row := self.units[units[0]].row) is not None and is_placeholder(table.op_type(row))
        )
        return set(islice(found, self.options.limit // 4))

    def _run(self, groups: Sequence[Group]) -> Group:
        if len(groups) == 1:
            return groups[0]
        return "run", f"{groups[0][1]} … {groups[-1][1]}", tuple(index for _, _, units in groups for index in units)


def _on_circles(count: int, source: Ints, target: Ints) -> list[int]:
    """Return the nodes on circles, and on ways from one circle to another: what is left when ends are taken off."""
    alive = np.ones(count, dtype=bool)
    while True:
        kept = alive[source] & alive[target]
        source, target = source[kept], target[kept]
        after, before = np.zeros(count, dtype=bool), np.zeros(count, dtype=bool)
        after[target], before[source] = True, True
        still = alive & after & before
        if np.array_equal(still, alive):
            return [int(number) for number in np.flatnonzero(alive)]
        alive = still


def in_order(count: int, source: Ints, target: Ints) -> list[int]:
    """Return the nodes in an order in which no link goes back, the lowest number first; circles are cut there."""
    if not (source > target).any():
        return list(range(count))
    waits = np.bincount(target, minlength=count).tolist()
    after: dict[int, list[int]] = defaultdict(list)
    for one, other in zip(source.tolist(), target.tolist(), strict=True):
        after[one].append(other)
    ready = [number for number in range(count) if not waits[number]]
    done = [False] * count
    found: list[int] = []
    lowest = 0
    while len(found) < count:
        if not ready:
            while done[lowest]:
                lowest += 1
            ready.append(lowest)
        number = heapq.heappop(ready)
        if done[number]:
            continue
        done[number] = True
        found.append(number)
        for other in after[number]:
            waits[other] -= 1
            if not waits[other] and not done[other]:
                heapq.heappush(ready, other)
    return found
