"""`scopeview trace SCRIPT`: run a program that builds graphs, and record what a saved graph no longer holds."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import click

from scopeview.cli.options import output_options, print_json


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

    The program runs as it is: trace only code that you would run.
    """
    from scopeview.analysis.answers.trace import trace_report
    from scopeview.errors import ScopeviewError
    from scopeview.readers.trace_file import SUFFIX

    if not as_module and not Path(script).is_file():
        raise ScopeviewError(f"{script} does not exist; name a script, or a module with -m")
    try:
        from scopeview.readers.tensorflow.tracing.run import Tracing, run_program

        tracing = Tracing(" ".join((script, *arguments)), "." if as_module else str(Path(script).parent))
        with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
            ended = run_program((script, *arguments), as_module=as_module, tracing=tracing)
    except ImportError as error:
        if error.name != "tensorflow":
            raise
        raise ScopeviewError("tracing needs TensorFlow, and it is not installed; pip install tensorflow") from error
    target = output or f"{(script if as_module else Path(script).stem).rpartition('.')[2]}{SUFFIX}"
    trace = tracing.result() if output == "-" else tracing.save(target)
    report = trace_report(trace, scope=scope)
    if as_json:
        print_json(report)
    else:
        from scopeview.render.formats import printable
        from scopeview.render.text.console import make_console
        from scopeview.render.text.trace import trace_text

        console = make_console(color=color, whole=True)
        for line in trace_text(report, lines=None if show_all else 60):
            console.print(line)
        if output != "-":
            files = [target, *(graph.file for graph in trace.graphs if graph.file)]
            console.print(printable(f"wrote {', '.join(files)}"))
    if ended is not None:
        raise SystemExit(1)
