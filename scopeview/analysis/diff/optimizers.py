"""Which optimizers made the slots of a model: by their names, or by what they keep."""

from __future__ import annotations

from collections.abc import Mapping

from scopeview.analysis.context import AnalysisContext

_BY_SLOTS: Mapping[frozenset[str], str] = {
    frozenset({"m", "v"}): "Adam",
    frozenset({"m", "v", "vhat"}): "Adam (amsgrad)",
    frozenset({"adam_m", "adam_v"}): "Adam",
    frozenset({"momentum"}): "SGD with momentum",
    frozenset({"rms"}): "RMSprop",
    frozenset({"rms", "momentum"}): "RMSprop with momentum",
    frozenset({"rms", "mg"}): "RMSprop (centered)",
    frozenset({"rms", "mg", "momentum"}): "RMSprop (centered) with momentum",
    frozenset({"accumulator"}): "Adagrad",
    frozenset({"accum_grad", "accum_var"}): "Adadelta",
    frozenset({"accumulator", "linear"}): "Ftrl",
}
"""Slots that Keras' optimizers name by what they keep."""


def optimizer_names(context: AnalysisContext) -> tuple[str, ...]:
    """Return the names of the optimizers whose slots a model has.

    TensorFlow 1 names slots after the optimizer (`w/Adam`, `w/Adam_1`), Keras after what they keep (`m`, `v`).
    """
    return context.cached("optimizers", lambda: _found(context))


def _found(context: AnalysisContext) -> tuple[str, ...]:
    sets = context.auxiliary_variables.slot_sets()
    largest = [one for one in sets if not any(one < other for other in sets)]
    return tuple(sorted({name for held in largest for name in _named(held)}))


def _named(slots: frozenset[str]) -> set[str]:
    if slots in _BY_SLOTS:
        return {_BY_SLOTS[slots]}
    return set(slots)
