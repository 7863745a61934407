"""What a trace adds to an answer as text: where variables were made, how scopes were entered, lines of call sites."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scopeview.analysis.answers.trace import VariableHistory
from scopeview.analysis.answers.trace_parts import ScopeLine, flag_text
from scopeview.analysis.derive.call_sites import CallSite
from scopeview.model.code_lines import SourceLine
from scopeview.render.formats import printable
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text
from scopeview.render.text.table import Cell, Column, print_table

_FRAMES = 3
_MOST_SITES, _MOST_STACKS = 40, 8


def print_history(console: Console, history: VariableHistory | None) -> None:
    """Print the sentence that says where a variable was created and reused."""
    if history is not None:
        console.print(Text(f"  {printable(history.summary)}", style="number"))


def print_entries(console: Console, entries: Sequence[ScopeLine]) -> None:
    """Print the times that a scope was entered: the flag, the op scope, the line."""
    if not entries:
        return
    console.print(Text("  entered", style="quiet"))
    rows: list[Sequence[Cell]] = [
        (
            printable(str(entry.frames[0])) if entry.frames else "(no line of the program)",
            printable(_how(entry)),
            f"{entry.times} times" if entry.times > 1 else "",
            f"op scope {printable(entry.name_scope)}" if entry.name_scope else "no op scope",
        )
        for entry in entries
    ]
    print_table(console, (Column(), Column(), Column(), Column(style="quiet")), rows, indent="    ")


def _how(entry: ScopeLine) -> str:
    if entry.kind == "name_scope":
        return "name scope"
    by = "" if entry.entered_by == "name" else f" by {entry.entered_by}"
    return f"{flag_text(entry.reuse, entry.reuse_origin)}{by}"


def print_site_lines(console: Console, sites: Iterable[CallSite]) -> None:
    """Print the lines of Python of each call site, where they are known."""
    rows: list[Sequence[Cell]] = []
    for site in sites:
        for number, stack in enumerate(site.code[:_MOST_STACKS]):
            where = " <- ".join(str(frame) for frame in stack.frames[:_FRAMES])
            more = len(site.code) - _MOST_STACKS
            left = f" and {more} more" if more > 0 and number == _MOST_STACKS - 1 else ""
            rows.append((printable(site.scope) or "(root)", f"{printable(where)}{left}"))
    if not rows:
        return
    console.print(Text("    lines of the call sites", style="quiet"))
    print_table(console, (Column(), Column()), rows[:_MOST_SITES], indent="      ", gives=0)
    if len(rows) > _MOST_SITES:
        console.print(Text(f"      … {len(rows) - _MOST_SITES:,} more: --json lists them", style="quiet"))


def print_sources(console: Console, sources: Sequence[SourceLine]) -> None:
    """Print the lines of code that an answer names."""
    if not sources:
        return
    console.print(Text("source", style="heading"))
    rows: list[Sequence[Cell]] = [
        (f"{printable(one.file)}:{one.line}", printable(one.text), printable(one.note)) for one in sources
    ]
    print_table(console, (Column(style="quiet"), Column(), Column(style="warning")), rows, gives=1)
