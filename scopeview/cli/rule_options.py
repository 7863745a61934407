"""Options of the commands that apply the rules of the linter, and their output."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from scopeview.cli.options import Command, output_options, print_foreign_json, print_json

if TYPE_CHECKING:
    from scopeview.analysis.lint.run import LintReport


def rule_options(select: str, severity: str) -> Callable[[Command], Command]:
    """Add what chooses rules and the form of what they find: `--select`, `--ignore`, `--severity`, `--format`, ....

    Args:
        select: the help of `--select`.
        severity: the help of `--severity`.
    """
    options = (
        click.option("--select", metavar="RULES", help=select),
        click.option("--ignore", metavar="RULES", help="Leave these out."),
        click.option(
            "--severity",
            type=click.Choice(["error", "warning", "info"]),
            default="warning",
            show_default=True,
            help=severity,
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(["text", "json", "sarif"]),
            default="text",
            show_default=True,
            help="Form of the output; SARIF points at the lines of a traced program.",
        ),
    )

    def add(function: Command) -> Command:
        function = output_options(function)
        for option in reversed(options):
            function = option(function)
        return function

    return add


def listed(text: str | None) -> list[str]:
    """Return the parts of a comma-separated option."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


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
