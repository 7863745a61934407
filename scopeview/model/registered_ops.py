"""The op types that TensorFlow registers, and how many inputs each takes: known without starting TensorFlow.

`registered_ops.txt` is written from TensorFlow itself (see `tests/oracle_ops.py`) and compared with it by a test. Its
first line is the version; every other is an op type: `RefSelect 1 N &1+ ref` takes one tensor and N more, must be
given references from input 1 on, and has an output that is a reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RegisteredOp:
    """What TensorFlow knows of an op type's inputs and outputs."""

    single: int
    """Inputs that are one tensor each."""
    lists: tuple[str, ...]
    """Attributes that say how many tensors each of the other inputs is: a number, or a list of types."""
    references: frozenset[int]
    """Positions of inputs that must be references to a variable."""
    references_from: int | None
    """All inputs from this position on must be references; None if that is not so."""
    gives_reference: bool
    """Whether an output is a reference."""

    def wants_reference(self, position: int) -> bool:
        """Whether the input at a position must be a reference."""
        is_in_list = self.references_from is not None and position >= self.references_from
        return position in self.references or is_in_list


@dataclass(frozen=True, slots=True)
class RegisteredOps:
    """The op types of one version of TensorFlow."""

    version: str
    """As `2.21.0`."""
    ops: Mapping[str, RegisteredOp]


@cache
def registered_ops() -> RegisteredOps:
    """Return the op types that TensorFlow registers."""
    first, *lines = Path(__file__).with_name("registered_ops.txt").read_text("utf-8").splitlines()
    return RegisteredOps(first.partition(" ")[2], _Lines(lines))


class _Lines(Mapping[str, RegisteredOp]):
    """Op types by their names; a line is parsed when its op is asked for: a graph has few of the 1,500 types."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = dict(line.partition(" ")[::2] for line in lines)
        self._parsed: dict[str, RegisteredOp] = {}

    def __getitem__(self, name: str) -> RegisteredOp:
        if name not in self._parsed:
            self._parsed[name] = _parsed(self._lines[name])
        return self._parsed[name]

    def __contains__(self, name: object) -> bool:
        return name in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def _parsed(line: str) -> RegisteredOp:
    single, *words = line.split()
    positions = [text for word in words if word.startswith("&") for text in word[1:].split(",")]
    rest = [int(text[:-1]) for text in positions if text.endswith("+")]
    return RegisteredOp(
        single=int(single),
        lists=tuple(word for word in words if word != "ref" and not word.startswith("&")),
        references=frozenset(int(text) for text in positions if not text.endswith("+")),
        references_from=rest[0] if rest else None,
        gives_reference="ref" in words,
    )
