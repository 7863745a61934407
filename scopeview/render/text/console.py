"""The console that everything prints through: color only on a terminal, whole names in a pipe."""

from __future__ import annotations

import os
import sys
from typing import IO

from rich.console import Console
from rich.theme import Theme

THEME = Theme(
    {
        "title": "bold",
        "heading": "bold cyan",
        "guide": "dim",
        "scope": "blue",
        "fold": "magenta",
        "number": "default",
        "quiet": "dim",
        "warning": "yellow",
        "trainable": "green",
        "error": "bold red",
    }
)

PIPE_WIDTH = 400
"""Columns of a line that goes to a file: wide enough for any sane name, narrow enough for a hostile one."""


class _Console(Console):
    """Rich's console, which would end the process with code 1 when the reader of a pipe goes away."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def make_console(*, color: bool | None = None, whole: bool = False, file: IO[str] | None = None) -> Console:
    """Return a console for standard output.

    Args:
        color: force color on or off; None for "on a terminal, unless NO_COLOR is set".
        whole: never cut a line to the width of the terminal, which then wraps it.
        file: write here instead.
    """
    out = file or sys.stdout
    is_terminal = out.isatty()
    has_columns = os.environ.get("COLUMNS", "").isdecimal()
    return _Console(
        file=out,
        theme=THEME,
        width=None if (is_terminal or has_columns) and not whole else PIPE_WIDTH,
        force_terminal=True if color else None,
        no_color=color is False or (color is None and bool(os.environ.get("NO_COLOR"))),
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
        legacy_windows=False,
    )
