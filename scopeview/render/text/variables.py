"""`scopeview find --columns`: the table of variables."""

from __future__ import annotations

from scopeview.analysis.answers.variables import VariableTablePage
from scopeview.analysis.variable_columns import Cell, ColumnHead
from scopeview.render.formats import bytes_text, cell_text, plural
from scopeview.render.text import table
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text


def print_variables(console: Console, page: VariableTablePage) -> None:
    """Print the totals of all variables that fit, and this page of them."""
    totals = f"{plural(page.total, 'variable')}, {plural(page.parameters, 'parameter')}, {bytes_text(page.size_bytes)}"
    console.print(Text(totals, style="heading"))
    rows = [[_cell(*pair) for pair in zip(page.columns, row.cells, strict=True)] for row in page.rows]
    table.print_table(console, [_column(head) for head in page.columns], rows)
    shown_to = page.offset + len(page.rows)
    if shown_to < page.total:
        more = f"  … {page.total - shown_to:,} more: --offset {shown_to} shows the next page"
        console.print(Text(more, style="quiet"))


def _column(head: ColumnHead) -> table.Column:
    return table.Column(head.heading, "right" if head.format in ("count", "short", "bytes", "time") else "left")


def _cell(head: ColumnHead, value: Cell) -> table.Cell:
    return table.Items(value) if head.format == "names" else cell_text(value, head.format)  # type: ignore[arg-type]
