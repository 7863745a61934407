"""Facts are computed once whoever asks, and asking for one never waits for another."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from scopeview.model.once import Answers, once
from scopeview.model.wanted import UnwantedError, check_wanted, wanted_while


class Facts:
    def __init__(self) -> None:
        self.computed: list[str] = []
        self.may_go_on = threading.Event()

    @once
    def slow(self) -> list[int]:
        """Slow."""
        self.computed.append("slow")
        time.sleep(0.05)
        return [1]

    @once
    def above(self) -> list[int]:
        self.computed.append("above")
        return [*self.slow, 2]

    @once
    def waiting(self) -> int:
        assert self.may_go_on.wait(20)
        return 1


def test_a_fact_is_computed_once_under_threads() -> None:
    facts = Facts()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: facts.above if number % 2 else facts.slow, range(64)))

    assert facts.computed.count("slow") == facts.computed.count("above") == 1
    assert all(answer is answers[0] for answer in answers[::2])
    assert Facts.slow.__doc__ == "Slow."


def test_another_fact_and_the_same_fact_of_another_never_wait() -> None:
    first, second = Facts(), Facts()
    second.may_go_on.set()
    thread = threading.Thread(target=lambda: first.waiting)
    thread.start()
    try:
        assert (second.waiting, first.above) == (1, [1, 2])
        assert thread.is_alive()  # it waits still: nothing above waited for its end
    finally:
        first.may_go_on.set()
        thread.join()


def test_answers_are_computed_once_and_the_oldest_leaves() -> None:
    answers = Answers(2)
    computed: list[str] = []

    def ask(question: str) -> str:
        return answers.get(question, lambda: computed.append(question) or question)  # type: ignore[func-returns-value]

    assert [ask(question) for question in "aabacb"] == list("aabacb")
    assert computed == ["a", "b", "c", "b"]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: Answers.get(answers, "d", lambda: computed.append("d")), range(64)))
    assert computed.count("d") == 1


def test_work_that_fails_or_is_not_wanted_leaves_nothing_behind() -> None:
    answers, facts = Answers(), Facts()

    with wanted_while(lambda: False):
        with pytest.raises(UnwantedError):
            check_wanted()
        with pytest.raises(UnwantedError):
            answers.get("question", lambda: 1)
        with pytest.raises(UnwantedError):
            _ = facts.slow
    with pytest.raises(ZeroDivisionError):
        answers.get("question", lambda: 1 // 0)
    assert answers.get("question", lambda: 2) == 2
    assert facts.slow == [1]
