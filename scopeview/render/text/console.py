"""The console that everything prints through: color only on a terminal, whole names in a pipe."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Literal

from scopeview.render.text.styled import Text, cell_len

if TYPE_CHECKING:
    import rich.console

THEME = {
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

PIPE_WIDTH = 400
"""Columns of a line that goes to a file: wide enough for any sane name, narrow enough for a hostile one."""

_FORCES_COLOR = ("FORCE_COLOR", "TTY_COMPATIBLE")


class Console:
    """Prints lines of a width.

    What goes to a file as it is, is written as it is. rich draws the rest: styles on a terminal, and lines that must be
    wrapped or cut; a command whose output is read by a program seldom imports it.
    """

    def __init__(self, file: IO[str], color: bool | None, width: int | None) -> None:
        """Write to a file; see `make_console`.

        Args:
            file: where to write.
            color: force color on or off; None for "on a terminal".
            width: columns of a line; None for those of the terminal.
        """
        self.file, self.color = file, color
        is_forced = color or any(name in os.environ for name in _FORCES_COLOR)
        self.has_styles = bool(is_forced) or file.isatty()
        """Whether styles and the terminal matter: rich finds out which."""
        self.width = width or self._rich(None).width

    def print(
        self,
        text: Text | str = "",
        *,
        no_wrap: bool | None = None,
        overflow: Literal["ellipsis"] | None = None,
    ) -> None:
        """Print a text, wrapped at the width.

        Args:
            text: what to print; it may have several lines.
            no_wrap: cut it at the width instead.
            overflow: how to cut it; None for right at the width.
        """
        plain = text if isinstance(text, str) else text.plain
        if not self.has_styles and all(self._fits(line) for line in plain.split("\n")):
            self.file.write(f"{plain}\n")
            return
        from rich.text import Text as RichText

        parts = [(plain, "")] if isinstance(text, str) else text.parts
        line = RichText.assemble(*parts) if len(parts) != 1 else RichText(*parts[0])
        self._drawing.print(line, no_wrap=no_wrap, overflow=overflow, crop=True)

    def _fits(self, line: str) -> bool:
        return line.isprintable() and cell_len(line) <= self.width

    @cached_property
    def _drawing(self) -> rich.console.Console:
        return self._rich(self.width)

    def _rich(self, width: int | None) -> rich.console.Console:
        from rich.console import Console as RichConsole
        from rich.theme import Theme

        class _Drawing(RichConsole):
            """Rich's console, which would end the process with code 1 when the reader of a pipe goes away."""

            def on_broken_pipe(self) -> None:
                raise BrokenPipeError

        plain: dict[str, Any] = {"highlight": False, "markup": False, "emoji": False, "soft_wrap": False}
        return _Drawing(
            file=self.file,
            theme=Theme(THEME),
            width=width,
            force_terminal=True if self.color else None,
            no_color=self.color is False or (self.color is None and bool(os.environ.get("NO_COLOR"))),
            legacy_windows=False,
            **plain,
        )


def make_console(*, color: bool | None = None, whole: bool = False, file: IO[str] | None = None) -> Console:
    """Return a console for standard output.

    Args:
        color: force color on or off; None for "on a terminal, unless NO_COLOR is set".
        whole: never cut a line to the width of the terminal, which then wraps it.
        file: write here instead.
    """
    out = file or sys.stdout
    columns = os.environ.get("COLUMNS", "")
    if whole or not (out.isatty() or columns.isdecimal()):
        return Console(out, color, PIPE_WIDTH)
    return Console(out, color, None if out.isatty() else int(columns) or 80)
