"""One level of the op tree as it is drawn: which ops stand for which item, what is folded and what is hidden by role.

    children of a scope   ->  units    one per child: a closed scope, an op with what is listed with it
    units                 ->  hidden   those that serve training, saving and the like alone, off every data path
    the others            ->  items    numbered twins are one item; a level that is still too long is folded further

Everything here is a function of the table, the scope and the view options: opening a scope changes no other.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.roles import ROLES, Role
from scopeview.analysis.derive.structure import Shape
from scopeview.analysis.graph_view.graph_index import GraphIndex
from scopeview.analysis.graph_view.plumbing import fold_plumbing
from scopeview.analysis.graph_view.unit import Cut, Unit
from scopeview.analysis.graph_view.visibility import hidden_rows
from scopeview.analysis.trees.folding import fold_twins, stem_of
from scopeview.model.names import leaf_of
from scopeview.model.ops import OpRow
from scopeview.model.scopes import ROOT, ScopeId

Ints = NDArray[np.int64]

_FORWARD = ROLES.index("forward")
_LEAST_SERIES = 5
"""Numbered ops that make a series; TensorBoard takes the same number."""


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What whoever looks at a graph has asked for; part of the address of a picture.

    Attributes:
        roles: roles that are drawn in place beside `forward`; everything else is hidden by role.
        shown: paths of what is drawn in place although its role is hidden by role.
        unfolded: paths of which one is in a group that is to be drawn member by member.
        limit: items of one level; more are folded by structure, then by role and op type, and then counted.
        plumbing: draw constants, casts, shapes and the like by themselves, not folded into the op that takes them.
        hidden: queries; what fits one of them is not drawn.
        only: queries; of what is left, only what fits one of them is drawn.
    """

    roles: frozenset[Role] = frozenset()
    shown: frozenset[str] = frozenset()
    unfolded: frozenset[str] = frozenset()
    limit: int = 150
    plumbing: bool = False
    hidden: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()


DEFAULT_VIEW = ViewOptions()


HiddenBy = Role | Literal["rule"]
"""Why something is not drawn in place: for its role, or for a rule of whoever looks."""

GroupKind = Literal["", "series", "alike", "rest"]
"""How the units of an item belong together: alone, numbered and equal, of one structure or type, or left over."""


@dataclass(frozen=True, slots=True)
class Item:
    """What is drawn as one box."""

    kind: GroupKind
    label: str
    units: tuple[int, ...]
    """Indices into the units of the level."""
    hidden_by: HiddenBy | None
    """The role for which it is hidden, or `rule`; None if it is drawn in place."""


