"""What a diff says line by line: which variables become one line, and what the two sides are called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scopeview.analysis.diff.listing import beside_changes, judged
from scopeview.analysis.diff.matching.entries import OpenGroup
from scopeview.analysis.diff.quantizers import is_range_name
from scopeview.analysis.diff.report import DiffReport
from scopeview.analysis.diff.sides import SideNames
from scopeview.analysis.diff.templates import fold_names
from scopeview.analysis.diff.variables import DiffEntry, Status
from scopeview.model.names import leaf_of, scope_of, sort_key
from scopeview.model.scopes import ScopeId, ScopeTree
from scopeview.render.formats import printable

MARKS: Mapping[Status, str] = {
    "same": " ",
    "values": "~",
    "shape": "~",
    "dtype": "~",
    "renamed": ">",
    "only_a": "-",
    "only_b": "+",
}
SHORT_WORDS: Mapping[Status, str] = {
    "same": "same",
    "values": "other values",
    "shape": "another shape",
    "dtype": "another dtype",
    "renamed": "renamed",
    "only_a": "only in A",
    "only_b": "only in B",
}
"""What the statuses are called; the page calls them so too."""
_NUMBER = re.compile(r"[0-9]+")
_FOLDED_FROM = 3
"""Variables of a scope that become one line if the same happened to all."""


def words_of(status: Status, sides: SideNames) -> str:
    """Return what a status is called."""
    if status in ("only_a", "only_b"):
        return f"only in the {sides.a if status == 'only_a' else sides.b}"
    is_change = status in ("values", "shape", "dtype")
    return f"with {SHORT_WORDS[status]}" if is_change else SHORT_WORDS[status]


def optimizer_change(report: DiffReport) -> str:
    """Return the change of optimizers in a sentence; empty if there is none."""
    before, after = (", ".join(map(printable, names)) for names in report.optimizers)
    if before == after:
        return ""
    state = [entry for entry in judged(report.entries) if entry.kind in ("slot", "scalar")]
    old, new = (sum(entry.status == status for entry in state) for status in ("only_a", "only_b"))
    if before and after:
        return f"the optimizer changed: {before} -> {after} ({old:,} variables of its state went, {new:,} came)"
    sides = report.sides
    present, absent = (sides.a, sides.b) if before else (sides.b, sides.a)
    return f"the {present} has optimizer state ({before or after}), the {absent} has none"


def quantizer_change(report: DiffReport) -> str:
    """Return in a sentence that one side alone is quantized; empty if both are or none is."""
    before, after = report.quantizers
    if bool(before) == bool(after):
        return ""
    sides = report.sides
    present, absent = (sides.a, sides.b) if before else (sides.b, sides.a)
    names = [e.a or e.b or "" for e in _ranges(judged(report.entries))]
    ranges = f", {fold_names(names)[0].text}" if names else ""
    return f"the {present} is quantized ({before or after:,} variables of ranges{ranges}), the {absent} is not"


def _ranges(entries: Sequence[DiffEntry]) -> list[DiffEntry]:
    return [e for e in entries if e.status in ("only_a", "only_b") and is_range_name(e.a or e.b or "")]


def without_ranges(report: DiffReport, entries: Sequence[DiffEntry]) -> Sequence[DiffEntry]:
    """Return entries; where one side alone is quantized, without its ranges, which one sentence is for."""
    if not quantizer_change(report):
        return entries
    ranges = {id(entry) for entry in _ranges(entries)}
    return [entry for entry in entries if id(entry) not in ranges]


@dataclass(frozen=True, slots=True)
class OpenLine:
    """Open groups that differ in numbers alone, as one line."""

    a: str
    b: str
    variables: int
    """Variables of A."""


def open_lines(groups: Sequence[OpenGroup]) -> list[OpenLine]:
    """Return open groups, those that differ in numbers alone together; those of most variables first."""
    alike: dict[object, tuple[list[str], list[str]]] = {}
    for group in groups:
        kind = tuple(frozenset(_NUMBER.sub("#", name) for name in side) for side in (group.a, group.b))
        ours, theirs = alike.setdefault(kind, ([], []))
        ours += group.a
        theirs += group.b
    found = [OpenLine(_folded(ours), _folded(theirs), len(ours)) for ours, theirs in alike.values()]
    return sorted(found, key=lambda line: -line.variables)


def _folded(names: Sequence[str]) -> str:
    templates = fold_names(names)
    rest = f" and {len(templates) - 1} more" if len(templates) > 1 else ""
    return printable(templates[0].text) + rest


@dataclass(frozen=True)
class DiffLine:
    """One line of the tree: one variable, or a scope in which the same happened to all."""

    status: Status
    name: str
    entries: Sequence[DiffEntry]


def lines(entries: Sequence[DiffEntry], *, whole: bool) -> list[DiffLine]:
    """Return what changed: scopes in which one thing happened to all, and variables of one template, as one line."""
    found = list(_by_scope(entries, whole=whole))
    if whole:
        return found
    alike: dict[object, dict[str, DiffEntry]] = {}
    for line in found:
        if len(line.entries) == 1:
            alike.setdefault(_kind(line.entries[0]), {})[line.name] = line.entries[0]
    together: dict[str, DiffLine] = {}
    for held in alike.values():
        for template in fold_names(held) if len(held) >= _FOLDED_FROM else ():
            line = DiffLine(held[template.names[0]].status, template.text, [held[name] for name in template.names])
            together |= dict.fromkeys(template.names, line) if len(template.names) >= _FOLDED_FROM else {}
    shown = [together.get(line.name, line) if len(line.entries) == 1 else line for line in found]
    return list({id(line): line for line in shown}.values())


def _by_scope(entries: Sequence[DiffEntry], *, whole: bool) -> Iterator[DiffLine]:
    """Yield scopes in which one thing happened to all variables, and all other variables."""
    ordered = sorted(entries, key=lambda entry: sort_key(entry.b or entry.a or ""))
    tree = ScopeTree([entry.b or entry.a or "" for entry in ordered])
    scope, row = ScopeId(1), 0
    while row < len(ordered):
        while scope < len(tree) and tree.first[scope] < row:
            scope = ScopeId(scope + 1)
        # Scopes that begin at this row come outermost first; the first that is of one mind is shown as one.
        candidate = scope
        while candidate < len(tree) and tree.first[candidate] == row:
            inside = ordered[row : int(tree.last[candidate])]
            if not whole and len(inside) >= _FOLDED_FROM and len({_kind(entry) for entry in inside}) == 1:
                yield DiffLine(inside[0].status, f"{tree.path(candidate)}/", inside)
                row = int(tree.last[candidate])
                break
            candidate = ScopeId(candidate + 1)
        else:
            yield DiffLine(ordered[row].status, ordered[row].b or ordered[row].a or "", [ordered[row]])
            row += 1


def _kind(entry: DiffEntry) -> object:
    """What must agree for variables to be shown as one: what happened, and in renames the change of scope."""
    if entry.a != entry.b and entry.a is not None and entry.b is not None:
        before, after = scope_of(entry.a).split("/"), scope_of(entry.b).split("/")
        while before and after and before[-1] == after[-1]:
            before.pop()
            after.pop()
        leaves = leaf_of(entry.a), leaf_of(entry.b)
        change = *before, ">", *after, ">", *(leaves if leaves[0] != leaves[1] else ())
        return entry.status, _NUMBER.sub("#", "/".join(change))
    return (
        entry.status,
        bool(entry.joined or entry.proposal),
        entry.is_moved,
        entry.parts_a == entry.parts_b,
        bool(entry.values_of),
    )


def without_old_state(report: DiffReport) -> Sequence[DiffEntry]:
    """Return what changed, and what is beside it; where the optimizer changed, without its state: one sentence is."""
    entries = beside_changes(report.entries)
    if not optimizer_change(report):
        return entries
    return [
        entry for entry in entries if entry.kind not in ("slot", "scalar") or entry.status not in ("only_a", "only_b")
    ]
