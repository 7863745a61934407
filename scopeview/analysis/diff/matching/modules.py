"""Modules: the variables of one layer, which share a name up to their role."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scopeview.analysis.diff.matching import roles
from scopeview.analysis.diff.matching.entries import Item
from scopeview.analysis.diff.matching.split_layers import explained_roles
from scopeview.analysis.diff.matching.tokens import Token, last_segment, split_joined, tokens_of

_NORM_ROLES = frozenset({roles.GAIN, roles.MEAN, roles.VARIANCE, roles.COUNT})
_NUMBERED = re.compile(r"(.*[^\d_/.])_?(\d+)", re.DOTALL)
_SEPARATOR = re.compile(r"[/.]")
_OF_TORCH = ("weight_v", "weight_ih_l", "original1")
_MOST_TOKENS = 48
"""Of a very long name only the end is compared."""
_NORM_LEAVES = frozenset({"beta", "offset", "shift"})


@dataclass(frozen=True, slots=True)
class Module:
    """Variables with one stem: a dense layer's kernel and bias, or a norm's gain and shift."""

    stem: str
    tokens: tuple[Token, ...]
    """The words and numbers of the stem; a missing first number of a numbered series is 0."""
    members: dict[str, Item]
    """Its variables by role."""
    position: int
    """The place of its first variable in the list of the side."""

    @property
    def is_norm(self) -> bool:
        """Whether its roles are those of a normalization layer."""
        return not _NORM_ROLES.isdisjoint(self.members)


def modules_of(items: Sequence[Item]) -> list[Module]:
    """Group the variables of a side into modules, in the order of the list."""
    stems: dict[str, list[tuple[int, str, str, Item]]] = defaultdict(list)
    known = explained_roles(items, [roles.role_of(item.alias or item.name, item.shape) for item in items])
    shifted = {stem for role, stem, _ in known if role == roles.SHIFT}
    for position, (item, (role, stem, leaf)) in enumerate(zip(items, known, strict=True)):
        name = item.alias or item.name
        if name in shifted and item.shape is not None and len(item.shape) > 1:  # `gate` beside `gate_bias`
            role, stem, leaf = roles.KERNEL, name, ""
        stems[stem].append((position, role, leaf, item))
    found: list[Module] = []
    filled = _with_first_numbers(list(stems))
    for stem, rows in stems.items():
        for group in _by_kind(rows):
            members = {role: item for _, role, _, item in group}
            found.append(Module(filled[stem], tokens_of(filled[stem])[-_MOST_TOKENS:], members, group[0][0]))
    found.sort(key=lambda module: module.position)
    return found


def _by_kind(rows: list[tuple[int, str, str, Item]]) -> list[list[tuple[int, str, str, Item]]]:
    """Part a norm from the dense layer or convolution in whose scope it stands."""
    if len(rows) == 1:
        return [rows]
    present = {role for _, role, _, _ in rows}
    is_mixed = not _NORM_ROLES.isdisjoint(present) and roles.KERNEL in present
    groups: list[list[tuple[int, str, str, Item]]] = [[], []]
    for row in rows:
        belongs_to_norm = row[1] in _NORM_ROLES or row[2] in _NORM_LEAVES
        groups[is_mixed and belongs_to_norm].append(row)
    return [part for group in groups for part in _without_repeats(group)]


def _without_repeats(rows: list[tuple[int, str, str, Item]]) -> list[list[tuple[int, str, str, Item]]]:
    """Give variables of one role groups of their own: `bias` and `beta` of one scope."""
    groups: list[list[tuple[int, str, str, Item]]] = []
    for row in rows:
        for group in groups:
            if all(other[1] != row[1] for other in group):
                group.append(row)
                break
        else:
            groups.append([row])
    return groups


def writes_weight(modules: Sequence[Module]) -> bool:
    """Whether the kernels of a side are called `weight`, as in PyTorch."""
    leaves = [last_segment(m.members[roles.KERNEL].name)[2] for m in modules if roles.KERNEL in m.members]
    return 2 * sum(leaf == "weight" or leaf.startswith(_OF_TORCH) for leaf in leaves) > len(leaves)


def alike(a: list[Module], b: list[Module]) -> tuple[list[Module], list[Module]]:
    """Return the modules of both sides with words split alike."""
    words = [frozenset(token for m in side for token in m.tokens if isinstance(token, str)) for side in (a, b)]
    tokens_a = split_joined([m.tokens for m in a], words[1])
    tokens_b = split_joined([m.tokens for m in b], words[0])
    return _with_tokens(a, tokens_a), _with_tokens(b, tokens_b)


def _with_tokens(modules: list[Module], tokens: list[tuple[Token, ...]]) -> list[Module]:
    pairs = zip(modules, tokens, strict=True)
    return [module if split is module.tokens else replace(module, tokens=split) for module, split in pairs]


def _with_first_numbers(stems: Sequence[str]) -> dict[str, str]:
    """Return the stems with the first number filled in: `conv` beside `conv_1` is `conv_0`."""
    numbered: dict[str, set[str]] = defaultdict(set)
    scopes = {prefix for stem in stems for prefix in _prefixes(stem)}
    for scope in scopes:
        if match := _NUMBERED.fullmatch(scope):
            numbered[match[1]].add(match[2])
    bare = {scope for scope in scopes if "1" in numbered.get(scope, ()) and "0" not in numbered[scope]}
    return {stem: _filled(stem, bare) for stem in stems} if bare else {stem: stem for stem in stems}


def _prefixes(stem: str) -> Iterator[str]:
    """Yield a stem and every scope that holds it."""
    for separator in _SEPARATOR.finditer(stem):
        yield stem[: separator.start()]
    yield stem


def _filled(stem: str, bare: set[str]) -> str:
    found, start = "", 0
    for prefix in _prefixes(stem):
        found += stem[start : len(prefix)] + ("_0" if prefix in bare else "")
        start = len(prefix)
    return found
