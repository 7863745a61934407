"""`scopeview fleet`: the artifacts, their namespaces, the runs, and which norms moved most."""

from __future__ import annotations

from scopeview.analysis.answers.fleet import Drift, FleetNamespace, FleetReport, FleetRow, FleetRun
from scopeview.render.formats import plural, printable
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text
from scopeview.render.text.table import Column, Items, print_table

_LEFT, _RIGHT = "left", "right"


def print_fleet(console: Console, report: FleetReport, limit: int) -> None:
    """Print a fleet; of each list the first rows."""
    errors = f", {report.unreadable:,} with an error" if report.unreadable else ""
    console.print(Text(f"{plural(len(report.rows), 'artifact')}{errors}", style="heading"))
    columns = [Column("", least=30), *(Column(name, "right") for name in ("step", "namespace", "variables"))]
    columns += [Column("parameters", "right"), Column("")]
    print_table(console, columns, [_row(row) for row in report.rows[:limit]])
    _more(console, len(report.rows), limit)
    if len(report.namespaces) > 1:
        _heading(console, plural(len(report.namespaces), "namespace"))
        columns = [Column("", "right"), Column("artifacts", "right"), Column("variables", "right")]
        columns += [Column("first of them", least=30), Column("beside namespace 0")]
        print_table(console, columns, [_namespace(one) for one in report.namespaces[:limit]], gives=3)
        _more(console, len(report.namespaces), limit)
    notable = [run for run in report.runs if run.first_nan_path or len(run.namespaces) > 1]
    if notable:
        _heading(console, "runs with NaN, or of several namespaces")
        print_table(
            console, [Column("", least=30), Column("steps"), Column("")], [_run(run) for run in notable[:limit]]
        )
        _more(console, len(notable), limit)
    if report.drifts:
        _heading(console, "norms that changed most between two steps")
        heads = ("", "run", "first", "last", "largest change", "at step")
        columns = [Column(head, "right" if number > 1 else "left") for number, head in enumerate(heads)]
        print_table(console, columns, [_drift(one) for one in report.drifts[:limit]], gives=1)
        _more(console, report.drifts_total, min(limit, len(report.drifts)))


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="heading"))


def _more(console: Console, total: int, shown: int) -> None:
    if total > shown:
        console.print(Text(f"  … {total - shown:,} more: --limit shows more, --json and --csv all", style="quiet"))


def _row(row: FleetRow) -> tuple[str | Text, ...]:
    path = f"{row.path}:{row.artifact}" if row.artifact else row.path
    step = "" if row.step is None else str(row.step)
    if row.error and row.namespace is None:
        return (path, step, "", "", "", Text(printable(row.error), style="error"))
    faults = [f"{count:,} {word}" for count, word in ((row.nan, "NaN"), (row.inf, "Inf")) if count]
    remark = Text(printable(", ".join(faults) or row.error), style="error")
    return (path, step, str(row.namespace), f"{row.variables:,}", f"{row.parameters:,}", remark)


def _namespace(one: FleetNamespace) -> tuple[str | Text | Items, ...]:
    lacking = (f"-{name}" for name in one.lacking)
    added = (f"+{name}" for name in one.added)
    is_cut = one.lacking_total > len(one.lacking) or one.added_total > len(one.added)
    change = (
        Items((*lacking, *added), is_cut)
        if one.lacking_total or one.added_total
        else ""
        if not one.number
        else ("the same names, other dtypes or shapes")
    )
    return (str(one.number), f"{one.artifacts:,}", f"{one.variables:,}", one.example, change)


def _run(run: FleetRun) -> tuple[str | Text, ...]:
    steps = "" if run.first_step is None else f"{run.first_step:,} to {run.last_step:,}"
    if run.first_nan_path:
        where = f"step {run.first_nan_step}" if run.first_nan_step is not None else run.first_nan_path
        return (run.run, steps, Text(printable(f"NaN from {where} in {run.first_nan_variable}"), style="error"))
    return (run.run, steps, f"namespaces {', '.join(map(str, run.namespaces))}")


def _drift(one: Drift) -> tuple[str | Text, ...]:
    change = f"{one.largest_change:.4g}x"
    return (one.variable, one.run, f"{one.norms[0]:.4g}", f"{one.norms[-1]:.4g}", change, str(one.largest_change_step))
