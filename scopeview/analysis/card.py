"""The card of a model with what a restore would do and how many errors the rules find: answers that others give."""

from __future__ import annotations

from scopeview.analysis.answers.card import CardRestore, ModelCard, model_card
from scopeview.analysis.context import AnalysisContext

_LINTED_OPS, _LINTED_VARIABLES = 20_000, 2_000
"""Up to this size the rules are run for a card."""


def full_card(
    context: AnalysisContext, beside: AnalysisContext | None = None, *, program: str | None = None
) -> ModelCard:
    """Describe a model.

    Args:
        context: the model.
        beside: the checkpoint that belongs to it, if there is one.
        program: which program to describe; the one that is shown by default if None.

    Raises:
        NotFoundError: there is no such program.
    """
    return model_card(context, program=program, restore=_restore(context, beside), errors=_errors(context, beside))


def _restore(context: AnalysisContext, beside: AnalysisContext | None) -> CardRestore | None:
    if beside is None or not len(context.model.graph):
        return None
    from scopeview.analysis.diff.restore import restore

    report = restore(context, beside)
    if not report.found and not report.missing and not report.mismatched:
        return None
    counts = report.found, len(report.missing), len(report.mismatched), len(report.unused)
    return CardRestore(beside.model.origin.path, *counts)


def _errors(context: AnalysisContext, beside: AnalysisContext | None) -> int | None:
    """Count the errors that rules of that severity find; None for what is too large to look at in passing."""
    model = context.model
    ops = len(model.graph) + sum(function.op_count for function in model.functions.values())
    if ops > _LINTED_OPS or len(model.variables) > _LINTED_VARIABLES:
        return None
    from scopeview.analysis.lint.errors import count_errors
    from scopeview.analysis.lint.rule import Subject

    return count_errors(Subject(context, beside))
