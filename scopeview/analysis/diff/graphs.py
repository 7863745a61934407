"""What became of each op: matched by name first, and by structure second.

TensorFlow numbers equal names in the order in which a graph is built, so that one inserted `add` renames all that
follow it. Ops of one scope whose names differ by a number are therefore aligned by what they are (type, where their
inputs come from), as lines of a text are. Scopes that are gone on one side and new on the other are one scope if they
are equal inside.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from scopeview.analysis.derive.structure import are_equal, scope_hashes
from scopeview.model.functions import Function
from scopeview.model.names import is_within, leaf_of, scope_of, split_uniquifier
from scopeview.model.ops import MISSING, OpRow, OpTable
from scopeview.model.scopes import ScopeId

OpStatus = Literal["added", "removed", "changed", "renamed"]
Aspect = Literal["type", "attributes", "inputs", "device"]

_IGNORED = frozenset({"_output_shapes", "debug_name"})
_MOST_ALIGNED = 2_000
"""Ops of one numbered family that are aligned; longer ones are matched by name alone."""


@dataclass(frozen=True, slots=True)
class OpChange:
    """One op that is not the same on both sides."""

    status: OpStatus
    a: str | None
    b: str | None
    type_a: str
    type_b: str
    aspects: tuple[Aspect, ...]
    """What is not the same, for an op that both sides have."""


@dataclass(frozen=True, slots=True)
class ScopeChange:
    """What changed below one scope of the op tree."""

    path: str
    """Its path on side B; on side A for a scope that is gone."""
    renamed_from: str
    """Its path on side A, where it is another."""
    added: int
    removed: int
    changed: int
    renamed: int
    same: int


@dataclass(frozen=True, slots=True)
class GraphDiff:
    """The op trees of two graphs compared."""

    same: int
    added: int
    removed: int
    changed: int
    renamed: int
    scopes: tuple[ScopeChange, ...]
    """Scopes with any change, outermost first."""
    ops: tuple[OpChange, ...]
    total: int
    """Ops that are not the same; `ops` of a report lists the first of them."""


@dataclass(frozen=True, slots=True)
class FunctionChange:
    """One function that is not the same in both libraries."""

    status: Literal["added", "removed", "changed"]
    a: str | None
    b: str | None
    added: int
    removed: int
    changed: int
    renamed: int


def diff_functions(a: Mapping[str, Function], b: Mapping[str, Function]) -> Iterator[FunctionChange]:
    """Compare two libraries; functions go by their names, and by these without their counters where only one fits.

    TensorFlow numbers functions as it traces them (`__inference_call_27`), so that a number says nothing.
    """
    pairs = {name: name for name in a if name in b}
    left_a, left_b = _by_stem(a.keys() - b.keys()), _by_stem(b.keys() - a.keys())
    for stem, names in left_a.items():
        others = left_b.get(stem, [])
        if len(names) == len(others):
            pairs.update(zip(names, others, strict=True))
    taken = set(pairs.values())
    for one, other in sorted(pairs.items()):
        found = diff_graphs(a[one].body, b[other].body, {})
        if found.total - found.renamed:
            yield FunctionChange("changed", one, other, found.added, found.removed, found.changed, found.renamed)
    for name in sorted(a.keys() - pairs.keys()):
        yield FunctionChange("removed", name, None, 0, a[name].op_count, 0, 0)
    for name in sorted(b.keys() - taken):
        yield FunctionChange("added", None, name, b[name].op_count, 0, 0, 0)


def _by_stem(names: Iterable[str]) -> dict[str, list[str]]:
    """Group names without the counters at their ends, each group in the order of the counters."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[split_uniquifier(name)[0]].append(name)
    return {stem: sorted(found, key=lambda name: split_uniquifier(name)[1]) for stem, found in groups.items()}


def diff_graphs(a: OpTable, b: OpTable, renames: Mapping[str, str], *, scope: str = "") -> GraphDiff:
    """Compare two op tables.

    Args:
        a: the first.
        b: the second.
        renames: paths of A that are other paths of B, such as scopes of variables that were renamed.
        scope: only ops within this scope, on either side.
    """
    moved = _renamed_scopes(a, b)
    pairs = _matched(a, b, moved, renames)
    changes = [c for c in _changes(a, b, pairs) if any(name and is_within(name, scope) for name in (c.a, c.b))]
    changes.sort(key=lambda change: (change.b or change.a or "").split("/"))
    counts = Counter(change.status for change in changes)
    touched = sum(change.status in ("changed", "renamed") for change in changes)
    return GraphDiff(
        same=sum(is_within(b.name(row), scope) for row in pairs.values()) - touched,
        added=counts["added"],
        removed=counts["removed"],
        changed=counts["changed"],
        renamed=counts["renamed"],
        scopes=tuple(_scope_changes(b, changes, {new: old for old, new in (*renames.items(), *moved.items())})),
        ops=tuple(changes),
        total=len(changes),
    )


