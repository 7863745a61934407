"""Averages checkpoints: the mean of several, a weighted mean, the moving average of a series; a block at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scopeview.analysis.convert import key_of
from scopeview.errors import QueryError
from scopeview.model.dtypes import NON_NUMERIC
from scopeview.model.model import Model
from scopeview.model.variables import Variable
from scopeview.readers.budget import Limits
from scopeview.readers.whole_arrays import whole_blocks
from scopeview.writers.convert import refuse_source, writer_for
from scopeview.writers.limits import within_time
from scopeview.writers.tensors import TensorToWrite

if TYPE_CHECKING:
    from scopeview.analysis.work import Values


@dataclass(frozen=True, slots=True)
class Merged:
    """What was merged."""

    averaged: int
    """Floating-point variables, which were averaged."""
    taken: int
    """Integers and truth values, such as a step, which were taken from the last checkpoint."""


def weights_of(count: int, weights: Sequence[float], decay: float | None) -> tuple[float, ...]:
    """Return the weight of each checkpoint; they add up to 1.

    Args:
        count: how many checkpoints.
        weights: relative weights, or none for equal ones.
        decay: for the moving average of a series: average <- decay * average + (1 - decay) * next, from the first on.

    Raises:
        QueryError: there are not as many weights as checkpoints, or they do not add up to something.
    """
    if decay is not None:
        if not 0 <= decay < 1:
            raise QueryError(f"--ema takes a decay from 0 up to, but not, 1; {decay} is none")
        series = [decay ** (count - 1 - place) * (1 - decay if place else 1) for place in range(count)]
        return tuple(series)
    if not weights:
        return (1 / count,) * count
    total = sum(weights)
    if len(weights) != count or not total or any(weight != weight for weight in weights):
        raise QueryError(f"--weights takes {count} numbers, one for each checkpoint, that do not add up to 0")
    return tuple(weight / total for weight in weights)


def merge(
    sources: Sequence[tuple[Model, Values]],
    weights: Sequence[float],
    target: Path,
    on_written: Callable[[int], None] = lambda _size: None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Merged:
    """Write the weighted mean of checkpoints with equal namespaces.

    Args:
        sources: each checkpoint, with the reader of its values.
        weights: as `weights_of` returns them.
        target: the path of the new file, or the prefix of the new checkpoint.
        on_written: called with the bytes of each block.
        limits: how long it may take.

    Raises:
        QueryError: a variable is missing in one of them, or has another shape or dtype there.
        ScopeviewError: the time is over, the target cannot be written, or values are missing.
    """
    models = [model for model, _ in sources]
    refuse_source(target, models)
    columns = [{variable.name: variable for variable in model.variables} for model in models]
    names = [name for name, variable in columns[0].items() if variable.dtype not in NON_NUMERIC]
    for model, column in zip(models[1:], columns[1:], strict=True):
        _check(columns[0], column, models[0].origin.path, model.origin.path)
    tensors, averaged = [], 0
    for name in names:
        variables = [column[name] for column in columns]
        is_float = "float" in variables[0].dtype
        averaged += is_float
        blocks = _mean(variables, sources, weights) if is_float else _last(variables[-1], sources[-1][1])
        shape = tuple(size or 0 for size in variables[0].shape or ())
        tensors.append(TensorToWrite(key_of(variables[-1]), variables[0].dtype, shape, blocks))
    writer_for(target, models[-1])(target, tensors, within_time(limits, on_written))
    return Merged(averaged, len(names) - averaged)


def _check(first: dict[str, Variable], other: dict[str, Variable], path: str, other_path: str) -> None:
    for name, variable in first.items():
        found = other.get(name)
        if found is None:
            raise QueryError(f"{other_path} has no {name}, which {path} has; average checkpoints of one model")
        if (found.shape, found.dtype) != (variable.shape, variable.dtype):
            shape = list(found.shape or ())
            raise QueryError(f"{name} is {shape} {found.dtype} in {other_path}, and something else in {path}")
    extra = next((name for name in other if name not in first), None)
    if extra is not None:
        raise QueryError(f"{path} has no {extra}, which {other_path} has; average checkpoints of one model")


def _last(variable: Variable, values: Values) -> Callable[[], Iterator[Any]]:
    return lambda: whole_blocks(variable, values)


def _mean(
    variables: Sequence[Variable], sources: Sequence[tuple[Model, Values]], weights: Sequence[float]
) -> Callable[[], Iterator[Any]]:
    def blocks() -> Iterator[Any]:
        import numpy as np

        streams = [whole_blocks(variable, values) for variable, (_, values) in zip(variables, sources, strict=True)]
        for pieces in _aligned(streams):
            total = np.zeros(len(pieces[0]), dtype=np.float64)
            for piece, weight in zip(pieces, weights, strict=True):
                total += weight * piece.astype(np.float64)
            yield total.astype(pieces[0].dtype)

    return blocks


def _aligned(streams: Sequence[Iterator[Any]]) -> Iterator[list[Any]]:
    """Yield pieces of equal length of streams whose blocks may be cut in other places."""
    left: list[Any] = [None] * len(streams)
    while True:
        for number, stream in enumerate(streams):
            if left[number] is None or not len(left[number]):
                left[number] = next(stream, None)
        if any(block is None for block in left):
            return
        length = min(len(block) for block in left)
        yield [block[:length] for block in left]
        left = [block[length:] for block in left]
