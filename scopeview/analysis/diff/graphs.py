"""What became of each op: paired by name first, and by structure second (see `op_alignment`).

TensorFlow numbers equal names in the order in which a graph is built, so that one inserted `add` renames all that
follow it; ops are therefore compared by what they are, and not by their numbers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from scopeview.analysis.diff.op_alignment import align
from scopeview.model.functions import Function
from scopeview.model.names import is_within, scope_of, split_uniquifier
from scopeview.model.ops import MISSING, OpRow, OpTable

OpStatus = Literal["added", "removed", "changed", "renamed"]
Aspect = Literal["type", "attributes", "inputs", "device"]

_IGNORED = frozenset({"_output_shapes", "debug_name"})


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
    aligned = align(a, b, renames)
    pairs, moved = aligned.pairs, aligned.moved
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
