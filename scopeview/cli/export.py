"""`scopeview export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopeview.cli.options import Source, program_option, source_options

if TYPE_CHECKING:
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.graph_view.expanded import WholeGraph
    from scopeview.analysis.graph_view.view_options import ViewOptions

_FORMATS = ("svg", "dot", "json", "graphml")


@click.command("export")
@source_options
@click.option("--scope", default="", help="The scope to draw; all of the graph without it.")
@click.option("--open", "opened", multiple=True, metavar="SCOPE", help="A scope to open; repeat for several.")
@click.option("--levels", type=click.IntRange(1, 50), default=1, show_default=True, help="Levels of scopes to draw.")
@click.option("--function", default="", help="A function of the library to draw in place of the main graph.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    metavar="ROLE",
    type=click.Choice(["update", "gradient", "summary", "bookkeeping", "init", "save"]),
    help="Draw what serves this in place, too; repeat for several.",
)
@click.option(
    "--show",
    "shown",
    multiple=True,
    metavar="PATH",
    help="Draw this in place although what it serves is hidden by role; repeat for several.",
)
@click.option(
    "--unfold",
    "unfolded",
    multiple=True,
    metavar="PATH",
    help="Draw one by one the twins of which this is one; repeat for several.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(_FORMATS),
    help="Form of the output; without it as FILE ends, else dot.",
)
@click.option("--sideways", is_flag=True, help="With SVG: inputs at the left, not at the bottom.")
@program_option
@click.option("-o", "--output", "target", metavar="FILE", help="The file to write; standard output without it.")
def command(  # noqa: PLR0913 - one parameter per option
    path: str,
    tags: str | None,
    artifact: str | None,
    importing: bool,
    timeout: int,
    scope: str,
    opened: tuple[str, ...],
    levels: int,
    function: str,
    roles: tuple[str, ...],
    shown: tuple[str, ...],
    unfolded: tuple[str, ...],
    output: str | None,
    sideways: bool,
    program: str | None,
    target: str | None,
) -> None:
    """Write the dataflow of a scope as it is drawn: scopes as boxes, variables as one node, twins folded.

    SVG has the layout of the page and needs Node 20 or later; DOT, GraphML and JSON need nothing.
    """
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.graph_view.expanded import whole_graph
    from scopeview.analysis.graph_view.view_options import ViewOptions
    from scopeview.errors import ScopeviewError
    from scopeview.model.entry_point import MAIN

    context = AnalysisContext(Source(path, tags, artifact, importing, timeout).load())
    context = context.in_program(program or (MAIN if function else None))
    view_options = ViewOptions(frozenset(roles), frozenset(shown), frozenset(unfolded))  # type: ignore[arg-type]
    found = whole_graph(context, scope, opened, layers=levels, function=function, view_options=view_options)
    _check(context, found, opened)
    output = output or next((name for name in _FORMATS if target is not None and target.endswith(f".{name}")), "dot")
    written = _svg(context, found, view_options, sideways) if output == "svg" else _written(found, output)
    if target is None:
        click.echo(written, nl=False)
        return
    try:
        Path(target).write_text(written, "utf-8")
    except OSError as error:
        raise ScopeviewError(
            f"{target} cannot be written: {error.strerror}; name a file in a folder that exists"
        ) from error
    click.echo(f"wrote {target}")


def _check(context: AnalysisContext, found: WholeGraph, opened: tuple[str, ...]) -> None:
    """Refuse what would be an empty picture, or less than was asked for."""
    from scopeview.errors import NotFoundError, ScopeviewError

    model = context.model
    if not len(model.graph):
        raise ScopeviewError(f"{model.origin.path} has no graph: a picture needs a .pb, a .meta or a SavedModel")
    tree = model.functions[found.function].body.scopes if found.function else model.op_scopes
    missing = next((path for path in opened if tree.find(path) is None), None)
    if missing is not None:
        raise NotFoundError(f"there is no scope {missing!r} to open among the ops of {model.origin.path}")


def _svg(context: AnalysisContext, graph: WholeGraph, view_options: ViewOptions, sideways: bool) -> str:
    from scopeview.analysis.graph_view.subgraph import picture
    from scopeview.render.svg import to_svg
    from scopeview.server.pages import static_folder

    opened = [node.item.path for node in graph.nodes if node.is_open]
    pictures = {
        path: picture(context, path, function=graph.function, view_options=view_options)
        for path in (graph.scope, *opened)
    }
    drawn, is_plain = to_svg(pictures, opened, static_folder(), sideways=sideways)
    if is_plain:
        click.echo("the layout engine took too long: drawn in plain layers; close some scopes", err=True)
    return drawn


def _written(graph: WholeGraph, output: str) -> str:
    from scopeview.render.as_json import document
    from scopeview.render.dot import to_dot, to_graphml

    match output:
        case "dot":
            return to_dot(graph)
        case "graphml":
            return to_graphml(graph)
        case _:
            return f"{document(graph)}\n"
