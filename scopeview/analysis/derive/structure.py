"""Repeated structure: scopes that are equal inside, whatever they are called and wherever they stand.

Two scopes are equal if their ops have the same names relative to the scope, the same types and attributes, and the same
wiring among themselves; what enters from outside counts by its place only. Attributes that place, name or seed an op
(`_class`, `shared_name`, `seed`) do not matter, nor does the value of a constant.

A hash finds candidates in linear time, bottom-up and in columns: each op adds its label and type to its scope, each
edge is added at the lowest scope that holds both ends, each scope adds its label and hash to its parent. Sums make the
order irrelevant. A hash is never the answer: candidates are compared op by op.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scopeview.model.attributes import UNSTRUCTURAL, TensorValue
from scopeview.model.names import leaf_of, split_uniquifier
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.scopes import ScopeId, ScopeTree
from scopeview.model.spans import Hashes, mixed

_BASE = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Twins:
    """Sibling scopes that differ by a number and are equal inside."""

    scopes: tuple[str, ...]
    """Their paths, in the order of their numbers."""
    ops: int
    """Ops in each of them."""


def find_twins(table: OpTable) -> tuple[Twins, ...]:
    """Return the families of numbered sibling scopes (`cell`, `cell_1`) that are equal inside, two or more each."""
    tree = table.scopes
    hashes = scope_hashes(table)
    families: dict[tuple[int, str, int], list[ScopeId]] = defaultdict(list)
    for scope in map(ScopeId, range(1, len(tree))):
        stem = split_uniquifier(tree.label(scope))[0]
        families[int(tree.parent[scope]), stem, int(hashes[scope])].append(scope)
    found = []
    for scopes in families.values():
        equal = [s for s in scopes[1:] if are_equal(table, scopes[0], s)] if len(scopes) > 1 else []
        if equal:
            paths = sorted((tree.path(s) for s in (scopes[0], *equal)), key=_number)
            found.append(Twins(tuple(paths), len(tree.rows(scopes[0]))))
    return tuple(found)


def group_by_hash(table: OpTable, scopes: Iterable[ScopeId]) -> list[list[ScopeId]]:
    """Return the groups of two or more scopes that may be equal inside, whatever they are called: see `are_equal`."""
    hashes = scope_hashes(table)
    groups: dict[int, list[ScopeId]] = defaultdict(list)
    for scope in scopes:
        groups[int(hashes[scope])].append(scope)
    return [found for found in groups.values() if len(found) > 1]


def _number(path: str) -> int:
    return split_uniquifier(leaf_of(path))[1]


def scope_hashes(table: OpTable) -> Hashes:
    """Return a hash of the structure of every scope: shape (scopes,). Equal scopes have equal hashes."""
    return table.cached("hashes of scopes", lambda: _hash_scopes(table))


def _hash_scopes(table: OpTable) -> Hashes:
    tree = table.scopes
    scope_of_row = tree.scopes_of_rows()
    types = mixed(np.array([_text_hash(name) for name in table.columns.types] or [0], dtype=np.uint64))
    leaf_of_row, texts = tree.leaves_of_rows()
    leaves = np.array([_text_hash(text) for text in texts] or [0], dtype=np.uint64)[leaf_of_row]
    total = np.zeros(len(tree), dtype=np.uint64)
    with np.errstate(over="ignore"):
        np.add.at(total, scope_of_row, mixed(leaves * _BASE + types[table.columns.type_id]))
        known = {label: _text_hash(label) for label in set(tree.labels)}
        labels = np.array([known[label] for label in tree.labels], dtype=np.uint64)
        _add_edges(table, total, scope_of_row, leaves, labels)
        for depth in range(int(tree.depth.max(initial=0)), 0, -1):
            scopes = np.flatnonzero(tree.depth == depth)
            np.add.at(total, tree.parent[scopes], mixed(labels[scopes] * _BASE + total[scopes]))
    return total


def _text_hash(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


def _add_edges(table: OpTable, total: Hashes, scope_of_row: NDArray[np.int64], leaves: Hashes, labels: Hashes) -> None:
    """Add each edge to the lowest scope that holds both ends, by the paths from there to the ends."""
    tree, columns = table.scopes, table.columns
    target = table.targets
    slot = np.arange(len(target)) - columns.in_start[target]
    known = columns.source >= 0
    source, target, slot = columns.source[known], target[known], slot[known]
    port = columns.port[known]
    slot = np.where(port < 0, 0, slot)  # control inputs have no order
    at_source, at_target = scope_of_row[source], scope_of_row[target]
    path_to_source, path_to_target = leaves[source], leaves[target]
    active = np.flatnonzero(at_source != at_target)
    while active.size:
        # The deeper end climbs; of two at one depth, both do in turn.
        deeper = tree.depth[at_source[active]] >= tree.depth[at_target[active]]
        for ends, paths, rows in (
            (at_source, path_to_source, active[deeper]),
            (at_target, path_to_target, active[~deeper]),
        ):
            paths[rows] = mixed(paths[rows] * _BASE + labels[ends[rows]])
            ends[rows] = tree.parent[ends[rows]]
        active = active[at_source[active] != at_target[active]]
    ports = port.astype(np.int64).astype(np.uint64)
    edge = mixed(path_to_source * _BASE + mixed(path_to_target + ports * _BASE) + slot.astype(np.uint64))
    np.add.at(total, at_target, edge)


def are_equal(table: OpTable, one: ScopeId, other: ScopeId, elsewhere: OpTable | None = None) -> bool:
    """Compare two scopes op by op: relative names, types, wiring, and attributes that matter.

    Args:
        table: the table of the first scope.
        one: the first scope.
        other: the second scope.
        elsewhere: the table of the second scope, if it is another.
    """
    second = elsewhere or table
    rows, others = table.scopes.rows(one), second.scopes.rows(other)
    if len(rows) != len(others):
        return False
    if not (second is table and _are_named_alike(table.scopes, one, other)):
        lengths = len(table.scopes.path(one)), len(second.scopes.path(other))
        names = zip(table.names[rows.start : rows.stop], second.names[others.start : others.stop], strict=True)
        if any(name[lengths[0] :] != twin[lengths[1] :] for name, twin in names):
            return False
    if not (second is table and _are_wired_alike(table, rows, others)):
        for row, twin in zip(map(OpRow, rows), map(OpRow, others), strict=True):
            if table.op_type(row) != second.op_type(twin):
                return False
            if _wiring(table, row, rows) != _wiring(second, twin, others):
                return False
    return _have_equal_attributes(table, rows, second, others)


def _are_named_alike(tree: ScopeTree, one: ScopeId, other: ScopeId) -> bool:
    """Whether names below two scopes of one tree agree row by row, in columns; False is no answer."""
    end, other_end = int(tree.subtree_end[one]), int(tree.subtree_end[other])
    if tree.labels[one + 1 : end] != tree.labels[other + 1 : other_end]:
        return False
    leaf_of_row, _ = tree.leaves_of_rows()
    scope_of_row = tree.scopes_of_rows()
    part, other_part = (slice(int(tree.first[scope]), int(tree.last[scope])) for scope in (one, other))
    return np.array_equal(leaf_of_row[part], leaf_of_row[other_part]) and np.array_equal(
        scope_of_row[part] - one, scope_of_row[other_part] - other
    )


def _have_equal_attributes(table: OpTable, rows: range, second: OpTable, others: range) -> bool:
    """Compare the attributes of two slices place by place: by their bytes first, decoded where these differ."""
    places = np.arange(len(rows))
    if second is table:
        ones, twins = (table.attribute_classes[part.start : part.stop] for part in (rows, others))
        differs = np.flatnonzero((ones != twins) | (ones < 0))
        if not differs.size:
            return True
        # Two classes are decoded once, for however many ops.
        pairs = dict(
            zip(zip(ones[differs].tolist(), twins[differs].tolist(), strict=True), differs.tolist(), strict=True)
        )
        places = np.concatenate((list(pairs.values()), differs[ones[differs] < 0], differs[twins[differs] < 0]))
    return all(
        significant_attributes(table, OpRow(rows[place])) == significant_attributes(second, OpRow(others[place]))
        for place in places.tolist()
    )


def _are_wired_alike(table: OpTable, rows: range, others: range) -> bool:
    """Whether types and inputs of two slices of one table agree place by place, in columns.

    False is no answer: control inputs may stand in another order.
    """
    columns = table.columns
    if not np.array_equal(columns.type_id[rows.start : rows.stop], columns.type_id[others.start : others.stop]):
        return False
    described = []
    for part in (rows, others):
        starts = columns.in_start[part.start : part.stop + 1]
        edges = slice(int(starts[0]), int(starts[-1]))
        source = columns.source[edges].astype(np.int64) - part.start
        inside = (source >= 0) & (source < len(part)) & (columns.source[edges] >= 0)
        described.append(
            (
                starts - starts[0],
                np.where(inside, source, -1),
                np.where(inside, columns.port[edges], np.minimum(columns.port[edges], 0)),
                np.where(inside, columns.argument_id[edges], 0),
            )
        )
    return all(np.array_equal(one, other) for one, other in zip(*described, strict=True))


def _wiring(table: OpTable, row: OpRow, scope: range) -> list[tuple[int, int, str]]:
    """Return the inputs of an op by place in the scope; what comes from outside, or dangles, is shown as no more."""
    edges = table.inputs(row)
    inside = [
        (e.source - scope.start, e.port, e.argument) if e.source in scope else (-1, min(e.port, 0), "") for e in edges
    ]
    data = [wire for wire, edge in zip(inside, edges, strict=True) if not edge.is_control]
    return data + sorted(wire for wire, edge in zip(inside, edges, strict=True) if edge.is_control)


def significant_attributes(table: OpTable, row: OpRow) -> dict[str, object]:
    """Return the attributes of an op that say what it computes; names, places, seeds and values of constants do not."""
    return {
        name: replace(value, preview=(), is_uniform=False) if isinstance(value, TensorValue) else value
        for name, value in table.attributes(row).items()
        if name not in UNSTRUCTURAL
    }


class Shape:
    """The structure of a scope as a key: hashed by its hash, equal only if the scopes are equal op by op."""

    def __init__(self, table: OpTable, scope: ScopeId, hashed: int) -> None:
        self._table, self._scope, self._hash = table, scope, hashed

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Shape) or other._hash != self._hash:
            return False
        return are_equal(self._table, self._scope, other._scope)


def shapes(table: OpTable) -> Callable[[ScopeId], Shape]:
    """Return what gives the structure of each scope of a table."""
    hashes: list[Hashes] = []

    def shape(scope: ScopeId) -> Shape:
        if not hashes:
            hashes.append(scope_hashes(table))
        return Shape(table, scope, int(hashes[0][scope]))

    return shape
