"""`scopeview find`."""

from __future__ import annotations

import click

from scopeview.cli.options import Source, output_options, print_json, program_option, source_options


@click.command("find")
@source_options
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="Hits of one page.")
@click.option("--offset", type=click.IntRange(0, 1_000_000_000), default=0, help="Hits to skip.")
@program_option
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    path: str,
    query: tuple[str, ...],
    tags: str | None,
    artifact: str | None,
    importing: bool,
    timeout: int,
    limit: int,
    offset: int,
    program: str | None,
    as_json: bool,
    color: bool | None,
) -> None:
    """Find ops and variables.

    QUERY is words and fields that must all fit: op:MatMul name:rnn/* dtype:float32 collection:trainable_variables
    shape:[*,256] device:*GPU* scope:PATH key:GLOB kind:GLOB role:forward shared:>1 parameters:>1000 trainable:yes
    in:ops. In a value *
    and ? are wild.
    """
    from scopeview.analysis.answers.find import find
    from scopeview.analysis.context import AnalysisContext
    from scopeview.render.text.console import make_console
    from scopeview.render.text.find import print_find

    model = Source(path, tags, artifact, importing, timeout).load()
    result = find(AnalysisContext(model), " ".join(query), limit=limit, offset=offset, program=program)
    if as_json:
        print_json(result)
    else:
        print_find(make_console(color=color, whole=True), result)
