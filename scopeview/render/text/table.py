"""Aligned columns of text: the one table that every command prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scopeview.render.formats import printable, shortened
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text, cell_len

_GAP = "  "
_SEPARATOR, _AND_MORE = ", ", ", …"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    heading: str = ""
    align: Literal["left", "right"] = "left"
    style: str = ""
    least: int = 16
    """The width that it keeps when it is the one to give."""


@dataclass(frozen=True, slots=True)
class Items:
    """A cell that lists things; what does not fit is left out whole, because half an item would read as another."""

    texts: tuple[str, ...]
    is_cut: bool = False
    """Whether there are more than these."""

    def fitted(self, width: int) -> str:
        """Return as many items as fit, and `…` for the others."""
        shown, used = 0, 0
        for text in self.texts:
            is_last = shown == len(self.texts) - 1 and not self.is_cut
            needed = used + cell_len(text) + (0 if is_last else cell_len(_AND_MORE))
            if shown and needed > width:
                break
            shown, used = shown + 1, used + cell_len(text) + cell_len(_SEPARATOR)
        is_whole = shown == len(self.texts) and not self.is_cut
        return _SEPARATOR.join(self.texts[:shown]) + ("" if is_whole else _AND_MORE if shown else "…")


Cell = str | Text | Items


def print_table(
    console: Console,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    indent: str = "  ",
    gives: int = 0,
) -> None:
    """Print rows with aligned columns; what does not fit is cut in one column, and then in the widest.

    Args:
        console: where to print, and how wide.
        columns: one per cell of a row.
        rows: cells; strings are made printable here, so that no name can act on the terminal. A `Text` must be
            built from printable parts.
        indent: before every line.
        gives: index of the column that is cut first.
    """
    if not rows:
        return
    rows = [[_printable(cell) for cell in row] for row in rows]
    widths = [
        max([cell_len(column.heading), *(_width(row[index]) for row in rows)]) for index, column in enumerate(columns)
    ]
    _shrink(
        widths, console.width - len(indent) - len(_GAP) * (len(columns) - 1), gives % len(columns), columns[gives].least
    )
    if any(column.heading for column in columns):
        heading = [Text(column.heading, style="quiet") for column in columns]
        console.print(_line(heading, columns, widths, indent), no_wrap=True)
    for row in rows:
        console.print(_line(row, columns, widths, indent), no_wrap=True)


def _shrink(widths: list[int], room: int, gives: int, least: int) -> None:
    """Make widths fit: one column gives down to the least that it keeps, then always the widest."""
    excess = sum(widths) - room
    if excess <= 0:
        return
    given = min(excess, max(0, widths[gives] - least))
    widths[gives] -= given
    for _ in range(excess - given):
        widest = max(range(len(widths)), key=widths.__getitem__)
        widths[widest] = max(1, widths[widest] - 1)


def _line(row: Sequence[Cell], columns: Sequence[Column], widths: Sequence[int], indent: str) -> Text:
    line = Text(indent)
    for index, (cell, column, width) in enumerate(zip(row, columns, widths, strict=True)):
        if index:
            line.append(_GAP)
        text = _fitted(cell, width, column.style)
        padding = " " * (width - cell_len(text.plain))
        if column.align == "right":
            line.append(padding)
        line.extend(text)
        is_last = index == len(columns) - 1
        if column.align == "left" and not is_last:
            line.append(padding)
    line.rstrip()
    return line


def _printable(cell: Cell) -> Cell:
    if isinstance(cell, Items):
        return Items(tuple(map(printable, cell.texts)), cell.is_cut)
    return printable(cell) if isinstance(cell, str) else cell


def _width(cell: Cell) -> int:
    if isinstance(cell, Items):
        return cell_len(cell.fitted(1 << 30))
    return cell_len(cell.plain if isinstance(cell, Text) else cell)


def _fitted(cell: Cell, width: int, style: str) -> Text:
    if isinstance(cell, Items):
        cell = cell.fitted(width)
    if isinstance(cell, str):
        cell = Text(cell, style=style)
    if _width(cell) <= width:
        return cell
    cut = shortened(cell.plain, width)
    while cell_len(cut) > width:  # wide characters take two columns
        cut = shortened(cut, len(cut) - 1)
    return Text(cut, style=cell.last_style)
