"""`scopeview fleet`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from scopeview.cli.options import limit_options, limits, output_options, print_json
from scopeview.cli.running import runner, runner_options

if TYPE_CHECKING:
    from scopeview.analysis.answers.fleet import FleetReport

_TABLES = ("rows", "namespaces", "runs", "drifts")


@click.command("fleet")
@click.argument("patterns", nargs=-1, required=True, metavar="PATTERN...")
@click.option("--values", "with_values", is_flag=True, help="Read the values too: NaN, and the norms over the steps.")
@click.option("--query", default="", help="Read the values of these variables alone, as in scopeview find.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a table as CSV.")
@click.option("--parquet", metavar="FILE", help="Write a table to a parquet file, where pyarrow is installed.")
@click.option(
    "--table", type=click.Choice(_TABLES), default="rows", show_default=True, help="Which table to print or write so."
)
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="Lines of each list.")
@runner_options
@limit_options
@output_options
def command(  # noqa: PLR0913 - one parameter per option
    patterns: tuple[str, ...],
    with_values: bool,
    query: str,
    as_csv: bool,
    parquet: str | None,
    table: str,
    limit: int,
    threads: int | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
    color: bool | None,
) -> None:
    """List many checkpoints or graphs: what each is, which have equal namespaces, where NaN begins, which norms drift.

    PATTERN is a path or URL, in which * and ? stand within a segment and ** for any number of segments; quote it. A
    checkpoint is listed once, by its prefix; of a folder its checkpoints are. What cannot be read is a line that says
    why. Without --values only names are read. Ctrl-C ends it.
    """
    from scopeview.cli.progress import counting
    from scopeview.workers.fleet import fleet

    asked = query if with_values or query else None
    with runner(threads, workers, scheduler) as running, counting() as on_progress:
        most = 1_000_000 if as_json or as_csv or parquet else limit
        report = fleet(patterns, running, query=asked, limit=most, limits=limits(), on_progress=on_progress)
    if parquet is not None:
        _write(report, table, parquet)
    if as_json:
        print_json(report)
    elif as_csv:
        from scopeview.render.records import records_csv

        click.echo(records_csv(*_chosen(report, table)), nl=False)
    elif parquet is None:
        from scopeview.render.text.console import make_console
        from scopeview.render.text.fleet import print_fleet

        print_fleet(make_console(color=color, whole=True), report, limit)


def _chosen(report: FleetReport, table: str) -> tuple[type[Any], tuple[Any, ...]]:
    from scopeview.analysis.answers.fleet import Drift, FleetNamespace, FleetRow, FleetRun

    kinds = {"rows": FleetRow, "namespaces": FleetNamespace, "runs": FleetRun, "drifts": Drift}
    return kinds[table], getattr(report, table)


def _write(report: FleetReport, table: str, path: str) -> None:
    from scopeview.render.records import write_parquet

    write_parquet(*_chosen(report, table), path)
