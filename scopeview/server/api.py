"""The questions of the page, one route each; every answer is an analysis's result as `--json` prints it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from scopeview.analysis.answers.card import ModelCard
from scopeview.analysis.answers.collections import CollectionsReport, collections
from scopeview.analysis.answers.costs import CostKey, CostReport, costs
from scopeview.analysis.answers.find import FindResult, find, find_while_typing
from scopeview.analysis.answers.inspect import Inspection, ModelSummary, first_of, inspect, summarize
from scopeview.analysis.answers.map_opening import MapOpening, map_opening
from scopeview.analysis.answers.programs import ProgramRecord, programs_of
from scopeview.analysis.answers.scope_map import AccessKind, MapFilter, ScopeMap, scope_map
from scopeview.analysis.answers.sharing import SharingReport, sharing, sharing_of
from scopeview.analysis.answers.show import Detail, detail
from scopeview.analysis.answers.values import ValuesReport, VariableValues, values_of, values_report
from scopeview.analysis.answers.variables import VariableTablePage, variable_table
from scopeview.analysis.card import full_card
from scopeview.analysis.derive.roles import Role
from scopeview.analysis.lint.by_scope import FindingsByScope, findings_by_scope
from scopeview.analysis.lint.page import RulePage, rule_page
from scopeview.analysis.lint.run import LintReport, lint
from scopeview.analysis.trees.pages import TreeName, TreePage, tree_page
from scopeview.errors import NotFoundError, QueryError
from scopeview.model.code_lines import SourceExcerpt
from scopeview.readers.fence import LONGEST_PATH, fenced
from scopeview.readers.source_lines import source_excerpt
from scopeview.render.markdown_card import CardText, card_markdown
from scopeview.server.allowed_paths import PlacesPage, openable
from scopeview.server.error_responses import RESPONSES
from scopeview.server.queries import Ask, Limit, Offset, Program, Queries, plain
from scopeview.server.runs import NO_RUNS, RunList
from scopeview.workspace import OpenModel

router = APIRouter(prefix="/api", responses=RESPONSES)


class OpenRequest(BaseModel):
    """What to open."""

    path: str = Field(max_length=LONGEST_PATH)
    artifact: str | None = Field(default=None, max_length=LONGEST_PATH)
    tags: list[str] | None = Field(default=None, max_length=100)


@router.get("/models", response_model=list[OpenModel])
def models(queries: Ask) -> Any:
    """List the models that are open, and how far those are that are being read."""
    return plain(queries.workspace.models())


@router.post("/models", response_model=OpenModel)
def open_model(wanted: OpenRequest, queries: Ask) -> Any:
    """Open an artifact under one of the served paths."""
    path, within = queries.allowed_paths.allowed(wanted.path)
    tags = tuple(wanted.tags) if wanted.tags is not None else None
    identity = queries.workspace.open(path, artifact=wanted.artifact, tags=tags, within=within)
    return plain(queries.workspace.model(identity))


@router.post("/models/{model}/reload", response_model=OpenModel)
def reload_model(model: str, queries: Ask) -> Any:
    """Read a model again."""
    queries.workspace.reload(model)
    return plain(queries.workspace.model(model))


@router.delete("/models/{model}", response_model=list[OpenModel])
def close_model(model: str, queries: Ask) -> Any:
    """Close a model, or give up reading it; return those that are left."""
    path = queries.workspace.model(model).path
    queries.workspace.close(model)
    sent = queries.allowed_paths.uploads.folder_of(Path(path))
    if sent is not None and not any(sent in Path(other.path).parents for other in queries.workspace.models()):
        queries.allowed_paths.uploads.remove(sent)  # nothing else of what was sent together is open
    return plain(queries.workspace.models())


@router.post("/models/{model}/import", response_model=OpenModel)
def import_model(model: str, queries: Ask) -> Any:
    """Import a model through TensorFlow in the background; its shapes and findings join the answers when it is done."""
    queries.workspace.import_model(model)
    return plain(queries.workspace.model(model))


@router.post("/upload", response_model=list[OpenModel])
async def upload(
    request: Request,
    queries: Ask,
    name: str = "upload",
    group: Annotated[str, Query(description="What is sent together, such as the files of a checkpoint.")] = "",
    left: Annotated[int, Query(ge=0, description="Files of the group that are still to come.")] = 0,
) -> Any:
    """Take a file that was dropped on the page, and open its group with the last; it is kept until it is closed."""
    folder = await queries.allowed_paths.uploads.keep(name, group, request.stream())
    opened = [queries.workspace.open(str(path), within=[folder]) for path in openable(folder)] if not left else []
    return plain([queries.workspace.model(identity) for identity in opened])


@router.get("/places", response_model=PlacesPage)
def allowed_paths(queries: Ask, under: str = "") -> Any:
    """List files and folders under the served roots, for opening by path."""
    return plain(queries.allowed_paths.listed(under))


@router.get("/runs", response_model=RunList)
def runs(queries: Ask) -> Any:
    """List the runs of TensorBoard's logdir and the graphs of each; none where the page is not a tab of TensorBoard."""
    return plain(queries.runs.listed() if queries.runs is not None else NO_RUNS)


