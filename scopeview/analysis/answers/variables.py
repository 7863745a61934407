"""The variables as a table: sorted, filtered by a query, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from scopeview.analysis.answers.find import matching_variables
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.auxiliary import AuxiliaryVariable
from scopeview.model.shapes import Shape
from scopeview.model.variables import Initializer, Kind, Variable

SortKey = Literal[
    "name",
    "shape",
    "dtype",
    "parameters",
    "size_bytes",
    "collections",
    "trainable",
    "readers",
    "uses",
    "call_sites",
    "slots",
    "device",
    "initializer",
    "kind",
]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One variable in one line."""

    name: str
    kind: Kind
    shape: Shape
    dtype: str
    parameters: int | None
    size_bytes: int | None
    trainable: bool | None
    collections: tuple[str, ...]
    readers: int
    """Ops of the computation that read it."""
    uses: int
    call_sites: int
    slots: int
    belongs_to: AuxiliaryVariable | None
    device: str
    initializer: Initializer | None
    checkpoint_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VariableTablePage:
    """One page of the table, and totals over all rows that fit."""

    rows: tuple[TableRow, ...]
    total: int
    offset: int
    parameters: int
    size_bytes: int


def variable_table(
    context: AnalysisContext,
    query: str = "",
    *,
    sort: SortKey = "name",
    descending: bool = False,
    attached: bool = False,
    offset: int = 0,
    limit: int = 200,
) -> VariableTablePage:
    """List variables.

    Args:
        context: the model, analyzed.
        query: what must fit, in the language of `scopeview find`; empty for all.
        sort: the column to sort by; variables of one value stay in the order of their names.
        descending: largest first.
        attached: whether slots, averages and other variables that exist for another are listed.
        offset: rows to skip.
        limit: rows of the page.

    Raises:
        QueryError: the query cannot be understood.
    """
    fitting = matching_variables(context, query) if query.strip() else list(context.model.variables)
    chosen = fitting if attached else [v for v in fitting if v.name not in context.auxiliary_variables]
    if sort != "name" or descending:
        chosen = sorted(chosen, key=lambda variable: _KEYS[sort](context, variable), reverse=descending)
    return VariableTablePage(
        rows=tuple(_row(context, variable) for variable in chosen[offset : offset + limit]),
        total=len(chosen),
        offset=offset,
        parameters=sum(variable.parameters or 0 for variable in chosen),
        size_bytes=sum(variable.size_bytes or 0 for variable in chosen),
    )


_KEYS: dict[SortKey, Callable[[AnalysisContext, Variable], Any]] = {
    "name": lambda _context, variable: variable.name,
    "shape": lambda _context, variable: tuple(size or 0 for size in variable.shape or ()),
    "dtype": lambda _context, variable: variable.dtype,
    "parameters": lambda _context, variable: variable.parameters or 0,
    "size_bytes": lambda _context, variable: variable.size_bytes or 0,
    "uses": lambda context, variable: context.uses(variable),
    "collections": lambda _context, variable: variable.collections,
    "trainable": lambda _context, variable: (variable.trainable is not None, variable.trainable or False),
    "call_sites": lambda context, variable: len(context.call_sites(variable)),
    "initializer": lambda _context, variable: variable.initializer.kind if variable.initializer is not None else "",
    "readers": lambda context, variable: len(context.accesses(variable).forward),
    "slots": lambda context, variable: len(context.attached.get(variable.name, ())),
    "device": lambda _context, variable: variable.device,
    "kind": lambda _context, variable: variable.kind,
}


def _row(context: AnalysisContext, variable: Variable) -> TableRow:
    return TableRow(
        name=variable.name,
        kind=variable.kind,
        shape=variable.shape,
        dtype=variable.dtype,
        parameters=variable.parameters,
        size_bytes=variable.size_bytes,
        trainable=variable.trainable,
        collections=variable.collections,
        readers=len(context.accesses(variable).forward),
        uses=context.uses(variable),
        call_sites=len(context.call_sites(variable)),
        slots=len(context.attached.get(variable.name, ())),
        belongs_to=context.auxiliary_variables.get(variable.name),
        device=variable.device,
        initializer=variable.initializer,
        checkpoint_keys=variable.checkpoint_keys,
    )
