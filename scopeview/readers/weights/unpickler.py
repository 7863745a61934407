"""Python's unpickler with bounds: what a byte of a pickle may cost, and which keys a dict may have.

The unpickler in C cannot be stopped, and lets a byte of its input copy a tuple of any length, or a dict of numbers with
equal hashes take hours. This is the one that the standard library has in Python, with the steps replaced that a file
could make expensive. What is left costs what its bytes are worth.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from typing import Any

from scopeview.readers.budget import budget

_OBJECT_BYTES = 240
"""What the largest empty container takes, a set."""
_LARGEST_KEY = 1 << 60
"""Numbers below it have hashes of their own."""
_MOST_PARTS = 8
_MOST_ARGUMENTS = 64
_LONGEST = 256 << 20
"""Bytes of one piece of a pickle."""


class BoundedFile:
    """A file whose pickle may not ask for more bytes at a time than any has."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.readline = file.readline

    def read(self, size: int) -> bytes:
        """Read bytes; raises UnpicklingError for too many."""
        if size > _LONGEST:
            raise pickle.UnpicklingError("a piece that is longer than any pickle")
        found: bytes = self._file.read(size)
        return found

    def readinto(self, target: Any) -> int:
        """Read into a buffer."""
        count: int = self._file.readinto(target)
        return count


class BoundedUnpickler(pickle._Unpickler):  # type: ignore[name-defined,misc,unused-ignore]
    """Loads one object in time and memory proportional to its bytes; a subclass says what globals stand for."""

    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]
    readline: Callable[[], bytes]

    def __init__(self, file: Any) -> None:
        super().__init__(file, encoding="latin-1")

    def spend(self, count: int = 0) -> None:
        """Take what an object costs, and so many references in it.

        Raises:
            pickle.UnpicklingError: it is more than a file of this size may cost.
        """
        if not budget().spend(_OBJECT_BYTES + 8 * count, "the objects of its pickle"):
            raise pickle.UnpicklingError("it makes more objects than a file of its size may")

    def _call(self, function: Any, arguments: Any) -> None:
        if not isinstance(arguments, tuple) or len(arguments) > _MOST_ARGUMENTS:
            raise pickle.UnpicklingError("a call of too many arguments")
        self.spend(len(arguments))
        self.append(function(*arguments))

    def _reduce(self) -> None:
        arguments = self.stack.pop()
        self._call(self.stack.pop(), arguments)

    def _reduce_named(self) -> None:
        self.stack.pop()  # the keywords
        self._reduce()

    def _object(self) -> None:
        function, *arguments = self.pop_mark()
        self._call(function, tuple(arguments))

    def _instance(self) -> None:
        module, name = (self.readline()[:-1].decode("ascii") for _ in range(2))
        self._call(self.find_class(module, name), tuple(self.pop_mark()))

    def _build(self) -> None:
        self.stack.pop()  # the state of an object: stand-ins have none

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        _put(self.stack[-1], [key, value])

    def _set_items(self) -> None:
        items = self.pop_mark()
        _put(self.stack[-1], items)

    def _dict(self) -> None:
        items = self.pop_mark()
        self.spend(len(items))
        found: dict[Any, Any] = {}
        _put(found, items)
        self.append(found)

    def _add_items(self) -> None:
        items = self.pop_mark()
        found = self.stack[-1]
        if not isinstance(found, set):
            raise pickle.UnpicklingError("items of what is no set")
        found.update(map(key_of, items))

    def _frozen_set(self) -> None:
        items = self.pop_mark()
        self.spend(len(items))
        self.append(frozenset(map(key_of, items)))


def key_of(key: Any) -> Any:
    """Return what stands for a key: what cannot be made to collide with others.

    Raises:
        pickle.UnpicklingError: it is no key of a checkpoint.
    """
    if key is None or isinstance(key, bytes) or _is_plain(key):
        return key
    if isinstance(key, tuple) and len(key) <= _MOST_PARTS and all(map(_is_plain, key)):
        return f"({', '.join(map(str, key))})"
    if isinstance(key, float):
        return str(key)
    raise pickle.UnpicklingError(f"a key that is a {type(key).__name__}")


def _is_plain(key: Any) -> bool:
    return isinstance(key, str) or (isinstance(key, int) and abs(key) < _LARGEST_KEY)


def _put(found: Any, items: list[Any]) -> None:
    if not isinstance(found, dict):
        raise pickle.UnpicklingError("items of what is no dict")
    keys: Iterable[Any] = map(key_of, items[::2])
    found.update(zip(keys, items[1::2], strict=False))


def _counted(step: Callable[[Any], None]) -> Callable[[Any], None]:
    def counted(self: BoundedUnpickler) -> None:
        self.spend()
        step(self)

    return counted


_COUNTED = (pickle.MARK, pickle.EMPTY_LIST, pickle.EMPTY_DICT, pickle.EMPTY_SET, pickle.TUPLE1, pickle.TUPLE2)
_REPLACED: dict[bytes, Callable[[Any], None]] = {
    pickle.REDUCE: BoundedUnpickler._reduce,
    pickle.NEWOBJ: BoundedUnpickler._reduce,
    pickle.NEWOBJ_EX: BoundedUnpickler._reduce_named,
    pickle.OBJ: BoundedUnpickler._object,
    pickle.INST: BoundedUnpickler._instance,
    pickle.BUILD: BoundedUnpickler._build,
    pickle.SETITEM: BoundedUnpickler._set_item,
    pickle.SETITEMS: BoundedUnpickler._set_items,
    pickle.DICT: BoundedUnpickler._dict,
    pickle.ADDITEMS: BoundedUnpickler._add_items,
    pickle.FROZENSET: BoundedUnpickler._frozen_set,
}
_steps = BoundedUnpickler.dispatch
BoundedUnpickler.dispatch = {
    **_steps,
    **{code[0]: _counted(_steps[code[0]]) for code in _COUNTED},
    **{code[0]: step for code, step in _REPLACED.items()},
}
