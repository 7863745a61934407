"""Many names in a few words: `layer_{0..11}/attention/{q,k,v}/kernel`.

Names that differ in numbers are one template; templates that differ in one segment are one with braces. Where too many
are left, the ends of the names count alone: `*/act_quant/{min,max}`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"[0-9]{1,9}")
_MOST = 4
"""Templates that are shown one by one; more of them are named by their ends."""

_MOST_IN_BRACES = 6
_LONGEST_END = 3


@dataclass(frozen=True, slots=True)
class Template:
    """Names that are alike."""

    text: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Segments, each with its alternatives; and the numbers that its names differ in."""

    segments: tuple[tuple[str, ...], ...]
    numbers: Hashable
    names: tuple[str, ...]

    def template(self, start: str = "") -> Template:
        return Template(start + "/".join(map(_braces, self.segments)), self.names)


def _braces(alternatives: Sequence[str]) -> str:
    if len(alternatives) == 1:
        return alternatives[0]
    shown = ",".join(alternatives[:_MOST_IN_BRACES])
    return f"{{{shown},...}}" if len(alternatives) > _MOST_IN_BRACES else f"{{{shown}}}"


def fold_names(names: Iterable[str]) -> list[Template]:
    """Return a few templates that have every name between them, those of most names first.

    >>> [t.text for t in fold_names(f"layer_{i}/{p}/kernel" for i in range(3) for p in "qkv")]
    ['layer_{0..2}/{q,k,v}/kernel']
    """
    listed = list(dict.fromkeys(names))
    patterns = _merged(_patterns([(name, name) for name in listed]))
    if _are_few(patterns):
        return _sorted([pattern.template() for pattern in patterns])
    for length in range(_LONGEST_END, 0, -1):
        ends = [("/".join(name.split("/")[-length:]), name) for name in listed]
        patterns = _merged(_patterns(ends))
        if _are_few(patterns):
            return _sorted([pattern.template(_start(pattern, length)) for pattern in patterns])
    by_first: dict[str, list[str]] = defaultdict(list)
    for name in listed:
        by_first[name.partition("/")[0]].append(name)
    found = [Template(f"{first}/..." if len(held) > 1 else held[0], tuple(held)) for first, held in by_first.items()]
    return _sorted(found)


def _are_few(patterns: Sequence[_Pattern]) -> bool:
    """Whether patterns say more than a list of their names."""
    widest = max((len(alternatives) for pattern in patterns for alternatives in pattern.segments), default=0)
    return len(patterns) <= _MOST and widest <= _MOST_IN_BRACES


def _start(pattern: _Pattern, length: int) -> str:
    """Return what stands for the scopes that are left out."""
    return "*/" if any(name.count("/") >= length for name in pattern.names) else ""


def _sorted(found: list[Template]) -> list[Template]:
    return sorted(found, key=lambda template: -len(template.names))


def _patterns(texts: Iterable[tuple[str, str]]) -> list[_Pattern]:
    """Group texts that differ in numbers alone; a number that is the same in all of them stays."""
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for text, name in texts:
        groups[_NUMBER.sub("\0", text)].append((text, name))
    return [_pattern(held) for held in groups.values()]


def _pattern(held: Sequence[tuple[str, str]]) -> _Pattern:
    found = [tuple(_NUMBER.findall(text)) for text, _ in held]
    columns = [sorted({*column}, key=int) for column in zip(*found, strict=True)]
    shown = iter([column[0] if len(column) == 1 else _range(column) for column in columns])
    text = _NUMBER.sub(lambda _: next(shown), held[0][0])
    varying = tuple(index for index, column in enumerate(columns) if len(column) > 1)
    numbers = frozenset(tuple(row[index] for index in varying) for row in found)
    return _Pattern(tuple((part,) for part in text.split("/")), numbers, tuple(name for _, name in held))


def _range(numbers: Sequence[str]) -> str:
    """Return numbers in braces: `{0..11}` where they follow one another, `{1,2,5}` else, `*` where they are many."""
    values = [int(number) for number in numbers]
    if len(values) > 2 and values == list(range(values[0], values[-1] + 1)):
        return f"{{{numbers[0]}..{numbers[-1]}}}"
    return f"{{{','.join(numbers)}}}" if len(numbers) <= _MOST_IN_BRACES else "*"


def _merged(patterns: list[_Pattern]) -> list[_Pattern]:
    """Join patterns that differ in one segment and have the same numbers, from the last segment to the first."""
    longest = max((len(pattern.segments) for pattern in patterns), default=0)
    for place in range(1, longest + 1):
        groups: dict[Hashable, list[_Pattern]] = defaultdict(list)
        for pattern in patterns:
            split = len(pattern.segments) - place
            rest = (pattern.segments[:split], pattern.segments[split + 1 :]) if split >= 0 else pattern.segments
            groups[rest, pattern.numbers, split].append(pattern)
        patterns = [_joined(held, place) for held in groups.values()]
    return patterns


def _joined(held: Sequence[_Pattern], place: int) -> _Pattern:
    first = held[0]
    if len(held) == 1:
        return first
    split = len(first.segments) - place
    alternatives = tuple(text for pattern in held for text in pattern.segments[split])
    segments = (*first.segments[:split], alternatives, *first.segments[split + 1 :])
    return _Pattern(segments, first.numbers, tuple(name for pattern in held for name in pattern.names))
