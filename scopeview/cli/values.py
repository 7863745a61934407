"""`scopeview values`."""

from __future__ import annotations

import click

from scopeview.cli.options import limit_options, limits, output_options, paging_options, print_json
from scopeview.cli.running import runner, runner_options


@click.command("values")
@click.argument("path")
@click.argument("query", nargs=-1)
@click.option("--tags", help="Tag-set of the MetaGraph to open, comma-separated.")
@click.option("--artifact", help="Which of several artifacts at PATH to open.")
@click.option("--dequantize", is_flag=True, help="Quantized weights as the numbers that they stand for.")
@paging_options("Variables", "to read", 200)
@runner_options
@limit_options
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    path: str,
    query: tuple[str, ...],
    tags: str | None,
    artifact: str | None,
    dequantize: bool,
    limit: int,
    offset: int,
    threads: int | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
    color: bool | None,
) -> None:
    """Describe the values that a checkpoint or a SavedModel holds: mean, deviation, extremes, zeros, NaN.

    QUERY is words and fields as in scopeview find; without one, all variables are read. Memory stays small however
    large they are. Exit code 2 when values that should be there are not, or not whole.
    """
    from scopeview.analysis.answers.values import values_report
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.work import Reading
    from scopeview.cli.options import Source
    from scopeview.cli.progress import reading
    from scopeview.errors import DamagedError
    from scopeview.readers import limited, with_values
    from scopeview.readers.dequantize import dequantized
    from scopeview.render.formats import plural
    from scopeview.render.text.console import make_console
    from scopeview.render.text.values import print_values

    model = Source(path, tags, artifact, importing=False, timeout=0).load()
    with limited(limits()):
        model, values = with_values(model)
        if dequantize:
            model, values = dequantized(model, values)
    size = sum(variable.size_bytes or 0 for variable in model.variables)
    with runner(threads, workers, scheduler) as running, reading("reading values", size) as on_read:
        how = Reading(running, on_read)
        context = AnalysisContext(model)
        found = values_report(context, values, query=" ".join(query), offset=offset, limit=limit, reading=how)
    if as_json:
        print_json(found)
    else:
        print_values(make_console(color=color, whole=True), found)
    if found.missing:
        raise DamagedError(
            f"the values of {plural(found.missing, 'variable')} in {path} are not there, or not whole: a data file "
            "(.data-?????-of-?????) is missing or too short; copy it again"
        )