def _renamed_scopes(a: OpTable, b: OpTable) -> dict[str, str]:
    """Return the scopes of A that B has under another path alone, the outermost of them."""
    new = list(_own_scopes(b, a))
    if not new:
        return {}
    by_hash: dict[int, list[ScopeId]] = defaultdict(list)
    hashes_a, hashes_b = scope_hashes(a), scope_hashes(b)
    for scope in new:
        by_hash[int(hashes_b[scope])].append(scope)
    gone = Counter(int(hashes_a[scope]) for scope in _own_scopes(a, b))
    found: dict[str, str] = {}
    end = 0
    for scope in _own_scopes(a, b):
        if scope < end:
            continue  # a scope above it has moved already
        twins = by_hash.get(int(hashes_a[scope]), ())
        is_unique = len(twins) == 1 and gone[int(hashes_a[scope])] == 1  # of several alike, none can be told
        for twin in twins if is_unique else ():
            if are_equal(a, scope, twin, b):
                found[a.scopes.path(scope)] = b.scopes.path(twin)
                end = int(a.scopes.subtree_end[scope])
    targets = Counter(found.values())
    return {old: target for old, target in found.items() if targets[target] == 1}


def _own_scopes(table: OpTable, other: OpTable) -> Iterator[ScopeId]:
    """Yield the scopes that only one side has, outer ones before those within."""
    tree = table.scopes
    for scope in map(ScopeId, range(1, len(tree))):
        if other.scopes.find(tree.path(scope)) is None:
            yield scope


def _matched(a: OpTable, b: OpTable, moved: Mapping[str, str], renames: Mapping[str, str]) -> dict[OpRow, OpRow]:
    """Return the rows of B that are those of A."""
    pairs: dict[OpRow, OpRow] = {}
    for old, new in moved.items():
        one, other = a.scopes.find(old), b.scopes.find(new)
        if one is not None and other is not None:
            pairs.update(zip(map(OpRow, a.scopes.rows(one)), map(OpRow, b.scopes.rows(other)), strict=True))
    names_a, names_b = _translated(a.names, renames), b.names
    families_a, families_b = _families(names_a, set(pairs)), _families(names_b, set(pairs.values()))
    for family, rows in families_a.items():
        pairs.update(_aligned(_Named(a, names_a), rows, _Named(b, names_b), families_b.get(family, [])))
    return pairs


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


@dataclass(frozen=True)
class _Named:
    """A table with the names that its ops go by in the comparison."""

    table: OpTable
    names: Sequence[str]


def _families(names: Sequence[str], taken: set[OpRow]) -> dict[tuple[str, str], list[OpRow]]:
    """Return the rows by scope and name without its number, in the order of the numbers."""
    families: dict[tuple[str, str], list[OpRow]] = defaultdict(list)
    for row, name in enumerate(names):
        if row not in taken:
            families[scope_of(name), split_uniquifier(leaf_of(name))[0]].append(OpRow(row))
    for rows in families.values():
        rows.sort(key=lambda row: split_uniquifier(leaf_of(names[row]))[1])
    return families


def _aligned(a: _Named, ours: list[OpRow], b: _Named, theirs: list[OpRow]) -> Iterator[tuple[OpRow, OpRow]]:
    """Yield the pairs of two families: by name where both have the same names, else in order of what they are."""
    if [a.names[row] for row in ours] == [b.names[row] for row in theirs]:
        yield from zip(ours, theirs, strict=True)
        return
    if max(len(ours), len(theirs)) > _MOST_ALIGNED:
        names_b = {b.names[row]: row for row in theirs}
        yield from ((row, names_b[a.names[row]]) for row in ours if a.names[row] in names_b)
        return
    left_a, left_b = ours, theirs
    named = _same_names(a, ours, b, theirs)
    aligned = list(_in_order([_signature(a, row) for row in ours], [_signature(b, row) for row in theirs]))
    if len(named) >= len(aligned):
        yield from named
        taken = {row for row, _ in named}, {row for _, row in named}
        left_a, left_b = [r for r in left_a if r not in taken[0]], [r for r in left_b if r not in taken[1]]
    # What is the same op, then what has the same type, then what has the same name.
    for told in (_signature, _type):
        pairs = _in_order([told(a, row) for row in left_a], [told(b, row) for row in left_b])
        found = [(left_a[i], left_b[j]) for i, j in pairs]
        yield from found
        taken = {row for row, _ in found}, {row for _, row in found}
        left_a, left_b = [r for r in left_a if r not in taken[0]], [r for r in left_b if r not in taken[1]]
    by_name = {b.names[row]: row for row in left_b}
    yield from ((row, by_name[a.names[row]]) for row in left_a if a.names[row] in by_name)


def _same_names(a: _Named, ours: list[OpRow], b: _Named, theirs: list[OpRow]) -> list[tuple[OpRow, OpRow]]:
    """Return the ops that have one name, and are the same op as far as one can tell."""
    names_b = {b.names[row]: row for row in theirs}
    both = [(row, names_b[a.names[row]]) for row in ours if a.names[row] in names_b]
    return [(row, other) for row, other in both if _signature(a, row) == _signature(b, other)]


