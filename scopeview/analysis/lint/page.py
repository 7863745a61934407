"""The page of a lint rule: what it finds, why that matters, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from scopeview.analysis.lint.rule import Severity
from scopeview.analysis.lint.rules import RULES
from scopeview.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class RulePage:
    """What a rule finds, why, an example and what to do, as its docstring says it."""

    code: str
    name: str
    severity: Severity
    summary: str
    why: str
    example: str
    fix: str


def rule_page(code: str) -> RulePage:
    """Return the page of a rule.

    Raises:
        NotFoundError: there is no rule of this code.
    """
    rule = RULES.get(code)
    if rule is None:
        raise NotFoundError(f"there is no lint rule {code!r}; scopeview lint --explain all lists them")
    return RulePage(rule.code, rule.name, rule.severity, rule.summary, rule.why, rule.example, rule.fix)
