"""Memory that a model no longer needs is given back to the system, so that a server that runs for long stays small."""

from __future__ import annotations

import sys


def give_back() -> None:
    """Give free memory back: glibc keeps what threads have freed, each in an arena of its own.

    Elsewhere nothing is done: other systems give it back themselves.
    """
    if sys.platform != "linux":
        return
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    if trim is not None:
        trim(0)
