"""A bar on the terminal while values are read; nothing where nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def reading(doing: str, size_bytes: int, *, shown: bool = True) -> Iterator[Callable[[int], None]]:
    """Give a function to call with the bytes that have been read; the bar is on standard error, and goes at the end."""
    if not (shown and sys.stderr.isatty()):
        yield lambda _size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=size_bytes)
        yield lambda size: bar.advance(task, size)


@contextmanager
def counting() -> Iterator[Callable[[str, int, int], None]]:
    """Give a function to call with what is done, how much of it, and how much there is; bytes have a time left."""
    if not sys.stderr.isatty():
        yield lambda _what, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    text, bar = TextColumn("{task.description}"), BarColumn()
    columns = {"bytes": DownloadColumn(), "artifacts": MofNCompleteColumn()}
    tasks: dict[str, tuple[Progress, Any]] = {}

    def on_progress(what: str, done: int, total: int) -> None:
        if what not in tasks:
            stop()
            shown = Progress(
                text, bar, columns[what], TimeRemainingColumn(), console=Console(stderr=True), transient=True
            )
            shown.start()
            tasks[what] = shown, shown.add_task(f"reading {what}", total=total)
        progress, task = tasks[what]
        progress.update(task, completed=done, total=total)

    def stop() -> None:
        for progress, _ in tasks.values():
            progress.stop()

    try:
        yield on_progress
    finally:
        stop()
