"""Which line of Python created an op, where a file says it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scopeview.model.once import once


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One frame of the stack that created an op."""

    file: str
    """Path of the file on the machine that built the graph."""
    line: int
    """Line in it, from 1."""
    function: str
    """The Python function."""
    code: str
    """The line itself, where the file keeps it."""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where} in {self.function}" if self.function and self.function != "<module>" else where


@dataclass(frozen=True, slots=True)
class CodeStack:
    """The lines that created an op."""

    op: str
    """The op; the first of several that the same lines created."""
    frames: tuple[CodeLine, ...]
    """The lines, innermost first."""


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line of a source file."""

    file: str
    """As the record names it."""
    line: int
    """Its number, from 1."""
    text: str
    """The line as the file has it now, without the blanks around it; empty where it cannot be read."""
    note: str
    """Why it cannot be read, or that the file was changed after the record was written; else empty."""


@dataclass(frozen=True, slots=True)
class SourceExcerpt:
    """The lines of a source file around one that a trace names."""

    file: str
    """As the record names it."""
    line: int
    """The line that is named, from 1."""
    first: int
    """The number of the first line of the excerpt."""
    lines: tuple[str, ...]
    """As the file has them now; empty where it cannot be read."""
    note: str
    """Why it cannot be read, or that the file was changed after the record was written; else empty."""


def common_lines(stacks: Iterable[Sequence[CodeLine]]) -> tuple[CodeLine, ...]:
    """Return what all of some stacks have in common: the lines that called, up to where they part.

    >>> line = lambda number: CodeLine("a.py", number, "f", "")
    >>> [one.line for one in common_lines([[line(3), line(2), line(1)], [line(4), line(2), line(1)]])]
    [2, 1]
    """
    shared: tuple[CodeLine, ...] | None = None
    for stack in stacks:
        if shared is None:
            shared = tuple(stack)
            continue
        pairs = zip(reversed(shared), reversed(stack), strict=False)
        same = next((number for number, (one, other) in enumerate(pairs) if one != other), min(len(shared), len(stack)))
        shared = shared[len(shared) - same :]
        if not shared:
            break
    return shared or ()


class CodeLines:
    """The stacks of the ops of a model; decoded when the first is asked for."""

    def __init__(self, load: Callable[[], Mapping[str, tuple[CodeLine, ...]]]) -> None:
        self._load = load

    @once
    def _stacks(self) -> Mapping[str, tuple[CodeLine, ...]]:
        return self._load()

    def of(self, op: str, function: str = "") -> tuple[CodeLine, ...]:
        """Return the stack that created an op of the main graph or of a function, innermost first; empty if unknown."""
        stacks = self._stacks
        return stacks.get(f"{op}@{function}", () if function else stacks.get(op, ()))
