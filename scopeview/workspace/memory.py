"""Memory that a model no longer needs is given back to the system, so that a server that runs for long stays small."""

from __future__ import annotations

import sys

_M_ARENA_MAX = -8
"""mallopt(3): how many arenas there may be."""
_ARENAS = 2


def share_arenas() -> None:
    """Let all threads of a server share few arenas; else each keeps what the largest answer took that it computed."""
    if sys.platform != "linux":
        return
    import ctypes

    choose = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has no arenas
    if choose is not None:
        choose(_M_ARENA_MAX, _ARENAS)


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
