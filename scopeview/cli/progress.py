"""A bar on the terminal while values are read; nothing where nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def reading(doing: str, size_bytes: int, *, shown: bool = True) -> Iterator[Callable[[int], None]]:
    """Give a function to call with the bytes that have been read; the bar is on standard error, and goes at the end."""
    if not (shown and sys.stderr.isatty()):
        yield lambda _size: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=size_bytes)
        yield lambda size: bar.advance(task, size)
