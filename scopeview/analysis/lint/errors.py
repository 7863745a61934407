"""How many errors the rules find: a card says it of every small model, without the modules of all other rules."""

from __future__ import annotations

from scopeview.analysis.lint import checkpoint_rules, import_rules, restore_rules, training_rules
from scopeview.analysis.lint.apply import findings, why_not
from scopeview.analysis.lint.rule import RULES, Rule, Subject, place_of

_MODULES = (checkpoint_rules, import_rules, restore_rules, training_rules)
"""Those with rules of severity `error`; where there is a trace, its rules come in addition."""


def count_errors(subject: Subject) -> int:
    """Count what rules of severity `error` find, but for findings that are less than an error."""
    rules = error_rules(has_trace=subject.context.model.trace is not None)
    found = findings([rule for rule in rules if not why_not(rule, subject)], subject)
    return sum((one.severity or rule.severity) == "error" for rule, one in found)


def error_rules(*, has_trace: bool) -> list[Rule]:
    """Return the rules of severity `error`, in their order; those of traces only where there is one."""
    modules = list(_MODULES)
    if has_trace:
        from scopeview.analysis.lint import trace_rules

        modules.append(trace_rules)
    names = {module.__name__ for module in modules}
    rules = [rule for rule in RULES.values() if rule.severity == "error" and rule.check.__module__ in names]
    return sorted(rules, key=lambda rule: place_of(rule.code))
