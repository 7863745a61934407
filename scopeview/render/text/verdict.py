"""The verdict of a restore: the sentence, then its causes, each with what to do."""

from __future__ import annotations

from textwrap import wrap

from scopeview.analysis.diff.verdict import RestoreVerdict
from scopeview.render.formats import printable
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text

_CAUSES = 12


def print_verdict(console: Console, verdict: RestoreVerdict, *, whole: bool = False) -> None:
    """Print the verdict; with `whole`, every cause and the keys of each."""
    console.print(Text(printable(verdict.sentence), style="heading" if verdict.succeeds else "error"))
    shown = verdict.causes if whole else verdict.causes[:_CAUSES]
    for cause in shown:
        mark, style = ("!", "warning") if cause.is_fatal else ("-", "quiet")
        _wrapped(console, f"  {mark} {printable(cause.message)}", style)
        if cause.cure:
            _wrapped(console, f"    fix: {printable(cause.cure)}", "quiet")
        for index, key in enumerate(cause.keys if whole else ()):
            near = f"  <- {cause.near[index]}" if cause.near and cause.near[index] else ""
            console.print(Text(f"      {printable(key + near)}", style="quiet"))
    if len(shown) < len(verdict.causes):
        console.print(Text(f"  … {len(verdict.causes) - len(shown):,} more causes: --all lists them", style="quiet"))
    console.print()


def _wrapped(console: Console, text: str, style: str) -> None:
    """Print a text whose lines after the first are indented."""
    lines = wrap(text, console.width, subsequent_indent="      ", break_long_words=False, break_on_hyphens=False)
    console.print(Text("\n".join(lines), style=style))
