"""`scopeview find`: a page of hits."""

from __future__ import annotations

from scopeview.analysis.answers.find import FindResult, Hit
from scopeview.render.formats import plural, printable, shape_text
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text
from scopeview.render.text.table import Column, print_table

_SCOPES = 8


def print_find(console: Console, result: FindResult) -> None:
    """Print how many fit, and this page of them."""
    ops = f", {plural(result.ops, 'op')}" if result.ops or not result.variables else ""
    console.print(Text(f"{plural(result.variables, 'variable')}{ops}", style="heading"))
    if result.near:
        console.print(Text(f"  near it: {', '.join(map(printable, result.near))}", style="quiet"))
    for hint in result.hints:
        console.print(Text(f"  {printable(hint)}", style="quiet"))
    if result.scopes and not result.offset:
        more = f", … {result.total_scopes - _SCOPES:,} more" if result.total_scopes > _SCOPES else ""
        listed = ", ".join(f"{printable(path)}/" for path in result.scopes[:_SCOPES])
        console.print(Text(f"  {plural(result.total_scopes, 'scope')}: {listed}{more}"))
    columns = [Column(), Column(style="quiet"), Column(), Column(style="quiet")]
    print_table(console, columns, [_row(hit) for hit in result.hits])
    shown_to = result.offset + len(result.hits)
    if shown_to < result.total:
        console.print(
            Text(
                f"  … {result.total - shown_to:,} more: --offset {shown_to} shows the next page",
                style="quiet",
            )
        )


def _row(hit: Hit) -> tuple[str, str, str, str]:
    name = f"{hit.function}: {hit.name}" if hit.function else hit.name
    kind = f"{hit.type} variable" if hit.what == "variable" else hit.type
    tensor = f"{hit.dtype or ''}{shape_text(hit.shape) if hit.shape_known else ''}"
    return printable(name), printable(kind), tensor, printable(hit.device)
