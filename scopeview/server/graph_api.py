"""The questions of the graph view, one route each."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import StringConstraints

from scopeview.analysis.answers.common_variables import CommonVariables, common_variables
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.roles import Role
from scopeview.analysis.graph_view.changes import PictureChanges, changes_in_picture, graph_difference
from scopeview.analysis.graph_view.link_edges import GraphEdges, edges_of_link
from scopeview.analysis.graph_view.measures import Measure, PictureMeasure, measure_picture, measures
from scopeview.analysis.graph_view.opening import Opening, opening
from scopeview.analysis.graph_view.subgraph import GraphPicture, picture
from scopeview.analysis.graph_view.trace import Direction, Trace, trace
from scopeview.analysis.graph_view.view_options import ViewOptions
from scopeview.analysis.graph_view.visibility import LONGEST_RULE, MOST_RULES
from scopeview.model.entry_point import MAIN
from scopeview.server.error_responses import RESPONSES
from scopeview.server.queries import Ask, Limit, Offset, Program

router = APIRouter(prefix="/api", responses=RESPONSES)


Rule = Annotated[str, StringConstraints(max_length=LONGEST_RULE)]


class Seen:
    """How a graph is looked at: what every question about its pictures has in its address."""

    def __init__(  # noqa: PLR0913 - one parameter per field of the query
        self,
        function: Annotated[str, Query(description="The function whose body is drawn; empty for the main graph.")] = "",
        role: Annotated[list[Role], Query(description="Roles that are drawn in place.")] = [],  # noqa: B006
        show: Annotated[list[str], Query(description="Paths that are drawn in place.")] = [],  # noqa: B006
        unfold: Annotated[list[str], Query(description="Paths whose groups are drawn member by member.")] = [],  # noqa: B006
        items: Annotated[int, Query(ge=10, le=2000, description="Items of one scope, before they are folded.")] = 150,
        plumbing: Annotated[bool, Query(description="Draw constants, casts and the like by themselves.")] = False,
        hide: Annotated[list[Rule], Query(max_length=MOST_RULES, description="Queries of what is not drawn.")] = [],  # noqa: B006
        only: Annotated[list[Rule], Query(max_length=MOST_RULES, description="Queries of what is drawn alone.")] = [],  # noqa: B006
        program: Program = None,
    ) -> None:
        self.function = function
        self.program = program or (MAIN if function else None)  # functions are drawn from the library as it is
        self.other_program = MAIN if self.program == MAIN else None
        rules = frozenset(hide), frozenset(only)
        self.view_options = ViewOptions(frozenset(role), frozenset(show), frozenset(unfold), items, plumbing, *rules)

    def of(self, context: AnalysisContext) -> AnalysisContext:
        """Return the context of the program whose graph is drawn."""
        return context.in_program(self.program)


@router.get("/models/{model}/graph", response_model=GraphPicture)
async def graph(model: str, queries: Ask, seen: Annotated[Seen, Depends()], scope: str = "") -> Any:
    """Draw one scope of the op tree: items, what is linked outside, and links."""
    return await queries.ask_first(
        model, lambda context: picture(seen.of(context), scope, function=seen.function, view_options=seen.view_options)
    )


@router.get("/models/{model}/graph/used-by-all", response_model=CommonVariables)
async def graph_used_by_all(
    model: str,
    queries: Ask,
    name: Annotated[list[str], Query(description="Ops, scopes and variables.")],
    program: Program = None,
) -> Any:
    """Find the variables that several ops and scopes all use."""
    return await queries.ask(model, lambda context: common_variables(context.in_program(program), name))


@router.get("/models/{model}/graph/opening", response_model=Opening)
async def graph_opening(model: str, queries: Ask, program: Program = None) -> Any:
    """Say which scopes to open at first."""
    return await queries.ask_first(model, lambda context: first_picture(context, program))


def first_picture(context: AnalysisContext, program: str | None = None) -> Opening:
    """Return which scopes of a program to open at first."""
    return opening(context.in_program(program))


@router.get("/models/{model}/graph/measures", response_model=list[Measure])
async def graph_measures(model: str, queries: Ask, program: Program = None) -> Any:
    """List what the boxes can be colored by: costs, and the overlays that the server was started with."""
    overlays = queries.overlays
    return await queries.ask(model, lambda context: measures(context.in_program(program), overlays))


@router.get("/models/{model}/graph/measure", response_model=PictureMeasure)
async def graph_measure(model: str, queries: Ask, seen: Annotated[Seen, Depends()], name: str, scope: str = "") -> Any:
    """Return a measure of every box of a scope."""
    overlays, options = queries.overlays, seen.view_options
    return await queries.ask(
        model, lambda context: measure_picture(seen.of(context), scope, name, overlays, view_options=options)
    )


@router.get("/models/{model}/graph/edges", response_model=GraphEdges)
async def graph_edges(  # noqa: PLR0913 - one parameter per field of the query
    model: str,
    queries: Ask,
    seen: Annotated[Seen, Depends()],
    source: str,
    target: str,
    scope: str = "",
    offset: Offset = 0,
    limit: Limit = 100,
) -> Any:
    """List the edges that a link stands for."""
    chosen = {"function": seen.function, "view_options": seen.view_options, "offset": offset, "limit": limit}
    return await queries.ask(model, lambda context: edges_of_link(seen.of(context), scope, source, target, **chosen))  # type: ignore[arg-type]


@router.get("/models/{model}/graph/trace", response_model=Trace)
async def graph_trace(  # noqa: PLR0913 - one parameter per field of the query
    model: str,
    queries: Ask,
    seen: Annotated[Seen, Depends()],
    name: Annotated[list[str], Query(description="Ops or scopes to begin at.")],
    direction: Direction = "inputs",
    opened: Annotated[list[str], Query(description="Scopes that are open.")] = [],  # noqa: B006
    depth: Annotated[int, Query(ge=0, description="Steps; 0 for all.")] = 0,
    control: bool = False,
) -> Any:
    """Find what feeds something, what it feeds, or what lies between two."""
    chosen = {"function": seen.function, "view_options": seen.view_options, "depth": depth, "control": control}
    return await queries.ask(model, lambda context: trace(seen.of(context), name, direction, ["", *opened], **chosen))  # type: ignore[arg-type]


@router.get("/diff/graph", response_model=PictureChanges)
async def diff_graph_of(queries: Ask, seen: Annotated[Seen, Depends()], a: str, b: str, scope: str = "") -> Any:
    """Tell what is gone, new, changed or renamed in the picture of a scope of model A, against model B."""
    workspace = queries.workspace

    def compared() -> PictureChanges:
        one, other = seen.of(workspace.context(a)), workspace.context(b).in_program(seen.other_program)
        found = graph_difference(one, other, workspace.difference(a, b).graph)
        return changes_in_picture(one, found, scope, view_options=seen.view_options)

    return await queries.ask_both(a, b, compared)
