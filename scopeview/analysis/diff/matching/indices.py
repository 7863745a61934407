"""Whether the numbers of two names agree, by the alignment of their series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from scopeview.analysis.diff.matching.series import Alignment, Numbering

Floats = npt.NDArray[np.float64]
_ABSENT = 0.5
_CONFLICT = -0.55


def index_evidence(
    a: Numbering, b: Numbering, alignments: Mapping[tuple[int, int], Alignment]
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return for all pairs of modules whether their numbers agree, from 1 to -1, and whether any is another one."""
    shape = len(a.places), len(b.places)
    at_a, at_b = _table(a), _table(b)
    by_a: dict[int, list[tuple[int, Alignment]]] = {}
    by_b: dict[int, list[tuple[int, Alignment]]] = {}
    for (i, j), alignment in alignments.items():
        by_a.setdefault(i, []).append((j, alignment))
        by_b.setdefault(j, []).append((i, alignment))
    differs = np.zeros(shape, bool)
    forth, back = np.zeros(shape), np.zeros((shape[1], shape[0]))
    for i, partners in by_a.items():
        rows = np.flatnonzero(at_a[:, i] >= 0)
        options = [(al.weight, al.nodes[at_a[rows, i]], at_b[:, j]) for j, al in partners]
        found = _agreement(options, (len(rows), shape[1]))
        forth[rows] += found
        differs[rows] |= found <= _CONFLICT
    for j, partners in by_b.items():
        rows = np.flatnonzero(at_b[:, j] >= 0)
        options = [(al.weight, at_b[rows, j], _mapped(al.nodes, at_a[:, i])) for i, al in partners]
        found = _agreement(options, (len(rows), shape[0]))
        back[rows] += found
        differs[:, rows] |= (found <= _CONFLICT).T
    forth /= np.maximum(1, _counts(at_a, by_a))[:, None]
    back /= np.maximum(1, _counts(at_b, by_b))[:, None]
    return (forth + back.T) / 2, differs


def _table(side: Numbering) -> npt.NDArray[np.int64]:
    """Return for each module its scope in each series, -1 for none."""
    table = np.full((len(side.places), max(1, len(side.series))), -1, np.int64)
    for row, places in enumerate(side.places):
        for series, node in places:
            table[row, series] = node
    return table


def _counts(table: npt.NDArray[np.int64], aligned: Mapping[int, object]) -> npt.NDArray[np.int64]:
    return np.asarray((table[:, sorted(aligned)] >= 0).sum(1)) if aligned else np.zeros(len(table), np.int64)


def _mapped(nodes: npt.NDArray[np.int64], at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the scope of the other side; -1 where there is no number, -2 where the number has no partner."""
    target = np.where(nodes < 0, -2, nodes)[at]
    return np.where(at < 0, -1, target)


def _agreement(
    options: Sequence[tuple[float, npt.NDArray[np.int64], npt.NDArray[np.int64]]], shape: tuple[int, int]
) -> Floats:
    """Compare the numbers of one series with those of the series aligned with it, the best aligned first."""
    ranked = sorted(options, key=lambda option: -option[0])
    found = np.full(shape, -_ABSENT * ranked[0][0])
    is_open = np.ones(shape, bool)
    for weight, rows, columns in ranked:
        present = (columns != -1)[None, :] & is_open
        equal = (rows[:, None] == columns[None, :]) & (rows >= 0)[:, None]
        found = np.where(present, np.where(equal, weight, -weight), found)
        is_open &= ~present
    return found
