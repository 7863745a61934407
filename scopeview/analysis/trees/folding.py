"""Numbered twins: siblings that differ in a number alone and are equal inside, shown as one.

step_0 .. step_99          ->  step_[0-99]
cell, cell_1, cell_2       ->  cell, cell_[1-2]     TensorFlow's own `_N` starts with the bare name
conv1, conv2 (different)   ->  conv1, conv2         equal names are no evidence; what is below must be equal
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

MIN_TWINS = 3
"""Fewer are shown one by one: a folded pair hides a name and saves one line."""

_NUMBERED = re.compile(r"(.*?)(\d{1,9})\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Group(Generic[Item]):
    """One item, or several that are numbered twins."""

    label: str
    items: tuple[Item, ...]


def fold_twins(
    items: Sequence[Item],
    label_of: Callable[[Item], str],
    structure_of: Callable[[Item], Hashable],
    size_of: Callable[[Item], int],
) -> list[Group[Item]]:
    """Fold the numbered twins among siblings; the order is that of the first of each group.

    Args:
        items: the siblings.
        label_of: the last segment of a sibling's name.
        structure_of: what must be equal for twins; asked only where names and sizes agree.
        size_of: a cheap first comparison.
    """
    families: dict[tuple[str, int], list[int]] = defaultdict(list)
    for position, item in enumerate(items):
        families[stem_of(label_of(item)), size_of(item)].append(position)
    groups: dict[int, Group[Item]] = {}
    grouped: set[int] = set()
    for (stem, _), positions in families.items():
        if len(positions) < MIN_TWINS:
            continue
        twins: dict[Hashable, list[int]] = defaultdict(list)
        for position in positions:
            twins[structure_of(items[position])].append(position)
        for same in twins.values():
            if len(same) >= MIN_TWINS:
                members = tuple(items[position] for position in same)
                label = _range_label(stem, [label_of(member) for member in members])
                groups[same[0]] = Group(label, members)
                grouped.update(same)
    return [
        groups.get(position) or Group(label_of(item), (item,))
        for position, item in enumerate(items)
        if position in groups or position not in grouped
    ]


def stem_of(label: str) -> str:
    """Return a label without its number, so that `cell`, `cell_1` and `cell_2` agree."""
    match = _NUMBERED.match(label)
    return match[1].removesuffix("_") if match else label


def _range_label(stem: str, labels: Sequence[str]) -> str:
    """Write numbered labels as ranges: `cell, cell_[1-3,7]`."""
    by_prefix: dict[str, list[str]] = defaultdict(list)
    bare: list[str] = []
    for label in labels:
        match = _NUMBERED.match(label)
        if match and label != stem:
            by_prefix[match[1]].append(match[2])
        else:
            bare.append(label)
    ranges = [f"{prefix}[{_ranges(numbers)}]" for prefix, numbers in sorted(by_prefix.items())]
    return ", ".join([*bare, *ranges])


def _ranges(numbers: Sequence[str]) -> str:
    ordered = sorted(numbers, key=lambda text: (int(text), text))
    runs: list[list[str]] = []
    for number in ordered:
        if runs and int(number) == int(runs[-1][-1]) + 1 and len(number) >= len(runs[-1][-1]):
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
