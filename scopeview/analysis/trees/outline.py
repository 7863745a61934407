"""Which part of a tree fits a screen: scopes opened by weight, numbered twins folded, the rest counted.

Nothing disappears without a row that says how much of it there is.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.auxiliary import NO_AUXILIARY_VARIABLES, AuxiliaryVariables
from scopeview.analysis.derive.structure import shapes
from scopeview.analysis.trees.folding import Group, fold_twins
from scopeview.model.model import Model
from scopeview.model.names import leaf_of, sort_key
from scopeview.model.op_types import VARIABLE_TYPES
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.scopes import ScopeId, ScopeTree
from scopeview.model.variables import Variable

Sort = Literal["definition", "name", "size"]


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """One line of an outline.

    kind is `scope`, `leaf` (a row of the table), or `more` (what was left out of the scope above).
    """

    kind: Literal["scope", "leaf", "more"]
    label: str
    depth: int
    path: str
    """Path of the scope, or name of the leaf; of the first one if the row stands for several."""
    first: int
    """First row of the table that it stands for."""
    last: int
    """One past its last; for several twins, of the first of them."""
    own: int | None = None
    """For a scope: the row whose name is the scope's path, if there is one (variable `w` and scope `w/Adam`)."""
    twins: int = 1
    """How many numbered twins it stands for."""
    members: tuple[str, ...] = ()
    """Paths of the twins, if it stands for several."""
    is_open: bool = False
    last_child: bool = False

    @property
    def named(self) -> int | None:
        """The row of the tree whose name is this very path, if there is one."""
        return self.first if self.kind == "leaf" else self.own


@dataclass(frozen=True, slots=True)
class Outline:
    """The visible lines of a tree, top to bottom."""

    rows: tuple[OutlineRow, ...]
    kept: NDArray[np.int64]
    """Shape (rows of the tree,): the row of the table that each stands for; what is hidden by role has none."""
    left_out: int
    """Rows of the table that were left out of the tree before it was drawn."""
    folded: int
    """How many scopes and leaves stand behind the twins that are shown for them."""
    hidden: int
    """Rows of the table that no line shows but a count."""


@dataclass(frozen=True, slots=True)
class Forest:
    """What an outline is drawn from.

    Attributes:
        tree: the scopes.
        kept: shape (rows,); the row of the table that each row of the tree is.
        left_out: rows of the table that the tree leaves out.
        weight: shape (rows,); scopes with more of it open first.
        order: shape (rows,); position in the file.
        structure: what makes two rows alike, such as the op type.
        shape_of: what makes two scopes alike, wiring included; None where equal rows of equal names do.
        stays_closed: whether a scope named after this row opens only when asked to (a variable's ops, its slots).
    """

    tree: ScopeTree
    kept: NDArray[np.int64]
    left_out: int
    weight: NDArray[np.int64]
    order: NDArray[np.int64]
    structure: Callable[[int], Hashable]
    shape_of: Callable[[ScopeId], Hashable] | None = None
    stays_closed: Callable[[int], bool] = lambda _row: False


@dataclass(frozen=True, slots=True)
class _Node:
    """A scope, or a row of the table, below an opened scope."""

    scope: ScopeId | None
    first: int
    last: int
    label: str
    own: int | None = None


@dataclass(frozen=True, slots=True)
class View:
    """How much of a tree to show.

    Attributes:
        lines: how many lines there may be; None for any number.
        depth: open every scope above this depth and no other; None to open by weight.
        fold: whether numbered twins become one line.
        sort: order of siblings.
    """

    lines: int | None = 24
    depth: int | None = None
    fold: bool = True
    sort: Sort = "definition"


Children = list[Group[_Node]]

_WORTH_OPENING = 4
"""Lines that must be left to open a scope in part."""


