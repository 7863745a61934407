"""How long writing may take, and how much of it may be in memory: what `--limit-seconds` and `--limit-memory` set."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from scopeview.analysis.convert import ConvertRow
from scopeview.errors import QueryError, ScopeviewError
from scopeview.model.dtypes import element_bytes
from scopeview.model.shapes import element_count
from scopeview.readers.budget import Limits

_COPIES = 2
"""Arrays of a tensor that are in memory at once where it is turned, joined or resized."""


def within_time(limits: Limits, on_written: Callable[[int], None]) -> Callable[[int], None]:
    """Return what is called for each block that was written, and ends the writing when its time is over.

    Raises:
        ScopeviewError: from the call, when no time is left.
    """
    if limits.seconds is None:
        return on_written
    seconds, ends_at = limits.seconds, time.monotonic() + limits.seconds

    def checked(size: int) -> None:
        if time.monotonic() > ends_at:
            raise ScopeviewError(
                f"writing took longer than {seconds:g} s: nothing was kept; --limit-seconds allows more"
            )
        on_written(size)

    return checked


def refuse_large(rows: Iterable[ConvertRow], limits: Limits) -> None:
    """Refuse tensors that have to be in memory as a whole and do not fit.

    Raises:
        QueryError: one of them needs more than is allowed.
    """
    for row in rows:
        is_whole = bool(row.axes or row.resize or row.pieces)
        size = (element_count(row.shape) or 0) * (element_bytes(row.dtype) or 0) * _COPIES
        if limits.memory_bytes is not None and is_whole and size > limits.memory_bytes:
            raise QueryError(
                f"{row.key} is turned, joined or resized as a whole, which takes {size >> 20:,} MB; "
                "--limit-memory allows more"
            )
