"""`scopeview costs`."""

from __future__ import annotations

import click

from scopeview.cli.options import InputFile, Source, limits, output_options, print_json, program_option, source_options

_SORTS = ("time", "memory", "flops", "output_bytes", "parameters")


@click.command("costs")
@source_options
@click.option("--scope", default="", metavar="PREFIX", help="Only ops in this op scope.")
@click.option("--ops", "by_op", is_flag=True, help="List single ops, and not the parts of the scope.")
@click.option("--sort", type=click.Choice(_SORTS), help="What to sort by; time, or FLOPs where no step was recorded.")
@click.option("--run", metavar="NAME", help="Which recorded step; the last one by default.")
@click.option(
    "--run-metadata",
    "recorded",
    type=InputFile(),
    help="A RunMetadata or event file with the times of the graph at PATH.",
)
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="Rows to list.")
@click.option("--offset", type=click.IntRange(0, 1_000_000_000), default=0, help="Rows to skip.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the rows as CSV, numbers in full.")
@program_option
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    path: str,
    tags: str | None,
    artifact: str | None,
    importing: bool,
    timeout: int,
    scope: str,
    by_op: bool,
    sort: str | None,
    run: str | None,
    recorded: str | None,
    limit: int,
    offset: int,
    as_csv: bool,
    program: str | None,
    as_json: bool,
    color: bool | None,
) -> None:
    """Show what the computation costs, and where: time and memory of a recorded step, FLOPs, bytes, parameters.

    Times are those of a step that was run with RunOptions(trace_level=FULL_TRACE), where the event file or RunMetadata
    holds one. FLOPs follow the rules of TensorFlow's profiler over static shapes; unknown sizes, such as the batch,
    count as 1. Where a graph does not say its shapes, --import asks TensorFlow for them.
    """
    from dataclasses import replace
    from typing import cast

    from scopeview.analysis.answers.costs import CostKey, costs
    from scopeview.analysis.context import AnalysisContext
    from scopeview.readers import limited
    from scopeview.readers.step_stats import read_runs
    from scopeview.render.csv import costs_csv
    from scopeview.render.text.console import make_console
    from scopeview.render.text.costs import print_costs

    model = Source(path, tags, artifact, importing, timeout).load()
    if recorded is not None:
        with limited(limits()):
            model = replace(model, runs=read_runs(recorded))
    if not len(model.graph):
        click.echo(f"{path} has no graph, so that nothing is computed: pass its .meta or .pb", err=True)
    report = costs(
        AnalysisContext(model),
        scope.strip("/"),
        program=program,
        run=run,
        by_op=by_op,
        sort=cast("CostKey | None", sort),
        limit=limit,
        offset=offset,
    )
    if as_json:
        print_json(report)
    elif as_csv:
        click.echo(costs_csv(report), nl=False)
    else:
        print_costs(make_console(color=color), report)
