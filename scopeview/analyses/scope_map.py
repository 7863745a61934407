"""The map: variables on the left, the op scopes that read or write them on the right, ribbons between.

The right side is the tree of the ops that touch a variable, each at the place that it works for: an op in the body of a
loop or a function stands below the op that calls it, an op of a program of its own below the name of that program.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scopeview.analyses.access import Access
from scopeview.analyses.facts import Facts
from scopeview.analyses.roles import Role
from scopeview.model.links import Frontier, Links, reduce_links
from scopeview.model.names import leaf_of, sort_key
from scopeview.model.scopes import ScopeId, ScopeTree
from scopeview.model.variables import Variable

AccessKind = Literal["reads", "writes", "both"]


@dataclass(frozen=True, slots=True)
class MapFilter:
    """Which accesses the map shows.

    Attributes:
        shared: only variables that the computation uses at several places.
        collection: only members of this collection.
        role: only accesses that serve this; empty for all.
        kind: reads, writes, or both.
    """

    shared: bool = False
    collection: str = ""
    role: Role | Literal[""] = "forward"
    kind: AccessKind = "both"


@dataclass(frozen=True, slots=True)
class MapNode:
    """One visible thing on one side."""

    path: str
    label: str
    depth: int
    is_scope: bool
    is_open: bool
    items: int
    """Variables, or ops, that it stands for."""
    uses: int
    """For a variable: at how many places the computation uses it."""
    links: int
    """Accesses that start or end in it."""


@dataclass(frozen=True, slots=True)
class Ribbon:
    """Accesses between two visible things."""

    left: int
    """Index into `variables`."""
    right: int
    """Index into `ops`."""
    reads: int
    writes: int


@dataclass(frozen=True, slots=True)
class ScopeMap:
    """Both sides as far as they are open, and the ribbons between what is visible."""

    variables: tuple[MapNode, ...]
    ops: tuple[MapNode, ...]
    ribbons: tuple[Ribbon, ...]
    total_variables: int
    """Variables that the filter leaves."""
    total_accesses: int
    is_cut: bool
    """Whether a side has more visible things than were asked for; the rest of it is left out."""


def scope_map(
    facts: Facts,
    opened_variables: Iterable[str] = (),
    opened_ops: Iterable[str] = (),
    chosen: MapFilter = MapFilter(),
    *,
    limit: int = 1000,
) -> ScopeMap:
    """Draw the map.

    Args:
        facts: the model, analysed.
        opened_variables: variable scopes that are open.
        opened_ops: op scopes that are open.
        chosen: which accesses to show.
        limit: visible things of each side.
    """
    touched = [
        (variable, found) for variable in _variables(facts, chosen) if (found := _accesses(facts, variable, chosen))
    ]
    names = sorted({variable.name for variable, _ in touched}, key=sort_key)
    places = sorted({_place(access) for _, found in touched for access in found}, key=sort_key)
    row_of_name, row_of_place = _rows(names), _rows(places)
    accesses = [(row_of_name[v.name], row_of_place[_place(a)], a.writes) for v, found in touched for a in found]
    left, right = Frontier(*_tree(names, opened_variables)), Frontier(*_tree(places, opened_ops))
    pairs = np.array([pair[:2] for pair in accesses], dtype=np.int64).reshape(-1, 2)
    writes = np.array([pair[2] for pair in accesses], dtype=np.int64)
    reads, written = reduce_links(pairs, 1 - writes, left, right), reduce_links(pairs, writes, left, right)
    uses = {variable.name: facts.uses(variable) for variable, _ in touched}
    sides = _nodes(left, pairs[:, 0], uses), _nodes(right, pairs[:, 1], {})
    return ScopeMap(
        variables=tuple(node for node, _ in sides[0][:limit]),
        ops=tuple(node for node, _ in sides[1][:limit]),
        ribbons=tuple(_ribbons(reads, written, sides, limit)),
        total_variables=len(names),
        total_accesses=len(accesses),
        is_cut=max(map(len, sides)) > limit,
    )


def _variables(facts: Facts, chosen: MapFilter) -> list[Variable]:
    return [
        variable
        for variable in facts.model.variables
        if variable.name not in facts.attachments
        and (not chosen.collection or chosen.collection in variable.collections)
        and (not chosen.shared or facts.uses(variable) > 1)
    ]


def _accesses(facts: Facts, variable: Variable, chosen: MapFilter) -> list[Access]:
    both = facts.accesses(variable)
    found = (() if chosen.kind == "writes" else both.readers) + (() if chosen.kind == "reads" else both.writers)
    return [access for access in found if not chosen.role or access.role == chosen.role]


def _place(access: Access) -> str:
    return "/".join(filter(None, (access.program, access.scope, leaf_of(access.works_for))))


def _rows(names: Sequence[str]) -> dict[str, int]:
    return {name: row for row, name in enumerate(names)}


def _tree(names: Sequence[str], opened: Iterable[str]) -> tuple[ScopeTree, list[ScopeId]]:
    tree = ScopeTree(names)
    return tree, [scope for path in opened if (scope := tree.find(path)) is not None]


def _nodes(side: Frontier, rows: np.ndarray, uses: dict[str, int]) -> list[tuple[MapNode, int]]:
    """Return the visible things from top to bottom, open scopes included, each with its code (None for an open one)."""
    tree = side.tree
    touched = np.bincount(side.codes[rows] - side.codes.min(initial=0), minlength=1) if len(rows) else np.zeros(1, int)
    lowest = int(side.codes.min(initial=0))
    found: list[tuple[MapNode, int]] = []
    shown: set[ScopeId] = set()
    for code in side.visible.tolist():
        row = code if code >= 0 else int(tree.first[~code])
        for scope in _above(tree, row, ScopeId(~code) if code < 0 else None):
            if scope not in shown:
                shown.add(scope)
                rows_below = len(tree.rows(scope))
                path = tree.path(scope)
                found.append(
                    (MapNode(path, leaf_of(path), int(tree.depth[scope]), True, True, rows_below, 0, 0), _OPEN)
                )
        path = tree.path(ScopeId(~code)) if code < 0 else tree.names[code]
        items = len(tree.rows(ScopeId(~code))) if code < 0 else 1
        number = int(touched[code - lowest]) if code - lowest < len(touched) else 0
        node = MapNode(path, leaf_of(path), path.count("/") + 1, code < 0, False, items, uses.get(path, 0), number)
        found.append((node, code))
    return found


_OPEN = 1 << 62
"""Stands for the code of an open scope, which has none: its ribbons start at what it shows."""


def _above(tree: ScopeTree, row: int, closed: ScopeId | None) -> list[ScopeId]:
    """Return the open scopes around a row or closed scope, outermost first."""
    path = tree.path(closed) if closed is not None else tree.names[row]
    above = []
    end = path.find("/")
    while end >= 0:
        scope = tree.find(path[:end])
        if scope is not None:
            above.append(scope)
        end = path.find("/", end + 1)
    return above


def _ribbons(
    reads: Links, writes: Links, sides: tuple[list[tuple[MapNode, int]], list[tuple[MapNode, int]]], limit: int
) -> list[Ribbon]:
    index = [{code: place for place, (_, code) in enumerate(side[:limit]) if code != _OPEN} for side in sides]
    return [
        Ribbon(index[0][left], index[1][right], read, write)
        for left, right, read, write in zip(
            reads.left.tolist(), reads.right.tolist(), reads.weight.tolist(), writes.weight.tolist(), strict=True
        )
        if left in index[0] and right in index[1]
    ]
