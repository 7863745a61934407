"""Two trees side by side: what each shows for the scopes that are open, and which index a link then ends at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from scopeview.model.links import Frontier, Ints
from scopeview.model.names import ancestors, leaf_of, sort_key
from scopeview.model.scopes import ScopeId, ScopeTree

_NUMBER = re.compile(r"([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class SideNode:
    """One visible thing of one side."""

    path: str
    depth: int
    is_scope: bool
    is_open: bool
    items: int
    """Rows that it stands for."""
    code: int | None
    """Its code in the frontier; None for an open scope, whose links start at what it shows."""

    @property
    def label(self) -> str:
        """The last segment of its path."""
        return leaf_of(self.path)


class Side:
    """One of the two trees."""

    def __init__(self, names: Iterable[str], opened: Iterable[str]) -> None:
        """Build the tree of some names.

        Args:
            names: what the tree holds; repeated names are one row.
            opened: paths of the scopes that are open; others than the tree has are passed over.
        """
        self.names: Sequence[str] = sorted(set(names), key=sort_key)
        self.row = {name: row for row, name in enumerate(self.names)}
        tree = ScopeTree(self.names)
        self.frontier = Frontier(tree, [scope for path in opened if (scope := tree.find(path)) is not None])

    def counts(self, rows: Ints) -> dict[int, int]:
        """Return how many of some rows, repeated ones included, each visible thing stands for, by its code."""
        codes, numbers = np.unique(self.frontier.codes[rows], return_counts=True)
        return dict(zip(codes.tolist(), numbers.tolist(), strict=True))

    def nodes(self) -> list[SideNode]:
        """Return the visible things from top to bottom, open scopes included; `unit_2` comes before `unit_10`."""
        tree = self.frontier.tree
        found: list[SideNode] = []
        shown: set[ScopeId] = set()
        for code in self.frontier.visible.tolist():
            closed = ScopeId(~code) if code < 0 else None
            path = tree.names[code] if closed is None else tree.path(closed)
            for scope in _above(tree, path):
                if scope not in shown:
                    shown.add(scope)
                    found.append(
                        SideNode(tree.path(scope), int(tree.depth[scope]), True, True, len(tree.rows(scope)), None)
                    )
            items = 1 if closed is None else len(tree.rows(closed))
            found.append(SideNode(path, path.count("/") + 1, closed is not None, False, items, code))
        return sorted(found, key=lambda node: _in_numbers(node.path))


def index_of(nodes: Sequence[SideNode]) -> dict[int, int]:
    """Return the index of every visible thing by its code."""
    return {node.code: index for index, node in enumerate(nodes) if node.code is not None}


def _in_numbers(path: str) -> list[list[str | int]]:
    """Return what sorts names by their segments, and numbers in them by their size: a scope, then what is in it."""
    parts = (_NUMBER.split(segment) for segment in path.split("/"))
    return [[int(part) if index % 2 else part for index, part in enumerate(pieces)] for pieces in parts]


def _above(tree: ScopeTree, path: str) -> list[ScopeId]:
    """Return the open scopes around a visible thing, outermost first."""
    return [scope for above in ancestors(path) if (scope := tree.find(above)) is not None]
