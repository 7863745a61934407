"""A diff as Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from scopeview.analysis.diff.report import DiffReport
from scopeview.render.formats import printable, shape_text
from scopeview.render.text.diff import MARKS, DiffLine, describe, headline, lines, told_together

_LINES = 200


def markdown(report: DiffReport) -> str:
    """Return the summary, the rename rules, and what changed as a fenced diff."""
    return "\n".join(_parts(report))


def _parts(report: DiffReport) -> Iterator[str]:
    yield f"**{_code(report.a.path)} → {_code(report.b.path)}**: {headline(report)}"
    if report.rules:
        yield from ("", "| from | to | variables |", "|---|---|---|")
        for rule in report.rules:
            yield f"| {_code(rule.from_ or '(root)')} | {_code(rule.to or '(root)')} | {rule.variables:,} |"
    changed = [line for line in lines(report.entries, whole=False) if line.status != "same" or _is_moved(line)]
    if changed:
        yield from ("", "```diff")
        for line in changed[:_LINES]:
            first = line.entries[0]
            told = told_together(line) if len(line.entries) > 1 else describe(first)
            mark = "!" if MARKS[line.status] in "~>" else MARKS[line.status]
            yield f"{mark} {_plain(line.name)}  {_plain(told)}"
        if len(changed) > _LINES:
            yield f"# {len(changed) - _LINES:,} more"
        yield "```"
    yield from _restore(report)
    yield from _rest(report)


def _restore(report: DiffReport) -> Iterator[str]:
    restore = report.restore
    if restore is not None:
        yield ""
        yield (
            f"Restoring: {restore.found:,} found, {len(restore.missing):,} not found, "
            f"{len(restore.mismatched):,} of another type, {len(restore.unused):,} unused."
        )
        for missing in restore.missing[:_LINES]:
            near = f", perhaps {_code(missing.near)}" if missing.near else ""
            yield f"- {_code(missing.key)} not found: {missing.kind}{near}"
        for found in restore.mismatched[:_LINES]:
            silent = ", restored without a word" if found.is_silent else ""
            stored, wanted = (
                f"{found.stored_dtype}{shape_text(found.stored_shape)}",
                f"{found.dtype}{shape_text(found.shape)}",
            )
            yield f"- {_code(found.key)} is {_code(stored)} in the checkpoint, {_code(wanted)} in the graph{silent}"


def _rest(report: DiffReport) -> Iterator[str]:
    before, after = report.optimizers
    if before != after and (before or after):
        yield from (
            "",
            f"Slots of optimizers: {_code(', '.join(before) or 'none')} → {_code(', '.join(after) or 'none')}",
        )
    for side in (report.a, report.b):
        yield from (f"- {_code(side.path)}: {printable(note)}" for note in side.notes)
    graph = report.graph
    if graph is not None and graph.total:
        yield ""
        counts = (
            f"{graph.added:,} added, {graph.removed:,} removed, {graph.changed:,} changed, {graph.renamed:,} renamed"
        )
        yield f"Ops: {counts}."


def _is_moved(line: DiffLine) -> bool:
    return any(entry.is_moved for entry in line.entries)


def _code(text: str) -> str:
    """Quote a name so that none of it is read as Markdown or HTML: a fence longer than any run of backticks in it."""
    shown = printable(text).replace("|", "\\|")
    run = max((len(run) for run in "".join(c if c == "`" else " " for c in shown).split()), default=0)
    fence = "`" * (run + 1)
    return f"{fence} {shown} {fence}" if run else f"{fence}{shown}{fence}"


def _plain(text: str) -> str:
    """Return text for a fenced block: printable, and without the fence itself."""
    return printable(text).replace("```", "'''")
