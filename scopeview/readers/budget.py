"""How much work one file may cost: in proportion to its size, so that a small file cannot buy a large amount.

Compression, shared prefixes and repeated references let a file of 100 kB name gigabytes. Loops that such content steers
spend from a budget, and end when it is used up: what was read by then is the answer, and a note says what is missing.

    bytes     64 times the size of the file, and at least 384 MB: what is unpacked, copied or decoded
    items     one op, entry or name is counted as the bytes that it takes in memory
    seconds   none by default; `--limit-seconds`
    wish      whoever waits for the answer may have gone: then the work ends at once (`model.wanted`)

`--limit-memory` replaces the proportion by a number, for a file that is trusted.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from scopeview.model.wanted import check_wanted

ITEM_BYTES = 640
"""Bytes that one op or entry takes in memory, name and columns included."""

_LEAST = 384 << 20
_PER_BYTE = 64
_CLOCK_EVERY = 256
"""Steps between two looks at the clock and at whether the answer is still wanted."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What whoever asks allows one file to cost."""

    seconds: float | None = None
    """Seconds that reading may take; None for as long as it needs."""
    memory_bytes: int | None = None
    """Bytes that reading may unpack, copy and decode; None for a multiple of the size of the file."""


@dataclass(slots=True)
class Budget:
    """What is left for one file."""

    bytes_left: int
    ends_at: float | None = None
    cuts: list[str] = field(default_factory=list)
    """Sentences about what was left out."""
    _steps: int = 0

    def spend(self, size: int, what: str) -> bool:
        """Take bytes for one step; False if there are not enough, or no time is left: then the loop has to end.

        Args:
            size: bytes that the step unpacks, copies or decodes.
            what: what is left out from here on, for a note (`the entries of the table`).

        Raises:
            UnwantedError: nobody waits for the answer any more.
        """
        self._steps += 1
        if self._steps % _CLOCK_EVERY == 1:
            check_wanted()
            if self.ends_at is not None and time.monotonic() > self.ends_at:
                return self._cut(f"reading took longer than the limit: {what} are left out from there on", "seconds")
        if size > self.bytes_left:
            reason = "more than a file of this size may cost"
            return self._cut(f"{what} take {reason}: the rest of them is left out", "memory")
        self.bytes_left -= size
        return True

    def spend_items(self, count: int, what: str) -> bool:
        """Take what so many ops, entries or names cost; False as in `spend`."""
        return self.spend(count * ITEM_BYTES, what)

    def affordable_items(self) -> int:
        """Return how many ops, entries or names are affordable."""
        return self.bytes_left // ITEM_BYTES

    def _cut(self, reason: str, option: str) -> bool:
        sentence = f"{reason}; --limit-{option} allows more"
        if sentence not in self.cuts:
            self.cuts.append(sentence)
        return False


_limits: ContextVar[Limits] = ContextVar("limits", default=Limits())  # noqa: B039 - frozen
_budget: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Apply limits to every file that is read within."""
    token = _limits.set(limits)
    try:
        yield
    finally:
        _limits.reset(token)


def memory_limit() -> int | None:
    """Return the bytes that `--limit-memory` allows; None for the proportion to the size of a file."""
    return _limits.get().memory_bytes


def seconds_limit() -> float | None:
    """Return the seconds that `--limit-seconds` allows."""
    return _limits.get().seconds


def allowed_bytes(size: int) -> int:
    """Return how many bytes a file of so many bytes may make of itself."""
    limits = _limits.get()
    return max(_LEAST, _PER_BYTE * size) if limits.memory_bytes is None else limits.memory_bytes


@contextmanager
def budget_for(size: int) -> Iterator[Budget]:
    """Give one file of so many bytes a budget, which the readers within spend."""
    limits = _limits.get()
    budget = Budget(allowed_bytes(size), None if limits.seconds is None else time.monotonic() + limits.seconds)
    token = _budget.set(budget)
    try:
        yield budget
    finally:
        _budget.reset(token)


def budget() -> Budget:
    """Return the budget of the file that is being read; outside of any, the smallest one."""
    return _budget.get() or Budget(allowed_bytes(0))
