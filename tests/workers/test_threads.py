"""Threads give results in order, end with the first failure, and stop when nobody waits."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from scopeview.model.wanted import UnwantedError, check_wanted, wanted_while
from scopeview.readers.budget import Limits, allowed_bytes, limited
from scopeview.workers.threads import Threads


def test_results_come_in_the_order_of_the_tasks() -> None:
    gate = threading.Event()

    def task(number: int) -> int:
        if number == 0:
            gate.wait(10)
        elif number == 9:
            gate.set()
        return number * number

    done: list[int] = []
    assert Threads(3).run(task, range(20), done.append) == [number * number for number in range(20)]
    assert sorted(done) == list(range(20))
    assert done[0] != 0


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, UnwantedError])
def test_the_first_failure_ends_the_others(failure: type[BaseException]) -> None:
    started: list[int] = []
    ended = threading.Event()

    def task(number: int) -> None:
        started.append(number)
        if number == 1:
            raise failure
        try:
            while True:
                check_wanted()
        finally:
            ended.set()

    with pytest.raises(failure):
        Threads(2).run(task, range(1000))
    assert ended.wait(10)
    assert len(started) < 10


def test_work_that_nobody_wants_ends() -> None:
    asked: list[Any] = []

    def is_wanted() -> bool:
        asked.append(None)
        return len(asked) < 3

    with wanted_while(is_wanted), pytest.raises(UnwantedError):
        Threads(1).run(lambda number: number, range(100_000))


def test_limits_of_the_caller_hold_in_the_threads() -> None:
    with limited(Limits(memory_bytes=123)):
        assert Threads(2).run(allowed_bytes, [1, 2, 3]) == [123] * 3
