"""What the matcher takes and returns: plain data, independent of artifacts."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Confidence = Literal["certain", "high", "medium", "low"]
Shape = tuple[int | None, ...] | None


@dataclass(frozen=True, slots=True)
class Item:
    """One variable of one side, in the order in which the artifact lists it."""

    name: str
    shape: Shape
    dtype: str
    value: Hashable | None = None
    """A fingerprint of its values; None where nothing is known, or where values prove nothing."""
    primary: str = ""
    """The variable it exists for, if it is a slot, a moving average or a replica."""
    slot: str = ""
    """Which slot of the primary it is, or which optimizer scalar."""
    is_auxiliary: bool = False
    key: str = ""
    """The key of its object path, in an object-based checkpoint."""
    alias: str = ""
    """Its name as a person's rules rewrite it; empty if none applies."""


@dataclass(frozen=True, slots=True)
class Match:
    """Two variables that are matched."""

    a: str
    b: str
    evidence: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class OpenGroup:
    """Variables among which names, shapes and values do not decide."""

    a: tuple[str, ...]
    """Names of A, each of which may be any of B's."""
    b: tuple[str, ...]
    """Names of B, each of which may be any of A's."""


@dataclass(frozen=True, slots=True)
class Normed:
    """A kernel of one side that the other keeps as its magnitude and its direction: weight norm."""

    kernel: str
    magnitude: str
    direction: str
    is_kernel_in_a: bool


@dataclass(frozen=True, slots=True)
class Result:
    """Matched pairs, the best guesses for the rest, and the groups that stay open."""

    matches: tuple[Match, ...]
    proposals: Mapping[str, str]
    open_groups: tuple[OpenGroup, ...]
    is_transposed: bool = False
    """Whether the sides store kernels in different layouts."""
    normed: tuple[Normed, ...] = ()
    """Kernels of matched layers that only one side keeps in two parts."""


Items = Sequence[Item]
