"""The entries of a diff in the order of their names; those of namesakes are made when somebody asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import overload

import numpy as np

from scopeview.analysis.diff.namesakes import Namesakes
from scopeview.analysis.diff.variables import STATUSES, DiffEntry, Status
from scopeview.model.names import sort_key


class Listing(Sequence[DiffEntry]):
    """Entries of which most are namesakes.

    Attributes:
        judged: those that are not, in the order of their names.
        namesakes: those that are.
    """

    def __init__(self, judged: Sequence[DiffEntry], namesakes: Namesakes, make: Callable[[int], DiffEntry]) -> None:
        """Take the parts, and what makes the entry of two namesakes."""
        self.judged, self.namesakes = judged, namesakes
        self._make = make
        self._made: dict[int, DiffEntry] = {}
        keys = [*(sort_key(entry.b or entry.a or "") for entry in judged), *map(sort_key, namesakes.names)]
        self._order = sorted(range(len(keys)), key=keys.__getitem__)

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> DiffEntry: ...
    @overload
    def __getitem__(self, index: slice) -> list[DiffEntry]: ...
    def __getitem__(self, index: int | slice) -> DiffEntry | list[DiffEntry]:
        if isinstance(index, slice):
            return [self._entry(place) for place in self._order[index]]
        return self._entry(self._order[index])

    def _entry(self, place: int) -> DiffEntry:
        if place < len(self.judged):
            return self.judged[place]
        pair = place - len(self.judged)
        return self._made.get(pair) or self._made.setdefault(pair, self._make(pair))

    def beside_changes(self) -> list[DiffEntry]:
        """Return what is judged or has other values, and what stands next to such an entry.

        A scope that holds a change and anything else holds both side by side.
        """
        order = np.array(self._order, dtype=np.int64)
        is_change = np.concatenate((np.ones(len(self.judged), dtype=bool), self.namesakes.differ))[order]
        is_near = is_change.copy()
        is_near[1:] |= is_change[:-1]
        is_near[:-1] |= is_change[1:]
        return [self._entry(place) for place in order[is_near].tolist()]


def judged(entries: Sequence[DiffEntry]) -> Sequence[DiffEntry]:
    """Return the entries that are to be looked at one by one: namesakes are the same, or have other values."""
    return entries.judged if isinstance(entries, Listing) else entries


def beside_changes(entries: Sequence[DiffEntry]) -> Sequence[DiffEntry]:
    """Return enough of the entries to see which scopes changed as wholes."""
    return entries.beside_changes() if isinstance(entries, Listing) else entries


def counted(entries: Sequence[DiffEntry]) -> dict[Status, int]:
    """Count entries by status, every status named."""
    numbers = Counter(entry.status for entry in judged(entries))
    if isinstance(entries, Listing):
        changed = int(entries.namesakes.differ.sum())
        numbers.update({"values": changed, "same": len(entries.namesakes) - changed})
    return {status: numbers[status] for status in STATUSES}
