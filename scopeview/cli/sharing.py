"""`scopeview sharing`."""

from __future__ import annotations

import click

from scopeview.cli.options import Source, output_options, print_json, program_option, source_options


@click.command("sharing")
@source_options
@click.argument("variable", required=False)
@click.option(
    "--min",
    "minimum",
    type=click.IntRange(0),
    default=2,
    show_default=True,
    help="Call sites that a variable must have.",
)
@click.option("--scope", default="", metavar="PREFIX", help="Only variables in this variable scope.")
@click.option("--collection", default="", metavar="NAME", help="Only members of this collection.")
@click.option(
    "--all", "show_all", is_flag=True, help="Every variable: unshared ones, optimizer slots and averages too."
)
@click.option("--limit", type=click.IntRange(1), default=500, show_default=True, help="Variables to list.")
@program_option
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    path: str,
    variable: str | None,
    tags: str | None,
    artifact: str | None,
    importing: bool,
    timeout: int,
    minimum: int,
    scope: str,
    collection: str,
    show_all: bool,
    limit: int,
    program: str | None,
    as_json: bool,
    color: bool | None,
) -> None:
    """Show who shares which variable, by dataflow and not by name.

    Lists the variables that the computation uses at several op scopes (call sites), each call site with its relation
    to the variable's scope: home, below, prefixed, re-entry, cross. With VARIABLE, the whole story of that one: where
    it was created, its initializer, every call site with its reads, writers, slots, collections and keys.
    """
    from scopeview.analysis.answers.sharing import sharing, sharing_of
    from scopeview.analysis.context import AnalysisContext
    from scopeview.render.text.console import make_console
    from scopeview.render.text.sharing import print_sharing, print_variable

    context = AnalysisContext(Source(path, tags, artifact, importing, timeout).load()).for_sharing(program)
    if not len(context.model.graph):
        click.echo(f"{path} has no graph, so nothing says who uses a variable: pass its .meta or .pb", err=True)
    if variable is not None:
        report = sharing_of(context, variable)
    else:
        report = sharing(
            context,
            minimum=0 if show_all else minimum,
            scope=scope.strip("/"),
            collection=collection,
            attached=show_all,
            limit=limit,
        )
    if as_json:
        print_json(report)
        return
    console = make_console(color=color)
    if variable is None:
        print_sharing(console, report)
        return
    for use in report.variables:
        print_variable(console, use)
