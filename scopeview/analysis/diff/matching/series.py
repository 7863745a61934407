"""Numbered scopes: the series of each side, and which number of one is which of the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from scopeview.analysis.diff.matching.layouts import content_key
from scopeview.analysis.diff.matching.modules import Module
from scopeview.analysis.diff.matching.roles import GAIN, KERNEL
from scopeview.analysis.diff.matching.tokens import Token

Skeleton = tuple[object, ...]
Numbers = tuple[int, ...]
_NEARLY = 0.85
"""Of what the best map explains, the share that an earlier, simpler map must explain."""
_AS_MUCH = 0.95
_OVERLAP = 0.6
_LEAST_MEAN = 0.7
_PROOF = 10.0
_INDEX = object()
"""Stands for a number in which siblings differ."""


@dataclass(frozen=True)
class Series:
    """Scopes whose names differ in numbers alone."""

    skeleton: Skeleton
    parent: int
    """The series of which every scope holds such a series; -1 at the top."""
    parents: Sequence[int]
    """For each scope, the scope of the parent series that holds it; -1 at the top."""
    nodes: Sequence[Numbers]
    content: npt.NDArray[np.float64]
    """How many layers with a kernel or gain of each shape stand in each scope."""
    place: Mapping[Numbers, int] = field(default_factory=dict)

    @property
    def word(self) -> object:
        """What stands before the last number."""
        return self.skeleton[-2] if len(self.skeleton) > 1 else ""


@dataclass(frozen=True)
class Numbering:
    """The series of one side, and the place of each module in them."""

    series: Sequence[Series]
    places: Sequence[Sequence[tuple[int, int]]]
    """For each module, series and scope of each of its numbers, outermost first."""
    constants: Sequence[frozenset[int]]
    """For each module, the places of tokens that are numbers in which no siblings differ."""


def numbering_of(modules: Sequence[Module], keys: dict[object, int]) -> Numbering:
    """Find the series of a side.

    Args:
        modules: the modules of the side.
        keys: the columns of contents, which both sides share; new ones are added.
    """
    spans = _spans(modules)
    members: dict[Skeleton, dict[Numbers, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, found in enumerate(spans):
        for skeleton, numbers in found.at.values():
            members[skeleton][numbers].append(index)
    order = sorted(members, key=len)
    number_of = {skeleton: index for index, skeleton in enumerate(order)}
    leading = [next((role for role in (KERNEL, GAIN) if role in m.members), min(m.members)) for m in modules]
    column = [
        keys.setdefault(content_key(role, module.members[role].shape), len(keys))
        for module, role in zip(modules, leading, strict=True)
    ]
    series: list[Series] = []
    for skeleton in order:
        series.append(_series(skeleton, members[skeleton], (number_of, series), column, len(keys)))
    places = [
        [(number_of[skeleton], series[number_of[skeleton]].place[numbers]) for skeleton, numbers in found.at.values()]
        for found in spans
    ]
    return Numbering(series, places, [frozenset(found.constants) for found in spans])


@dataclass
class _Span:
    """What is known of one name while its tokens are read from the left."""

    skeleton: Skeleton = ()
    numbers: Numbers = ()
    at: dict[int, tuple[Skeleton, Numbers]] = field(default_factory=dict)
    constants: set[int] = field(default_factory=set)


def _spans(modules: Sequence[Module]) -> list[_Span]:
    spans = [_Span() for _ in modules]
    for place in range(max((len(m.tokens) for m in modules), default=0)):
        values: dict[Skeleton, set[Token]] = defaultdict(set)
        here = [(span, m.tokens[place]) for span, m in zip(spans, modules, strict=True) if place < len(m.tokens)]
        for span, token in here:
            if isinstance(token, int):
                values[span.skeleton].add(token)
        for span, token in here:
            if isinstance(token, int) and len(values[span.skeleton]) > 1:
                span.skeleton, span.numbers = (*span.skeleton, _INDEX), (*span.numbers, token)
                span.at[place] = span.skeleton, span.numbers
            else:
                span.skeleton = (*span.skeleton, token)
                if isinstance(token, int):
                    span.constants.add(place)
    return spans


def _series(
    skeleton: Skeleton,
    members: Mapping[Numbers, Sequence[int]],
    known: tuple[Mapping[Skeleton, int], Sequence[Series]],
    column: Sequence[int],
    width: int,
) -> Series:
    nodes = sorted(members)
    content = np.zeros((len(nodes), width))
    for place, numbers in enumerate(nodes):
        np.add.at(content[place], [column[index] for index in members[numbers]], 1)
    outer = [end for end in range(len(skeleton) - 1, 0, -1) if skeleton[end - 1] is _INDEX]
    parent = known[0][skeleton[: outer[0]]] if outer else -1
    parents = [known[1][parent].place[numbers[:-1]] if outer else -1 for numbers in nodes]
    return Series(skeleton, parent, parents, nodes, content, {numbers: place for place, numbers in enumerate(nodes)})


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which scope of a series of A is which of a series of B; -1 for none."""

    nodes: npt.NDArray[np.int64]
    weight: float


