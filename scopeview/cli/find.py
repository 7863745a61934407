"""`scopeview find`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scopeview.cli.options import Source, output_options, paging_options, print_json, program_option, source_options

if TYPE_CHECKING:
    from scopeview.analysis.answers.variables import VariableTablePage
    from scopeview.analysis.context import AnalysisContext


@click.command("find")
@source_options
@click.argument("query", nargs=-1, required=True)
@paging_options("Hits", "of one page", 50)
@click.option(
    "--columns",
    metavar="KEYS",
    help="Show variables alone, as a table of these columns: name,shape,uses; `all` for every column.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print that table as CSV, with every column if none is named.")
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
    columns: str | None,
    as_csv: bool,
    program: str | None,
    as_json: bool,
    color: bool | None,
) -> None:
    """Find ops and variables.

    QUERY is words and fields that must all fit: op:MatMul name:rnn/* dtype:float32 collection:trainable_variables
    shape:[*,256] device:*GPU* scope:PATH role:forward time:>1ms flops:>1M in:ops; for variables alone key:GLOB
    kind:GLOB shared:>1 sites:>1 readers:0 slots:>0 parameters:>1000 bytes:>4000 initializer:GLOB trainable:yes
    output:>4000. With in:variables, time: and flops: are those of the ops that read it. In a value * and ? are wild.
    """
    from scopeview.analysis.answers.find import find
    from scopeview.analysis.context import AnalysisContext
    from scopeview.render.text.console import make_console
    from scopeview.render.text.find import print_find

    model = Source(path, tags, artifact, importing, timeout).load()
    context, text = AnalysisContext(model), " ".join(query)
    if columns is not None or as_csv:
        page = _table(context.in_program(program), text, columns, limit=limit, offset=offset)
        _print_table(page, as_csv=as_csv, as_json=as_json, color=color)
        return
    result = find(context, text, limit=limit, offset=offset, program=program)
    if as_json:
        print_json(result)
    else:
        print_find(make_console(color=color, whole=True), result)


def _table(context: AnalysisContext, query: str, columns: str | None, *, limit: int, offset: int) -> VariableTablePage:
    from scopeview.analysis.answers.variables import variable_table

    keys = [] if columns in (None, "all") else [key.strip() for key in str(columns).split(",") if key.strip()]
    return variable_table(context, query, columns=keys, attached=True, limit=limit, offset=offset)


def _print_table(page: VariableTablePage, *, as_csv: bool, as_json: bool, color: bool | None) -> None:
    from scopeview.render.csv import variables_csv
    from scopeview.render.text.console import make_console
    from scopeview.render.text.variables import print_variables

    if as_json:
        print_json(page)
    elif as_csv:
        click.echo(variables_csv(page), nl=False)
    else:
        print_variables(make_console(color=color, whole=True), page)
