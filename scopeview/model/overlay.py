"""Values that somebody has for ops, scopes and variables, to be laid over a picture of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Combine = Literal["mean", "sum", "max", "min"]
COMBINES: tuple[Combine, ...] = ("mean", "sum", "max", "min")


@dataclass(frozen=True, slots=True)
class Overlay:
    """One number or text for each of some names."""

    title: str
    values: Mapping[str, float | str]
    """By the name of an op, a scope or a variable; all are numbers, or all are texts."""
    unit: str = ""
    scale: tuple[float, float] | None = None
    """The numbers at the two ends of the scale; the smallest and the largest that are drawn, if None."""
    combine: Combine = "mean"
    """What stands for a box whose own name has no value: a number made of those inside it."""

    @property
    def is_text(self) -> bool:
        """Whether its values are texts."""
        return any(isinstance(value, str) for value in self.values.values())
