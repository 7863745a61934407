"""The variables as a table: sorted, filtered by a query, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scopeview.analysis.answers.query_matches import matching_variables
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.variable_columns import COLUMNS, Cell, ColumnHead, column
from scopeview.analysis.variable_row import VariableRow


@dataclass(frozen=True, slots=True)
class TableLine:
    """One variable in one line."""

    name: str
    parameters: int | None
    cells: tuple[Cell, ...]
    """Its values, one for each column of the page."""


@dataclass(frozen=True, slots=True)
class VariableTablePage:
    """One page of the table, and totals over all variables that fit."""

    columns: tuple[ColumnHead, ...]
    """The columns that were asked for, in the order of the cells."""
    rows: tuple[TableLine, ...]
    """One line for each variable."""
    total: int
    offset: int
    parameters: int
    size_bytes: int


def variable_table(  # noqa: PLR0913 - one parameter per choice
    context: AnalysisContext,
    query: str = "",
    *,
    columns: Sequence[str] = (),
    sort: str = "name",
    descending: bool = False,
    attached: bool = False,
    offset: int = 0,
    limit: int | None = 200,
) -> VariableTablePage:
    """List variables.

    Args:
        context: the model, analyzed.
        query: what must fit, in the language of `scopeview find`; empty for all.
        columns: keys of the columns; empty for all of them.
        sort: the column to sort by; variables of one value stay in the order of their names.
        descending: largest first.
        attached: whether slots, averages and other variables that exist for another are listed.
        offset: rows to skip.
        limit: rows of the page; None for all.

    Raises:
        QueryError: the query cannot be understood, or there is no such column.
    """
    chosen_columns = [column(key) for key in columns] or COLUMNS
    variables = matching_variables(context, query) if query.strip() else context.model.variables
    rows = [VariableRow(context, variable) for variable in variables]
    chosen = rows if attached else [row for row in rows if row.belongs_to is None]
    if sort != "name" or descending:
        chosen = sorted(chosen, key=column(sort).order, reverse=descending)
    page = chosen[offset:] if limit is None else chosen[offset : offset + limit]
    return VariableTablePage(
        columns=tuple(chosen_column.head for chosen_column in chosen_columns),
        rows=tuple(
            TableLine(row.variable.name, row.variable.parameters, tuple(one.value(row) for one in chosen_columns))
            for row in page
        ),
        total=len(chosen),
        offset=offset,
        parameters=sum(row.variable.parameters or 0 for row in chosen),
        size_bytes=sum(row.variable.size_bytes or 0 for row in chosen),
    )
