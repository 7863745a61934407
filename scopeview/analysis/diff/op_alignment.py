"""Which op of one graph is which of another: a pool of ops on each side, and matchers that take pairs out of it.

    scopes that moved    gone on one side, new on the other, and equal inside
    families             ops of one scope whose names differ by a number, in the order of what they are
    dataflow             what feeds, or reads, two ops that are paired, where only one op on each side can be meant
    scopes by members    what has one name in two scopes whose other ops are paired

A name decides before the dataflow does; where two ops can be meant, none is paired.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.structure import are_equal, scope_hashes
from scopeview.model.names import leaf_of, scope_of, split_uniquifier
from scopeview.model.ops import MISSING, OpRow, OpTable
from scopeview.model.scopes import ScopeId

_MOST_ALIGNED = 2_000
"""Ops of one numbered family that are aligned; longer ones are matched by name alone."""

Pairs = Iterable[tuple[OpRow, OpRow]]


class Side:
    """The ops of one graph, with the names that they go by in the comparison."""

    def __init__(self, table: OpTable, names: Sequence[str]) -> None:
        self.table = table
        self.names = names
        self.free: NDArray[np.bool_] = np.ones(len(table), dtype=bool)
        """Which ops are not paired yet: shape (ops,)."""

    def signature(self, row: OpRow) -> Hashable:
        """Return what an op is without its number: type, device, and the names of its inputs without theirs."""
        inputs = tuple((_stem(self.names[e.source]), e.port) for e in self.table.inputs(row) if e.source != MISSING)
        return self.table.op_type(row), self.table.device(row), inputs

    def families(self) -> dict[tuple[str, str], list[OpRow]]:
        """Return the free rows by scope and name without its number, in the order of the numbers."""
        families: dict[tuple[str, str], list[OpRow]] = defaultdict(list)
        for row in np.flatnonzero(self.free).tolist():
            name = self.names[row]
            families[scope_of(name), split_uniquifier(leaf_of(name))[0]].append(OpRow(row))
        for rows in families.values():
            rows.sort(key=lambda row: split_uniquifier(leaf_of(self.names[row]))[1])
        return families

    def beside_free(self) -> set[int]:
        """Return the rows that a free op feeds or reads."""
        source, target = self.table.columns.source, self.table.targets
        is_there = source != MISSING
        source, target = source[is_there], target[is_there]
        return {*target[self.free[source]].tolist(), *source[self.free[target]].tolist()}


def _stem(name: str) -> str:
    return f"{scope_of(name)}/{split_uniquifier(leaf_of(name))[0]}"


class Alignment:
    """The pairs that were found, and what is left of both sides."""

    def __init__(self, a: OpTable, b: OpTable, renames: Mapping[str, str]) -> None:
        self.a, self.b = Side(a, _translated(a.names, renames)), Side(b, b.names)
        self.pairs: dict[OpRow, OpRow] = {}
        self.moved: dict[str, str] = {}
        """Scopes of A that are other paths of B."""

    def take(self, pairs: Pairs) -> list[tuple[OpRow, OpRow]]:
        """Pair what is free on both sides; return what was paired."""
        taken = []
        for row, other in pairs:
            if self.a.free[row] and self.b.free[other]:
                self.pairs[row] = other
                self.a.free[row] = self.b.free[other] = False
                taken.append((row, other))
        return taken

    def has_both(self) -> bool:
        """Whether anything is left to pair."""
        return bool(self.a.free.any() and self.b.free.any())


def align(a: OpTable, b: OpTable, renames: Mapping[str, str]) -> Alignment:
    """Pair the ops of two graphs.

    Args:
        a: the first.
        b: the second.
        renames: paths of A that are other paths of B.
    """
    found = Alignment(a, b, renames)
    for matcher in (_moved_scopes, _families, _dataflow, _scopes_by_members, _dataflow):
        if found.has_both():
            matcher(found)
    found.moved = _moved_by_members(found)
    return found


def _translated(names: Sequence[str], renames: Mapping[str, str]) -> Sequence[str]:
    """Return the names that ops of A would have on side B: the longest renamed path that begins a name counts."""
    if not renames:
        return names
    found = []
    for name in names:
        path = name
        while path and path not in renames:
            path = scope_of(path)
        found.append(f"{renames[path]}{name[len(path) :]}".lstrip("/") if path else name)
    return found


def _moved_scopes(found: Alignment) -> None:
    """Pair the scopes of A that B has under another path alone, the outermost of them."""
    a, b = found.a.table, found.b.table
    new = list(_own_scopes(b, a))
    if not new:
        return
    by_hash: dict[int, list[ScopeId]] = defaultdict(list)
    hashes_a, hashes_b = scope_hashes(a), scope_hashes(b)
    for scope in new:
        by_hash[int(hashes_b[scope])].append(scope)
    gone = Counter(int(hashes_a[scope]) for scope in _own_scopes(a, b))
    pairs: list[tuple[ScopeId, ScopeId]] = []
    end = 0
    for scope in _own_scopes(a, b):
        twins = by_hash.get(int(hashes_a[scope]), ())
        # Within a scope that has moved already; or of several that are alike none is known to be it.
        if scope < end or len(twins) != 1 or gone[int(hashes_a[scope])] != 1:
            continue
        if are_equal(a, scope, twins[0], b):
            pairs.append((scope, twins[0]))
            end = int(a.scopes.subtree_end[scope])
    targets = Counter(twin for _, twin in pairs)
    for scope, twin in pairs:
        if targets[twin] == 1:
            found.moved[a.scopes.path(scope)] = b.scopes.path(twin)
            found.take(zip(map(OpRow, a.scopes.rows(scope)), map(OpRow, b.scopes.rows(twin)), strict=True))


def _own_scopes(table: OpTable, other: OpTable) -> Iterator[ScopeId]:
    """Yield the scopes that only one side has, outer ones before those within."""
    tree = table.scopes
    lengths = tree.path_lengths()
    for scope, counterpart in enumerate(tree.counterparts(other.scopes)):
        if counterpart is None and lengths[scope]:  # a name that begins with a slash lies in a scope without a path
            yield ScopeId(scope)


def _families(found: Alignment) -> None:
    """Pair ops of one scope and one name but for its number: by their names, or in the order of what they are."""
    theirs = found.b.families()
    for family, rows in found.a.families().items():
        if family in theirs:
            _align_family(found, rows, theirs[family])


def _with_occurrence(names: Sequence[str], rows: Iterable[OpRow]) -> Iterator[tuple[tuple[str, int], OpRow]]:
    """Yield each row under its name and how often that came before: a damaged graph has names twice."""
    seen: Counter[str] = Counter()
    for row in rows:
        yield (names[row], seen[names[row]]), row
        seen[names[row]] += 1


def _align_family(found: Alignment, ours: list[OpRow], theirs: list[OpRow]) -> None:
    a, b = found.a, found.b
    by_name = dict(_with_occurrence(b.names, theirs))
    named = [(row, by_name[name]) for name, row in _with_occurrence(a.names, ours) if name in by_name]
    if len(named) == len(ours) == len(theirs) or max(len(ours), len(theirs)) > _MOST_ALIGNED:
        found.take(named)
        return
    signatures = {row: a.signature(row) for row in ours}, {row: b.signature(row) for row in theirs}
    unchanged = [pair for pair in named if signatures[0][pair[0]] == signatures[1][pair[1]]]
    in_order = list(_in_order(ours, theirs, *signatures))
    if len(unchanged) >= len(in_order):
        found.take(unchanged)
    types = {row: a.table.op_type(row) for row in ours}, {row: b.table.op_type(row) for row in theirs}
    for keys in (signatures, types):  # what is the same op, then what has the same type
        left = [row for row in ours if a.free[row]], [row for row in theirs if b.free[row]]
        found.take(_in_order(*left, *keys))
    found.take(named)


def _in_order(
    ours: Sequence[OpRow], theirs: Sequence[OpRow], keys: Mapping[OpRow, Hashable], others: Mapping[OpRow, Hashable]
) -> Iterator[tuple[OpRow, OpRow]]:
    """Yield the ops that agree, in an order that is the same on both sides."""
    one, other = [keys[row] for row in ours], [others[row] for row in theirs]
    for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks():
        yield from ((ours[block.a + step], theirs[block.b + step]) for step in range(block.size))


def _dataflow(found: Alignment) -> None:
    """Pair what feeds and what reads paired ops, and go on from there."""
    beside = found.a.beside_free()
    waiting = deque((row, other) for row, other in found.pairs.items() if row in beside)
    while waiting:
        row, other = waiting.popleft()
        waiting += found.take(_sources(found, row, other))
        waiting += found.take(_readers(found, row, other))


def _sources(found: Alignment, row: OpRow, other: OpRow) -> Iterator[tuple[OpRow, OpRow]]:
    """Yield the ops that feed the same inputs of two ops, where they are of one type.

    Control inputs are sorted by name in the file, so that their places say nothing.
    """
    a, b = found.a.table, found.b.table
    ours, theirs = a.inputs(row), b.inputs(other)
    for one, another in zip(ours, theirs, strict=False) if len(ours) == len(theirs) else ():
        if MISSING in (one.source, another.source) or one.is_control or one.port != another.port:
            continue
        if a.op_type(one.source) == b.op_type(another.source):
            yield one.source, another.source


def _readers(found: Alignment, row: OpRow, other: OpRow) -> Iterator[tuple[OpRow, OpRow]]:
    """Yield the ops that read two ops in the same way, where one on each side does."""
    for with_names in (True, False):
        ours, theirs = _by_use(found.a, row, with_names), _by_use(found.b, other, with_names)
        for use, readers in ours.items():
            if len(readers) == 1 and len(theirs.get(use, ())) == 1:
                yield readers.copy().pop(), theirs[use].copy().pop()


def _by_use(side: Side, row: OpRow, with_names: bool) -> dict[Hashable, set[OpRow]]:
    """Return the free readers of an op by their type, the input that it is of them, and their own names at will."""
    found: dict[Hashable, set[OpRow]] = defaultdict(set)
    for edge in side.table.consumers(row):
        if side.free[edge.target] and not edge.is_control:
            stem = split_uniquifier(leaf_of(side.names[edge.target]))[0] if with_names else ""
            found[side.table.op_type(edge.target), edge.slot, edge.port, stem].add(edge.target)
    return found


def _scopes_by_members(found: Alignment) -> None:
    """Pair ops of one name in two scopes whose other ops are paired."""
    a, b = found.a, found.b
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for row, other in found.pairs.items():
        votes[scope_of(a.table.name(row))][scope_of(b.table.name(other))] += 1
    target = {scope: counts.most_common(1)[0][0] for scope, counts in votes.items()}
    pairs = []
    for row in map(OpRow, np.flatnonzero(a.free).tolist()):
        name = a.table.name(row)
        path = scope_of(name)
        while path and path not in target:
            path = scope_of(path)
        if path not in target:
            continue
        twin = b.table.row(f"{target[path]}/{name[len(path) :].lstrip('/')}".lstrip("/"))
        if twin is not None and a.table.op_type(row) == b.table.op_type(twin):
            pairs.append((row, twin))
    found.take(pairs)


def _moved_by_members(found: Alignment) -> dict[str, str]:
    """Return the scopes of A that are gone, and under which path B has most of it; the outermost alone."""
    a, b = found.a.table, found.b.table
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for row, other in found.pairs.items():
        one, another = a.name(row), b.name(other)
        if one != another:
            for old, new in _changed_scopes(one, another):
                votes[old][new] += 1
    gone = {a.scopes.path(scope) for scope in _own_scopes(a, b)}
    new_paths = {b.scopes.path(scope) for scope in _own_scopes(b, a)}
    best = {old: counts.most_common(1)[0][0] for old, counts in votes.items() if old in gone}
    moved = {old: path for old, path in best.items() if path in new_paths} | found.moved
    taken = Counter(moved.values())
    return {
        old: path
        for old, path in moved.items()
        if taken[path] == 1 and not (leaf_of(old) == leaf_of(path) and moved.get(scope_of(old)) == scope_of(path))
    }


def _changed_scopes(one: str, other: str) -> Iterator[tuple[str, str]]:
    """Yield the scopes of two names from the inside out, for as long as the names below them agree."""
    while one and other and leaf_of(one) == leaf_of(other):
        one, other = scope_of(one), scope_of(other)
        if one and other and one != other:
            yield one, other
