"""What the two sides of a diff are called: by their roles in a restore, else by their order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SideNames:
    """What the sides are called in texts."""

    a: str
    """Within a sentence, after `the`: `checkpoint`, `graph`, `old one`."""
    b: str
    """The same of the other side."""
    label_a: str
    """Alone: `checkpoint`, `graph`, `old`."""
    label_b: str


def side_names(format_a: str, format_b: str, restores_from: str) -> SideNames:
    """Return what two sides are called.

    Args:
        format_a: the format of the one.
        format_b: the format of the other.
        restores_from: the side that holds the values for the other, `a` or `b`; empty if neither does.
    """
    is_pair = format_a.startswith("checkpoint") != format_b.startswith("checkpoint")
    if not is_pair or not restores_from:
        return SideNames("old one", "new one", "old", "new")
    a, b = ("checkpoint", "graph") if restores_from == "a" else ("graph", "checkpoint")
    return SideNames(a, b, a, b)
