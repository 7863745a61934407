"""Which ops and variables fit a query?"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from scopeview.analysis.answers.query_matches import fits_in_any_case, ops_that_fit, variables_that_fit
from scopeview.analysis.answers.ranking import ranked
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.roles import ROLES
from scopeview.analysis.derive.tensor_types import output_facts
from scopeview.analysis.error_words import names_in
from scopeview.analysis.query import Query, parse_query, parse_shape
from scopeview.analysis.suggestions import near_leaves, spelled_alike
from scopeview.errors import QueryError
from scopeview.model.entry_point import MAIN
from scopeview.model.model import Model
from scopeview.model.names import leaf_of
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
    variables = list(variables_that_fit(context, query)) if query.wants_variables else []
    places = list(ops_that_fit(context, query)) if query.wants_ops else []
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
            if any(fits_in_any_case(glob, value) for value in values):
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
