"""Whether the answer that is being computed is still wanted, asked between the steps of long work.

Several layers lie between the server that knows that a client has gone and the loop that would go on for a minute; none
of them has business with it, so a context variable carries the question past them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_is_wanted: ContextVar[Callable[[], bool] | None] = ContextVar("is_wanted", default=None)
_is_interrupted = threading.Event()


class UnwantedError(BaseException):
    """Nobody waits any more for what is being computed; not an `Exception`, so that no step mistakes it for its own."""


@contextmanager
def wanted_while(is_wanted: Callable[[], bool]) -> Iterator[None]:
    """End the work within at its next step once `is_wanted` returns False."""
    token = _is_wanted.set(is_wanted)
    try:
        yield
    finally:
        _is_wanted.reset(token)


def interrupt() -> None:
    """End the work of every thread of this process at its next step, for good."""
    _is_interrupted.set()


def check_wanted() -> None:
    """Go on with a step, or end here.

    Raises:
        UnwantedError: nobody waits for the answer.
        KeyboardInterrupt: `interrupt` was called, and what was raised then did not end this.
    """
    if _is_interrupted.is_set():
        raise KeyboardInterrupt
    is_wanted = _is_wanted.get()
    if is_wanted is not None and not is_wanted():
        raise UnwantedError
