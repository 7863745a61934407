"""One level of the op tree as it is drawn: which ops stand for which item, what is folded and what is hidden by role.

    children of a scope   ->  units    one per child: a closed scope, an op with what is listed with it
    units                 ->  hidden   those that serve training, saving and the like alone, off every data path
    the others            ->  items    numbered twins are one item; a level that is still too long is folded further

Everything here is a function of the table, the scope and the view options: opening a scope changes no other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.roles import ROLES, Role
from scopeview.analysis.graph_view.graph_index import GraphIndex
from scopeview.analysis.graph_view.items import Folding, HiddenBy, Item
from scopeview.analysis.graph_view.plumbing import fold_plumbing
from scopeview.analysis.graph_view.unit import Cut, Unit
from scopeview.analysis.graph_view.view_options import ViewOptions
from scopeview.analysis.graph_view.visibility import hidden_rows
from scopeview.model.ops import OpRow
from scopeview.model.scopes import ROOT, ScopeId

Ints = NDArray[np.int64]

_FORWARD = ROLES.index("forward")


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
        folding = Folding(graph_index, self.units, self._unit_links(control=True), view_options)
        self.items: tuple[Item, ...] = tuple(folding.fold(self._hidden()))
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


def _reached(starts: NDArray[np.bool_], source: Ints, target: Ints) -> NDArray[np.bool_]:
    """Return what links lead to from some nodes, these included."""
    found = starts.copy()
    while True:
        more = np.zeros(len(found), dtype=bool)
        more[target[found[source]]] = True
        if not (more & ~found).any():
            return found
        found |= more


def layer_of(graph_index: GraphIndex, scope: ScopeId, view_options: ViewOptions) -> ScopeLayer:
    """Return one level, as it was worked out before or now."""
    return graph_index.layers.get((scope, view_options), lambda: ScopeLayer(graph_index, scope, view_options))


def scope_of_path(graph_index: GraphIndex, path: str) -> ScopeId | None:
    """Return the scope of a path, or None; the empty path is the root."""
    return ROOT if path == "" else graph_index.tree.find(path)
