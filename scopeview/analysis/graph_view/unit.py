"""One child of a scope, before children are grouped into items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.model.ops import OpRow
from scopeview.model.scopes import ScopeId

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Unit:
    """One child of a scope: a closed scope, or an op that is none."""

    scope: ScopeId | None
    row: OpRow | None
    """The op; for a scope, the op of its very name if there is one."""
    path: str
    rows: Ints
    """The ops that it stands for."""
    plumbing: tuple[OpRow, ...] = ()
    """Of `rows`: ops that are drawn by themselves where plumbing is asked for."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The rows `[first, last)` of a scope, cut into units."""

    first: int
    last: int
    units: list[Unit]
    unit_of_row: Ints
    """Shape (last - first,)."""
    links: tuple[Ints, Ints]
    """Distinct pairs of units that data flows between."""
