"""What the values of variables are like: read in parts by whatever runs them, merged to the same answer everywhere.

A variable of one block is read once. A longer one is read twice, for the bins of its histogram follow from its
extremes.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.moments import Moments, moments_of
from scopeview.analysis.work import Reading, Stretch, Values, blocks_of, check_same, files_seen, stretches, units
from scopeview.model.variables import Variable
from scopeview.model.wanted import check_wanted

BINS = 24
"""Bins of a histogram, all of one width, from the least value to the largest."""

Counts = tuple[int, ...]
Extremes = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Measures:
    """What the numbers of a variable, or of some of its blocks, are like."""

    moments: Moments = field(default_factory=Moments)
    bins: Counts | None = None
    """Numbers in bins from the least to the largest; None where they were not counted."""

    def __add__(self, other: Measures) -> Measures:
        """Return those of both; bins only of numbers that were counted in the same ones."""
        bins = tuple(map(sum, zip(self.bins, other.bins, strict=True))) if self.bins and other.bins else None
        return Measures(self.moments + other.moments, bins or self.bins or other.bins)


@dataclass(frozen=True, slots=True)
class MeasureTask:
    """Stretches of variables that are read together, each with the extremes of its variable where they are known."""

    values: Values
    stretches: tuple[Stretch, ...]
    extremes: tuple[Extremes | None, ...]
    has_bins: bool = True

    @property
    def size_bytes(self) -> int:
        """Bytes that are read."""
        return sum(stretch.size_bytes for stretch in self.stretches)


def measure(task: MeasureTask) -> tuple[tuple[Measures, ...], Mapping[str, Hashable]]:
    """Read stretches: their moments where the extremes are not known, else their bins; and which files were read."""
    found = tuple(
        _moments(blocks_of(task.values, stretch), has_bins=task.has_bins and stretch.is_whole)
        if extremes is None
        else Measures(bins=_histogram(blocks_of(task.values, stretch), *extremes))
        for stretch, extremes in zip(task.stretches, task.extremes, strict=True)
    )
    return found, files_seen(task.values)


def measured(
    variables: Sequence[Variable],
    values: Values,
    reading: Reading = Reading(),  # noqa: B008 - frozen
    *,
    has_bins: bool = True,
) -> list[Measures]:
    """Return what the values of each variable are like.

    Args:
        variables: whose dtypes have an order.
        values: their reader.
        reading: what reads the values, and takes how much was read.
        has_bins: whether to count numbers in bins too.

    Raises:
        DamagedError: a file was rewritten meanwhile.
    """
    cut = list(stretches(variables, values))
    numbers = {id(variable): number for number, variable in enumerate(variables)}
    found = [Measures()] * len(variables)
    for stretch, part in _run(cut, [None] * len(cut), values, reading, has_bins=has_bins):
        found[numbers[id(stretch.variable)]] += part
    if not has_bins:
        return found
    waiting = [
        (stretch, spread)
        for stretch in cut
        if (one := found[numbers[id(stretch.variable)]]).bins is None and (spread := _spread(one.moments)) is not None
    ]
    again = [stretch for stretch, _ in waiting]
    for stretch, part in _run(again, [spread for _, spread in waiting], values, Reading(reading.runner), has_bins=True):
        found[numbers[id(stretch.variable)]] += part
    return found


def _run(
    cut: Sequence[Stretch],
    extremes: Sequence[Extremes | None],
    values: Values,
    reading: Reading,
    *,
    has_bins: bool,
) -> Iterator[tuple[Stretch, Measures]]:
    by_stretch = dict(zip(map(id, cut), extremes, strict=True))
    tasks = [MeasureTask(values, unit, tuple(by_stretch[id(one)] for one in unit), has_bins) for unit in units(cut)]
    results = reading.runner.run(measure, tasks, lambda number: reading.on_read(tasks[number].size_bytes))
    check_same(seen for _, seen in results)
    return zip(cut, chain.from_iterable(parts for parts, _ in results), strict=True)


def _moments(blocks: Iterable[NDArray[np.generic]], *, has_bins: bool) -> Measures:
    """Return the moments of blocks; where there is one block, and it is all, its bins as well."""
    moments, first, count = Moments(), None, 0
    for block in blocks:
        check_wanted()
        moments += moments_of(block)
        first, count = block, count + 1
    if not has_bins or count != 1 or first is None:
        return Measures(moments)
    spread = _spread(moments)
    return Measures(moments, _histogram([first], *spread) if spread is not None else ())


def _spread(moments: Moments) -> Extremes | None:
    """Return the least and the largest number; None where there is nothing between them to count."""
    has_spread = 0 < moments.maximum - moments.minimum < math.inf
    return (moments.minimum, moments.maximum) if has_spread else None


def _histogram(blocks: Iterable[NDArray[np.generic]], minimum: float, maximum: float) -> Counts:
    counts = np.zeros(BINS, dtype=np.int64)
    for raw in blocks:
        check_wanted()
        block = raw.astype(np.float64)
        counts += np.histogram(block[np.isfinite(block)], bins=BINS, range=(minimum, maximum))[0]
    return tuple(counts.tolist())
