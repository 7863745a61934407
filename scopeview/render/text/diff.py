"""`scopeview diff`: a line that says it all, then the tree of what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from scopeview.analysis.diff.graphs import GraphDiff, ScopeChange
from scopeview.analysis.diff.listing import judged
from scopeview.analysis.diff.report import DiffReport, SideSummary
from scopeview.analysis.diff.sides import SideNames
from scopeview.analysis.diff.templates import fold_names
from scopeview.analysis.diff.value_change import ValueChange
from scopeview.analysis.diff.variables import DiffEntry, Status
from scopeview.model.names import leaf_of, scope_of
from scopeview.render.format_names import format_name
from scopeview.render.formats import plural, printable, shape_text, shortened
from scopeview.render.text.console import Console
from scopeview.render.text.diff_lines import (
    MARKS,
    DiffLine,
    lines,
    open_lines,
    optimizer_change,
    quantizer_change,
    without_old_state,
    without_ranges,
    words_of,
)
from scopeview.render.text.styled import Text
from scopeview.render.text.table import Cell, Column, Items, print_table
from scopeview.render.text.verdict import print_verdict

_STYLES: Mapping[Status, str] = {
    "values": "warning",
    "shape": "warning",
    "dtype": "warning",
    "renamed": "fold",
    "only_a": "error",
    "only_b": "trainable",
    "same": "quiet",
}
_LINES = 60
_RULES, _OPS, _OPEN = 12, 20, 8


def print_diff(console: Console, report: DiffReport, *, whole: bool) -> None:
    """Print what changed from A to B; with `whole`, every variable and every op on a line of its own."""
    sides = report.sides
    letters = sides.label_a, sides.label_b
    width = max(map(len, letters))
    _side(console, letters[0].ljust(width), report.a)
    _side(console, letters[1].ljust(width), report.b)
    if report.restore is not None:
        print_verdict(console, report.restore.verdict, whole=whole)
    elif report.not_restored:
        console.print(Text(report.not_restored, style="quiet"))
    console.print(Text(headline(report), style="heading"))
    limit = None if whole else _LINES
    _rules(console, report, limit)
    _tree(console, report, limit, whole)
    _open(console, report, limit)
    for change in (optimizer_change(report), quantizer_change(report)):
        if change:
            console.print(Text(f"\n  {change}", style="warning"))
    if report.shifted:
        shown = Items(tuple(map(printable, report.shifted))).fitted(max(30, console.width - 50))
        console.print(Text(f"\n  object paths shifted, full names stayed: {shown}", style="warning"))
    if report.not_compared:
        missing = f"\n  ! the values of {plural(report.not_compared, 'variable')} could not be read whole on both sides"
        console.print(Text(missing, style="warning"))
    if report.graph is not None and report.graph.total:
        _graph(console, report.graph, limit)
    _functions(console, report, limit)
    if report.rules or (report.restore is not None and not report.restore.verdict.succeeds):
        text = "\n  --format saver prints Python that restores what is matched, --assignment-map what initializes it"
        console.print(Text(text, style="quiet"))


def _side(console: Console, role: str, side: SideSummary) -> None:
    artifact = f"  [{printable(side.artifact)}]" if side.artifact else ""
    context = f"  {format_name(side.format)}, {plural(side.variables, 'variable')}"
    room = console.width - len(role) - 1 - len(artifact) - len(context)
    path = shortened(printable(side.path), max(20, room))
    line = Text.assemble((f"{role} ", "heading"), path, artifact, (context, "quiet"))
    console.print(line, no_wrap=True)
    for note in side.notes:
        console.print(Text(f"  ! {printable(note)}", style="warning"))


def headline(report: DiffReport) -> str:
    """Return the counts of everything that is there, the same first."""
    sides = report.sides
    counts = [f"{number:,} {words_of(status, sides)}" for status, number in report.summary.items() if number]
    unknown = sum(e.values_differ is None and e.status == "same" for e in judged(report.entries))
    values = f" (values of {unknown:,} not compared)" if unknown else ""
    values += f"; {report.moved:,} in other collections" if report.moved else ""
    if report.functions:
        values += f"; {len(report.functions):,} functions differ"
    if report.graph is not None:
        graph = report.graph
        ops = [
            (graph.added, "added"),
            (graph.removed, "removed"),
            (graph.changed, "changed"),
            (graph.renamed, "renamed"),
        ]
        listed = ", ".join(f"{number:,} {word}" for number, word in ops if number) or "none changed"
        return f"variables: {', '.join(counts) or 'none'}{values}; ops: {listed}"
    return f"{', '.join(counts) or 'no variables'}{values}"


def _rules(console: Console, report: DiffReport, limit: int | None) -> None:
    if not report.rules:
        return
    console.print(Text("\nrename rules", style="heading"))
    rules = report.rules if limit is None else report.folded_rules
    shown = rules if limit is None else rules[:_RULES]
    rows = [(f"{r.from_ or '(root)'}", "->", r.to or "(root)", plural(r.variables, "variable")) for r in shown]
    print_table(console, [Column(), Column(style="quiet"), Column(), Column(style="quiet")], rows)
    if len(shown) < len(rules):
        console.print(Text(f"  … {len(rules) - len(shown):,} more: --all lists them", style="quiet"))


def _tree(console: Console, report: DiffReport, limit: int | None, whole: bool) -> None:
    entries = report.entries if whole else without_ranges(report, without_old_state(report))
    found = [line for line in lines(entries, whole=whole) if whole or _is_changed(line)]
    if not found:
        return
    console.print(Text("\nvariables", style="heading"))
    sides = report.sides
    shown = found if limit is None else found[:limit]
    rows = [(_name(line), _what(line, sides)) for line in shown]
    print_table(console, [Column(least=24), Column(style="quiet")], rows, gives=-1)
    if len(shown) < len(found):
        rest = Counter(line.status for line in found[len(shown) :])
        counts = ", ".join(f"{number:,} {words_of(status, sides)}" for status, number in rest.items())
        console.print(Text(f"  … {counts} more: --all lists them, --scope a part", style="quiet"))


def _open(console: Console, report: DiffReport, limit: int | None) -> None:
    """Print among which variables nothing decides, and who can."""
    found = open_lines(report.open_groups)
    if not found:
        return
    number = plural(sum(line.variables for line in found), "variable")
    console.print(Text(f"\nopen: {number} with several counterparts that fit equally well", style="heading"))
    shown = found if limit is None else found[:_OPEN]
    rows = [(f"? {line.a}", "may be", line.b) for line in shown]
    print_table(console, [Column(least=24), Column(style="quiet"), Column(least=24)], rows, gives=-1)
    if len(shown) < len(found):
        console.print(Text(f"  … {len(found) - len(shown):,} more: --all lists them", style="quiet"))
    console.print(Text("  --rule OLD=NEW or --map FILE decides them", style="quiet"))


def _is_changed(line: DiffLine) -> bool:
    changed = any(entry.is_moved or entry.parts_a != entry.parts_b for entry in line.entries)
    return line.status != "same" or changed


def _name(line: DiffLine) -> Text:
    return Text(f"{MARKS[line.status]} {printable(line.name)}", style=_STYLES[line.status])


def _what(line: DiffLine, sides: SideNames) -> str:
    first = line.entries[0]
    return describe(first, sides) if len(line.entries) == 1 else described_together(line, sides)


def described_together(line: DiffLine, sides: SideNames) -> str:
    """Return what happened to all variables of a scope, and the largest difference where values were compared."""
    count = f"{len(line.entries):,} variables {words_of(line.status, sides)}"
    renamed = [(entry.a, entry.b) for entry in line.entries if entry.a and entry.b and entry.a != entry.b]
    changes = {prefix_of(*pair) for pair in renamed}
    if len(changes) == 1:
        old, new = changes.pop()
        count += f": {old or '(root)'}/ -> {new or '(root)'}/"
    elif renamed:
        count += f": was {fold_names([old for old, _ in renamed])[0].text}"
    shapes = list(dict.fromkeys(f"{shape_text(e.shape_a)} -> {shape_text(e.shape_b)}" for e in line.entries))
    if line.status == "shape":
        count += f": {shapes[0]}" + (", ..." if len(shapes) > 1 else "")
    worst = max((entry.values.max_abs for entry in line.entries if entry.values is not None), default=None)
    return count + (f", max |a-b| {worst:.3g}" if worst is not None else "")


def prefix_of(one: str, other: str) -> tuple[str, str]:
    """Return what stands before the common end of two paths."""
    before, after = one.split("/"), other.split("/")
    while before and after and before[-1] == after[-1]:
        before.pop()
        after.pop()
    if leaf_of(one) != leaf_of(other):
        return one, other
    return "/".join(before), "/".join(after)


def describe(entry: DiffEntry, sides: SideNames) -> str:
    """Return what happened to one variable."""
    return "; ".join(part for part in _parts(entry, sides) if part)


def _parts(entry: DiffEntry, sides: SideNames) -> Iterator[str]:
    before, after = f"{entry.dtype_a}{shape_text(entry.shape_a)}", f"{entry.dtype_b}{shape_text(entry.shape_b)}"
    if entry.status == "only_a" or entry.status == "only_b":
        yield before if entry.status == "only_a" else after
        guess = entry.joined or entry.proposal
        yield f"perhaps {guess}" if guess else "" if entry.alternatives else entry.evidence
        return
    if entry.a != entry.b:
        yield f"was {entry.a} ({entry.evidence}: {entry.confidence})"
    yield f"{before} -> {after}" if before != after else ""
    if entry.values is not None:
        yield numbers(entry.values)
    elif entry.values_differ and entry.status in ("values", "renamed"):
        yield "other values"
    if entry.values_of and entry.values_of not in (entry.a, entry.b):
        yield f"they are those of {entry.values_of} in the {sides.a}"
    if entry.parts_a != entry.parts_b:
        yield f"stored in {plural(entry.parts_b, 'part')}, was {entry.parts_a}"
    if None not in (entry.trainable_a, entry.trainable_b) and entry.trainable_a != entry.trainable_b:
        yield "now trainable" if entry.trainable_b else "no longer trainable"
    if "its path was" in entry.evidence and entry.a == entry.b:
        yield entry.evidence.partition("; ")[2]
    yield f"left {', '.join(entry.collections_left)}" if entry.collections_left else ""
    yield f"joined {', '.join(entry.collections_joined)}" if entry.collections_joined else ""


def numbers(change: ValueChange) -> str:
    """Return how far values differ."""
    if not change.changed:
        return "equal values"
    distances = f"max |a-b| {change.max_abs:.3g}, relative {change.relative_l2:.3g}, cosine {change.cosine:.4f}"
    share = "" if change.changed == change.elements else f", {change.share_changed:.1%} of elements"
    nans = change.nan_a + change.nan_b + change.inf_a + change.inf_b
    bad = f", NaN {change.nan_a} -> {change.nan_b}, Inf {change.inf_a} -> {change.inf_b}" if nans else ""
    return distances + share + bad


def _graph(console: Console, graph: GraphDiff, limit: int | None) -> None:
    console.print(Text("\nops", style="heading"))
    moved = [scope for scope in graph.scopes if scope.renamed_from and not _is_inside_renamed(scope, graph)]
    moved = moved if limit is None else moved[:_OPS]
    rows: list[Sequence[Cell]] = [(f"> {s.path}/", f"was {s.renamed_from}/") for s in moved]
    top = [s for s in graph.scopes if s.path and "/" not in s.path and not s.renamed_from]
    top.sort(key=lambda scope: -(scope.added + scope.removed + scope.changed + scope.renamed))
    rows += [(f"~ {s.path}/", _counts(s.added, s.removed, s.changed, s.renamed, s.same)) for s in top[:_OPS]]
    ops = graph.ops if limit is None else [op for op in graph.ops if op.status != "renamed"][:_OPS]
    marks = {"added": "+", "removed": "-", "changed": "~", "renamed": ">"}
    rows += [
        (
            f"{marks[op.status]} {op.b or op.a}",
            f"{op.type_b or op.type_a}"
            + (f" ({', '.join(op.aspects)})" if op.aspects else "")
            + (f", was {op.a}" if op.a and op.b and op.a != op.b else ""),
        )
        for op in ops
    ]
    print_table(console, [Column(least=24), Column(style="quiet")], rows, gives=-1)
    if len(top) > _OPS and limit is not None:
        console.print(Text(f"  … {len(top) - _OPS:,} more scopes: --json lists them", style="quiet"))
    if len(ops) < graph.total:
        console.print(Text(f"  … {graph.total - len(ops):,} more ops: --all lists them", style="quiet"))


def _functions(console: Console, report: DiffReport, limit: int | None) -> None:
    if not report.functions:
        return
    console.print(Text("\nfunctions", style="heading"))
    shown = report.functions if limit is None else report.functions[:_OPS]
    marks = {"added": "+", "removed": "-", "changed": "~"}
    rows = [
        (
            f"{marks[one.status]} {one.b or one.a}",
            _counts(one.added, one.removed, one.changed, one.renamed, None)
            + (f", was {one.a}" if one.a and one.b and one.a != one.b else ""),
        )
        for one in shown
    ]
    print_table(console, [Column(least=24), Column(style="quiet")], rows, gives=-1)
    if len(shown) < len(report.functions):
        console.print(Text(f"  … {len(report.functions) - len(shown):,} more: --all lists them", style="quiet"))


def _is_inside_renamed(scope: ScopeChange, graph: GraphDiff) -> bool:
    renamed = {other.path for other in graph.scopes if other.renamed_from}
    above = scope_of(scope.path)
    while above and above not in renamed:
        above = scope_of(above)
    return bool(above)


def _counts(added: int, removed: int, changed: int, renamed: int, same: int | None) -> str:
    pairs = ((added, "+"), (removed, "-"), (changed, "~"), (renamed, ">"))
    marked = " ".join(f"{mark}{number:,}" for number, mark in pairs if number)
    return marked if same is None else f"{marked}, {same:,} same"
