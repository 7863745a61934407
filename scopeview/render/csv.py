"""Tables as CSV for spreadsheets, as the page saves them too."""

from __future__ import annotations

import csv
import io
import json

from scopeview.analysis.answers.variables import VariableTablePage
from scopeview.analysis.variable_columns import Cell, Format
from scopeview.render.formats import shape_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the start of a formula: names are data there too."""


def variables_csv(page: VariableTablePage) -> str:
    """Write the rows of a table, the keys of its columns first; numbers and names are written in full."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow([column.key for column in page.columns])
    formats = [column.format for column in page.columns]
    writer.writerows(
        [_text(cell, format_) for cell, format_ in zip(row.cells, formats, strict=True)] for row in page.rows
    )
    return written.getvalue()


def _text(cell: Cell, format_: Format) -> str:
    if format_ == "shape":
        return shape_text(cell)  # type: ignore[arg-type]
    if isinstance(cell, tuple):
        return quoted(" ".join(str(name) for name in cell))
    if isinstance(cell, str):
        return quoted(cell)
    return "" if cell is None else json.dumps(cell)


def quoted(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
