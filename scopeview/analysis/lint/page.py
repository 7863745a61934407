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


def rule_page(name: str) -> RulePage:
    """Return the page of a rule, by its code or its name.

    Raises:
        NotFoundError: there is no rule of this code or name.
    """
    rule = next((rule for rule in RULES.values() if name in (rule.code, rule.name)), None)
    if rule is None:
        raise NotFoundError(f"there is no lint rule {name!r}; scopeview lint --explain all lists them")
    return RulePage(rule.code, rule.name, rule.severity, rule.summary, rule.why, rule.example, rule.fix)
