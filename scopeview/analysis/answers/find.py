"""Which ops and variables fit a query?"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.answers.costs import fits_costs
from scopeview.analysis.answers.ranking import ranked
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.roles import ROLES
from scopeview.analysis.derive.tensor_types import output_facts
from scopeview.analysis.error_words import names_in
from scopeview.analysis.query import Query, glob_pattern, parse_count, parse_query, parse_shape, shape_matches
from scopeview.analysis.suggestions import near_leaves, spelled_alike
from scopeview.analysis.variable_columns import BY_SEARCH, Format
from scopeview.analysis.variable_row import rows_of
from scopeview.errors import QueryError
from scopeview.model.entry_point import MAIN
from scopeview.model.model import Model
from scopeview.model.names import is_within, leaf_of, parse_input
from scopeview.model.object_paths import ROOT, object_names
from scopeview.model.op_types import ARGUMENT_TYPE
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.scopes import ScopeId
from scopeview.model.shapes import Shape
from scopeview.model.variables import Variable


@dataclass(frozen=True, slots=True)
class Hit:
    """One op or variable that fits."""

    what: Literal["op", "variable"]
    name: str
    function: str
    """The function whose body holds the op; empty for the main graph."""
    type: str
    """Op type, or kind of the variable."""
    dtype: str | None
    shape: Shape
    shape_known: bool
    device: str


@dataclass(frozen=True, slots=True)
class FindResult:
    """One page of what fits a query: variables first, then ops of the main graph, then of functions."""

    query: str
    hits: tuple[Hit, ...]
    variables: int
    """How many variables fit."""
    ops: int
    """How many ops fit, those in function bodies included."""
    offset: int
    scopes: tuple[str, ...] = ()
    """Scopes of either tree whose last segment holds the words, shortest path first; for words and `in:` alone."""
    total_scopes: int = 0
    hints: tuple[str, ...] = ()
    """What to try where nothing fits, one sentence each."""
    program: str = ""
    """The program whose ops were searched; empty for the main graph and all functions."""
    near: tuple[str, ...] = ()
    """Names that are near the words, where nothing fits them."""

    @property
    def total(self) -> int:
        """How many fit in all."""
        return self.variables + self.ops


def find(
    context: AnalysisContext,
    text: str,
    *,
    limit: int = 50,
    offset: int = 0,
    program: str | None = MAIN,
    is_ranked: bool = False,
) -> FindResult:
    """Find ops and variables.

    Args:
        context: where to look.
        text: the query (see `analysis.query`), or an error message of TensorFlow: then a name that it speaks of.
        limit: hits of one page.
        offset: hits to skip.
        program: whose ops to search; None for those of the program that is shown by default and, where nothing fits
            there, of the main graph and all functions.
        is_ranked: the best fits of words first, not in the order of names.

    Raises:
        QueryError: the query cannot be understood.
        NotFoundError: there is no such program.
    """
    asked = context.in_program(program)
    contexts = (asked, context) if program is None and asked is not context else (asked,)
    found: list[FindResult] = []
    for query in _queries(text):
        for searched in contexts:
            found.append(_find(searched, query, limit, offset, is_ranked=is_ranked))
            if found[-1].total or found[-1].scopes:
                return replace(found[-1], query=text)
    return replace(found[len(contexts) - 1], query=text)


def _queries(text: str) -> Iterator[str]:
    """Yield a query as it is and, where it is an error message of TensorFlow, the names that it speaks of."""
    named = [shlex.quote(name) for name in names_in(text)]
    try:
        parse_query(text)
    except QueryError:
        if not named:
            raise
    else:
        yield text
    yield from named


def _find(context: AnalysisContext, text: str, limit: int, offset: int, *, is_ranked: bool) -> FindResult:
    model, query = context.model, parse_query(text)
    variables = list(_variables(context, query)) if query.wants_variables else []
    places = list(_ops(context, query)) if query.wants_ops else []
    if is_ranked and query.words:
        variables = ranked(variables, query.words, lambda variable: variable.name)
        places = ranked(places, query.words, lambda place: place[1].name(place[2]), _machinery(context))
    hits = (
        *(_variable_hit(variable) for variable in variables[offset : offset + limit]),
        *islice(
            (_op_hit(model, *place) for place in places[max(0, offset - len(variables)) :]),
            max(0, limit - max(0, len(variables) - offset)),
        ),
    )
    scopes = ranked(_scopes(model, query), query.words if is_ranked else (), str)
    hints = () if variables or places or scopes else tuple(_hints(model, query))
    return FindResult(
        text,
        hits,
        len(variables),
        len(places),
        offset,
        tuple(scopes[:limit]),
        len(scopes),
        hints,
        model.entry.name if model.entry is not None else "",
        () if variables or places or scopes else near_leaves(_all_names(model), query.words),
    )


def _machinery(context: AnalysisContext) -> Callable[[tuple[str, OpTable, OpRow]], bool]:
    """Return what is true of an op that is not of the computation."""
    forward = ROLES.index("forward")

    def is_machinery(place: tuple[str, OpTable, OpRow]) -> bool:
        function, _, row = place
        return int(context.roles.codes(function)[row]) != forward

    return is_machinery


def _all_names(model: Model) -> Iterator[str]:
    for variable in model.variables:
        yield variable.name
    yield from (model.graph.name(OpRow(row)) for row in range(len(model.graph)))


def find_while_typing(
    context: AnalysisContext, text: str, *, limit: int = 50, offset: int = 0, program: str | None = MAIN
) -> FindResult:
    """Find as `find` does; a query that cannot be understood yet finds nothing, and what is wrong with it is a hint."""
    try:
        return find(context, text, limit=limit, offset=offset, program=program, is_ranked=True)
    except QueryError as error:
        return FindResult(text, (), 0, 0, offset, hints=(str(error),))


def _scopes(model: Model, query: Query) -> list[str]:
    if not query.words or any(field != "in" for field, _ in query.terms):
        return []
    wanted = ((model.variable_scopes, query.wants_variables), (model.op_scopes, query.wants_ops))
    words = [word.casefold().strip("/") for word in query.words]

    def fits(path: str) -> bool:
        folded = path.casefold()
        return all(word in folded and leaf_of(word) in leaf_of(folded) for word in words)

    paths = {tree.path(ScopeId(scope)) for tree, is_wanted in wanted if is_wanted for scope in range(1, len(tree))}
    found = filter(fits, paths)
    return sorted(found, key=lambda path: (path.count("/"), path))


def matching_variables(context: AnalysisContext, text: str) -> list[Variable]:
    """Return the variables that fit a query; those that only ops can fit leave none.

    Raises:
        QueryError: the query cannot be understood.
    """
    query = parse_query(text)
    return list(_variables(context, query)) if query.wants_variables else []


def matching_ops(context: AnalysisContext, text: str, function: str = "") -> list[int]:
    """Return the rows of the ops of the main graph, or of a function, that fit a query.

    Raises:
        QueryError: the query cannot be understood, or asks for what only variables have.
    """
    query = parse_query(text)
    if not query.wants_ops:
        raise QueryError(f"{text} finds variables only; ops are found by op:, role:, name:, scope: or words")
    return [int(row) for where, _, row in _ops(context, query) if where == function]


def _hints(model: Model, query: Query) -> Iterator[str]:
    """Say what may have been meant by values that nothing has."""
    types = {
        name for table in (model.graph, *(f.body for f in model.functions.values())) for name in table.columns.types
    }
    known: dict[str, set[str]] = {
        "op": types,
        "dtype": {variable.dtype for variable in model.variables},
        "kind": {str(variable.kind) for variable in model.variables},
        "collection": {collection.name for collection in model.collections},
    }
    for field, values in known.items():
        for glob in query.values(field):
            if any(_fits_in_any_case(glob, value) for value in values):
                continue
            near = spelled_alike(glob, sorted(values))
            proposal = f"; near it: {', '.join(near)}" if near else ""
            yield f"nothing here has {field}:{glob}{proposal}"
    for text in query.values("shape"):
        sizes = parse_shape(text)
        if len(sizes) > 1 and "..." not in sizes and sizes[0] == "*":
            yield f"shape:{text} asks for {len(sizes)} dimensions; shape:[...,{sizes[-1]}] is any number of them"
    if query.values("time") and model.runs is None:
        yield "no step is recorded here: time: asks for an event file or RunMetadata with a full trace"
    if not query.wants_variables and not query.wants_ops:
        yield "of its fields, some find variables only and some ops only: nothing can fit all of them"
    for glob in query.values("name"):
        if "*" not in glob and "?" not in glob:
            yield f"name:{glob} asks for that whole name; name:*{glob}* finds it anywhere"


def _variables(context: AnalysisContext, query: Query) -> Iterator[Variable]:
    name_fits = _name_test(query)
    columns = [(BY_SEARCH[field], value) for field, value in query.terms if field in BY_SEARCH and field != "name"]
    columns.sort(key=lambda term: term[0].is_derived)
    is_object = any(word.startswith(ROOT) for word in query.words)  # as TensorFlow's errors call it
    for row in rows_of(context):
        variable = row.variable
        names = object_names(variable) if is_object else (variable.name, *(part.name for part in variable.parts))
        if any(map(name_fits, names)) and all(
            _CELL_TESTS[column.head.format](value, column.value(row)) for column, value in columns
        ):
            yield variable


def _any_fits(glob: str, texts: tuple[str, ...]) -> bool:
    pattern = glob_pattern(glob)
    return any(pattern.fullmatch(text) for text in texts)


def _fits_in_any_case(glob: str, text: str) -> bool:
    """Whether a word of TensorFlow fits (an op type, a dtype): no two of them differ in case alone."""
    return glob_pattern(glob, re.IGNORECASE).fullmatch(text) is not None


def _fits_number(text: str, number: int | None) -> bool:
    compare, bound = parse_count(text)
    return number is not None and compare(number, bound)


_CELL_TESTS: Mapping[Format, Callable[[str, Any], bool]] = {
    "name": lambda glob, name: _any_fits(glob, (name,)),
    "names": _any_fits,
    "word": _fits_in_any_case,
    "count": _fits_number,
    "bytes": _fits_number,
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


def _ops(context: AnalysisContext, query: Query) -> Iterator[tuple[str, OpTable, OpRow]]:
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
        name != left_out and all(_fits_in_any_case(glob, name) for glob in query.values("op")) for name in columns.types
    ]
    devices = [all(_fits_in_any_case(glob, name) for glob in query.values("device")) for name in columns.devices]
    fitting = np.array(types, dtype=bool)[columns.type_id] if types else np.zeros(0, dtype=bool)
    return np.asarray(fitting & np.array(devices, dtype=bool)[columns.device_id])


def _has_role(context: AnalysisContext, function: str, globs: tuple[str, ...]) -> NDArray[np.bool_] | bool:
    """Return which rows have a role that fits; roles are worked out only if they are asked for."""
    if not globs:
        return True
    wanted = np.array([all(_fits_in_any_case(glob, role) for glob in globs) for role in ROLES])
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
    return all(context.dtype is not None and _fits_in_any_case(glob, context.dtype) for glob in dtypes) and all(
        context.shape_known and shape_matches(parse_shape(text), context.shape) for text in shapes
    )


def _variable_hit(variable: Variable) -> Hit:
    return Hit(
        "variable",
        variable.name,
        "",
        variable.kind,
        variable.dtype,
        variable.shape,
        True,
        variable.device,
    )


def _op_hit(model: Model, function: str, table: OpTable, row: OpRow) -> Hit:
    context = output_facts(model, function, row, 0)
    return Hit(
        "op",
        table.name(row),
        function,
        table.op_type(row),
        context.dtype,
        context.shape,
        context.shape_known,
        table.device(row),
    )
