"""`scopeview export`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopeview.cli.options import Source, program_option, source_options

if TYPE_CHECKING:
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.graph_view.expanded import WholeGraph
    from scopeview.analysis.graph_view.view_options import ViewOptions
    from scopeview.render.svg import FigureStyle

_FORMATS = ("svg", "pdf", "dot", "json", "graphml")
_COLORINGS = ("role", "type", "device", "sharing", "collection", "structure", "dtype")
_SMALL_PT = 5.0
"""Points: what is smaller cannot be read on paper."""


_MOST_WIDE = 100_000


def _length(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[float, str] | None:
    """Return the number and the unit of a length of CSS; pixels without a unit."""
    if value is None:
        return None
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(px|pt|mm|cm|in)?", value.strip())
    if found is None or not 0 < float(found[1]) <= _MOST_WIDE:
        raise click.BadParameter(f"{value!r} is no width; write a number with px, pt, mm, cm or in: 85mm")
    return float(found[1]), found[2] or "px"


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
@click.option("--sideways", is_flag=True, help="With SVG and PDF: inputs at the left, not at the bottom.")
@click.option(
    "--width", callback=_length, metavar="LENGTH", help="With SVG and PDF: how wide the figure is: 85mm, 3.3in, 480px."
)
@click.option(
    "--color-by",
    "coloring",
    type=click.Choice(_COLORINGS),
    default="role",
    show_default=True,
    help="With SVG and PDF: what boxes are colored by.",
)
@click.option(
    "--legend/--no-legend",
    "has_legend",
    default=True,
    show_default=True,
    help="With SVG and PDF: write below what colors and lines mean.",
)
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
    width: tuple[float, str] | None,
    coloring: str,
    has_legend: bool,
    program: str | None,
    target: str | None,
) -> None:
    """Write the dataflow of a scope as it is drawn: scopes as boxes, variables as one node, twins folded.

    SVG has the layout of the page and needs Node 20 or later; PDF needs Chromium or Chrome as well, and has its letters
    inside. Both are on a light ground. DOT, GraphML and JSON need nothing.
    """
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.graph_view.expanded import whole_graph
    from scopeview.analysis.graph_view.view_options import ViewOptions
    from scopeview.errors import ScopeviewError
    from scopeview.model.entry_point import MAIN
    from scopeview.render.pdf import to_pdf
    from scopeview.render.svg import FigureStyle

    context = AnalysisContext(Source(path, tags, artifact, importing, timeout).load())
    context = context.in_program(program or (MAIN if function else None))
    view_options = ViewOptions(frozenset(roles), frozenset(shown), frozenset(unfolded))  # type: ignore[arg-type]
    found = whole_graph(context, scope, opened, layers=levels, function=function, view_options=view_options)
    _check(context, found, opened)
    output = output or next((name for name in _FORMATS if target is not None and target.endswith(f".{name}")), "dot")
    content = _written(found, output).encode() if output not in ("svg", "pdf") else b""
    if not content:
        style = FigureStyle(coloring, has_legend, width)
        svg = _svg(context, found, view_options, style, sideways=sideways)
        content = to_pdf(svg) if output == "pdf" else svg.encode()
    if target is None:
        click.echo(content, nl=False)
        return
    try:
        Path(target).write_bytes(content)
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


def _svg(
    context: AnalysisContext, graph: WholeGraph, view_options: ViewOptions, style: FigureStyle, *, sideways: bool
) -> str:
    from scopeview.analysis.graph_view.subgraph import picture
    from scopeview.render.svg import smallest_text, to_svg
    from scopeview.server.pages import static_folder

    opened = [node.item.path for node in graph.nodes if node.is_open]
    pictures = {
        path: picture(context, path, function=graph.function, view_options=view_options)
        for path in (graph.scope, *opened)
    }
    drawn, is_plain = to_svg(pictures, opened, static_folder(), sideways=sideways, style=style)
    if is_plain:
        click.echo("the layout engine took too long: drawn in plain layers; close some scopes", err=True)
    points = smallest_text(drawn, style)
    if style.width is not None and points < _SMALL_PT:
        advice = "draw one scope with --scope, open fewer, or pass a larger --width"
        click.echo(f"the smallest text is {points:.1f} pt high at this width: {advice}", err=True)
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
