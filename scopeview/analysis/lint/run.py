"""`scopeview lint`: the rules that apply, and what they found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scopeview.analysis.answers.traced import lines_about
from scopeview.analysis.diff.verdict import RestoreVerdict
from scopeview.analysis.lint.apply import findings, is_chosen, is_undecided, why_not
from scopeview.analysis.lint.restore_rules import report_of
from scopeview.analysis.lint.rule import SEVERITIES, Found, Related, Rule, Severity, Subject
from scopeview.analysis.lint.rules import RULES
from scopeview.errors import QueryError
from scopeview.model.model import Model
from scopeview.model.trace import Frame

_EVIDENCE_SHOWN = 200
_LOOKED_UP = 8
"""Of the evidence: as many names are looked up for the lines of a finding."""


NameKind = Literal["variable", "op", "scope", "key", "checkpoint_key", ""]
"""What a name stands for: a key is one that a saver asks for, or that this checkpoint has; empty for a mere text."""


@dataclass(frozen=True, slots=True)
class EvidencePart:
    """One name of a piece of evidence."""

    text: str
    """The name."""
    kind: NameKind
    """What has this name: a variable, an op, a scope, a key; `checkpoint_key`: a key of the checkpoint that the graph
    was checked with; empty for what is no name."""
    sign: str
    """What stands before it: `beside`, `=`, `<-`; empty for the first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule found."""

    code: str
    rule: str
    severity: Severity
    where: str
    leads_to: str
    """The name of the op, variable or scope that it is about; empty for what is none, such as a file or a key."""
    message: str
    evidence: tuple[str, ...]
    evidence_parts: tuple[tuple[EvidencePart, ...], ...]
    """Each piece of `evidence` by its names, and what these stand for."""
    total_evidence: int
    """Evidence there is; `evidence` lists the first of it."""
    fix: str
    lines: tuple[Frame, ...]
    """The lines of the program that it is about, innermost first; empty where no trace says them."""


@dataclass(frozen=True, slots=True)
class LintReport:
    """Every finding, worst first, then in the order of the rules."""

    path: str
    checkpoint: str
    """The checkpoint that the graph was checked with; empty if there was none."""
    findings: tuple[Finding, ...]
    counts: Mapping[str, int]
    """Findings by severity."""
    withheld: Mapping[str, int]
    """Findings below the lowest severity that was asked for, by severity; they are not listed."""
    rules_applied: tuple[str, ...]
    rules_skipped: Mapping[str, str]
    """Rules that did not apply, and why."""
    rules_undecided: tuple[str, ...]
    """Of those that did not apply, the ones that conclude from what is missing, as part of the file is not read."""
    verdict: RestoreVerdict | None
    """Whether the checkpoint can be restored into the graph, and what is in the way; None without both."""

    @property
    def has_errors(self) -> bool:
        """Whether an error stands."""
        return self.counts.get("error", 0) > 0


def lint(
    subject: Subject,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    severity: Severity = "info",
) -> LintReport:
    """Examine an artifact.

    Args:
        subject: a graph, a checkpoint, or a graph with its checkpoint.
        select: codes, beginnings of codes (`GC`) or names of the rules to apply; all if empty.
        ignore: the same, of rules to leave out.
        severity: the lowest to report.

    Raises:
        QueryError: there is no such rule, or the second artifact is no checkpoint for the first.
    """
    _check(subject)
    for chosen in (*select, *ignore):
        if not any(is_chosen(rule, [chosen]) for rule in RULES.values()):
            raise QueryError(f"there is no lint rule {chosen!r}; the rules are {', '.join(RULES)}")
    offered = [r for r in RULES.values() if is_chosen(r, select) or (not select and _is_default(r, subject))]
    wanted = [rule for rule in offered if not is_chosen(rule, ignore)]
    skipped = {rule.code: why for rule in wanted if (why := why_not(rule, subject))}
    applied = [rule for rule in wanted if rule.code not in skipped]
    shown = SEVERITIES[: SEVERITIES.index(severity) + 1]
    every = [_finding(rule, found, subject) for rule, found in findings(applied, subject)]
    found = sorted(
        (finding for finding in every if finding.severity in shown),
        key=lambda finding: SEVERITIES.index(finding.severity),
    )
    restored = report_of(subject)
    return LintReport(
        path=subject.context.model.origin.path,
        checkpoint=subject.checkpoint.model.origin.path if subject.checkpoint is not None else "",
        findings=tuple(found),
        counts=Counter(finding.severity for finding in found),
        withheld=Counter(finding.severity for finding in every if finding.severity not in shown),
        rules_applied=tuple(rule.code for rule in applied),
        rules_skipped=skipped,
        rules_undecided=tuple(rule.code for rule in wanted if is_undecided(rule, subject)),
        verdict=restored.verdict if restored is not None else None,
    )


def merged(reports: Sequence[LintReport]) -> LintReport:
    """Join the reports on several graphs of one program; what several of them report alike is listed once."""
    first = reports[0]
    found = list(dict.fromkeys(finding for report in reports for finding in report.findings))
    found.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    return replace(
        first,
        findings=tuple(found),
        counts=Counter(finding.severity for finding in found),
        withheld=dict(sum((Counter(report.withheld) for report in reports), Counter[str]())),
        rules_applied=tuple(dict.fromkeys(code for report in reports for code in report.rules_applied)),
    )


def _check(subject: Subject) -> None:
    if subject.checkpoint is None:
        return
    first, second = subject.context.model.origin, subject.checkpoint.model.origin
    if not subject.checkpoint.model.is_checkpoint:
        raise QueryError(
            f"{second.path} is no checkpoint but a {second.format.replace('_', ' ')}; pass the graph first"
        )
    if subject.context.model.is_checkpoint:
        raise QueryError(f"{first.path} is a checkpoint itself; pass the graph first, then the checkpoint for it")


def _is_default(rule: Rule, subject: Subject) -> bool:
    """Whether a rule applies without being named: those of traces are no part of the examination of a mere graph."""
    return rule.needs != "trace" or subject.context.model.trace is not None


def _is_named(model: Model, name: str) -> bool:
    return bool(
        model.variables.named(name)
        or model.graph.row(name) is not None
        or (name and (model.op_scopes.find(name) is not None or model.variable_scopes.find(name) is not None))
    )


def _finding(rule: Rule, found: Found, subject: Subject) -> Finding:
    pieces = {str(piece): piece for piece in found.evidence}
    evidence = tuple(pieces)
    shown = list(pieces.values())[:_EVIDENCE_SHOWN]
    place = evidence[0] if len(evidence) == 1 else found.where  # of one variable, itself and not its scope
    named = [name for name in (place, found.where) if _is_named(subject.context.model, name)]
    linting = subject.context.by_key().get(found.where)  # a key that a saver asks for
    named += [linting.name] if linting is not None else []
    return Finding(
        code=rule.code,
        rule=rule.name,
        severity=found.severity or rule.severity,
        where=found.where,
        leads_to=named[0] if named else "",
        message=found.message,
        evidence=evidence[:_EVIDENCE_SHOWN],
        evidence_parts=tuple(tuple(_parts(piece, subject)) for piece in shown),
        total_evidence=len(evidence),
        fix=found.fix or rule.fix,
        lines=tuple(found.frames) or lines_about(subject.context, (*named, *evidence[:_LOOKED_UP])),
    )


def _parts(piece: str | Related, subject: Subject) -> Iterator[EvidencePart]:
    names = (piece,) if isinstance(piece, str) else piece.names
    for at, name in enumerate(names):
        sign = piece.sign if isinstance(piece, Related) and at else ""
        yield EvidencePart(name, "checkpoint_key" if sign == "<-" else _kind_of(name, subject), sign)


def _kind_of(name: str, subject: Subject) -> NameKind:
    """Return what a name stands for in the graph, or else in the checkpoint that it is checked with."""
    model, context = subject.context.model, subject.context
    if not name:
        return ""
    if model.variables.named(name):
        return "variable"
    if model.graph.row(name) is not None:
        return "op"
    if model.op_scopes.find(name) is not None or model.variable_scopes.find(name) is not None:
        return "scope"
    if name in context.by_key():
        return "key"
    return "checkpoint_key" if subject.checkpoint is not None and name in subject.checkpoint.by_key() else ""
