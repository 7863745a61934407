"""Large sides: a few scopes of every series are solved, and what they show is applied to the rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scopeview.analysis.diff.matching.candidates import anchors_of
from scopeview.analysis.diff.matching.layouts import agreement, signature_of
from scopeview.analysis.diff.matching.modules import Module

MOST_PAIRS = 600_000
"""Pairs of modules that are compared one by one."""
SAMPLED_FROM = 100_000
"""Pairs of modules from which on a sample is tried first: tables of all pairs take longer than all the rest."""
_KEPT = 3

Skeleton = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """How the names of one template become those of another."""

    skeleton: Skeleton
    numbers: tuple[tuple[int, int], ...]
    """For each number of the new name, the place of the old number and what is added; -1 for a constant."""

    def applied(self, numbers: Sequence[int]) -> tuple[int, ...]:
        """Return the numbers of the new name."""
        return tuple(added + (numbers[place] if place >= 0 else 0) for place, added in self.numbers)


def skeleton_of(module: Module) -> Skeleton:
    """Return a name without its numbers."""
    return tuple("#" if isinstance(token, int) else token for token in module.tokens)


def numbers_of(module: Module) -> tuple[int, ...]:
    """Return the numbers of a name."""
    return tuple(token for token in module.tokens if isinstance(token, int))


def sample(modules: Sequence[Module]) -> list[int]:
    """Return the modules of which every number is among the first of its place."""
    values: dict[tuple[Skeleton, int], set[int]] = defaultdict(set)
    for module in modules:
        skeleton = skeleton_of(module)
        for place, number in enumerate(numbers_of(module)):
            values[skeleton, place].add(number)
    first = {key: set(sorted(found)[:_KEPT]) for key, found in values.items()}
    return [
        index
        for index, module in enumerate(modules)
        if all(n in first[skeleton_of(module), place] for place, n in enumerate(numbers_of(module)))
    ]


def changes(pairs: Sequence[tuple[Module, Module]]) -> dict[Skeleton, Change]:
    """Return the changes of names that pairs of modules show, where all pairs of a template show one."""
    by_template: dict[Skeleton, list[tuple[Module, Module]]] = defaultdict(list)
    for a, b in pairs:
        by_template[skeleton_of(a)].append((a, b))
    found = {}
    for skeleton, shown in by_template.items():
        if len({skeleton_of(b) for _, b in shown}) == 1:
            numbers = [(numbers_of(a), numbers_of(b)) for a, b in shown]
            change = Change(skeleton_of(shown[0][1]), tuple(_numbers(numbers)))
            if all(change.applied(old) == new for old, new in numbers):
                found[skeleton] = change
    return found


def _numbers(shown: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> Iterator[tuple[int, int]]:
    """Yield for each new number the old number that it follows in all pairs, or the constant that it is."""
    old, new = shown[0]
    used: set[int] = set()
    for place, number in enumerate(new):
        if all(numbers[place] == number for _, numbers in shown) and len(shown) > 1:
            yield -1, number
            continue
        options = [
            (source, number - old[source])
            for source in range(len(old))
            if source not in used and all(b[place] - a[source] == number - old[source] for a, b in shown)
        ]
        source, added = min(options, key=lambda option: abs(option[1]), default=(-1, number))
        used.add(source)
        yield source, added


def explains_all(
    a: Sequence[Module], b: Sequence[Module], pairs: Mapping[int, int], anchors: Sequence[tuple[int, int]]
) -> bool:
    """Whether pairs that a sample has shown leave nothing to a closer look.

    All modules of one side are matched, with all of their roles, and no values speak for other pairs.
    """
    is_whole = all(a[one].members.keys() == b[other].members.keys() for one, other in pairs.items())
    return is_whole and len(pairs) == min(len(a), len(b)) and all(pairs.get(one) == other for one, other in anchors)


def equal_values(a: Sequence[Module], b: Sequence[Module], is_transposed: bool) -> list[tuple[int, int]]:
    """Return the modules that hold equal values which no other module holds."""

    def may_be_one(one: int, other: int) -> bool:
        return agreement(signature_of(a[one]), signature_of(b[other]), is_transposed) > 0

    return anchors_of(a, b, may_be_one)


def extended(a: Sequence[Module], b: Sequence[Module], pairs: Mapping[int, int], is_transposed: bool) -> dict[int, int]:
    """Return the pairs of all modules, by what the pairs of a sample show.

    Args:
        a: the modules of one side.
        b: those of the other.
        pairs: modules of A that are matched, with those of B.
        is_transposed: whether kernels are stored in different layouts.
    """
    rules = changes([(a[one], b[other]) for one, other in pairs.items()])
    place: dict[tuple[Skeleton, tuple[int, ...]], list[int]] = defaultdict(list)
    for index, module in enumerate(b):
        place[skeleton_of(module), numbers_of(module)].append(index)
    found, taken = dict(pairs), set(pairs.values())
    for index, module in enumerate(a):
        rule = rules.get(skeleton_of(module))
        if index in found or rule is None:
            continue
        for other in place.get((rule.skeleton, rule.applied(numbers_of(module))), ()):
            if other not in taken and agreement(signature_of(module), signature_of(b[other]), is_transposed):
                found[index] = other
                taken.add(other)
                break
    return found
