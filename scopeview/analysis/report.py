"""The whole of a model on one page: both trees, sharing, collections and findings, bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scopeview.analysis.answers.card import ModelCard
from scopeview.analysis.answers.collections import CollectionsReport, collections
from scopeview.analysis.answers.inspect import ModelSummary, summarize
from scopeview.analysis.answers.sharing import SharingReport, sharing
from scopeview.analysis.card import full_card
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.lint.rule import SEVERITIES, Severity, Subject
from scopeview.analysis.lint.run import LintReport, lint
from scopeview.analysis.trees.outline import Outline, OutlineRow, View, op_forest, outline, variable_forest
from scopeview.model.ops import OpRow
from scopeview.model.shapes import Shape


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of a tree; `more` counts what was left out of the scope above."""

    kind: Literal["scope", "leaf", "more"]
    label: str
    path: str
    depth: int
    is_open: bool
    size: int
    """Ops, or parameters, that the line stands for, twins included."""
    type: str
    """Op type, or dtype of the variable; empty for a scope without one."""
    shape: Shape
    has_shape: bool
    uses: int
    """At how many places the computation uses the variable."""
    shared: int
    """For an op scope: how many of the variables that it uses are used elsewhere too."""
    collections: tuple[str, ...]
    severity: Severity | None
    """The gravest finding about this very line."""


@dataclass(frozen=True, slots=True)
class ReportTree:
    """One of the two trees, as far as it was opened."""

    rows: tuple[ReportRow, ...]
    hidden: int
    """Ops or variables that no line shows but a count."""
    left_out: int
    """Slots and averages, which are listed with their variables."""


@dataclass(frozen=True, slots=True)
class ModelReport:
    """Everything that is worth attaching to a review."""

    model: ModelSummary
    card: ModelCard
    """As in `inspect`."""
    ops: ReportTree
    variables: ReportTree
    sharing: SharingReport
    collections: CollectionsReport
    lint: LintReport


def report(subject: Subject, *, lines: int = 2000, limit: int = 500) -> ModelReport:
    """Gather a model's trees, sharing, collections and findings.

    Args:
        subject: the model, and the checkpoint to hold it against, if any.
        lines: how many lines either tree may have; the heaviest scopes open first.
        limit: how many shared variables to list.
    """
    context = subject.context
    shared = sharing(context.for_sharing(), limit=limit)
    found = lint(subject)
    severities = _severities(found)
    return ModelReport(
        model=summarize(context),
        card=full_card(context, subject.checkpoint),
        ops=_ops(context.in_program(), View(lines=lines), _shared_by_scope(shared), severities),
        variables=_variables(context, View(lines=lines), severities),
        sharing=shared,
        collections=collections(context),
        lint=found,
    )


def _severities(found: LintReport) -> Mapping[str, Severity]:
    """Return the gravest finding about each place; findings come gravest first."""
    worst: dict[str, Severity] = {}
    for finding in sorted(found.findings, key=lambda finding: SEVERITIES.index(finding.severity)):
        worst.setdefault(finding.where, finding.severity)
    return worst


def _shared_by_scope(shared: SharingReport) -> Counter[str]:
    return Counter(site.scope for use in shared.variables for site in use.call_sites if not site.program)


def _worst(severities: Mapping[str, Severity], paths: Iterable[str]) -> Severity | None:
    found = [severities[path] for path in paths if path in severities]
    return min(found, key=SEVERITIES.index) if found else None


def _ops(context: AnalysisContext, view: View, shared: Counter[str], severities: Mapping[str, Severity]) -> ReportTree:
    graph = context.model.graph
    found = outline(op_forest(graph), view)

    def report_row(row: OutlineRow) -> ReportRow:
        own = row.named
        op = None if own is None else OpRow(int(found.kept[own]))
        paths = row.members or (row.path,)
        return ReportRow(
            kind=row.kind,
            label=row.label,
            path=row.path,
            depth=row.depth,
            is_open=row.is_open,
            size=(row.last - row.first) * row.twins,
            type="" if op is None else graph.op_type(op),
            shape=None,
            has_shape=False,
            uses=0,
            shared=max((shared[path] for path in paths), default=0) if row.kind == "scope" else 0,
            collections=(),
            severity=_worst(severities, paths),
        )

    return _tree(found, tuple(map(report_row, found.rows)))


def _variables(context: AnalysisContext, view: View, severities: Mapping[str, Severity]) -> ReportTree:
    table = context.model.variables
    found = outline(variable_forest(context.model, context.auxiliary_variables), view)
    kept = found.kept.tolist()
    summed = np.concatenate(([0], np.cumsum(table.parameters[found.kept])))

    def report_row(row: OutlineRow) -> ReportRow:
        own = row.named
        variable = None if own is None else table[kept[own]]
        below = summed[row.last] - summed[row.first] if row.kind == "scope" else 0
        parameters = int(below) + ((variable.parameters or 0) if variable is not None else 0)
        return ReportRow(
            kind=row.kind,
            label=row.label,
            path=row.path,
            depth=row.depth,
            is_open=row.is_open,
            size=row.last if row.kind == "more" else parameters * row.twins,
            type="" if variable is None else variable.dtype,
            shape=None if variable is None else variable.shape,
            has_shape=variable is not None,
            uses=0 if variable is None else context.uses(variable),
            shared=0,
            collections=() if variable is None else variable.collections,
            severity=_worst(severities, row.members or (row.path,)),
        )

    return _tree(found, tuple(map(report_row, found.rows)))


def _tree(found: Outline, rows: tuple[ReportRow, ...]) -> ReportTree:
    return ReportTree(rows, found.hidden, found.left_out)
