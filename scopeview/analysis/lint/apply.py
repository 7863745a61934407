"""Rules applied to a subject: which of them have something to look at, and what each finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scopeview.analysis.lint.rule import SEVERITIES, Found, Rule, Subject
from scopeview.model.wanted import check_wanted


def is_chosen(rule: Rule, patterns: Sequence[str]) -> bool:
    """Whether a code, a family of codes (`G`, `GC`) or a name picks a rule."""
    family = rule.code.rstrip("0123456789")
    return any(pattern in (rule.code, family, rule.name) for pattern in patterns)


_PARTIAL = "part of the file could not be read, and what is missing may stand there"


def why_not(rule: Rule, subject: Subject) -> str:
    """Return why a rule has nothing to look at, or not enough, or an empty string."""
    return _nothing_to_look_at(rule, subject) or (_PARTIAL if is_undecided(rule, subject) else "")


def is_undecided(rule: Rule, subject: Subject) -> bool:
    """Whether a rule would conclude from what a graph lacks of which only a part was read."""
    return rule.is_about_lack and subject.context.model.is_partial and not _nothing_to_look_at(rule, subject)


def _nothing_to_look_at(rule: Rule, subject: Subject) -> str:
    model = subject.context.model
    is_checkpoint = model.is_checkpoint
    match rule.needs:
        case "graph":
            return "a checkpoint has no graph" if is_checkpoint else ""
        case "checkpoint":
            return "" if is_checkpoint or subject.checkpoint is not None else "no checkpoint was given"
        case "pair":
            if subject.checkpoint is None or is_checkpoint:
                return "no graph with its checkpoint was given"
            return "" if subject.checkpoint.model.is_restorable else "TensorFlow does not restore files of this kind"
        case "trace":
            return "" if model.trace is not None else "it was not opened from a trace"
        case "objects":
            has_objects = model.is_object_based or any(v.object_paths for v in model.variables)
            return "" if has_objects or model.has_objects else "there is no object graph"


def findings(rules: Iterable[Rule], subject: Subject) -> Iterator[tuple[Rule, Found]]:
    """Yield what rules find, each cause once."""
    return _each_cause_once((rule, found) for rule in rules for found in _found(rule, subject))


def _found(rule: Rule, subject: Subject) -> Iterator[Found]:
    check_wanted()
    yield from rule.check(subject)


def _each_cause_once(found: Iterable[tuple[Rule, Found]]) -> Iterator[tuple[Rule, Found]]:
    """Yield findings; of several about variables made twice, the first rule's, unless a later one is worse."""
    known: list[tuple[int, frozenset[str]]] = []
    for rule, one in found:
        rank, twice = SEVERITIES.index(one.severity or rule.severity), frozenset(one.made_twice)
        if twice and any(worst <= rank and twice <= held for worst, held in known):
            continue
        known += [(rank, twice)] if twice else []
        yield rule, one