class _Opener:
    """Decides which scopes open, and knows the children of each of them."""

    def __init__(self, forest: Forest, view: View) -> None:
        self.forest = forest
        self.view = view
        self.cumulated = np.concatenate(([0], np.cumsum(forest.weight)))
        self.opened: dict[ScopeId, Children] = {}
        self.cut: dict[ScopeId, int] = {}

    def open_from(self, top: ScopeId) -> None:
        self.opened[top] = self._first_fitting(top)
        lines = len(self.opened[top]) + (1 if top in self.cut else 0)
        queue: list[tuple[int, ScopeId]] = []
        self._enqueue(queue, self.opened[top])
        while queue:
            _, scope = heapq.heappop(queue)
            if self.view.depth is not None:
                if self.forest.tree.depth[scope] >= self.forest.tree.depth[top] + self.view.depth:
                    continue
                children, cut = self.children(scope), 0
            else:
                children, cut = self._fit(self.children(scope), self._left(lines))
                if not children:
                    continue
            self.opened[scope] = children
            if cut:
                self.cut[scope] = cut
            lines += len(children) + bool(cut)
            self._enqueue(queue, children)

    def _left(self, used: int) -> int | None:
        return None if self.view.lines is None else self.view.lines - used

    def _first_fitting(self, top: ScopeId) -> Children:
        children = self.children(top)
        limit = self.view.lines if self.view.depth is None else None
        if limit is None or len(children) <= limit:
            return children
        has_scopes = any(group.items[0].scope is not None for group in children)
        # Where there is something to open, the rest is left for what the heaviest hold.
        kept, self.cut[top] = self._heaviest(children, limit * 2 // 3 if has_scopes else limit - 1)
        return kept

    def _heaviest(self, children: Children, count: int) -> tuple[Children, int]:
        """Return the heaviest children in their order, and how many rows of the table the others stand for."""
        weights = [self._weight(group) for group in children]
        kept = set(heapq.nlargest(max(1, count), range(len(children)), key=weights.__getitem__))
        cut = sum(_rows_of(group) for index, group in enumerate(children) if index not in kept)
        return [group for index, group in enumerate(children) if index in kept], cut

    def _fit(self, children: Children, left: int | None) -> tuple[Children, int]:
        """Return the children that are shown, and how many rows of the table the others stand for.

        All of them, or the scopes among them; the heaviest few if the scope holds much of the whole; or none.
        """
        if left is None or len(children) <= left:
            return children, 0
        scopes = [group for group in children if group.items[0].scope is not None]
        leaves = sum(map(_rows_of, children)) - sum(map(_rows_of, scopes))
        if scopes and len(scopes) + 1 <= left:
            return scopes, leaves
        is_heavy = 4 * sum(map(self._weight, children)) >= int(self.cumulated[-1])
        return self._heaviest(children, left // 2) if is_heavy and left >= _WORTH_OPENING else ([], 0)

    def _enqueue(self, queue: list[tuple[int, ScopeId]], children: Children) -> None:
        for group in children:
            node = group.items[0]
            if node.scope is not None and not self._stays_closed(node):
                heapq.heappush(queue, (-self._weight(group), node.scope))

    def _stays_closed(self, node: _Node) -> bool:
        by_weight = self.view.depth is None and self.view.lines is not None
        return by_weight and node.own is not None and self.forest.stays_closed(node.own)

    def _weight(self, group: Group[_Node]) -> int:
        return int(sum(self.cumulated[n.last] - self.cumulated[n.first] for n in group.items))

    def children(self, scope: ScopeId) -> Children:
        nodes = self._nodes(scope)
        nodes.sort(key=self._sort_key())
        if not self.view.fold:
            return [Group(node.label, (node,)) for node in nodes]
        return fold_twins(
            nodes,
            lambda node: node.label,
            self._structure,
            lambda node: node.last - node.first + (1 << 40) * (node.scope is not None),
        )

    def _nodes(self, scope: ScopeId) -> list[_Node]:
        """Return scopes and leaves directly below; a leaf that a scope is named after is part of that scope."""
        tree = self.forest.tree
        leaves = {row: tree.names[row] for row in tree.leaves(scope)}
        nodes = []
        for child in tree.children(scope):
            rows, path = tree.rows(child), tree.path(child)
            before = rows.start - 1  # names are sorted: "w" stands just before "w/..."
            own = before if leaves.get(before) == path else None
            if own is not None:
                del leaves[own]
            nodes.append(_Node(child, rows.start, rows.stop, tree.label(child), own))
        nodes += [_Node(None, row, row + 1, leaf_of(name)) for row, name in leaves.items()]
        return nodes

    def _sort_key(self) -> Callable[[_Node], tuple[float, int]]:
        order = self.forest.order
        if self.view.sort == "name":
            return lambda node: (node.first, 0)
        if self.view.sort == "size":
            return lambda node: (
                -float(self.cumulated[node.last] - self.cumulated[node.first]),
                node.first,
            )
        return lambda node: (
            float(order[node.first if node.own is None else node.own : node.last].min()),
            node.first,
        )

    def _structure(self, node: _Node) -> Hashable:
        """Names relative to the scope and what each row is; a leaf's own name is the number that differs."""
        if node.scope is None:
            return self.forest.structure(node.first)
        if self.forest.shape_of is not None:
            own = None if node.own is None else self.forest.structure(node.own)
            return own, self.forest.shape_of(node.scope)
        names, start = self.forest.tree.names, len(self.forest.tree.path(node.scope))
        own = None if node.own is None else self.forest.structure(node.own)
        return own, tuple((names[row][start:], self.forest.structure(row)) for row in range(node.first, node.last))


def _rows_of(group: Group[_Node]) -> int:
    """Count the rows of the table that a group stands for."""
    return sum(node.last - node.first + (node.own is not None) for node in group.items)


def outline(forest: Forest, view: View, scope: str = "") -> Outline:
    """Choose the lines that show a tree, or the part below one scope.

    The row that a scope is named after stands first. Where neither is there, the outline has no rows.
    """
    top = forest.tree.find(scope)
    own = _own_row(forest.tree, scope) if scope else None
    rows = [] if own is None else [OutlineRow("leaf", leaf_of(scope), 0, scope, own, own + 1)]
    if top is not None:
        opener = _Opener(forest, view)
        opener.open_from(top)
        rows += _lines(opener, top)
    folded = sum(row.twins - 1 for row in rows if row.twins > 1)
    return Outline(
        tuple(rows),
        forest.kept,
        forest.left_out,
        folded,
        sum(row.last - row.first for row in rows if row.kind == "more"),
    )


def _own_row(tree: ScopeTree, path: str) -> int | None:
    row = bisect_left(tree.names, sort_key(path), key=sort_key)
    return row if row < len(tree.names) and tree.names[row] == path else None


def _lines(opener: _Opener, top: ScopeId) -> list[OutlineRow]:
    """Write the opened scopes out, depth first, without recursion."""
    rows: list[OutlineRow] = []
    stack: list[tuple[Group[_Node] | int, int, bool]] = []
    _push(stack, opener, top, 0)
    while stack:
        item, depth, is_last = stack.pop()
        if isinstance(item, int):
            rows.append(OutlineRow("more", f"{item:,} more", depth, "", 0, item, last_child=is_last))
            continue
        node = item.items[0]
        is_open = node.scope is not None and node.scope in opener.opened
        rows.append(
            OutlineRow(
                kind="leaf" if node.scope is None else "scope",
                label=item.label,
                depth=depth,
                path=_name(opener.forest.tree, node),
                first=node.first,
                last=node.last,
                own=node.own,
                twins=len(item.items),
                members=tuple(_name(opener.forest.tree, n) for n in item.items) if len(item.items) > 1 else (),
                is_open=is_open,
                last_child=is_last,
            )
        )
        if is_open and node.scope is not None:
            _push(stack, opener, node.scope, depth + 1)
    return rows


def _push(stack: list[tuple[Group[_Node] | int, int, bool]], opener: _Opener, scope: ScopeId, depth: int) -> None:
    children: Sequence[Group[_Node] | int] = opener.opened[scope]
    if scope in opener.cut:
        children = [*children, opener.cut[scope]]
    last = len(children) - 1
    stack.extend((children[index], depth, index == last) for index in range(last, -1, -1))


def _name(tree: ScopeTree, node: _Node) -> str:
    return tree.names[node.first] if node.scope is None else tree.path(node.scope)


def op_forest(table: OpTable, hidden: NDArray[np.bool_] | None = None) -> Forest:
    """Return the op tree as an outline takes it: every op weighs the same, scopes are alike if they are wired alike.

    Args:
        table: the ops.
        hidden: shape (ops,); which of them to leave out.
    """
    type_id, definition = table.columns.type_id, table.columns.definition.astype(np.int64)
    kept = np.arange(len(table)) if hidden is None else np.flatnonzero(~hidden)
    tree = table.scopes if hidden is None else ScopeTree([table.names[row] for row in kept.tolist()])
    return Forest(
        tree,
        kept,
        len(table) - len(kept),
        np.ones(len(kept), dtype=np.int64),
        definition[kept],
        lambda row: int(type_id[kept[row]]),
        shapes(table) if hidden is None else None,
        stays_closed=lambda row: table.op_type(OpRow(int(kept[row]))) in VARIABLE_TYPES,
    )


def variable_forest(model: Model, attached: AuxiliaryVariables = NO_AUXILIARY_VARIABLES) -> Forest:
    """Return the variable tree as an outline takes it: weighed by parameters, in the order of the graph's ops.

    Args:
        model: whose variables.
        attached: variables to leave out, because they are listed with the variable that they exist for.
    """
    table = model.variables
    kept = np.flatnonzero(~attached.mask(table))
    rows = kept.tolist()
    if table.columns is not None:
        structure: Callable[[int], Hashable] = table.columns.kinds.number[kept].tolist().__getitem__
        tree, order = table.columns.tree_of(kept), kept
    else:
        tree = ScopeTree([table[row].name for row in rows])
        order = np.array([_definition(model, table[row], row) for row in rows], dtype=np.int64)
        structure = [(table[row].shape, table[row].dtype, table[row].kind) for row in rows].__getitem__
    return Forest(
        tree,
        kept,
        len(table) - len(kept),
        table.parameters[kept] + 1,
        order,
        structure,
        stays_closed=lambda _row: True,  # below a variable stand its optimizer slots and averages
    )


def _definition(model: Model, variable: Variable, row: int) -> int:
    op = model.graph.row(variable.handles[0]) if variable.handles and len(model.graph) else None
    return row if op is None else int(model.graph.columns.definition[op])
