"""`scopeview lint`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from scopeview.cli.options import Source, limits, source_options
from scopeview.cli.rule_options import listed, print_report, rule_options

if TYPE_CHECKING:
    from scopeview.analysis.lint.rule import Severity, Subject


@click.command("lint")
@source_options
@click.argument("checkpoint", required=False)
@rule_options(
    select="Apply only these: codes, families or names (G2,GC,dead-variable).", severity="The lowest to report."
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
@click.option("--program", metavar="NAME", help="Examine only this signature or function, its calls inlined.")
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
    form: str,
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
    print_report(report, "json" if as_json else form, color=color, fails=report.has_errors)


def _explain(ctx: click.Context, rule: str | None) -> None:
    if rule is None:
        return
    from scopeview.analysis.lint.page import rule_page
    from scopeview.analysis.lint.rules import RULES
    from scopeview.render.text.console import make_console
    from scopeview.render.text.lint import print_rule, print_rules

    if rule == "all":
        print_rules(make_console(color=None), RULES.values())
        ctx.exit()
    print_rule(make_console(color=None), rule_page(rule))
    ctx.exit()


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