def align(a: Numbering, b: Numbering, anchors: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Alignment]:
    """Align the series of two sides.

    Args:
        a: the series of one side.
        b: those of the other.
        anchors: modules that are one, by values.
    """
    width = max((s.content.shape[1] for s in (*a.series, *b.series)), default=0)
    content_a, content_b = ([_widened(s.content, width) for s in side.series] for side in (a, b))
    proved = _proved_nodes(a, b, anchors)
    found: dict[tuple[int, int], Alignment] = {}
    for i, j in _comparable(content_a, content_b):
        parents = found.get((a.series[i].parent, b.series[j].parent))
        chosen = _best(a.series[i], b.series[j], (content_a[i], content_b[j]), parents, proved.get((i, j), ()))
        if chosen is not None:
            found[i, j] = chosen
    return found


def _widened(content: npt.NDArray[np.float64], width: int) -> npt.NDArray[np.float64]:
    return np.pad(content, ((0, 0), (0, width - content.shape[1])))


def _proved_nodes(
    a: Numbering, b: Numbering, anchors: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Return the scopes that hold one module by values, by their series."""
    found: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for one, other in anchors:
        for series_a, node_a in a.places[one]:
            for series_b, node_b in b.places[other]:
                found[series_a, series_b].append((node_a, node_b))
    return found


def _comparable(
    a: Sequence[npt.NDArray[np.float64]], b: Sequence[npt.NDArray[np.float64]]
) -> Iterator[tuple[int, int]]:
    """Yield the pairs of series that hold about the same, outer series first."""
    if not a or not b:
        return
    sums_a, sums_b = np.stack([s.sum(0) for s in a]), np.stack([s.sum(0) for s in b])
    for i, row in enumerate(sums_a):
        shared = np.minimum(row, sums_b).sum(1)
        covered = shared / np.maximum(1, np.minimum(row.sum(), sums_b.sum(1)))
        whole = shared / np.maximum(1, np.maximum(row.sum(), sums_b.sum(1)))
        for j in np.flatnonzero((covered >= 0.6) & (whole >= 0.35)):
            yield i, int(j)


def _best(
    a: Series,
    b: Series,
    contents: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    parents: Alignment | None,
    proved: Sequence[tuple[int, int]],
) -> Alignment | None:
    """Return the first map of numbers that explains the contents about as well as any."""
    scored: list[tuple[float, npt.NDArray[np.int64], float]] = []
    for nodes in _maps(a, b, parents):
        total, mean = _explained(contents, nodes)
        scored.append((total + _PROOF * sum(nodes[one] == other for one, other in proved), nodes, mean))
    if not scored:
        return None
    most = max(total for total, _, _ in scored)
    total, nodes, mean = next(option for option in scored if option[0] >= _NEARLY * most)
    covered = int((nodes >= 0).sum())
    if 2 * covered < max(len(a.nodes), len(b.nodes)) or mean < _LEAST_MEAN:
        return None
    is_ordered = len(a.nodes) == len(b.nodes) or bool(proved)
    if not is_ordered and _is_ambiguous(a, b, nodes, [other for rival, other, _ in scored if rival >= _AS_MUCH * most]):
        return None
    return Alignment(nodes, mean * (1.0 if len(a.nodes) == len(b.nodes) else 0.9))


def _is_ambiguous(a: Series, b: Series, nodes: npt.NDArray[np.int64], rivals: Sequence[npt.NDArray[np.int64]]) -> bool:
    """Whether another map explains as much, and no equal word or first number speaks for this one."""
    if a.word == b.word or a.nodes[0][-1] == b.nodes[0][-1]:
        return False
    return any(np.any((nodes != rival) & (nodes >= 0) & (rival >= 0)) for rival in rivals)


def _maps(a: Series, b: Series, parents: Alignment | None) -> Iterator[npt.NDArray[np.int64]]:
    """Yield maps of scopes: equal numbers, equal rank, numbers moved by a constant, then the rank of all numbers."""
    is_top = a.parent < 0 and b.parent < 0
    if is_top or parents is not None:
        outer = None if is_top or parents is None else parents
        for values in _value_maps([n[-1] for n in a.nodes], [n[-1] for n in b.nodes]):
            yield _mapped(a, b, values, outer)
    if len(a.nodes) == len(b.nodes):
        yield np.arange(len(a.nodes))


def _value_maps(a: Sequence[int], b: Sequence[int]) -> Iterator[Mapping[int, int]]:
    values_a, values_b = sorted(set(a)), sorted(set(b))
    in_a, in_b = set(values_a), set(values_b)
    equal = {v: v for v in values_a if v in in_b}
    first, last = values_b[0] - values_a[0], values_b[-1] - values_a[-1]
    if first == last != 0:
        yield {v: v + first for v in values_a if v + first in in_b}
    elif in_a <= in_b or in_b <= in_a or (0 in (first, last) and len(equal) >= _OVERLAP * max(len(in_a), len(in_b))):
        yield equal
    yield dict(zip(values_a, values_b, strict=False))
    yield equal
    for offset in sorted({first, last, 1, -1} - {0}, key=abs):
        yield {v: v + offset for v in values_a if v + offset in in_b}


def _mapped(a: Series, b: Series, values: Mapping[int, int], outer: Alignment | None) -> npt.NDArray[np.int64]:
    inner = {
        (parent, numbers[-1]): place for place, (parent, numbers) in enumerate(zip(b.parents, b.nodes, strict=True))
    }
    nodes = np.full(len(a.nodes), -1, np.int64)
    for place, (parent, numbers) in enumerate(zip(a.parents, a.nodes, strict=True)):
        value = values.get(numbers[-1])
        target = -1 if outer is None else int(outer.nodes[parent])
        if value is not None and (outer is None or target >= 0):
            nodes[place] = inner.get((target, value), -1)
    return nodes


def _explained(
    contents: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]], nodes: npt.NDArray[np.int64]
) -> tuple[float, float]:
    """Return how much of the contents a map explains in all, and the mean share of the smaller scopes."""
    mapped = np.flatnonzero(nodes >= 0)
    if not len(mapped):
        return 0.0, 0.0
    one, other = contents[0][mapped], contents[1][nodes[mapped]]
    shared = np.minimum(one, other).sum(1)
    likeness = shared / np.maximum(1, np.maximum(one, other).sum(1))
    covered = shared / np.maximum(1, np.minimum(one.sum(1), other.sum(1)))
    return float(likeness.sum()), float(covered.mean())
