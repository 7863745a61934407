"""What a program was made from: a signature, a concrete function or the main graph of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MAIN = "main"
"""The program that is the file's own main graph, as the file holds it."""

WHOLE = "inlined"
"""The program that is the whole main graph, its calls inlined."""

ProgramKind = Literal["main", "inlined", "signature", "function"]

StopReason = Literal["recursion", "depth", "ops", "missing"]
"""Why a call stays a call: its function is being inlined, lies too deep, would make too many ops, or is missing."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A call that a program leaves as a call."""

    op: str
    """Its name in the program."""
    function: str
    """The function that it calls."""
    reason: StopReason
    """`recursion`, `depth`, `ops` (too many ops or calls) or `missing` (from the library)."""


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """What a program was made from, and where inlining stopped."""

    name: str
    kind: ProgramKind
    function: str = ""
    """The concrete function of the library; empty for a signature and for the main graph."""
    stops: tuple[Stop, ...] = ()
    """Calls that are left as calls, the first of them."""
    total_stops: int = 0
