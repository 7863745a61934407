"""`scopeview show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scopeview.cli.options import Source, output_options, print_json, program_option, source_options

if TYPE_CHECKING:
    from scopeview.analysis.answers.show import Detail
    from scopeview.model.model import Model


@click.command("show")
@source_options
@click.argument("name")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=50,
    show_default=True,
    help="Consumers, scopes and variables to list.",
)
@click.option("--source", is_flag=True, help="Print the lines of code too; read only under the script's folder.")
@program_option
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    path: str,
    name: str,
    tags: str | None,
    artifact: str | None,
    importing: bool,
    timeout: int,
    limit: int,
    source: bool,
    program: str | None,
    as_json: bool,
    color: bool | None,
) -> None:
    """Show one name in full: op, tensor, scope, variable, checkpoint key, function or collection.

    NAME may be an op (a/b), a tensor (a/b:0), a scope (a), a variable, a checkpoint key, an op in a function body
    ("function: op"), or a collection. A name that is several of these shows all of them. A pasted error message of
    TensorFlow ("Key a/b not found in checkpoint", "{{node a/b}}") shows what it is about.
    """
    from scopeview.analysis.answers.show import detail
    from scopeview.analysis.context import AnalysisContext
    from scopeview.render.text.console import make_console
    from scopeview.render.text.show import print_detail

    model = Source(path, tags, artifact, importing, timeout).load()
    found = detail(AnalysisContext(model), name, limit=limit, program=program)
    if source:
        found = _with_sources(found, model)
    if as_json:
        print_json(found)
    else:
        print_detail(make_console(color=color, whole=True), found)


def _with_sources(found: Detail, model: Model) -> Detail:
    """Read the lines of code that an answer names."""
    from dataclasses import replace

    from scopeview.analysis.answers.named_lines import lines_of
    from scopeview.errors import QueryError
    from scopeview.readers.paths import path_of
    from scopeview.readers.source_lines import source_lines

    if model.trace is None:
        raise QueryError(f"{model.origin.path} has no trace, which names the lines; open the .scopetrace that has")
    return replace(found, sources=source_lines(model.trace, path_of(model.origin.file), lines_of(found)))
