"""The op table of a program: rows that come from several tables, with the attributes that these have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scopeview.model.attributes import Attributes, FunctionRef, PlaceholderValue
from scopeview.model.ops import OpColumns, OpRow, OpTable


class InlinedTable(OpTable):
    """Ops that were brought together from a main graph and from bodies of functions."""

    def __init__(
        self,
        columns: OpColumns,
        tables: Sequence[OpTable],
        places: Sequence[tuple[str, Mapping[str, object]]],
        place_of: NDArray[np.int32],
        row_in_place: NDArray[np.int32],
    ) -> None:
        """Join columns with the tables that their rows come from.

        Args:
            columns: the columns of all rows.
            tables: the table of each place.
            places: for each place the function that it is an entry into, and what the call binds of its attributes.
            place_of: shape (ops,); the place that each row comes from, -1 for a row that stands for an argument.
            row_in_place: shape (ops,); its row there; for an argument, its position in `own`.
        """
        super().__init__(columns, b"", lambda _raw: {})
        self._tables, self._places = tables, places
        self._place_of, self._row_in_place = place_of, row_in_place
        self.own: Sequence[Attributes] = ()
        """Attributes of the rows that stand for arguments."""
        self.entered: frozenset[OpRow] = frozenset()
        """Ops whose bodies are scopes of this table."""

    def origin(self, row: OpRow) -> tuple[str, str]:
        """Return the function whose body has an op (empty for the main graph) and its name there."""
        place = int(self._place_of[row])
        if place < 0:
            return "", ""
        return self._places[place][0], self._tables[place].name(OpRow(int(self._row_in_place[row])))

    def raw_attributes(self, row: OpRow) -> bytes | memoryview:
        """Return the op's message as the file holds it; an argument has none."""
        place = int(self._place_of[row])
        return b"" if place < 0 else self._tables[place].raw_attributes(OpRow(int(self._row_in_place[row])))

    def attributes(self, row: OpRow) -> Attributes:
        """Decode the attributes of an op; what its body leaves open is what the call binds."""
        place, there = int(self._place_of[row]), int(self._row_in_place[row])
        if place < 0:
            return self.own[there]
        attributes, bindings = self._tables[place].attributes(OpRow(there)), self._places[place][1]
        if row in self.entered:  # its functions are here already: nobody is to follow them twice
            return {name: _name_of_function(value) for name, value in attributes.items()}
        if bindings and any(isinstance(value, PlaceholderValue) for value in attributes.values()):
            return {
                name: bindings.get(value.name, value) if isinstance(value, PlaceholderValue) else value
                for name, value in attributes.items()
            }
        return attributes


def _name_of_function(value: object) -> object:
    """Return the names of functions in place of functions; a list of branches has no lists in it."""
    if isinstance(value, tuple):
        return tuple(item.name if isinstance(item, FunctionRef) else item for item in value)
    return value.name if isinstance(value, FunctionRef) else value
