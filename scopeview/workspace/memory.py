"""Memory that a model no longer needs is given back to the system, so that a server that runs for long stays small."""

from __future__ import annotations

import sys

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""mallopt(3): bytes from which a block is mapped by itself, and how many arenas there may be."""
_MAPPED_FROM = 128 << 10
_ARENAS = 2


def configure_malloc() -> None:
    """Let what answers free go back to the system at once, and all threads share few arenas.

    glibc maps only ever larger blocks by themselves, once some have been freed (up to 32 MB): the columns of one answer
    then lie between those of others, and the holes that they leave stay. A fixed bound keeps a server's memory flat.
    """
    if sys.platform != "linux":
        return
    import ctypes

    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    if choose is not None:  # musl has neither
        choose(_M_ARENA_MAX, _ARENAS)
        choose(_M_MMAP_THRESHOLD, _MAPPED_FROM)


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
