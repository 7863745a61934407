"""`scopeview lint`: findings, and the page of a rule."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from rich.console import Console
from rich.text import Text

from scopeview.analysis.lint.rule import SEVERITIES, Rule
from scopeview.analysis.lint.run import Finding, LintReport
from scopeview.render.formats import plural, printable
from scopeview.render.text.table import Column, Items, print_table

_STYLES = {"error": "error", "warning": "warning", "info": "quiet"}


def print_lint(console: Console, report: LintReport) -> None:
    """Print the findings by rule, each with what shows it, and the number of each severity."""
    for (_, _), group in groupby(report.findings, key=lambda finding: (finding.severity, finding.code)):
        found = list(group)
        first = found[0]
        console.print(
            Text.assemble(
                (f"{first.severity} {first.code} ", _STYLES[first.severity]),
                (first.rule, "title"),
                (f"  {len(found)}" if len(found) > 1 else "", "quiet"),
            )
        )
        for finding in found:
            _finding(console, finding)
        console.print(Text(f"  fix: {printable(' '.join(first.fix.split()))}", style="quiet"))
        console.print()
    counted = [plural(report.counts[severity], _noun(severity)) for severity in SEVERITIES if severity in report.counts]
    rules = plural(len(report.rules_applied), "rule")
    pair = f" and {printable(report.checkpoint)}" if report.checkpoint else ""
    kinds = [
        plural(report.withheld[severity], _noun(severity)) for severity in SEVERITIES if report.withheld.get(severity)
    ]
    shown = ", ".join(counted) or ("none shown" if kinds else "nothing found")
    console.print(Text(f"{shown} ({rules} on {printable(report.path)}{pair})", style="heading"))
    if kinds:
        console.print(Text(f"{' and '.join(kinds)} not shown: --severity info lists them", style="quiet"))


def _noun(severity: str) -> str:
    return "note" if severity == "info" else severity


def _finding(console: Console, finding: Finding) -> None:
    console.print(Text(f"  {printable(finding.message)}"))
    others = tuple(name for name in finding.evidence if name != finding.where or len(finding.evidence) > 1)
    if others:
        is_cut = finding.total_evidence > len(finding.evidence)
        shown = Items(tuple(map(printable, others)), is_cut).fitted(max(40, console.width - 6))
        console.print(Text(f"    {shown}", style="quiet"), no_wrap=True, crop=True)


def print_rule(console: Console, rule: object) -> None:
    """Print what a rule finds, why it matters, an example and the fix."""
    assert isinstance(rule, Rule)
    console.print(Text.assemble((f"{rule.code} ", "heading"), (rule.name, "title"), (f"  {rule.severity}", "quiet")))
    for heading, text in (("", rule.summary), ("why", rule.why), ("example", rule.example), ("fix", rule.fix)):
        start = f"{heading}: " if heading else ""
        console.print(Text(f"  {start}{' '.join(text.split())}"))


def print_rules(console: Console, rules: Iterable[Rule]) -> None:
    """Print a line for each rule."""
    columns = [Column(), Column(style="quiet"), Column(), Column(style="quiet")]
    rows = [(rule.code, rule.severity, rule.name, " ".join(rule.summary.split())) for rule in rules]
    print_table(console, columns, rows, gives=3)
