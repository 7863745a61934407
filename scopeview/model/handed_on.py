"""What ops hand on, for all ops of a table at once: a variable through reads, a reference through loops and branches.

w  VariableV2                    hands on w, for it is an end
e  Enter      w                  hands on w
s  Switch     e  p               hands on w: of a pass, the first input counts
y  MatMul     x  e               hands on nothing: -1
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scopeview.model.ops import MISSING, OpTable

Flags = NDArray[np.bool_]


def first_inputs(table: OpTable) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return source and port of the first input of each op, MISSING and 0 where it has none: shapes (ops,)."""
    columns = table.columns
    start = columns.in_start[:-1]
    has_any = start < columns.in_start[1:]
    source, port = np.full(len(table), MISSING, dtype=np.int64), np.zeros(len(table), dtype=np.int64)
    source[has_any], port[has_any] = columns.source[start[has_any]], columns.port[start[has_any]]
    return source, port


def handed_on(table: OpTable, ends: Flags, passes: Flags, most_steps: int) -> NDArray[np.int64]:
    """Return the end that each op is or hands on, -1 where it does neither: shape (ops,).

    Args:
        table: the ops.
        ends: what is looked for, shape (ops,).
        passes: which ops hand on their first input, shape (ops,).
        most_steps: passes one behind the other that are looked through.
    """
    found = np.where(ends, np.arange(len(table)), -1)
    source, _ = first_inputs(table)
    onward = np.where(passes & ~ends, source, MISSING)
    ops = np.flatnonzero(onward >= 0)
    at = onward[ops]
    for _ in range(most_steps):
        is_end = ends[at]
        found[ops[is_end]] = at[is_end]
        goes_on = ~is_end & (onward[at] >= 0)
        ops, at = ops[goes_on], onward[at[goes_on]]
        if not ops.size:
            break
    return found
