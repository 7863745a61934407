"""Lines of code that differ by running numbers alone, written as loops."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NUMBER = re.compile(r"(?<!\d)(?:0|[1-9]\d{0,5})(?!\d)")
_LEAST = 3
"""Lines that a loop replaces at least."""
_MOST = 4000
"""Lines of one form among which loops are looked for."""

Numbers = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of code: a form with `{0}`, `{1}`, ... in place of quoted names."""

    form: str
    names: tuple[str, ...]

    @property
    def code(self) -> str:
        """The line with its names quoted."""
        return self.form.format(*map(ascii, self.names))


@dataclass(frozen=True, slots=True)
class Loop:
    """Lines for numbers that run from `first` up to, but not to, `last`."""

    first: int
    last: int
    code: str
    """The line, with its names as f-strings over `i`."""
    lines: int


def folded(lines: Sequence[Line]) -> tuple[list[Line], list[tuple[tuple[int, int], list[str]]]]:
    """Return the lines that stand alone, and the loops: the range of `i`, and the lines within.

    Lines of one form are one loop where their names are equal but for numbers that grow by one together.
    """
    groups: dict[tuple[object, ...], list[tuple[Numbers, Line]]] = defaultdict(list)
    for line in lines:
        skeletons = tuple(_NUMBER.split(name) for name in line.names)
        numbers = tuple(int(n) for name in line.names for n in _NUMBER.findall(name))
        groups[(line.form, *(tuple(parts) for parts in skeletons))].append((numbers, line))
    single: list[Line] = []
    loops: dict[tuple[int, int], list[str]] = defaultdict(list)
    for rows in groups.values():
        for loop in _loops(rows):
            if isinstance(loop, Line):
                single.append(loop)
            else:
                loops[loop.first, loop.last].append(loop.code)
    place = {line: at for at, line in enumerate(lines)}
    single.sort(key=place.__getitem__)
    return single, list(loops.items())


def _loops(rows: Sequence[tuple[Numbers, Line]]) -> Iterator[Line | Loop]:
    """Yield lines of one form, as loops where they are enough."""
    left = dict(rows)
    if len(left) < _LEAST or len(left) > _MOST or len(left) < len(rows):
        yield from (line for _, line in rows)
        return
    for start in sorted(left):
        if start not in left:
            continue
        step, length = _longest_run(start, left)
        if length < _LEAST:
            yield left.pop(start)
            continue
        yield _loop(start, step, length, left[start])
        for number in range(length):
            del left[_moved(start, step, number)]


def _longest_run(start: Numbers, left: dict[Numbers, Line]) -> tuple[Numbers, int]:
    """Return which numbers grow together from a line on, and for how many lines."""
    best: tuple[Numbers, int] = (start, 1)
    for other in left:
        step = tuple(b - a for a, b in zip(start, other, strict=True))
        if any(step) and set(step) <= {0, 1}:
            length = 2
            while _moved(start, step, length) in left:
                length += 1
            best = max(best, (step, length), key=lambda found: found[1])
    return best


def _moved(start: Numbers, step: Numbers, times: int) -> Numbers:
    return tuple(number + times * grows for number, grows in zip(start, step, strict=True))


def _loop(start: Numbers, step: Numbers, length: int, line: Line) -> Loop:
    """Return the loop whose first line is given; `i` is the first number that grows."""
    first = next(number for number, grows in zip(start, step, strict=True) if grows)
    numbers = iter(zip(start, step, strict=True))
    names = []
    for name in line.names:
        texts = [_escaped(text) for text in _NUMBER.split(name)]
        found = texts[0]
        for text in texts[1:]:
            number, grows = next(numbers)
            found += (_shifted(number - first) if grows else str(number)) + text
        is_running = found != _escaped(name)
        names.append(f"f{found!a}" if is_running else ascii(name))
    return Loop(first, first + length, line.form.format(*names), length)


def _shifted(offset: int) -> str:
    return "{i}" if not offset else f"{{i + {offset}}}" if offset > 0 else f"{{i - {-offset}}}"


def _escaped(text: str) -> str:
    """Double the braces of a text that goes into an f-string."""
    return text.replace("{", "{{").replace("}", "}}")
