"""A diff as Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from scopeview.analysis.diff.report import DiffReport
from scopeview.render.formats import printable
from scopeview.render.text.diff import describe, described_together, headline
from scopeview.render.text.diff_lines import (
    MARKS,
    DiffLine,
    lines,
    open_lines,
    optimizer_change,
    quantizer_change,
    without_old_state,
)

_LINES = 200


def markdown(report: DiffReport) -> str:
    """Return the summary, the rename rules, and what changed as a fenced diff."""
    return "\n".join(_parts(report))


def _parts(report: DiffReport) -> Iterator[str]:
    yield f"**{_code(report.a.path)} → {_code(report.b.path)}**: {headline(report)}"
    yield from _restore(report)
    if report.folded_rules:
        yield from ("", "| from | to | variables |", "|---|---|---|")
        for rule in report.folded_rules:
            yield f"| {_code(rule.from_ or '(root)')} | {_code(rule.to or '(root)')} | {rule.variables:,} |"
    changed = [
        line for line in lines(without_old_state(report), whole=False) if line.status != "same" or _is_moved(line)
    ]
    if changed:
        yield from ("", "```diff")
        sides = report.sides
        for line in changed[:_LINES]:
            first = line.entries[0]
            description = described_together(line, sides) if len(line.entries) > 1 else describe(first, sides)
            mark = "!" if MARKS[line.status] in "~>" else MARKS[line.status]
            yield f"{mark} {_plain(line.name)}  {_plain(description)}"
        if len(changed) > _LINES:
            yield f"# {len(changed) - _LINES:,} more"
        yield "```"
    yield from _rest(report)


def _restore(report: DiffReport) -> Iterator[str]:
    if report.restore is None:
        yield from ("", report.not_restored) if report.not_restored else ()
        return
    verdict = report.restore.verdict
    yield from ("", f"**{_plain(verdict.sentence)}**")
    if verdict.causes:
        yield ""
    for cause in verdict.causes[:_LINES]:
        yield f"- {_code(cause.message)}" + (f". Fix: {_code(cause.cure)}" if cause.cure else "")


def _rest(report: DiffReport) -> Iterator[str]:
    for change in (optimizer_change(report), quantizer_change(report)):
        if change:
            yield from ("", f"{change[0].upper()}{change[1:]}.")
    if report.open_groups:
        yield from ("", "Several counterparts fit equally well:", "")
        yield from (f"- {_code(line.a)}: {_code(line.b)}" for line in open_lines(report.open_groups)[:_LINES])
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
