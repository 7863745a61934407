"""Variables of one name, shape and dtype in two checkpoints that are columns: found at once, and no object is made.

Of two checkpoints of one model nearly all variables are such, and what is said of them their columns say.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.diff.namespace import Entry, EntryColumns, Namespace
from scopeview.model.shapes import Shape
from scopeview.model.spans import Ints

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Namesakes:
    """Pairs of variables, in the order of A's list; columns are of shape (pairs,)."""

    sides: tuple[EntryColumns, EntryColumns]
    rows: tuple[Ints, Ints]
    """The rows of A and of B."""
    differ: Bools
    """Whether the values differ, by checksum."""

    def __len__(self) -> int:
        return len(self.differ)

    def __contains__(self, name: object) -> bool:
        return name in self._known

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    @cached_property
    def names(self) -> Sequence[str]:
        """The names of the pairs."""
        return [*map(self.sides[0].variables.names.__getitem__, self.rows[0].tolist())]

    def entries(self, pair: int) -> tuple[Entry, Entry]:
        """Return the two variables of a pair."""
        return self.sides[0].at(int(self.rows[0][pair])), self.sides[1].at(int(self.rows[1][pair]))

    def shapes(self) -> list[tuple[str, Shape, str, Shape]]:
        """Return name and shape of each pair on side A and on side B."""
        kinds = self.sides[0].variables.kinds
        shapes = [kinds.pairs[number][0] for number in kinds.number[self.rows[0]].tolist()]
        return [(name, shape, name, shape) for name, shape in zip(self.names, shapes, strict=True)]

    def others(self, side: int) -> list[str]:
        """Return the names of a side that are in no pair."""
        is_left = np.ones(len(self.sides[side]), dtype=bool)
        is_left[self.rows[side]] = False
        return [*map(self.sides[side].variables.names.__getitem__, np.flatnonzero(is_left).tolist())]

    @cached_property
    def followers(self) -> tuple[Ints, Ints]:
        """The rows of A and of B that no matching needs to see: both exist for another variable.

        One of every last segment is left to it, which shows what slots are called; and all are, where an auxiliary
        variable has one of its own.
        """
        found = np.ones(len(self), dtype=bool)
        for columns, rows in zip(self.sides, self.rows, strict=True):
            kind, primary, tree = columns.auxiliary.kind, columns.auxiliary.primary, columns.variables.scopes
            own = tree.own_rows()
            if (kind[primary[(kind >= 0) & (primary >= 0)]] >= 0).any():
                return rows[:0], rows[:0]
            is_scope = np.zeros(len(kind), dtype=bool)
            is_scope[own[own >= 0]] = True
            found &= (kind[rows] >= 0) & ~is_scope[rows]
        kept = found.copy()
        for columns, rows in zip(self.sides, self.rows, strict=True):
            tree, places = columns.variables.scopes, np.flatnonzero(found)
            is_below = columns.auxiliary.primary == tree.own_rows()[tree.scopes_of_rows()]
            segments = tree.leaves_of_rows()[0] * 2 + is_below
            kept[places[np.unique(segments[rows[places]], return_index=True)[1]]] = False
        return self.rows[0][kept], self.rows[1][kept]


def find_namesakes(a: Namespace, b: Namespace, without: tuple[Collection[str], Collection[str]]) -> Namesakes | None:
    """Return the namesakes of two sides; None if either is no checkpoint in columns.

    Args:
        a: the first side.
        b: the second side.
        without: names of A and of B that are left out.
    """
    if not isinstance(a.entries, EntryColumns) or not isinstance(b.entries, EntryColumns):
        return None
    ours, theirs = a.entries.variables, b.entries.variables
    partner = ours.spans.rows_in(theirs.spans)
    numbers: dict[object, int] = {}
    type_a, type_b = (
        np.array([numbers.setdefault(pair, len(numbers)) for pair in side.kinds.pairs], dtype=np.int64)[
            side.kinds.number
        ]
        for side in (ours, theirs)
    )
    is_one = (partner >= 0) & (type_a == type_b[partner])
    is_one &= ours.stored.size_bytes == theirs.stored.size_bytes[partner]
    is_free = np.ones(len(theirs), dtype=bool)
    is_one[[row for name in without[0] if (row := ours.row(name)) is not None]] = False
    is_free[[row for name in without[1] if (row := theirs.row(name)) is not None]] = False
    is_one &= is_free[partner]
    rows_a = ours.listed[is_one[ours.listed]]
    rows_b = partner[rows_a]
    differ = ours.stored.checksum[rows_a] != theirs.stored.checksum[rows_b]
    return Namesakes((a.entries, b.entries), (rows_a, rows_b), differ)
