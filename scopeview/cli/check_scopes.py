"""`scopeview check-scopes SCRIPT`: run a program that builds graphs, and fail on what its scopes do wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scopeview.cli.rule_options import listed, print_report, rule_options
from scopeview.cli.tracing import run_traced

if TYPE_CHECKING:
    from scopeview.analysis.lint.rule import Severity, Subject
    from scopeview.readers.tensorflow.tracing.run import Tracing

_DEFAULT = ("T", "G2", "G3", "G4", "G5", "G25")
"""The rules of traces, and those of graphs about sharing and scopes."""


@click.command("check-scopes", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("-m", "as_module", is_flag=True, help="SCRIPT is the name of a module, as after `python -m`.")
@click.option("-o", "--output", help="Keep the record: NAME.scopetrace, with its graphs beside it.")
@rule_options(
    select=f"Apply only these rules of `scopeview lint`; by default {','.join(_DEFAULT)}.",
    severity="The lowest to report, and to fail on.",
)
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(  # noqa: PLR0913 - one parameter per option
    as_module: bool,
    output: str | None,
    select: str | None,
    ignore: str | None,
    severity: Severity,
    form: str,
    as_json: bool,
    color: bool | None,
    script: str,
    arguments: tuple[str, ...],
) -> None:
    """Run SCRIPT with its ARGUMENTS under TensorFlow, as `trace` does, and check the scopes of the graphs it builds.

    Exit code 1 when anything is reported, 0 otherwise. Findings name the lines of the program. The rules are those of
    docs/lint.md: T of traces, G of graphs; `scopeview lint --explain T1` prints one. After `--`, SCRIPT may be a
    command of Python's: `scopeview check-scopes -- pytest tests`.
    """
    from scopeview.analysis.lint.run import lint, merged

    run = run_traced(script, arguments, as_module=as_module, quiet=True)
    chosen = listed(select) or _DEFAULT
    subjects = _subjects(run.tracing, output, script)
    report = merged([lint(one, select=chosen, ignore=listed(ignore), severity=severity) for one in subjects])
    print_report(report, "json" if as_json else form, color=color, fails=bool(report.findings))


def _subjects(tracing: Tracing, output: str | None, script: str) -> list[Subject]:
    """Write the record, and open each of its graphs."""
    import tempfile
    from dataclasses import replace
    from pathlib import Path

    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.lint.rule import Subject
    from scopeview.readers import find_artifacts, read

    with tempfile.TemporaryDirectory() as folder:
        record = Path(output or Path(folder) / "checked.scopetrace")
        tracing.save(record)
        models = [read(record, artifact=found.name or None) for found in find_artifacts(record)]
    named = (replace(model, origin=replace(model.origin, path=script)) for model in models)
    return [Subject(AnalysisContext(model)) for model in named]
