"""An outline as lines with guides."""

from __future__ import annotations

from collections.abc import Sequence

from scopeview.analysis.trees.outline import Outline, OutlineRow
from scopeview.render.formats import folded_label, plural, printable
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text
from scopeview.render.text.table import Cell, Column, print_table


def print_outline(
    console: Console,
    outline: Outline,
    columns: Sequence[Column],
    cells: Sequence[Sequence[Cell]],
    noun: str,
) -> None:
    """Print an outline, its labels in the first column and the cells of each row in the others."""
    rows: list[Sequence[Cell]] = []
    open_guides: list[bool] = []
    for row, others in zip(outline.rows, cells, strict=True):
        del open_guides[row.depth :]
        rows.append((_label(row, open_guides), *others))
        open_guides.append(not row.last_child)
    print_table(console, columns, rows, gives=-1)  # names matter more than what is said of them
    left_out = []
    if outline.folded:
        left_out.append(f"{plural(outline.folded, 'numbered twin')} folded")
    if outline.hidden:
        left_out.append(f"{plural(outline.hidden, noun)} not shown")
    if left_out:
        console.print(
            Text(
                f"  {'; '.join(left_out)}: --all shows everything, --scope and --depth show a part",
                style="quiet",
            ),
            no_wrap=True,
        )


def _label(row: OutlineRow, open_guides: Sequence[bool]) -> Text:
    guides = "".join("│ " if is_open else "  " for is_open in open_guides[1:])
    text = Text()
    if row.depth:
        text.append(guides + ("└ " if row.last_child else "├ "), style="guide")
    if row.kind == "more":
        return text.append(f"… {row.label}", style="quiet")
    style = "fold" if row.twins > 1 else "scope" if row.kind == "scope" else ""
    text.append(printable(folded_label(row.label) if row.twins > 1 else row.label), style=style)
    if row.kind == "scope":
        text.append("/", style="guide")
    if row.twins > 1:
        text.append(f"  {row.twins}×{' (one shown)' if row.is_open else ''}", style="fold")
    return text
