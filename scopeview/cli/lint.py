"""`scopeview lint`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from scopeview.cli.options import Source, limits, print_foreign_json, print_json, source_options

if TYPE_CHECKING:
    from scopeview.analysis.lint.rule import Severity, Subject
    from scopeview.analysis.lint.run import LintReport


@click.command("lint")
@source_options
@click.argument("checkpoint", required=False)
@click.option("--select", metavar="RULES", help="Apply only these: codes, families or names (G2,GC,dead-variable).")
@click.option("--ignore", metavar="RULES", help="Leave these out.")
@click.option(
    "--severity",
    type=click.Choice(["error", "warning", "info"]),
    default="warning",
    show_default=True,
    help="The lowest to report.",
)
@click.option("--values", is_flag=True, help="Read the values of the checkpoint too (rule C4).")
@click.option(
    "--explain",
    metavar="RULE",
    help="Print the page of a rule, or `all` in a list, and end; needs no PATH.",
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, rule: _explain(ctx, rule),
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="Form of the output.",
)
@click.option("--program", metavar="NAME", help="Examine only this signature or function, its calls inlined.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the same as --format json.")
@click.option("--color/--no-color", default=None, help="Force color on or off; the default is on for a terminal.")
def command(  # noqa: PLR0913 - one parameter per option
    path: str,
    checkpoint: str | None,
    tags: str | None,
    artifact: str | None,
    importing: bool,
    timeout: int,
    select: str | None,
    ignore: str | None,
    severity: Severity,
    values: bool,
    output: str,
    program: str | None,
    as_json: bool,
    color: bool | None,
) -> None:
    """Look for what may be wrong: in a graph, in a checkpoint, or in a graph and the CHECKPOINT to restore into it.

    Exit code 1 when an error stands, 0 otherwise. Every rule has a page in docs/lint.md; --explain prints it.
    """
    from scopeview.analysis.lint.run import lint

    subject = _subject(Source(path, tags, artifact, importing, timeout), checkpoint, values, program)
    report = lint(subject, select=listed(select), ignore=listed(ignore), severity=severity)
    print_report(report, "json" if as_json else output, color=color, fails=report.has_errors)


def print_report(report: LintReport, form: str, *, color: bool | None, fails: bool) -> None:
    """Print findings as text, JSON or SARIF; exit with code 1 where they are a failure."""
    from scopeview.render.sarif import sarif
    from scopeview.render.text.console import make_console
    from scopeview.render.text.lint import print_lint

    if form == "json":
        print_json(report)
    elif form == "sarif":
        print_foreign_json(sarif(report))
    else:
        print_lint(make_console(color=color), report)
    if fails:
        sys.stdout.flush()
        sys.exit(1)


def _explain(ctx: click.Context, rule: str | None) -> None:
    if rule is None:
        return
    from scopeview.analysis.lint.rules import RULES
    from scopeview.render.text.console import make_console
    from scopeview.render.text.lint import print_rule, print_rules

    if rule == "all":
        print_rules(make_console(color=None), RULES.values())
        ctx.exit()
    print_rule(make_console(color=None), _rule(rule))
    ctx.exit()


def listed(text: str | None) -> list[str]:
    """Return the parts of a comma-separated option."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _rule(name: str) -> object:
    from scopeview.analysis.lint.rules import RULES
    from scopeview.errors import QueryError

    for found in RULES.values():
        if name in (found.code, found.name):
            return found
    raise QueryError(f"there is no lint rule {name!r}; scopeview lint --explain all lists them")


def _subject(source: Source, checkpoint: str | None, values: bool, program: str | None) -> Subject:
    """Open what is examined; a SavedModel folder is compared with the variables that lie in it."""
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.lint.rule import Subject
    from scopeview.model.entry_point import MAIN
    from scopeview.readers import limited, read, read_beside
    from scopeview.readers.stored_values import can_be_read, reader_of

    model = source.load()
    with limited(limits()):
        other = read(checkpoint) if checkpoint is not None else read_beside(model)
    holder = other or model
    reader = reader_of(holder) if values and can_be_read(holder) else None
    context = AnalysisContext(model).in_program(program or MAIN)  # rules look at every program, unless one is named
    return Subject(context, AnalysisContext(other) if other is not None else None, reader)
