"""`scopeview collections`."""

from __future__ import annotations

import click

from scopeview.cli.options import Source, output_options, print_json, source_options


@click.command("collections")
@source_options
@click.argument("name", required=False)
@click.option(
    "--scope", default="", metavar="PREFIX", help="In the JSON, only the membership of variables in this scope."
)
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    path: str,
    name: str | None,
    tags: str | None,
    artifact: str | None,
    importing: bool,
    timeout: int,
    scope: str,
    as_json: bool,
    color: bool | None,
) -> None:
    """Show what every collection holds, how they differ, and what the savers store.

    With NAME, every member of that collection, what it is, and the other collections that hold it.
    """
    from scopeview.analysis.answers.collections import collections
    from scopeview.analysis.context import AnalysisContext
    from scopeview.render.text.collections import print_collections
    from scopeview.render.text.console import make_console

    context = AnalysisContext(Source(path, tags, artifact, importing, timeout).load())
    report = collections(context, name=name or "", scope=scope.strip("/"))
    if as_json:
        print_json(report)
    else:
        print_collections(make_console(color=color), report, whole=name is not None)
