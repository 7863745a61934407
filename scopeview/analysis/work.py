"""Work that falls into parts: what runs them (here one after the other), and how values are cut into them.

A part is a function of a module and a task that can be sent to another process. Results come in the order of the tasks,
whoever computed them and whenever, so that what is made of them is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from scopeview.errors import DamagedError
from scopeview.model.variables import Variable
from scopeview.model.wanted import check_wanted

UNIT_BYTES = 64 << 20
"""Bytes of values that one part reads, unless a block is larger or there is very much to read."""
MOST_PARTS = 10_000
"""Parts of one piece of work: handing one out takes a scheduler about 10 ms."""

Task = TypeVar("Task")
Result = TypeVar("Result")


class Runner(Protocol):
    """Runs the parts of some work."""

    def run(
        self,
        function: Callable[[Task], Result],
        tasks: Sequence[Task],
        on_done: Callable[[int], None] = lambda _number: None,
    ) -> list[Result]:
        """Return the result of each task, in their order.

        Args:
            function: a function of a module, so that another process finds it.
            tasks: what it is called with; can be pickled.
            on_done: called with the number of each task when it is done, in any order.

        Raises:
            ScopeviewError: as the function does, or the work cannot be done here.
        """
        ...


class Serial:
    """Runs one task after the other, in this thread."""

    def run(
        self,
        function: Callable[[Task], Result],
        tasks: Sequence[Task],
        on_done: Callable[[int], None] = lambda _number: None,
    ) -> list[Result]:
        """Return the result of each task."""
        found = []
        for number, task in enumerate(tasks):
            check_wanted()
            found.append(function(task))
            on_done(number)
        return found


SERIAL = Serial()


@dataclass(frozen=True, slots=True)
class Reading:
    """How values are read."""

    runner: Runner = SERIAL
    """Runs the parts."""
    on_read: Callable[[int], None] = lambda _size: None
    """Called with the bytes of each part when it was read."""


class Values(Protocol):
    """Gives the values of a checkpoint's entries, a block at a time."""

    def blocks(self, variable: Variable) -> Iterator[NDArray[np.generic]]:
        """Yield the values of a variable in flat blocks."""
        ...


@runtime_checkable
class SplitValues(Protocol):
    """Values of which single blocks can be read, by whoever gets this reader."""

    def blocks(self, variable: Variable) -> Iterator[NDArray[np.generic]]:
        """Yield the values of a variable in flat blocks."""
        ...

    def block_count(self, variable: Variable) -> int:
        """Return in how many blocks a variable is read; 1 if it can only be read whole."""
        ...

    def between(self, variable: Variable, first: int, last: int) -> Iterator[NDArray[np.generic]]:
        """Yield some of the blocks of a variable."""
        ...

    def seen(self) -> Mapping[str, Hashable]:
        """Return the identity of each file that was read, by its path."""
        ...


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some blocks of one variable."""

    variable: Variable
    first: int
    last: int
    count: int
    """How many blocks it has in all."""

    @property
    def is_whole(self) -> bool:
        """Whether they are all of its blocks."""
        return self.last - self.first == self.count

    @property
    def size_bytes(self) -> int:
        """Bytes, as far as the number of blocks says."""
        size = self.variable.size_bytes or 0
        return size * self.last // self.count - size * self.first // self.count


def unit_bytes(total: int) -> int:
    """Return the bytes of one part of so many bytes: 64 MB, and more from 640 GB on."""
    return max(UNIT_BYTES, total // MOST_PARTS)


def stretches(variables: Sequence[Variable], values: Values) -> Iterator[Stretch]:
    """Cut variables into stretches of at most a part; most are one."""
    unit = unit_bytes(sum(variable.size_bytes or 0 for variable in variables))
    for variable in variables:
        count = max(1, values.block_count(variable)) if isinstance(values, SplitValues) else 1
        per_block = max(1, (variable.size_bytes or 0) // count)
        step = max(1, unit // per_block)
        if count <= step:
            yield Stretch(variable, 0, count, count)
            continue
        for first in range(0, count, step):
            yield Stretch(variable, first, min(first + step, count), count)


def units(cut: Sequence[Stretch]) -> Iterator[tuple[Stretch, ...]]:
    """Gather stretches into parts, in their order."""
    return gathered(cut, lambda stretch: stretch.size_bytes)


def gathered(items: Sequence[Task], size_of: Callable[[Task], int]) -> Iterator[tuple[Task, ...]]:
    """Gather items into parts of about 64 MB, or more of very many bytes, in their order."""
    unit = unit_bytes(sum(map(size_of, items)))
    part: list[Task] = []
    size = 0
    for item in items:
        own = min(unit, size_of(item))
        if part and size + own > unit:
            yield tuple(part)
            part, size = [], 0
        part.append(item)
        size += own
    if part:
        yield tuple(part)


def blocks_of(values: Values, stretch: Stretch) -> Iterator[NDArray[np.generic]]:
    """Yield the blocks of a stretch."""
    if stretch.is_whole or not isinstance(values, SplitValues):
        return values.blocks(stretch.variable)
    return values.between(stretch.variable, stretch.first, stretch.last)


def files_seen(values: Values) -> Mapping[str, Hashable]:
    """Return the identity of each file that a reader has read, as far as it knows."""
    return values.seen() if isinstance(values, SplitValues) else {}


def check_same(files: Iterable[Mapping[str, Hashable]]) -> None:
    """Compare what several workers saw of the same files.

    Raises:
        DamagedError: one was rewritten meanwhile.
    """
    known: dict[str, Any] = {}
    for seen in files:
        for path, identity in seen.items():
            if known.setdefault(path, identity) != identity:
                raise DamagedError(f"{path} changed while it was read; read it again")