def _in_order(one: Sequence[Hashable], other: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """Yield the places that agree, in an order that is the same on both sides."""
    for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks():
        yield from ((block.a + step, block.b + step) for step in range(block.size))


def _type(named: _Named, row: OpRow) -> Hashable:
    return named.table.op_type(row)


def _signature(named: _Named, row: OpRow) -> Hashable:
    """Return what an op is without its number: type, device, and the names of its inputs without theirs."""
    table = named.table
    inputs = tuple((_stem(named.names[e.source]), e.port) for e in table.inputs(row) if e.source != MISSING)
    return table.op_type(row), table.device(row), inputs


def _stem(name: str) -> str:
    return f"{scope_of(name)}/{split_uniquifier(leaf_of(name))[0]}"


def _changes(a: OpTable, b: OpTable, pairs: Mapping[OpRow, OpRow]) -> Iterator[OpChange]:
    back = {other: row for row, other in pairs.items()}
    for row in a:
        if row not in pairs:
            yield OpChange("removed", a.name(row), None, a.op_type(row), "", ())
    for other in b:
        one = back.get(other)
        if one is None:
            yield OpChange("added", None, b.name(other), "", b.op_type(other), ())
            continue
        aspects = tuple(_aspects(a, one, b, other, back))
        is_renamed = a.name(one) != b.name(other)
        if aspects or is_renamed:
            status: OpStatus = "changed" if aspects else "renamed"
            yield OpChange(status, a.name(one), b.name(other), a.op_type(one), b.op_type(other), aspects)


def _aspects(a: OpTable, one: OpRow, b: OpTable, other: OpRow, back: Mapping[OpRow, OpRow]) -> Iterator[Aspect]:
    if a.op_type(one) != b.op_type(other):
        yield "type"
    is_other = bytes(a.raw_attributes(one)) != bytes(b.raw_attributes(other))
    if is_other and _attributes(a, one) != _attributes(
        b, other, {b.name(row): a.name(old) for row, old in _near(b, other, back)}
    ):
        yield "attributes"
    ours = [(edge.source, edge.port, edge.argument) for edge in a.inputs(one)]
    theirs = [(back.get(edge.source, MISSING), edge.port, edge.argument) for edge in b.inputs(other)]
    missing_a, missing_b = _missing(a, one), _missing(b, other)
    if ours != theirs or missing_a != missing_b:
        yield "inputs"
    if a.device(one) != b.device(other):
        yield "device"


def _missing(table: OpTable, row: OpRow) -> list[str]:
    """Return the names of inputs that are not there; they are few."""
    return [text for target, text in table.dangling if target == row] if table.dangling else []


def _near(table: OpTable, row: OpRow, back: Mapping[OpRow, OpRow]) -> Iterator[tuple[OpRow, OpRow]]:
    """Yield an op and what it may name in its attributes (the variable it is placed with), each with its row in A."""
    classes = table.attributes(row).get("_class")
    names = [
        text.removeprefix("loc:@")
        for text in (classes if isinstance(classes, tuple) else (classes,))
        if isinstance(text, str)
    ]
    for found in (row, *(table.row(name) for name in names)):
        if found is not None and found in back:
            yield found, back[found]


def _attributes(table: OpTable, row: OpRow, names: Mapping[str, str] | None = None) -> dict[str, object]:
    """Return the attributes but what TensorFlow worked out, names of B as A has them."""
    found = {k: v for k, v in table.attributes(row).items() if k not in _IGNORED}
    known = names or {}
    for key in ("shared_name", "_class"):
        value = found.get(key)
        texts = value if isinstance(value, tuple) else (value,)
        if key in found and all(isinstance(text, str) for text in texts):
            bare = [
                (str(text)[:5], str(text)[5:]) if str(text).startswith("loc:@") else ("", str(text)) for text in texts
            ]
            found[key] = tuple(head + known.get(name, name) for head, name in bare)
    return found


def _scope_changes(b: OpTable, changes: Iterable[OpChange], renamed_from: Mapping[str, str]) -> Iterator[ScopeChange]:
    """Roll the changes up: each op counts in every scope above it."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for change in changes:
        scope = scope_of(change.b or change.a or "")
        while True:
            counts[scope][change.status] += 1
            if not scope:
                break
            scope = scope_of(scope)
    for path in sorted(counts, key=lambda path: path.split("/") if path else []):
        found, number = b.scopes.find(path), counts[path]
        size = len(b.scopes.rows(found)) if found is not None else 0
        same = max(0, size - number["added"] - number["changed"] - number["renamed"])
        yield ScopeChange(
            path,
            renamed_from.get(path, ""),
            number["added"],
            number["removed"],
            number["changed"],
            number["renamed"],
            same,
        )
