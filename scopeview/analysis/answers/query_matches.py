"""The ops and variables that fit a query."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.answers.costs import fits_costs
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.roles import ROLES
from scopeview.analysis.derive.tensor_types import output_facts
from scopeview.analysis.query import (
    UNITS,
    Query,
    glob_pattern,
    parse_amount,
    parse_count,
    parse_query,
    parse_shape,
    shape_matches,
)
from scopeview.analysis.variable_columns import BY_SEARCH, Column, Format
from scopeview.analysis.variable_row import rows_of
from scopeview.errors import QueryError
from scopeview.model.model import Model
from scopeview.model.names import is_within, parse_input
from scopeview.model.object_paths import ROOT, object_names
from scopeview.model.op_types import ARGUMENT_TYPE
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.variables import Variable


def matching_variables(context: AnalysisContext, text: str) -> list[Variable]:
    """Return the variables that fit a query; those that only ops can fit leave none.

    Raises:
        QueryError: the query cannot be understood.
    """
    query = parse_query(text)
    return list(variables_that_fit(context, query)) if query.fits_variables else []


def matching_ops(context: AnalysisContext, text: str, function: str = "") -> list[int]:
    """Return the rows of the ops of the main graph, or of a function, that fit a query.

    Raises:
        QueryError: the query cannot be understood, or asks for what only variables have.
    """
    query = parse_query(text)
    if not query.wants_ops:
        raise QueryError(f"{text} finds variables only; ops are found by op:, role:, name:, scope: or words")
    return [int(row) for where, _, row in ops_that_fit(context, query) if where == function]


def variables_that_fit(context: AnalysisContext, query: Query) -> Iterator[Variable]:
    """Yield the variables that fit a parsed query."""
    name_fits = _name_test(query)
    columns = [(BY_SEARCH[field], value) for field, value in query.terms if field in BY_SEARCH and field != "name"]
    columns.sort(key=lambda term: term[0].is_derived)
    is_object = any(word.startswith(ROOT) for word in query.words)  # as TensorFlow's errors call it
    for row in rows_of(context):
        variable = row.variable
        names = object_names(variable) if is_object else (variable.name, *(part.name for part in variable.parts))
        if any(map(name_fits, names)) and all(
            _cell_fits(column, value, column.value(row)) for column, value in columns
        ):
            yield variable


def _any_fits(glob: str, texts: tuple[str, ...]) -> bool:
    pattern = glob_pattern(glob)
    return any(pattern.fullmatch(text) for text in texts)


def fits_in_any_case(glob: str, text: str) -> bool:
    """Whether a word of TensorFlow fits (an op type, a dtype): no two of them differ in case alone."""
    return glob_pattern(glob, re.IGNORECASE).fullmatch(text) is not None


def _cell_fits(column: Column, text: str, cell: Any) -> bool:
    if column.head.search not in UNITS:
        return _CELL_TESTS[column.head.format](text, cell)
    compare, bound = parse_amount(column.head.search, text)
    return cell is not None and compare(cell, bound)


def _fits_number(text: str, number: int | None) -> bool:
    compare, bound = parse_count(text)
    return number is not None and compare(number, bound)


_CELL_TESTS: Mapping[Format, Callable[[str, Any], bool]] = {
    "name": lambda glob, name: _any_fits(glob, (name,)),
    "names": _any_fits,
    "word": fits_in_any_case,
    "count": _fits_number,
    "short": _fits_number,
    "bytes": _fits_number,
    "time": _fits_number,
    "shape": lambda text, shape: shape_matches(parse_shape(text), shape),
    "yes_no": lambda text, value: value is (text == "yes"),
}


def _name_test(query: Query) -> Callable[[str], bool]:
    """Return what a name must pass; patterns are made once, for a graph may have a million names."""
    words = [_without_port(word).casefold() for word in query.words]
    globs = [glob_pattern(glob) for glob in query.values("name")]
    scopes = [scope.rstrip("/") for scope in query.values("scope")]

    def fits(name: str) -> bool:
        folded = name.casefold() if words else ""
        return (
            all(word in folded for word in words)
            and all(pattern.fullmatch(name) for pattern in globs)
            and all(_lies_in(name, scope) for scope in scopes)
        )

    return fits


def _without_port(word: str) -> str:
    """Take the output index off a name that was copied from a tensor: `w:0` is sought as `w`."""
    return parse_input(word).op if ":" in word else word


def _lies_in(name: str, scope: str) -> bool:
    if "*" not in scope and "?" not in scope:
        return is_within(name, scope)
    pattern = glob_pattern(scope)
    ends = [index for index, character in enumerate(name) if character == "/"]
    return any(pattern.fullmatch(name, 0, end) for end in (*ends, len(name)))


def ops_that_fit(context: AnalysisContext, query: Query) -> Iterator[tuple[str, OpTable, OpRow]]:
    """Yield function, table and row of every op that fits, cheap tests first."""
    model = context.model
    name_fits, collections = _name_test(query), query.values("collection")
    members = _members(model) if collections else {}
    tables = [("", model.graph), *((name, f.body) for name, f in model.functions.items())]
    for function, table in tables:
        arguments = ARGUMENT_TYPE if function else None
        fitting = _type_and_device(table, query, arguments) & _has_role(context, function, query.values("role"))
        fitting &= fits_costs(context, function, query)
        for row in np.flatnonzero(fitting).tolist():
            name = table.name(OpRow(row))
            if not name_fits(name):
                continue
            held_by = () if function else tuple(members.get(name, ()))
            if not all(_any_fits(glob, held_by) for glob in collections):
                continue
            if _tensor_fits(model, function, OpRow(row), query):
                yield function, table, OpRow(row)


def _type_and_device(table: OpTable, query: Query, left_out: str | None) -> NDArray[np.bool_]:
    """Return which rows have a fitting type and device: shape (ops,); one type may be left out."""
    columns = table.columns
    types = [
        name != left_out and all(fits_in_any_case(glob, name) for glob in query.values("op")) for name in columns.types
    ]
    devices = [all(fits_in_any_case(glob, name) for glob in query.values("device")) for name in columns.devices]
    fitting = np.array(types, dtype=bool)[columns.type_id] if types else np.zeros(0, dtype=bool)
    return np.asarray(fitting & np.array(devices, dtype=bool)[columns.device_id])


def _has_role(context: AnalysisContext, function: str, globs: tuple[str, ...]) -> NDArray[np.bool_] | bool:
    """Return which rows have a role that fits; roles are worked out only if they are asked for."""
    if not globs:
        return True
    wanted = np.array([all(fits_in_any_case(glob, role) for glob in globs) for role in ROLES])
    return np.asarray(wanted[context.roles.codes(function)])


def _members(model: Model) -> dict[str, list[str]]:
    """Return the collections of each op."""
    found: dict[str, list[str]] = defaultdict(list)
    for collection in model.collections:
        for member in collection.members:
            if member.target is not None:
                found[member.target].append(collection.name)
    return found


def _tensor_fits(model: Model, function: str, row: OpRow, query: Query) -> bool:
    dtypes, shapes = query.values("dtype"), query.values("shape")
    if not dtypes and not shapes:
        return True
    context = output_facts(model, function, row, 0)
    return all(context.dtype is not None and fits_in_any_case(glob, context.dtype) for glob in dtypes) and all(
        context.shape_known and shape_matches(parse_shape(text), context.shape) for text in shapes
    )
