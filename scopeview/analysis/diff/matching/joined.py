"""Variables that one side keeps in one piece and the other in several, as far as names and shapes say it: proposals.

    query, key, value   fused along an axis as `qkv`, `c_attn`, `in_proj` or `query_key_value`
    bias_ih, bias_hh    of a recurrent layer of PyTorch, whose sum is the one bias of Keras and TensorFlow
    recurrent layers    of two frameworks, whose gates are joined and ordered in other ways (`recurrent.py`)

Nothing here is a match: which part comes first, and whether heads are interleaved, no name says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

from scopeview.analysis.diff.matching import roles
from scopeview.analysis.diff.matching.entries import Item, Shape
from scopeview.analysis.diff.matching.recurrent import Layer, recurrent_pairs
from scopeview.analysis.diff.matching.recurrent_blocks import Made, layer_of
from scopeview.analysis.diff.matching.tokens import last_segment, tokens_of

_PROJECTIONS = ("query", "key", "value")
_FUSED_WORDS = frozenset({"qkv", "wqkv", "kv", "kqv"})
_FUSED_NAMES = (("in", "projection"), ("c", "attention"))
_ROLES = (roles.KERNEL, roles.SHIFT, roles.GAIN)

Numbers = tuple[int, ...]
How = Literal["joined", "summed", "gates"]


@dataclass(frozen=True, slots=True)
class JoinedProposal:
    """A variable of one side that may be made of several of the other."""

    whole: str
    parts: tuple[str, ...]
    """In the order in which they are likely to be joined."""
    how: How
    axis: int = 0
    """The axis of the whole along which the parts lie."""
    is_whole_in_a: bool = False
    made: Made | None = None
    """For `gates`: how a variable of side B is made."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Projections of one attention that are variables of their own."""

    parts: tuple[Item, ...]
    role: str
    numbers: Numbers
    words: frozenset[str]


def joined_proposals(a: Sequence[Item], b: Sequence[Item], matched: Mapping[str, str]) -> tuple[JoinedProposal, ...]:
    """Return what variables without a match may be made of.

    Args:
        a: variables of side A, auxiliary ones left out.
        b: those of side B.
        matched: names of A to names of B.
    """
    taken = set(matched), set(matched.values())
    free = [item for item in a if item.name not in taken[0]], [item for item in b if item.name not in taken[1]]
    backwards = {other: one for one, other in matched.items()}
    found: list[JoinedProposal] = []
    for parts, wholes, is_whole_in_a in ((free[0], free[1], False), (free[1], free[0], True)):
        found += _fused(parts, wholes, is_whole_in_a)
    for parts, wholes, to_other, is_whole_in_a in (
        (free[0], free[1], matched, False),
        (free[1], free[0], backwards, True),
    ):
        found += _summed(parts, wholes, to_other, is_whole_in_a)
    return (*found, *(one for pair in recurrent_pairs(*free) for one in _gated(*pair)))


def _gated(ours: Layer, theirs: Layer) -> Iterator[JoinedProposal]:
    """Yield what the variables of a recurrent layer of B may be made of, and what those of A may be a part of."""
    users: dict[str, list[str]] = defaultdict(list)
    for made in layer_of(theirs, ours):
        sources = tuple(dict.fromkeys(piece.source for piece in made.pieces))
        yield JoinedProposal(made.target, sources, "gates", made=made)
        for source in sources:
            users[source].append(made.target)
    for source, targets in users.items():
        yield JoinedProposal(source, tuple(targets), "gates", is_whole_in_a=True)


def _fused(parts: Iterable[Item], wholes: Iterable[Item], is_whole_in_a: bool) -> Iterator[JoinedProposal]:
    groups: dict[tuple[str, int], list[_Group]] = defaultdict(list)
    for group in _projections(parts):
        groups[group.role, len(group.parts)].append(group)
    if not groups:
        return
    fused: dict[str, list[tuple[Item, Numbers, frozenset[str]]]] = defaultdict(list)
    for item in wholes:
        role, stem, _ = roles.role_of(item.name, item.shape)
        if role in _ROLES and _is_fused(stem):
            fused[_kind(role)].append((item, *_numbers_and_words(stem)))
    for (role, count), some in groups.items():
        fitting = [one for one in fused[role] if any(_axis(one[0], group.parts) is not None for group in some)]
        for group, whole in _paired(some, fitting):
            axis = _axis(whole, group.parts)
            if axis is not None and count == len(group.parts):
                names = tuple(part.name for part in group.parts)
                yield JoinedProposal(whole.name, names, "joined", axis, is_whole_in_a)


def _kind(role: str) -> str:
    """Return the role; a gain is a kernel of one axis, which no projection has."""
    return roles.SHIFT if role == roles.GAIN else role


