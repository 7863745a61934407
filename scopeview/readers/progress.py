"""How far reading has come, for whoever waits for it.

Five layers lie between the caller and the loop over the nodes of a graph, and none of them has business with progress:
a context variable carries it past them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

OnProgress = Callable[[str, int], None]
"""Takes what is being done, and the bytes of the file that lie behind."""

_listener: ContextVar[OnProgress | None] = ContextVar("listener", default=None)


@contextmanager
def progress_to(listener: OnProgress) -> Iterator[None]:
    """Tell a listener of everything that is read within."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report_progress(stage: str, bytes_done: int) -> None:
    """Say how far reading has come."""
    listener = _listener.get()
    if listener is not None:
        listener(stage, bytes_done)
