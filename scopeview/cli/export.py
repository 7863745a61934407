"""`scopeview export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopeview.cli.options import Source, source_options

if TYPE_CHECKING:
    from scopeview.analyses.dataflow.level import Wishes
    from scopeview.analyses.dataflow.whole import WholeGraph
    from scopeview.analyses.facts import Facts

_FORMATS = ("svg", "dot", "json", "graphml")


@click.command("export")
@source_options
@click.option("--scope", default="", help="The scope to draw; all of the graph without it.")
@click.option("--open", "opened", multiple=True, metavar="SCOPE", help="A scope to open; repeat for several.")
@click.option("--levels", type=click.IntRange(1, 50), default=1, show_default=True, help="Levels of scopes to draw.")
@click.option("--function", default="", help="A function of the library to draw in place of the main graph.")
@click.option("--role", "roles", multiple=True, metavar="ROLE",
              type=click.Choice(["update", "gradient", "summary", "bookkeeping", "init", "save"]),
              help="Draw what serves this in place, too; repeat for several.")  # fmt: skip
@click.option("--show", "shown", multiple=True, metavar="PATH",
              help="Draw this in place although what it serves is set aside; repeat for several.")  # fmt: skip
@click.option("--unfold", "unfolded", multiple=True, metavar="PATH",
              help="Draw one by one the twins of which this is one; repeat for several.")  # fmt: skip
@click.option(
    "--format", "output", type=click.Choice(_FORMATS), help="Form of the output; without it as FILE ends, else dot.",
)  # fmt: skip
@click.option("--sideways", is_flag=True, help="With SVG: inputs at the left, not at the bottom.")
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
    target: str | None,
) -> None:
    """Write the dataflow of a scope as it is drawn: scopes as boxes, variables as one node, twins folded.

    SVG has the layout of the page and needs Node 20 or later; DOT, GraphML and JSON need nothing.
    """
    from scopeview.analyses.dataflow.level import Wishes
    from scopeview.analyses.dataflow.whole import whole_graph
    from scopeview.analyses.facts import Facts
    from scopeview.errors import ScopeviewError

    facts = Facts(Source(path, tags, artifact, importing, timeout).load())
    wishes = Wishes(frozenset(roles), frozenset(shown), frozenset(unfolded))  # type: ignore[arg-type]
    found = whole_graph(facts, scope, opened, levels=levels, function=function, wishes=wishes)
    _check(facts, found, opened)
    output = output or next((name for name in _FORMATS if target is not None and target.endswith(f".{name}")), "dot")
    written = _svg(facts, found, wishes, sideways) if output == "svg" else _written(found, output)
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


def _check(facts: Facts, found: WholeGraph, opened: tuple[str, ...]) -> None:
    """Refuse what would be an empty picture, or less than was asked for."""
    from scopeview.errors import NotFoundError, ScopeviewError

    model = facts.model
    if not len(model.graph):
        raise ScopeviewError(f"{model.origin.path} has no graph: a picture needs a .pb, a .meta or a SavedModel")
    tree = model.functions[found.function].body.scopes if found.function else model.op_scopes
    missing = next((path for path in opened if tree.find(path) is None), None)
    if missing is not None:
        raise NotFoundError(f"there is no scope {missing!r} to open among the ops of {model.origin.path}")


def _svg(facts: Facts, graph: WholeGraph, wishes: Wishes, sideways: bool) -> str:
    from scopeview.analyses.dataflow.picture import picture
    from scopeview.render.svg import to_svg
    from scopeview.server.pages import static_folder

    opened = [node.item.path for node in graph.nodes if node.is_open]
    pictures = {path: picture(facts, path, function=graph.function, wishes=wishes) for path in (graph.scope, *opened)}
    drawn, is_plain = to_svg(pictures, opened, static_folder(), sideways=sideways)
    if is_plain:
        click.echo("the layout engine took too long: drawn in plain layers; close some scopes", err=True)
    return drawn


def _written(graph: WholeGraph, output: str) -> str:
    from scopeview.render.as_json import dumps
    from scopeview.render.dot import to_dot, to_graphml

    match output:
        case "dot":
            return to_dot(graph)
        case "graphml":
            return to_graphml(graph)
        case _:
            return f"{dumps(graph)}\n"
