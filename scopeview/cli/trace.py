"""`scopeview trace SCRIPT`: run a program that builds graphs, and record what a saved graph no longer holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scopeview.cli.options import output_options, print_json
from scopeview.cli.tracing import record_at, run_traced

if TYPE_CHECKING:
    from scopeview.analysis.answers.trace import TraceReport


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("-m", "as_module", is_flag=True, help="SCRIPT is the name of a module, as after `python -m`.")
@click.option("-o", "--output", help="The record; by default NAME.scopetrace in this folder. `-` writes none.")
@click.option("--scope", default="", help="Print only what lies within this variable scope.")
@click.option("--all", "show_all", is_flag=True, help="Print every scope and variable.")
@output_options
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(  # noqa: PLR0913 - one parameter per option
    as_module: bool,
    output: str | None,
    scope: str,
    show_all: bool,
    as_json: bool,
    color: bool | None,
    script: str,
    arguments: tuple[str, ...],
) -> None:
    """Run SCRIPT with its ARGUMENTS under TensorFlow, and record the graphs that it builds.

    Recorded are every variable scope and name scope with its reuse flag and where the flag comes from, every variable
    that was created, reused or refused, collections, savers, optimizers and tracings of tf.function, each with the
    lines of SCRIPT that asked for it. The record and the graphs are written side by side; every command opens
    NAME.scopetrace. When TensorFlow refuses a variable, the refusal is explained, and the exit code is 1.

    SCRIPT may also be a command of Python's, after `--`: `scopeview trace -- pytest tests/test_model.py`. The program
    runs as it is, in this process: trace only code that you would run. Where SCRIPT is a NAME.scopetrace, nothing is
    run, and what the record says is printed.
    """
    from scopeview.analysis.answers.trace import trace_report

    known = None if as_module else record_at(Path(script))
    if known is not None:
        _print(trace_report(known, scope=scope), [], as_json=as_json, color=color, show_all=show_all)
        return
    run = run_traced(script, arguments, as_module=as_module, quiet=as_json)
    wrote: list[str] = []
    if output == "-":
        trace = run.tracing.result()
    else:
        target = Path(output or run.record)
        trace = run.tracing.save(target)
        wrote = [str(target), *(str(target.parent / graph.file) for graph in trace.graphs if graph.file)]
    report = trace_report(trace, scope=scope)
    _print(report, wrote, as_json=as_json, color=color, show_all=show_all)
    if run.ended is not None or report.refused:
        raise SystemExit(1)


def _print(report: TraceReport, wrote: list[str], *, as_json: bool, color: bool | None, show_all: bool) -> None:
    if as_json:
        print_json(report)
        return
    from scopeview.render.formats import printable
    from scopeview.render.text.console import make_console
    from scopeview.render.text.trace import trace_text

    console = make_console(color=color, whole=True)
    for line in trace_text(report, lines=None if show_all else 60):
        console.print(line)
    if wrote:
        console.print(printable(f"wrote {', '.join(wrote)}"))
