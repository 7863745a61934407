"""Rows by name: found one by one while few are asked for, and from a dictionary once there are many questions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cached_property

from scopeview.model.names import sort_key
from scopeview.model.scopes import ScopeTree

_ONE_BY_ONE = 256
"""Questions that are answered without a dictionary."""
_MOST_ROWS = 1 << 18
"""Rows up to which all names are kept in a dictionary; beyond, it would take more memory than the table."""


class RowIndex:
    """The rows of names that are sorted by `sort_key`; of equal ones the first."""

    def __init__(
        self, names: Sequence[str], often: Callable[[], tuple[Sequence[str], Sequence[int]]], scopes: ScopeTree | None
    ) -> None:
        """Prepare to find rows.

        Args:
            names: shape (rows,).
            often: gives the names that are asked for most, and their rows.
            scopes: the tree that the names make, if it is there already.
        """
        self._names, self._often, self._scopes = names, often, scopes
        self._asked = self._asked_for_others = 0

    def find(self, name: str) -> int | None:
        """Return the row of a name, or None."""
        self._asked += 1
        if self._asked > _ONE_BY_ONE:
            row = self._rows_often_asked_for.get(name)
            if row is not None and (row == 0 or self._names[row - 1] != name):
                return row
            self._asked_for_others += 1
        if self._asked_for_others > _ONE_BY_ONE and len(self._names) <= _MOST_ROWS:
            return self._rows.get(name)
        if self._scopes is not None and len(self._names) > _MOST_ROWS:
            return self._scopes.find_row(name)
        row = bisect_left(self._names, sort_key(name), key=sort_key)
        return row if row < len(self._names) and self._names[row] == name else None

    @cached_property
    def _rows_often_asked_for(self) -> dict[str, int]:
        return dict(zip(*self._often(), strict=True))

    @cached_property
    def _rows(self) -> dict[str, int]:
        last = len(self._names) - 1
        return {name: last - place for place, name in enumerate(reversed(list(self._names)))}
