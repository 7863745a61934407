"""Tables as CSV for spreadsheets, as the page saves them too."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from scopeview.analysis import cost_columns
from scopeview.analysis.answers.costs import CostReport
from scopeview.analysis.answers.variables import VariableTablePage
from scopeview.analysis.variable_columns import Cell, Format
from scopeview.render.formats import shape_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the start of a formula, in full width too: names are data there too."""


def csv_table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Write a table: the one way to CSV. Every text is guarded, numbers are written as they are, None as nothing."""
    written = io.StringIO()
    plain, strict = (
        csv.writer(written, lineterminator="\n", quoting=how) for how in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
    )
    for row in (head, *rows):
        cells = [quoted(cell) if isinstance(cell, str) else cell for cell in row]
        # Python 3.11 puts no quotes around a carriage return, which ends a row for others.
        has_returns = any(isinstance(cell, str) and "\r" in cell for cell in cells)
        (strict if has_returns else plain).writerow(cells)
    return written.getvalue()


def variables_csv(page: VariableTablePage) -> str:
    """Write the rows of a table, the keys of its columns first; numbers and names are written in full."""
    return _declared_table([(column.key, column.format) for column in page.columns], (row.cells for row in page.rows))


def costs_csv(report: CostReport) -> str:
    """Write what the parts of a graph cost, the keys of the columns first; numbers are written in full."""
    columns = [(column.head.key, column.head.format) for column in cost_columns.COLUMNS]
    return _declared_table(columns, ([column.value(row) for column in cost_columns.COLUMNS] for row in report.rows))


def _declared_table(columns: Sequence[tuple[str, Format]], rows: Iterable[Sequence[Cell]]) -> str:
    formats = [format_ for _, format_ in columns]
    cells = ([_cell(cell, format_) for cell, format_ in zip(row, formats, strict=True)] for row in rows)
    return csv_table((key for key, _ in columns), cells)


def _cell(cell: Cell, format_: Format) -> object:
    if format_ == "shape":
        return shape_text(cell)  # type: ignore[arg-type]
    if isinstance(cell, tuple):
        return " ".join(str(name) for name in cell)
    return json.dumps(cell) if isinstance(cell, bool) else cell


def quoted(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