def _projections(items: Iterable[Item]) -> Iterator[_Group]:
    """Yield the queries, keys and values of one attention; keys and values alone where the query is matched."""
    stems: dict[tuple[str, str, str], dict[str, Item]] = defaultdict(dict)
    for item in items:
        role, stem, leaf = roles.role_of(item.name, item.shape)
        scope, separator, last = last_segment(stem)
        words = tokens_of(last)
        named = [word for word in words if word in _PROJECTIONS]
        if role in _ROLES and len(named) == 1:
            pattern = f"{scope}{separator}{' '.join('*' if word == named[0] else str(word) for word in words)}"
            stems[pattern, role, leaf].setdefault(named[0], item)
    for (pattern, role, _), named_parts in stems.items():
        parts = tuple(named_parts[word] for word in _PROJECTIONS if word in named_parts)
        is_one = len({(part.shape, part.dtype) for part in parts}) == 1
        if is_one and named_parts.keys() >= {"key", "value"}:
            yield _Group(parts, _kind(role), *_numbers_and_words(pattern))


def _is_fused(stem: str) -> bool:
    words = [token for token in tokens_of(last_segment(stem)[2]) if isinstance(token, str)]
    return bool(_FUSED_WORDS.intersection(words)) or set(_PROJECTIONS) <= set(words) or tuple(words) in _FUSED_NAMES


def _numbers_and_words(stem: str) -> tuple[Numbers, frozenset[str]]:
    tokens = tokens_of(stem)
    return (
        tuple(token for token in tokens if isinstance(token, int)),
        frozenset(token for token in tokens if isinstance(token, str)),
    )


def _axis(whole: Item, parts: Sequence[Item]) -> int | None:
    """Return the axis of a tensor along which so many parts may lie; None if they do not make it up."""
    shape, part = whole.shape, parts[0].shape
    if shape is None or part is None or None in shape or None in part or whole.dtype != parts[0].dtype:
        return None
    sizes = tuple(size or 0 for size in shape)
    wanted = sorted(size or 0 for size in part)
    for axis, size in enumerate(sizes):
        rest = (*sizes[:axis], size // len(parts), *sizes[axis + 1 :])
        if size % len(parts) == 0 and sorted(rest) == wanted:
            return axis
    if len(sizes) == len(wanted) or prod(sizes) != len(parts) * prod(wanted):
        return None
    cut = [axis for axis, size in enumerate(sizes) if size % len(parts) == 0]  # heads have an axis of their own
    return max(cut, key=lambda axis: sizes[axis]) if cut else None


def _paired(
    groups: Sequence[_Group], wholes: Sequence[tuple[Item, Numbers, frozenset[str]]]
) -> Iterator[tuple[_Group, Item]]:
    """Pair groups and fused variables of one number each: of equal numbers, else in the order of their numbers."""
    by_numbers: tuple[dict[Numbers, list[_Group]], dict[Numbers, list[tuple[Item, frozenset[str]]]]]
    by_numbers = defaultdict(list), defaultdict(list)
    for group in groups:
        by_numbers[0][group.numbers].append(group)
    for item, numbers, words in wholes:
        by_numbers[1][numbers].append((item, words))
    keys = sorted(by_numbers[0]), sorted(by_numbers[1])
    if keys[0] != keys[1] and (len(keys[0]) != len(keys[1]) or len(set(map(len, (*keys[0], *keys[1])))) > 1):
        return
    for one, other in zip(*keys, strict=True):
        yield from _of_one_layer(by_numbers[0][one], by_numbers[1][other])


def _of_one_layer(
    groups: Sequence[_Group], wholes: Sequence[tuple[Item, frozenset[str]]]
) -> Iterator[tuple[_Group, Item]]:
    """Pair what one layer holds: one of each, or those that have most words in common and no other as many."""
    if len(groups) == len(wholes) == 1:
        yield groups[0], wholes[0][0]
        return
    for group in groups:
        common = sorted(((len(group.words & words), item.name) for item, words in wholes), reverse=True)
        if len(common) > 1 and common[0][0] > common[1][0]:
            yield group, next(item for item, _ in wholes if item.name == common[0][1])


def _summed(
    parts: Iterable[Item], wholes: Iterable[Item], to_other: Mapping[str, str], is_whole_in_a: bool
) -> Iterator[JoinedProposal]:
    """Yield the two biases of a recurrent layer of PyTorch, and the one bias beside what its kernel is matched with."""
    halves: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in parts:
        if _rnn_role(item.name).startswith("bias:"):
            halves[_rnn_stem(item.name)][_rnn_role(item.name)] = item
    if not halves:
        return
    biases = {_stem_of(item): item for item in wholes if roles.role_of(item.name, item.shape)[0] == roles.SHIFT}
    partner = {_rnn_stem(one): other for one, other in to_other.items() if _rnn_role(one) == "weight:ih"}
    for stem, both in halves.items():
        kernel = partner.get(stem)
        whole = biases.get(roles.role_of(kernel, _MATRIX)[1]) if kernel is not None else None
        if whole is not None and len(both) > 1 and all(item.shape == whole.shape for item in both.values()):
            names = both["bias:ih"].name, both["bias:hh"].name
            yield JoinedProposal(whole.name, names, "summed", 0, is_whole_in_a)


_MATRIX: Shape = (None, None)


def _rnn_role(name: str) -> str:
    return roles.role_of(name, _MATRIX)[0]


def _rnn_stem(name: str) -> str:
    return roles.role_of(name, _MATRIX)[1]


def _stem_of(item: Item) -> str:
    return roles.role_of(item.name, item.shape)[1]
