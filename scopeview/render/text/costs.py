"""`scopeview costs`: a line of totals, a table of parts, and what the numbers leave out."""

from __future__ import annotations

from collections.abc import Iterator

from scopeview.analysis.answers.costs import CostReport, CostRow
from scopeview.analysis.cost_columns import COLUMNS, CostColumn
from scopeview.render.formats import bytes_text, cell_text, plural, printable, short_count, time_text
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text
from scopeview.render.text.table import Column, print_table

_COLUMNS = tuple(column for column in COLUMNS if column.head.key not in ("path", "op_type", "ops"))
"""Those beside the name, in which the type of an op stands too, and the number of ops."""


def print_costs(console: Console, report: CostReport) -> None:
    """Print what a graph costs; columns that say nothing of any row are left out."""
    console.print(Text(_heading(report), style="heading"))
    shown = [column for column in _COLUMNS if any(column.value(row) is not None for row in report.rows)]
    columns = [Column("", "left", "name"), Column("ops", "right")]
    columns += [Column(column.head.heading, "right") for column in shown]
    rows = [(_name(report, row), f"{row.ops:,}", *(_cell(column, row) for column in shown)) for row in report.rows]
    if rows:
        print_table(console, columns, rows)
    left = report.total_rows - report.offset - len(report.rows)
    if left > 0:
        following = report.offset + len(report.rows)
        console.print(Text(f"  … {left:,} more: --offset {following} shows the next page", style="quiet"))
    for note in _notes(report):
        console.print(Text(note, style="quiet"))


def _cell(column: CostColumn, row: CostRow) -> str:
    value = column.value(row)
    return "" if value is None else cell_text(value, column.head.format)


def _heading(report: CostReport) -> str:
    total = report.total
    parts = [
        plural(total.ops, "op"),
        "" if total.time_us is None else f"{time_text(total.time_us)} in the recorded step {printable(report.run)}",
        "" if total.flops is None else f"{short_count(total.flops)} FLOPs" + _each(report),
        "" if total.output_bytes is None else f"{bytes_text(total.output_bytes)} of outputs",
        "" if not total.parameters else f"{short_count(total.parameters)} parameters",
    ]
    where = f" in {printable(report.scope)}" if report.scope else ""
    return ", ".join(part for part in parts if part) + where


def _each(report: CostReport) -> str:
    return " per example" if report.is_per_example else ""


def _name(report: CostReport, row: CostRow) -> str:
    text = row.path.removeprefix(f"{report.scope}/") if report.scope else row.path
    return f"{printable(text)}{'/' if row.is_scope else ''}" + (f"  {row.op_type}" if row.op_type else "")


def _notes(report: CostReport) -> Iterator[str]:
    if report.is_per_example:
        yield "unknown sizes, such as the batch, count as 1"
    if report.total_unknown:
        names = ", ".join(map(printable, report.unknown[:3]))
        yield f"no shapes for {plural(report.total_unknown, 'op')} that compute much ({names}): --import may give them"
    if report.too_large:
        yield "this graph has too many ops to look at their shapes"
    if report.total_elsewhere:
        took = time_text(report.elsewhere_us)
        yield f"{plural(report.total_elsewhere, 'op')} of the step are not in this graph, and took {took}"
    if len(report.runs) > 1:
        yield f"recorded steps: {', '.join(map(printable, report.runs))}; --run chooses one"
