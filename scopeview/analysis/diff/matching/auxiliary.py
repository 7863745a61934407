"""Variables that exist for another: they are not matched by themselves, but follow what they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scopeview.analysis.diff.matching.entries import Item

_SLOTS = frozenset({"Adam", "Adam_1", "Momentum", "RMSProp", "RMSProp_1", "Adagrad", "Ftrl", "Ftrl_1"})
_AVERAGES = frozenset({"ExponentialMovingAverage"})


@dataclass(frozen=True, slots=True)
class Side:
    """The variables of a side: those that stand for themselves, and the auxiliary ones."""

    own: Sequence[Item]
    auxiliary: Sequence[Item]


def side_of(items: Sequence[Item], others: Sequence[Item]) -> Side:
    """Part a side; the missing primary of a slot is put in its place, so that the slot can follow it.

    Args:
        items: the variables of the side.
        others: those of the other side, which may show what is a slot.
    """
    names = {item.name for item in items}
    slots = {i.slot for i in (*items, *others) if i.primary and i.name == f"{i.primary}/{i.slot}"} | _SLOTS | _AVERAGES
    own: list[Item] = []
    auxiliary: list[Item] = []
    for item in items:
        scope, slash, leaf = item.name.rpartition("/")
        if item.is_auxiliary:
            auxiliary.append(item)
        elif slash and leaf in slots and scope not in names:
            auxiliary.append(replace(item, primary=scope, slot=leaf, is_auxiliary=True))
        else:
            own.append(item)
    present = {item.name for item in own}
    for item in auxiliary:
        if item.primary and item.primary not in present:
            present.add(item.primary)
            own.append(Item(item.primary, item.shape, item.dtype))
    return Side(own, auxiliary)
