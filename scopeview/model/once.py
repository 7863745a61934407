"""Facts that are computed once, and safely when several threads ask: the one lock discipline of the analyses.

Each fact has a lock of its own, which is held while that fact is computed and at no other time. A fact may ask for
others while it is computed; facts never ask in a circle (that would be endless with one thread already), so the locks
are always taken in the same order and no two threads wait for each other. Whoever asks for another fact, or for the
same fact of another model, never waits. Work that fails or is given up leaves nothing behind: the next one who asks
computes it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar, overload

from scopeview.model.wanted import check_wanted

Fact = TypeVar("Fact")


class once(Generic[Fact]):  # noqa: N801 - used as a decorator, like functools.cached_property
    """A property that is computed when it is first asked for; later it is a plain attribute.

    `functools.cached_property` holds one lock for all instances up to Python 3.11, so that one model's question would
    wait for another's, and none from 3.12 on.
    """

    def __init__(self, compute: Callable[[Any], Fact]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self._lock_name = f"_lock_of_{name}"

    @overload
    def __get__(self, instance: None, owner: type) -> once[Fact]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Fact: ...

    def __get__(self, instance: object | None, owner: type) -> Fact | once[Fact]:
        if instance is None:
            return self
        facts = instance.__dict__
        with facts.setdefault(self._lock_name, threading.RLock()):
            if self._name not in facts:
                check_wanted()
                facts[self._name] = self._compute(instance)
        fact: Fact = facts[self._name]
        return fact


class _Cell:
    """One question with its lock and, once it is there, its answer."""

    __slots__ = ("answer", "is_there", "lock")

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.is_there = False
        self.answer: Any = None


class Answers:
    """Answers by their questions, each computed once; of the most recent `kept` where a limit is given."""

    def __init__(self, kept: int | None = None) -> None:
        self._cells: OrderedDict[Hashable, _Cell] = OrderedDict()
        self._kept = kept
        self._lock = threading.Lock()

    def get(self, question: Hashable, compute: Callable[[], Fact]) -> Fact:
        """Return the answer to a question, computed now if nobody asked before."""
        if self._kept is None:  # nothing is ever dropped: what is there needs no lock
            known = self._cells.get(question)
            if known is not None and known.is_there:
                there: Fact = known.answer
                return there
        with self._lock:
            cell = self._cells.setdefault(question, _Cell())
            self._cells.move_to_end(question)
            if self._kept is not None and len(self._cells) > self._kept:
                self._cells.popitem(last=False)
        with cell.lock:
            if not cell.is_there:
                check_wanted()
                cell.answer = compute()
                cell.is_there = True
        answer: Fact = cell.answer
        return answer
