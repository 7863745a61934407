"""Errors and warnings by the children of a scope: what a tree says beside a name, asked for apart from the tree.

All rules run for it, which takes seconds where a graph has 100,000 ops, and a tree must not wait for that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.run import lint
from scopeview.model.names import is_within


@dataclass(frozen=True, slots=True)
class FindingCount:
    """What the linter says of something and all below it, information left out."""

    errors: int = 0
    warnings: int = 0
    first: str = ""
    """The message of the worst."""

    def __add__(self, other: FindingCount) -> FindingCount:
        """Return both together; the first message is that of the worst."""
        first, second = (other, self) if other.errors and not self.errors else (self, other)
        return FindingCount(self.errors + other.errors, self.warnings + other.warnings, first.first or second.first)


@dataclass(frozen=True, slots=True)
class FindingsByScope:
    """The findings below one scope."""

    scope: str
    children: Mapping[str, FindingCount]
    """By the paths of the children that have any; ops and variables alike."""


def findings_by_scope(context: AnalysisContext, scope: str = "") -> FindingsByScope:
    """Return the errors and warnings of each child of a scope."""
    report = context.cached("warnings", lambda: lint(Subject(context), severity="warning"))
    found: dict[str, FindingCount] = defaultdict(FindingCount)
    for finding in report.findings:
        if finding.where == scope or not is_within(finding.where, scope):
            continue
        start = len(scope) + 1 if scope else 0
        end = finding.where.find("/", start)
        is_error = finding.severity == "error"
        one = FindingCount(int(is_error), int(not is_error), finding.message)
        found[finding.where if end < 0 else finding.where[:end]] += one
    return FindingsByScope(scope, found)
