"""The columns of every table of costs, each declared once: of `scopeview costs`, its CSV, and the page's view of costs.

The page takes them from `web/src/lib/declared.ts`; `make types` writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scopeview.analysis.answers.costs import CostKey, CostRow
from scopeview.analysis.variable_columns import Cell, Format


@dataclass(frozen=True, slots=True)
class CostHead:
    """What a table must know of a column to show it."""

    key: str
    """The field of a row, and its name in CSV."""
    heading: str
    """What stands above it."""
    help: str
    """What the heading means."""
    format: Format
    sort: CostKey | None
    """What to sort by so that the largest of the column come first; None where there is no such order."""


@dataclass(frozen=True, slots=True)
class CostColumn:
    """A column: its head, and how it gets the value of a row."""

    head: CostHead
    value: Callable[[CostRow], Cell]


COLUMNS: tuple[CostColumn, ...] = (
    CostColumn(CostHead("path", "name", "the op, or the scope with all in it", "name", None), lambda row: row.path),
    CostColumn(CostHead("op_type", "type", "type of the op", "word", None), lambda row: row.op_type),
    CostColumn(CostHead("ops", "ops", "how many ops it is", "count", None), lambda row: row.ops),
    CostColumn(CostHead("time_us", "time", "time in the recorded step", "time", "time"), lambda row: row.time_us),
    CostColumn(
        CostHead("memory_bytes", "memory", "bytes that its ops were given in the recorded step", "bytes", "memory"),
        lambda row: row.memory_bytes,
    ),
    CostColumn(
        CostHead("executions", "runs", "how often its ops ran in the recorded step", "count", None),
        lambda row: row.executions,
    ),
    CostColumn(
        CostHead("flops", "FLOPs", "floating-point operations, of one execution of each op", "short", "flops"),
        lambda row: row.flops,
    ),
    CostColumn(
        CostHead("output_bytes", "output", "bytes of what its ops give, in one execution", "bytes", "output_bytes"),
        lambda row: row.output_bytes,
    ),
    CostColumn(
        CostHead("parameters", "parameters", "elements of the variables among its ops", "short", "parameters"),
        lambda row: row.parameters,
    ),
)
