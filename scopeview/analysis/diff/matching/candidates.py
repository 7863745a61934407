"""Which modules may be one, and which candidates are clear: functions on tables of pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from scopeview.analysis.diff.matching.layouts import Signature, agreement, content_key, direction, signature_of
from scopeview.analysis.diff.matching.modules import Module
from scopeview.analysis.diff.matching.roles import KERNEL

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def mutual(scores: Floats, is_open: Bools, margin: float) -> Bools:
    """Return the pairs that are within a margin of the best of both their modules."""
    masked = np.where(is_open, scores, -np.inf)
    best_row, best_column = masked.max(1, keepdims=True, initial=-9), masked.max(0, keepdims=True, initial=-9)
    return np.asarray(is_open & (masked >= best_row - margin) & (masked >= best_column - margin))


def shares(candidates: Bools) -> Floats:
    """Return how much each candidate counts: a module with several counts as one in all."""
    most = np.maximum(candidates.sum(1, keepdims=True), candidates.sum(0, keepdims=True))
    return np.asarray(candidates / np.maximum(1, most))


def fits(a: Sequence[Module], b: Sequence[Module], is_transposed: bool) -> Floats:
    """Return for all pairs of modules how well their shapes agree, 0 where they cannot be one."""
    number_a, places_a = _interned([signature_of(m) for m in a])
    number_b, places_b = _interned([signature_of(m) for m in b])
    turned = direction(number_a, number_b) if is_transposed else 0
    table = np.array([[agreement(one, other, is_transposed, turned) for other in number_b] for one in number_a])
    return table.reshape(len(number_a), len(number_b))[np.ix_(places_a, places_b)]


def _interned(signatures: Sequence[Signature]) -> tuple[list[Signature], npt.NDArray[np.int64]]:
    place: dict[Signature, int] = {}
    at = [place.setdefault(signature, len(place)) for signature in signatures]
    return list(place), np.array(at, np.int64)


def anchors_of(
    a: Sequence[Module], b: Sequence[Module], is_allowed: Callable[[int, int], bool]
) -> list[tuple[int, int]]:
    """Return the modules that hold equal values which no other module holds, and that may be one."""
    owners_a, owners_b = _owners(a), _owners(b)
    found: dict[tuple[int, int], None] = {}
    for value, one in owners_a.items():
        other = owners_b.get(value, -1)
        if one >= 0 and other >= 0 and is_allowed(one, other):
            found[one, other] = None
    return alone(list(found))


def _owners(modules: Sequence[Module]) -> dict[object, int]:
    owners: dict[object, int] = {}
    for index, module in enumerate(modules):
        for role, item in module.members.items():
            if item.value is not None:
                key = (content_key(role, item.shape), item.value)
                owners[key] = -1 if key in owners else index
    return owners


def components(candidates: Bools) -> list[tuple[list[int], list[int]]]:
    """Return the connected groups of candidates."""
    groups: list[tuple[list[int], list[int]]] = []
    left = set(np.flatnonzero(candidates.any(1)).tolist())
    while left:
        rows, columns = [left.pop()], set[int]()
        for row in rows:  # grows while it is read
            for column in np.flatnonzero(candidates[row]).tolist():
                if column not in columns:
                    columns.add(column)
                    reached = left.intersection(np.flatnonzero(candidates[:, column]).tolist())
                    left -= reached
                    rows.extend(reached)
        groups.append((sorted(rows), sorted(columns)))
    return groups


def has_matrix(module: Module) -> bool:
    """Whether a module has a kernel of which the layout matters."""
    kernel = module.members.get(KERNEL)
    return kernel is not None and kernel.shape is not None and kernel.shape != kernel.shape[::-1]


def agree_in_kind(a: Module, b: Module) -> bool:
    """Whether two modules share a role in one rank and dtype."""
    shared = a.members.keys() & b.members.keys()
    pairs = [(a.members[role], b.members[role]) for role in shared]
    return any(
        one.shape and other.shape and len(one.shape) == len(other.shape) and one.dtype == other.dtype
        for one, other in pairs
    )


def alone(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pairs of which neither module is in another."""
    rows, columns = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    return [(one, other) for one, other in pairs if rows[one] == columns[other] == 1]
