"""`scopeview lint`: findings, and the page of a rule."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from scopeview.analysis.diff.templates import fold_names
from scopeview.analysis.lint.page import RulePage
from scopeview.analysis.lint.rule import SEVERITIES, Rule
from scopeview.analysis.lint.run import Finding, LintReport
from scopeview.render.formats import plural, printable
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text
from scopeview.render.text.table import Column, Items, print_table

_FOLDED_FROM = 4
"""Findings that say the same of other names and are printed as one."""

_MOST_NAMES, _TEMPLATES = 20, 4
_FRAMES = 3
"""Of the stack of a finding."""
_NUMBER = re.compile(r"[0-9][0-9,.]*")
_STYLES = {"error": "error", "warning": "warning", "info": "quiet"}


def print_lint(console: Console, report: LintReport) -> None:
    """Print the verdict of a restore, the findings by rule, each with what shows it, and how many there are."""
    if report.verdict is not None:
        style = "heading" if report.verdict.succeeds else "error"
        console.print(Text(printable(report.verdict.sentence), style=style))
        console.print()
    for _, group in groupby(report.findings, key=lambda finding: (finding.severity, finding.code)):
        _rule(console, list(group))
    rules = plural(len(report.rules_applied), "rule")
    pair = f" and {printable(report.checkpoint)}" if report.checkpoint else ""
    console.print(Text(f"{_counted(report)} ({rules} on {printable(report.path)}{pair})", style="heading"))
    if report.rules_undecided:
        why = report.rules_skipped[report.rules_undecided[0]]
        console.print(Text(f"not applied: {', '.join(report.rules_undecided)}: {why}", style="warning"))


def _counted(report: LintReport) -> str:
    """Return the number of findings of each severity; what is not listed is counted too."""
    listed = [plural(report.counts[severity], _noun(severity)) for severity in SEVERITIES if severity in report.counts]
    hidden = [
        plural(report.withheld[severity], _noun(severity)) for severity in SEVERITIES if severity in report.withheld
    ]
    if not listed and not hidden:
        return "nothing found"
    lowest = next((severity for severity in reversed(SEVERITIES) if severity in report.withheld), "info")
    rest = f"{' and '.join(hidden)} not shown: --severity {lowest} lists them" if hidden else ""
    return "; ".join(part for part in (", ".join(listed) or "no errors or warnings", rest) if part)


def _rule(console: Console, found: Sequence[Finding]) -> None:
    """Print what one rule found; what to do is printed once, where it is the same for all."""
    first = found[0]
    console.print(
        Text.assemble(
            (f"{first.severity} {first.code} ", _STYLES[first.severity]),
            (first.rule, "title"),
            (f"  {len(found)}" if len(found) > 1 else "", "quiet"),
        )
    )
    groups = _alike(found)
    for index, group in enumerate(groups):
        _finding(console, group)
        is_last = index == len(groups) - 1 or groups[index + 1][0].fix != group[0].fix
        if group[0].fix and is_last:
            console.print(Text(f"  fix: {printable(' '.join(group[0].fix.split()))}", style="quiet"))
    console.print()


def _noun(severity: str) -> str:
    return "note" if severity == "info" else severity


def _alike(found: Sequence[Finding]) -> list[list[Finding]]:
    """Group findings that say the same of other names, where they are many; they stand where the first of them does."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((_without_names(finding), finding.fix), []).append(finding)
    return [
        part for held in groups.values() for part in ([held] if len(held) >= _FOLDED_FROM else [[one] for one in held])
    ]


def _without_names(finding: Finding) -> str:
    """Return the message without the names and numbers in it."""
    message = finding.message
    for name in sorted({finding.where, *finding.evidence}, key=len, reverse=True)[:_MOST_NAMES]:
        message = message.replace(name, "\0") if name else message
    return _NUMBER.sub("#", message)


def _finding(console: Console, group: Sequence[Finding]) -> None:
    """Print a finding and what shows it; of many that are alike the first, and where the others are."""
    finding = group[0]
    console.print(Text(f"  {printable(finding.message)}"))
    if len(group) > 1:
        places = ", ".join(template.text for template in fold_names([other.where for other in group[1:]])[:_TEMPLATES])
        console.print(Text(f"    and {plural(len(group) - 1, 'finding')} like it: {printable(places)}", style="quiet"))
        return
    if finding.lines:
        console.print(Text(f"    at {printable(' <- '.join(map(str, finding.lines[:_FRAMES])))}", style="number"))
    others = tuple(name for name in finding.evidence if name != finding.where or len(finding.evidence) > 1)
    if others:
        is_cut = finding.total_evidence > len(finding.evidence)
        shown = Items(tuple(map(printable, others)), is_cut).fitted(max(40, console.width - 6))
        console.print(Text(f"    {shown}", style="quiet"), no_wrap=True)


def print_rule(console: Console, rule: RulePage) -> None:
    """Print what a rule finds, why it matters, an example and the fix."""
    console.print(Text.assemble((f"{rule.code} ", "heading"), (rule.name, "title"), (f"  {rule.severity}", "quiet")))
    for heading, text in (("", rule.summary), ("why", rule.why), ("example", rule.example), ("fix", rule.fix)):
        start = f"{heading}: " if heading else ""
        console.print(Text(f"  {start}{' '.join(text.split())}"))


def print_rules(console: Console, rules: Iterable[Rule]) -> None:
    """Print a line for each rule."""
    columns = [Column(), Column(style="quiet"), Column(), Column(style="quiet")]
    rows = [(rule.code, rule.severity, rule.name, " ".join(rule.summary.split())) for rule in rules]
    print_table(console, columns, rows, gives=3)
