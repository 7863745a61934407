"""The grammar of TensorFlow names: pure functions over strings.

    op name      a/b          path of segments joined by "/"
    tensor name  a/b:1        op name, output index
    input        a/b  a/b:1   data; "^a/b" is a control input
                 a:out:0      inside a function body: op, output argument, index in it

Names come from files and may be hostile: nothing here assumes that segments are non-empty, printable or short.
Source of the input grammar: tensorflow/core/framework/{node_def,function}.proto.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

CONTROL = -1
"""The output index of a control edge (TensorFlow's Graph::kControlSlot)."""

_NUMBER = re.compile(r"(\d{1,18})")
_UNIQUIFIED = re.compile(r"(.+)_([1-9]\d*)\Z", re.DOTALL)


class InputRef(NamedTuple):
    """One entry of `NodeDef.input`, split."""

    op: str
    argument: str
    """Output argument of `op`, in function bodies only; otherwise empty."""
    port: int
    """Output index (within `argument` if there is one), or CONTROL."""


def parse_input(text: str) -> InputRef:
    """Split one entry of `NodeDef.input` of a graph.

    >>> parse_input("a/b:2")
    InputRef(op='a/b', argument='', port=2)
    >>> parse_input("^a/b")
    InputRef(op='a/b', argument='', port=-1)
    """
    if text.startswith("^"):
        return InputRef(text[1:], "", CONTROL)
    head, colon, tail = text.rpartition(":")
    if colon and _is_index(tail):
        return InputRef(head, "", int(tail))
    return InputRef(text, "", 0)


def parse_function_input(text: str) -> InputRef:
    """Split one entry of `NodeDef.input` of a function body.

    >>> parse_function_input("Split:output:1")
    InputRef(op='Split', argument='output', port=1)
    >>> parse_function_input("x")
    InputRef(op='x', argument='', port=0)
    """
    op, argument, port = parse_input(text)
    if port == CONTROL:
        return InputRef(op, "", CONTROL)
    head, colon, tail = op.rpartition(":")
    return InputRef(head, tail, port) if colon else InputRef(op, argument, port)


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9


def op_of_tensor(name: str) -> str:
    """Return the op of a tensor name, or the name itself: `a/b:0` -> `a/b`, `^a` -> `a`.

    >>> op_of_tensor("a/b:0"), op_of_tensor("^a"), op_of_tensor("a")
    ('a/b', 'a', 'a')
    """
    return parse_input(name).op


def scope_of(name: str) -> str:
    """Return the scope that a name lies in, empty for the root.

    >>> scope_of("a/b/c"), scope_of("a")
    ('a/b', '')
    """
    return name.rpartition("/")[0]


def ancestors(path: str) -> Iterator[str]:
    """Yield the scopes around a name, outermost first.

    >>> list(ancestors("a/b/c"))
    ['a', 'a/b']
    """
    end = path.find("/")
    while end >= 0:
        yield path[:end]
        end = path.find("/", end + 1)


def is_within(name: str, scope: str) -> bool:
    """Whether a name lies in a scope, or is it; the empty scope holds everything.

    >>> is_within("a/b", "a"), is_within("ab", "a")
    (True, False)
    """
    return not scope or name == scope or name.startswith(f"{scope}/")


def leaf_of(name: str) -> str:
    """Return the last segment of a name.

    >>> leaf_of("a/b/c"), leaf_of("a")
    ('c', 'a')
    """
    return name.rpartition("/")[2]


def common_scope(scopes: Sequence[str]) -> str:
    """Return the deepest scope that holds all of some, one of which it may be.

    >>> common_scope(["a/b/c", "a/b"]), common_scope(["a", "b"])
    ('a/b', '')
    """
    lowest, highest = min(scopes).split("/"), max(scopes).split("/")
    shared = 0
    while shared < min(len(lowest), len(highest)) and lowest[shared] == highest[shared]:
        shared += 1
    return "/".join(lowest[:shared])


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts numbers in names by their values, and a name before the same with a number.

    >>> sorted(["cell_10", "cell_2", "cell"], key=natural_key)
    ['cell', 'cell_2', 'cell_10']
    """
    parts = _NUMBER.split(name)
    return tuple((1, int(part), "") if place % 2 else (0, 0, part) for place, part in enumerate(parts) if part)


def split_uniquifier(segment: str) -> tuple[str, int]:
    """Split the number that TensorFlow adds to a name that is taken: `cell_2` -> (`cell`, 2).

    A number alone proves nothing (`layer_1` may be a name that somebody chose): callers need other evidence.

    >>> split_uniquifier("cell_2"), split_uniquifier("cell"), split_uniquifier("cell_02")
    (('cell', 2), ('cell', 0), ('cell_02', 0))
    """
    match = _UNIQUIFIED.match(segment)
    return (match[1], int(match[2])) if match else (segment, 0)


def sort_key(name: str) -> str:
    """Return the key under which every scope is one contiguous run of names.

    "/" must compare lowest, so it becomes NUL; NUL and SOH in hostile names move up, keeping the order.

    >>> sorted(["a!", "a/b", "a"], key=sort_key)
    ['a', 'a/b', 'a!']
    """
    if "\0" in name or "\1" in name:
        name = name.replace("\1", "\1\2").replace("\0", "\1\1")
    return name.replace("/", "\0")