@router.get("/models/{model}/summary", response_model=ModelSummary)
async def summary(model: str, queries: Ask) -> Any:
    """Say what the artifact is, and its totals."""
    return await queries.ask(model, summarize)


@router.get("/models/{model}/inspection", response_model=Inspection)
async def inspection(model: str, queries: Ask, limit: Limit = 5000) -> Any:
    """Return what `scopeview inspect --json` prints; `left_out` says where lists are longer than was asked for."""
    return await queries.ask(model, lambda context: first_of(inspect(context, _card(queries, model)), limit))


@router.get("/models/{model}/card", response_model=ModelCard)
async def card(model: str, queries: Ask, program: Program = None) -> Any:
    """Describe the model in a few lines, from structure alone: inputs, outputs, parts, parameters, what is shared."""
    return await queries.ask(model, lambda _context: _card(queries, model, program))


@router.get("/models/{model}/card/markdown", response_model=CardText)
async def card_as_markdown(model: str, queries: Ask, program: Program = None) -> Any:
    """Write the card as Markdown, to paste into an issue."""
    path = queries.workspace.model(model).path
    return await queries.ask(
        model, lambda _context: CardText(card_markdown(_card(queries, model, program), Path(path).name))
    )


@router.get("/models/{model}/programs", response_model=list[ProgramRecord])
async def programs(model: str, queries: Ask) -> Any:
    """List what can be run: signatures, functions of the object graph, the main graph."""
    return await queries.ask(model, programs_of)


@router.get("/models/{model}/tree", response_model=TreePage)
async def tree(  # noqa: PLR0913 - one parameter per field of the query
    model: str,
    queries: Ask,
    tree: TreeName = "ops",
    scope: str = "",
    fold: Annotated[bool, Query(description="Whether numbered twins are shown as one.")] = True,
    offset: Offset = 0,
    limit: Limit = 200,
    program: Program = None,
) -> Any:
    """List the children of one scope of a tree."""
    return await queries.ask(
        model,
        lambda context: tree_page(context.in_program(program), tree, scope, offset=offset, limit=limit, fold=fold),
    )


@router.get("/models/{model}/findings", response_model=FindingsByScope)
async def findings(model: str, queries: Ask, scope: str = "") -> Any:
    """Count errors and warnings by the children of a scope; others are answered while all rules run for it."""
    return await queries.run_slow_query(model, lambda context: findings_by_scope(context, scope))


@router.get("/models/{model}/show", response_model=Detail)
async def show(model: str, queries: Ask, name: str, limit: Limit = 50, program: Program = None) -> Any:
    """Return everything that stands under a name, as `scopeview show --json` does."""
    return await queries.ask(model, lambda context: detail(context, name, limit=limit, program=program))


@router.get("/models/{model}/find", response_model=FindResult)
async def find_in(
    model: str,
    queries: Ask,
    q: str,
    typing: Annotated[bool, Query(description="Whether it is half written: what is wrong becomes a hint.")] = False,
    offset: Offset = 0,
    limit: Limit = 50,
    program: Program = None,
) -> Any:
    """Find ops and variables, as `scopeview find --json` does."""
    ask = find_while_typing if typing else find
    return await queries.ask(model, lambda context: ask(context, q, offset=offset, limit=limit, program=program))


@router.get("/models/{model}/sharing", response_model=SharingReport)
async def sharing_in(
    model: str,
    queries: Ask,
    variable: str = "",
    minimum: Annotated[int, Query(ge=0)] = 2,
    limit: Limit = 500,
    program: Program = None,
) -> Any:
    """Say who shares which variable, as `scopeview sharing --json` does."""
    if variable:
        return await queries.ask(model, lambda context: sharing_of(context.for_sharing(program), variable))
    return await queries.ask(model, lambda context: sharing(context.for_sharing(program), minimum=minimum, limit=limit))


@router.get("/models/{model}/collections", response_model=CollectionsReport)
async def collections_of(model: str, queries: Ask, name: str = "", limit: Limit = 500) -> Any:
    """Say what collections hold, as `scopeview collections --json` does, each as far as was asked for."""
    return await queries.ask(model, lambda context: collections(context, name=name, limit=limit))


