"""How the stored values of variables are distributed, read a block at a time: memory stays small for any size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.answers.find import matching_variables
from scopeview.analysis.answers.sharing import variables_called
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.suggestions import not_found
from scopeview.errors import NotFoundError
from scopeview.model.dtypes import NON_NUMERIC
from scopeview.model.measured import Measured
from scopeview.model.shapes import Shape
from scopeview.model.variables import Variable

BINS = 24
"""Bins of a histogram, all of one width, from the least value to the largest."""


_NOT_WHOLE = "its values are not there, or not whole: a data file is missing or too short"


class Values(Protocol):
    """Gives the values of a checkpoint's entries, a block at a time."""

    def blocks(self, variable: Variable) -> Iterator[NDArray[np.generic]]:
        """Yield the values of a variable in flat blocks."""
        ...


@dataclass(frozen=True, slots=True)
class VariableValues:
    """The values of one variable, as one checkpoint holds them; what has no number there is None."""

    variable: str
    checkpoint: str
    """Path of the artifact that holds the values."""
    shape: Shape
    dtype: str
    elements: int
    """Elements that were read: all of them, or none."""
    mean: Measured | None
    """Of the finite elements, as are deviation, minimum, maximum and l2."""
    deviation: Measured | None
    """Standard deviation, with n in the denominator, as numpy's `std` has it."""
    minimum: Measured | None
    maximum: Measured | None
    l2: Measured | None
    """Euclidean norm."""
    zeros: int
    nan: int
    inf: int
    histogram: tuple[int, ...]
    """Finite elements in bins of one width from `minimum` to `maximum`; empty where all are equal."""
    unread: str
    """Why nothing could be read; empty where it was."""


@dataclass(frozen=True, slots=True)
class ValuesReport:
    """The values of the variables that a query finds."""

    path: str
    variables: tuple[VariableValues, ...]
    total: int
    """Variables that fit, shown or not."""
    offset: int
    missing: int
    """Of those shown: how many should have values that are not there, or not whole."""


def values_report(
    context: AnalysisContext,
    values: Values,
    *,
    query: str = "",
    offset: int = 0,
    limit: int = 200,
    on_read: Callable[[int], None] = lambda _size: None,
) -> ValuesReport:
    """Describe the values of variables, in the order of their names.

    Args:
        context: the artifact that holds them, analyzed.
        values: their reader.
        query: which variables, in the language of `scopeview find`; empty for all.
        offset: variables to skip.
        limit: variables to read.
        on_read: called with the bytes of each variable when it has been read.

    Raises:
        QueryError: the query cannot be understood.
    """
    fitting = matching_variables(context, query) if query.strip() else list(context.model.variables)
    found: list[VariableValues] = []
    for variable in fitting[offset : offset + limit]:
        found.append(describe(variable, values, context.model.origin.path))
        on_read(variable.size_bytes or 0)
    missing = sum(one.unread == _NOT_WHOLE for one in found)
    return ValuesReport(context.model.origin.path, tuple(found), len(fitting), offset, missing)


def values_of(
    context: AnalysisContext, name: str, holders: Sequence[tuple[AnalysisContext, Values]]
) -> tuple[VariableValues, ...]:
    """Describe a variable's values as each of several checkpoints holds them; those that lack it are left out.

    Args:
        context: the model that has the variable.
        name: the variable.
        holders: checkpoints, analyzed, each with the reader of its values.

    Raises:
        NotFoundError: the model has no such variable.
    """
    called = variables_called(context.model, name)
    if not called:
        raise NotFoundError(not_found(context.model, name, context.model.variables.names, "no variable"))
    keys = [key for variable in called for key in (variable.name, *variable.checkpoint_keys)]
    entries = ((holder, values, _entry(holder, keys)) for holder, values in holders)
    return tuple(
        describe(entry, values, holder.model.origin.path) for holder, values, entry in entries if entry is not None
    )


def _entry(holder: AnalysisContext, keys: Sequence[str]) -> Variable | None:
    return next((holder.by_key()[key] for key in keys if key in holder.by_key()), None)


def describe(variable: Variable, values: Values, checkpoint: str) -> VariableValues:
    """Describe the values of one variable: read twice, for the bins of the histogram follow from the extremes."""
    total = _Moments()
    reason = _why_not(variable)
    if not reason:
        for block in values.blocks(variable):
            total.add(block)
        if total.elements != variable.parameters:
            total, reason = _Moments(), _NOT_WHOLE
    has_spread = 0 < total.maximum - total.minimum < math.inf
    return VariableValues(
        variable=variable.name,
        checkpoint=checkpoint,
        shape=variable.shape,
        dtype=variable.dtype,
        elements=total.elements,
        mean=total.mean if total.finite else None,
        deviation=math.sqrt(total.squares_about_mean / total.finite) if total.finite else None,
        minimum=total.minimum if total.finite else None,
        maximum=total.maximum if total.finite else None,
        l2=math.sqrt(total.squares) if total.finite else None,
        zeros=total.zeros,
        nan=total.nan,
        inf=total.inf,
        histogram=_histogram(values.blocks(variable), total.minimum, total.maximum) if has_spread else (),
        unread=reason,
    )


def _why_not(variable: Variable) -> str:
    if variable.dtype in NON_NUMERIC:
        return f"{variable.dtype} is no number"
    return "complex numbers have no order" if variable.dtype.startswith("complex") else ""


class _Moments:
    """Mean and squares of what has been seen, merged block by block (Chan, Golub and LeVeque 1979), in float64."""

    def __init__(self) -> None:
        self.elements = self.finite = self.zeros = self.nan = self.inf = 0
        self.mean = self.squares = self.squares_about_mean = 0.0
        self.minimum, self.maximum = math.inf, -math.inf

    def add(self, raw: NDArray[np.generic]) -> None:
        block = raw.astype(np.float64)
        self.elements += block.size
        self.zeros += int((block == 0).sum())
        self.nan += int(np.isnan(block).sum())
        self.inf += int(np.isinf(block).sum())
        block = block[np.isfinite(block)]
        if block.size == 0:
            return
        mean = float(block.mean())
        about = block - mean
        step, seen = mean - self.mean, self.finite
        self.finite += block.size
        self.mean += step * block.size / self.finite
        self.squares_about_mean += float(np.vdot(about, about)) + step * step * seen * block.size / self.finite
        self.squares += float(np.vdot(block, block))
        self.minimum, self.maximum = min(self.minimum, float(block.min())), max(self.maximum, float(block.max()))


def _histogram(blocks: Iterator[NDArray[np.generic]], minimum: float, maximum: float) -> tuple[int, ...]:
    counts = np.zeros(BINS, dtype=np.int64)
    for raw in blocks:
        block = raw.astype(np.float64)
        counts += np.histogram(block[np.isfinite(block)], bins=BINS, range=(minimum, maximum))[0]
    return tuple(counts.tolist())
