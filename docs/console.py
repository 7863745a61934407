"""What commands print, in the pages of the documentation: written by `make docs`, checked by the tests.

A block of a page that begins with `$ scopeview ...` is filled with what the command prints in docs/examples.
`| head -N` keeps the first lines, and a line `…` says that there are more.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

DOCS = Path(__file__).resolve().parent
PAGES = ("index.md", "scopes.md", "restore.md", "migrating.md", "ci.md", "faq.md")
_BLOCK = re.compile(r"```console\n\$ (scopeview [^\n]*)\n.*?```", re.DOTALL)


def filled(name: str) -> str:
    """Return a page with the output of its commands."""
    return _BLOCK.sub(lambda block: _filled(block[1]), (DOCS / name).read_text("utf-8"))


def _filled(command: str) -> str:
    words, _, cut = command.partition(" | head -")
    lines = _output(shlex.split(words)[1:]).rstrip().splitlines()
    if cut and len(lines) > int(cut):
        lines = [*lines[: int(cut)], "…"]
    body = "\n".join(line.rstrip() for line in lines)
    return f"```console\n$ {command}\n{body}\n```"


def _output(arguments: list[str]) -> str:
    from scopeview.cli.main import cli

    out = io.StringIO()
    with _as_in_a_terminal(), contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        cli.main(arguments, prog_name="scopeview", standalone_mode=False)
    return out.getvalue()


@contextlib.contextmanager
def _as_in_a_terminal() -> Iterator[None]:
    before = Path.cwd()
    os.chdir(DOCS / "examples")
    try:
        with mock.patch.dict(os.environ, {"COLUMNS": "110", "NO_COLOR": "1"}):
            yield
    finally:
        os.chdir(before)


def main() -> None:
    """Fill every page."""
    for name in PAGES:
        (DOCS / name).write_text(filled(name), "utf-8")
