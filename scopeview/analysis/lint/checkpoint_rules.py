"""Rules about checkpoints: files that are damaged, and what the values say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.lint.rule import Found, Subject, rule
from scopeview.model.dtypes import NON_NUMERIC
from scopeview.model.object_paths import OBJECT_GRAPH_KEY

if TYPE_CHECKING:
    from scopeview.analysis.context import AnalysisContext
    from scopeview.analysis.work import Values
    from scopeview.model.variables import Variable

_LEAST_ELEMENTS = 2
"""A scalar is equal to itself, and often 0: only tensors with several elements are suspicious when all are equal."""


def _checkpoint(subject: Subject) -> AnalysisContext:
    """Return the checkpoint: the second artifact, or the first where it is one."""
    return subject.checkpoint if subject.checkpoint is not None else subject.context


@rule("C1", "damaged-checkpoint", "error", "checkpoint")
def damaged_checkpoint(subject: Subject) -> Iterator[Found]:
    """An index that cannot be read whole, or a data shard that is missing or too short.

    Why: TensorFlow ends with a message about the first tensor it misses, or reads wrong names from a block that was
    changed: it does not verify the checksums of the index.

    Example: a copy that ended early; `model.ckpt.data-00001-of-00002` left on another disk

    Fix: copy all files of the prefix again; take the checkpoint before it.
    """
    for damage in _checkpoint(subject).model.damage:
        if damage.kind in ("index", "shard"):
            yield Found(damage.where, damage.message, (damage.where,))


@rule("C2", "stale-state", "warning", "checkpoint")
def stale_state(subject: Subject) -> Iterator[Found]:
    """A `checkpoint` file that names what is not there, or what an interrupted save left behind.

    Why: `tf.train.latest_checkpoint` follows the paths of that file: after a move it finds nothing, or the old folder.

    Example: `mv run1 run2` with absolute paths in `run1/checkpoint`

    Fix: write the paths anew, relative to the folder; delete the leftovers.
    """
    for damage in _checkpoint(subject).model.damage:
        if damage.kind in ("state", "leftover"):
            yield Found(damage.where, f"{damage.where}: {damage.message}", (damage.where,))


@rule("C5", "values-missing", "error")
def values_missing(subject: Subject) -> Iterator[Found]:
    """A SavedModel without its folder `variables/`.

    Why: TensorFlow cannot load it: the graph is there, the values of its variables are not.

    Example: `cp export/1/saved_model.pb model/`

    Fix: copy the whole folder of the SavedModel.
    """
    for damage in subject.context.model.damage:
        if damage.kind == "values":
            yield Found(damage.where, damage.message, (damage.where,))


@rule("C3", "bytes-by-kind", "info", "checkpoint")
def bytes_by_kind(subject: Subject) -> Iterator[Found]:
    """What the bytes of a checkpoint are for: weights, optimizer slots, averages, scalars.

    Why: Adam keeps two slots for each weight, so that a training checkpoint is three times the model.

    Example: 30 MB of weights in a checkpoint of 90 MB

    Fix: for serving, save the weights alone.
    """
    context = _checkpoint(subject)
    sizes: Counter[str] = Counter()
    for variable in context.model.variables:
        if variable.name != OBJECT_GRAPH_KEY:
            auxiliary = context.auxiliary_variables.of(variable)
            sizes[auxiliary.kind if auxiliary else "weights"] += variable.size_bytes or 0
    total = sum(sizes.values())
    if total:
        listed = [f"{kind} {size:,} bytes ({size / total:.0%})" for kind, size in sizes.most_common()]
        yield Found(context.model.origin.path, f"of {total:,} bytes: {', '.join(listed)}", listed)


@rule("C4", "suspicious-values", "warning", "checkpoint")
def suspicious_values(subject: Subject) -> Iterator[Found]:
    """Tensors with NaN or infinity, and tensors whose values are all equal. Asked for with `--values`.

    Why: NaN spreads to everything that is computed with it; a weight that is all zero was perhaps never restored or
    trained. Biases and fresh slots are all zero by right: these are shown as information.

    Example: a run that diverged before it was saved

    Fix: take an earlier checkpoint.
    """
    context = _checkpoint(subject)
    for variable in context.model.variables if subject.values is not None else ():
        if variable.dtype in NON_NUMERIC or not variable.parameters:
            continue
        summary = _summary(subject.values, variable) if subject.values is not None else None
        if summary is None:
            continue
        if summary.nans or summary.infinities:
            counts = f"{summary.nans:,} NaN and {summary.infinities:,} infinite values of {variable.parameters:,}"
            yield Found(variable.name, f"{variable.name} has {counts}", (variable.name,))
        elif summary.low == summary.high and variable.parameters >= _LEAST_ELEMENTS:
            is_meant = variable in context.auxiliary_variables or len(variable.shape or ()) < 2
            yield Found(
                variable.name,
                f"all {variable.parameters:,} values of {variable.name} are {summary.low:g}",
                (variable.name,),
                "info" if is_meant else None,
            )


@dataclass(frozen=True, slots=True)
class _Summary:
    nans: int
    infinities: int
    low: float
    high: float


def _summary(values: Values, variable: Variable) -> _Summary | None:
    """Read a variable once, a block at a time; None where its values cannot be read."""
    nans = infinities = 0
    low, high = np.inf, -np.inf
    for block in values.blocks(variable):
        numbers = _as_numbers(block)
        finite = np.isfinite(numbers)
        nans += int(np.isnan(numbers).sum())
        infinities += int(numbers.size - finite.sum())
        if finite.any():
            low, high = min(low, float(numbers[finite].min())), max(high, float(numbers[finite].max()))
    return None if low > high and not nans + infinities else _Summary(nans, infinities - nans, low, high)


def _as_numbers(block: NDArray[np.generic]) -> NDArray[np.float64]:
    magnitudes = np.abs(block) if np.iscomplexobj(block) else block
    return np.asarray(magnitudes, dtype=np.float64)