class ScopeLayer:
    """The children of one scope, as they are drawn."""

    def __init__(self, graph_index: GraphIndex, scope: ScopeId, view_options: ViewOptions) -> None:
        self.graph_index = graph_index
        self.scope = scope
        self.view_options = view_options
        self.first = int(graph_index.tree.first[scope]) - (1 if graph_index.own_row[scope] >= 0 else 0)
        self.last = int(graph_index.tree.last[scope])
        self.units, self.unit_of_row = self._cut()
        self.links = self._unit_links(control=False)
        if not view_options.plumbing:
            cut = Cut(self.first, self.last, self.units, self.unit_of_row, self.links)
            self.units, self.unit_of_row = fold_plumbing(graph_index, cut, view_options.unfolded)
            self.links = self._unit_links(control=False)
        self._ordering = self._unit_links(control=True)
        hidden = self._hidden()
        self.items: tuple[Item, ...] = tuple(self._fold(hidden))
        self.item_of_unit = np.full(len(self.units), -1, dtype=np.int64)
        for index, item in enumerate(self.items):
            self.item_of_unit[list(item.units)] = index

    def items_of_rows(self, rows: Ints) -> Ints:
        """Return the item that stands for each of some ops within the scope."""
        return np.asarray(self.item_of_unit[self.unit_of_row[rows - self.first]], dtype=np.int64)

    def _cut(self) -> tuple[list[Unit], Ints]:
        """Return the units in the order of their names, and the unit of every row of the slice."""
        graph_index, tree, first = self.graph_index, self.graph_index.tree, self.first
        codes = np.arange(first, self.last, dtype=np.int64)
        for child in tree.children(self.scope):
            codes[tree.first[child] - first : tree.last[child] - first] = ~int(child)
            if graph_index.own_row[child] >= 0:
                codes[graph_index.own_row[child] - first] = ~int(child)
        codes = codes[graph_index.stands_at[first : self.last] - first]
        kept, unit_of_row = np.unique(codes, return_inverse=True)
        order = np.argsort(unit_of_row, kind="stable")
        starts = np.searchsorted(unit_of_row[order], np.arange(len(kept) + 1))
        units = [
            self._unit(code, order[starts[index] : starts[index + 1]] + first)
            for index, code in enumerate(kept.tolist())
        ]
        return units, unit_of_row.astype(np.int64)

    def _unit(self, code: int, rows: Ints) -> Unit:
        graph_index = self.graph_index
        if code >= 0:
            return Unit(None, OpRow(code), graph_index.table.names[code], rows)
        scope = ScopeId(~code)
        own = int(graph_index.own_row[scope])
        # An op with nothing beside it but what is listed with it has no inside worth opening.
        is_op = own >= 0 and bool(np.all(graph_index.stands_at[rows] == own))
        return Unit(None if is_op else scope, OpRow(own) if own >= 0 else None, graph_index.tree.path(scope), rows)

    def _unit_links(self, *, control: bool) -> tuple[Ints, Ints]:
        """Return the distinct pairs of units that data flows between, or that anything orders."""
        graph_index, columns = self.graph_index, self.graph_index.table.columns
        start, end = int(columns.in_start[self.first]), int(columns.in_start[self.last])
        source, target = columns.source[start:end].astype(np.int64), graph_index.target[start:end]
        kept = (source >= self.first) & (source < self.last) & (control | (columns.port[start:end] >= 0))
        one, other = self.unit_of_row[source[kept] - self.first], self.unit_of_row[target[kept] - self.first]
        pairs = np.unique(one[one != other] * max(1, len(self.units)) + other[one != other])
        return pairs // max(1, len(self.units)), pairs % max(1, len(self.units))

    def _hidden(self) -> list[HiddenBy | None]:
        """Return why each unit is not drawn, None for those that are."""
        roles = self._hidden_by_role()
        mask = hidden_rows(self.graph_index, self.view_options.hidden, self.view_options.only)
        if mask is None:
            return list(roles)
        shown = self.view_options.shown
        return [
            "rule" if unit.path not in shown and self._is_hidden(unit, mask) else role
            for unit, role in zip(self.units, roles, strict=True)
        ]

    @staticmethod
    def _is_hidden(unit: Unit, mask: NDArray[np.bool_]) -> bool:
        """Whether an op is hidden, or all that lies in a scope; what is listed with an op goes where that goes."""
        return bool(mask[unit.row]) if unit.row is not None and unit.scope is None else bool(mask[unit.rows].all())

    def _hidden_by_role(self) -> list[Role | None]:
        """Return the role for which each unit is hidden by role; what lies on a way of data between others never is."""
        graph_index, view_options = self.graph_index, self.view_options
        in_place = {_FORWARD} | {ROLES.index(role) for role in view_options.roles}
        found: list[Role | None] = []
        for unit in self.units:
            counts = np.bincount(graph_index.roles[unit.rows[~graph_index.is_idle[unit.rows]]], minlength=len(ROLES))
            role: Role = "update" if graph_index.serves_update[unit.rows].any() else ROLES[int(counts.argmax())]
            is_asked = unit.path in view_options.shown or role in view_options.roles
            stays = is_asked or any(counts[code] for code in in_place) or not counts.any()
            found.append(None if stays else role)
        if all(role is not None for role in found):
            return [None] * len(found)  # nothing else is here to look at
        self._keep_ways(found)
        return found

    def _keep_ways(self, found: list[Role | None]) -> None:
        """Bring back what takes data from units in place and hands data on to units in place, through however many."""
        source, target = self.links
        is_hidden = np.array([role is not None for role in found], dtype=bool)
        if not is_hidden.any():
            return
        fed, feeds = _reached(~is_hidden, source, target), _reached(~is_hidden, target, source)
        for unit in np.flatnonzero(is_hidden & fed & feeds).tolist():
            found[unit] = None

    def _fold(self, hidden: Sequence[HiddenBy | None]) -> Iterable[Item]:
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
                groups = narrow(groups) if len(groups) > self.view_options.limit else groups
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
        return bool(self.view_options.unfolded) and any(
            self.units[i].path in self.view_options.unfolded for i in indices
        )

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
        source, target = group_of[self._ordering[0]], group_of[self._ordering[1]]
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
        """Keep the largest, and count the others in one item; or in several, where one would feed itself."""
        ops = [sum(len(self.units[index].rows) for index in units) for _, _, units in groups]
        order = sorted(range(len(groups)), key=lambda number: (-ops[number], number))
        limit = self.view_options.limit
        kept, others = sorted(order[: limit - 1]), sorted(order[limit - 1 :])
        units = tuple(index for number in others for index in groups[number][2])
        found = [*(groups[number] for number in kept), ("rest", f"{len(others):,} more", units)]
        return found if len(found) - 1 not in self._circled(found) else self._runs(groups)

    def _runs(self, groups: Sequence[Group]) -> list[Group]:
        """Fold what follows each other: runs of an order in which no link goes back have such an order too.

        The largest third stays as it is, if it is more than single ops.
        """
        groups = sorted(groups, key=lambda group: self._defined(group[2][0]))
        ops = [sum(len(self.units[index].rows) for index in units) for _, _, units in groups]
        order = in_order(len(groups), *self._group_links(groups))
        limit = self.view_options.limit
        largest = sorted(range(len(groups)), key=lambda number: -ops[number])[: limit // 3]
        alone = {number for number in largest if ops[number] > 1}
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

    def _run(self, groups: Sequence[Group]) -> Group:
        if len(groups) == 1:
            return groups[0]
        return "rest", f"{groups[0][1]} … {groups[-1][1]}", tuple(index for _, _, units in groups for index in units)


Group = tuple[GroupKind, str, tuple[int, ...]]
"""A kind, a label, and indices into the units of a level."""


def _reached(starts: NDArray[np.bool_], source: Ints, target: Ints) -> NDArray[np.bool_]:
    """Return what links lead to from some nodes, these included."""
    found = starts.copy()
    while True:
        more = np.zeros(len(found), dtype=bool)
        more[target[found[source]]] = True
        if not (more & ~found).any():
            return found
        found |= more


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


def layer_of(graph_index: GraphIndex, scope: ScopeId, view_options: ViewOptions) -> ScopeLayer:
    """Return one level, as it was worked out before or now."""
    return graph_index.layers.get((scope, view_options), lambda: ScopeLayer(graph_index, scope, view_options))


def scope_of_path(graph_index: GraphIndex, path: str) -> ScopeId | None:
    """Return the scope of a path, or None; the empty path is the root."""
    return ROOT if path == "" else graph_index.tree.find(path)