@router.get("/models/{model}/lint", response_model=LintReport)
async def lint_of(model: str, queries: Ask, checkpoint: str = "") -> Any:
    """Say what may be wrong, as `scopeview lint --json --severity info` does."""
    if checkpoint:
        return await queries.ask_both(model, checkpoint, lambda: lint(queries.workspace.subject(model, checkpoint)))
    return await queries.run_slow_query(model, lambda _context: lint(queries.workspace.subject(model)))


@router.get("/models/{model}/map", response_model=ScopeMap)
async def map_of(  # noqa: PLR0913 - one parameter per field of the query
    model: str,
    queries: Ask,
    left: Annotated[list[str], Query(description="Variable scopes that are open.")] = [],  # noqa: B006
    right: Annotated[list[str], Query(description="Op scopes that are open.")] = [],  # noqa: B006
    shared: bool = False,
    collection: str = "",
    role: Role | Literal["all"] = "forward",
    kind: AccessKind = "both",
    limit: Limit = 1000,
    program: Program = None,
) -> Any:
    """Draw ribbons from variables to the op scopes that read or write them."""
    chosen = MapFilter(shared, collection, "" if role == "all" else role, kind)
    return await queries.ask(
        model, lambda context: scope_map(context.in_program(program), left, right, chosen, limit=limit)
    )


@router.get("/models/{model}/map/opening", response_model=MapOpening)
async def map_opening_of(model: str, queries: Ask, program: Program = None) -> Any:
    """Say which scopes of the map to open at first."""
    return await queries.ask(model, lambda context: map_opening(context.in_program(program)))


@router.get("/models/{model}/variables", response_model=VariableTablePage)
async def variables(  # noqa: PLR0913 - one parameter per field of the query
    model: str,
    queries: Ask,
    q: str = "",
    sort: str = "name",
    descending: bool = False,
    attached: bool = False,
    offset: Offset = 0,
    limit: Limit = 200,
) -> Any:
    """List variables, sorted and filtered."""
    return await queries.ask(
        model,
        lambda context: variable_table(
            context, q, sort=sort, descending=descending, attached=attached, offset=offset, limit=limit
        ),
    )


@router.get("/models/{model}/costs", response_model=CostReport)
async def costs_of(  # noqa: PLR0913 - one parameter per field of the query
    model: str,
    queries: Ask,
    scope: str = "",
    run: str | None = None,
    by_op: bool = False,
    sort: CostKey | None = None,
    offset: Offset = 0,
    limit: Limit = 50,
    program: Program = None,
) -> Any:
    """Say what the computation costs, as `scopeview costs --json` does."""
    chosen = {"program": program, "run": run, "by_op": by_op, "sort": sort, "limit": limit, "offset": offset}
    return await queries.ask(model, lambda context: costs(context, scope, **chosen))  # type: ignore[arg-type]


@router.get("/models/{model}/source", response_model=SourceExcerpt)
def source(
    model: str,
    queries: Ask,
    file: Annotated[str, Query(max_length=LONGEST_PATH, description="As the trace names it.")],
    line: Annotated[int, Query(ge=1, le=1 << 31)],
    around: Annotated[int, Query(ge=0, le=50, description="How many lines before and after it.")] = 6,
) -> Any:
    """Read the lines of code around one that a trace names, under the folder of the script that was traced."""
    found = queries.workspace.context(model, timeout_s=0).model
    if found.trace is None:
        raise QueryError("this model has no trace, which names lines of code; open the .scopetrace that has")
    with fenced(queries.workspace.within(model)):  # read anew each time: the file may have changed
        return plain(source_excerpt(found.trace, Path(found.origin.file), file, line, around))


@router.get("/models/{model}/values", response_model=ValuesReport)
async def values(model: str, queries: Ask, q: str = "", offset: Offset = 0, limit: Limit = 200) -> Any:
    """Describe the values of variables, as `scopeview values --json` does."""
    return await queries.run_slow_query(
        model, lambda _context: values_report(*queries.workspace.stored(model), query=q, offset=offset, limit=limit)
    )


@router.get("/models/{model}/values-of", response_model=list[VariableValues])
async def values_of_one(model: str, queries: Ask, name: str) -> Any:
    """Describe the values of one variable as each checkpoint that is open holds them."""
    return await queries.ask_all(
        model, lambda: values_of(queries.workspace.context(model), name, queries.workspace.holders(model))
    )


def _card(queries: Queries, model: str, program: str | None = None) -> ModelCard:
    subject = queries.workspace.subject(model)
    return full_card(subject.context, subject.checkpoint, program=program)


@router.get("/lint/rules/{code}", response_model=RulePage)
async def rule_of(code: str) -> RulePage:
    """Explain a lint rule, as `scopeview lint --explain` does."""
    return rule_page(code)


@router.get("/{rest:path}", include_in_schema=False)
def unknown(rest: str) -> Any:
    """Say that there is no such question."""
    raise NotFoundError(f"there is nothing at /api/{Path(rest)}")
