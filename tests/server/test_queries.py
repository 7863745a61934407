"""Long questions and lost clients: others are answered meanwhile, and nothing goes on for nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from scopeview.model.wanted import check_wanted
from scopeview.server import api, queries
from scopeview.workspace import Job, entry
from tests.places import SAMPLES
from tests.server.live import Live, answer_on, answered, eventually

GAN, OTHER = str(SAMPLES / "m17_gan.meta"), str(SAMPLES / "m05_reuse.meta")


class Slow:
    """A question that takes as long as nobody lets it go on, in steps."""

    def __init__(self) -> None:
        self.running = 0
        self.begun = 0
        self.ended = 0
        self.may_end = threading.Event()

    def __call__(self, *_: object) -> dict[str, int]:
        self.begun += 1
        self.running += 1
        try:
            while not self.may_end.wait(0.01):
                check_wanted()
        finally:
            self.running -= 1
            self.ended += 1
        return {"answer": 1}


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    found = Slow()
    monkeypatch.setattr(api, "inspect", found)
    monkeypatch.setattr(api, "first_of", lambda answer, _limit: answer)
    monkeypatch.setattr(api, "summarize", lambda _context: {"ops": 1})
    yield found
    found.may_end.set()


def test_light_routes_answer_while_sixty_long_questions_wait(live: Live, slow: Slow) -> None:
    model = live.ask("/api/models", "POST", {"path": GAN}).json["id"]
    other = live.ask("/api/models", "POST", {"path": OTHER}).json["id"]
    with ExitStack() as open_sockets:
        asked = [open_sockets.enter_context(live.send(f"/api/models/{model}/inspection?limit=60"))]
        assert eventually(lambda: slow.running)
        asked += [
            open_sockets.enter_context(live.send(f"/api/models/{model}/inspection?limit={number + 1}"))
            for number in range(59)
        ]
        for path in ("/", "/api/models", "/workspace", "/api/places", f"/api/models/{other}/summary"):
            assert live.ask(path).status == 200
        assert live.ask(f"/api/models/{model}/findings").status == 200  # another lane of the same model
        assert slow.running == 1
        # one runs and 32 wait; which of them came first is the system's affair
        refused_senders = answered(asked, 60 - 1 - 32)
        refused = [answer_on(sender) for sender in refused_senders]
        assert {answer.status for answer in refused} == {503}
        assert refused[0].headers["retry-after"] == "5"
        assert "too many questions" in refused[0].json["error"]
        slow.may_end.set()
        (first,) = answered([sender for sender in asked if sender not in refused_senders], 1)
        assert answer_on(first).json == {"answer": 1}


def test_the_same_question_is_computed_once_whoever_asks(live: Live, slow: Slow) -> None:
    """Parameters that the route does not have make it no other question, and keep no other answer."""
    model = live.ask("/api/models", "POST", {"path": GAN}).json["id"]
    with ExitStack() as open_sockets:
        asked = [
            open_sockets.enter_context(live.send(f"/api/models/{model}/inspection?x={number}{'y' * 10_000}"))
            for number in range(60)
        ]
        assert eventually(lambda: slow.running)
        slow.may_end.set()
        assert {answer_on(sender).status for sender in asked} == {200}
    assert slow.begun == 1


def test_a_question_ends_with_the_last_client_that_waits_for_it(
    live: Live, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, left = recorded_jobs(live, monkeypatch)
    model = live.ask("/api/models", "POST", {"path": GAN}).json["id"]
    first, second = (live.send(f"/api/models/{model}/inspection") for _ in range(2))
    assert eventually(lambda: slow.running == 1 and len(asked) == 2)
    third = live.send(f"/api/models/{model}/inspection?limit=7")
    assert eventually(lambda: len(asked) == 3)
    shared, waiting = asked[0], asked[2]
    assert asked == [shared, shared, waiting]

    first.close()
    assert eventually(lambda: left == [shared])
    assert shared.is_wanted
    third.close()
    assert eventually(lambda: left == [shared, waiting])
    assert (slow.running, slow.ended) == (1, 0)
    second.close()

    assert eventually(lambda: slow.ended == 1)
    assert eventually(waiting.future.cancelled)
    assert slow.begun == 1  # the third was given up before it began


def recorded_jobs(live: Live, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Job], list[Job]]:
    """Return two lists that grow: the job of each question in the order of coming, and each job that a client left."""
    asked: list[Job] = []
    left: list[Job] = []
    begin_answer, leave = live.workspace.begin_answer, Job.leave

    def begin_and_record(*arguments: Any, **options: Any) -> bytes | Job:
        job = begin_answer(*arguments, **options)
        assert isinstance(job, Job)
        asked.append(job)
        return job

    def leave_and_record(job: Job) -> None:
        leave(job)
        left.append(job)

    monkeypatch.setattr(live.workspace, "begin_answer", begin_and_record)
    monkeypatch.setattr(Job, "leave", leave_and_record)
    return asked, left


def test_a_question_that_takes_too_long_is_answered_later(
    live: Live, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "DEADLINE_S", 0.3)
    model = live.ask("/api/models", "POST", {"path": GAN}).json["id"]

    late = live.ask(f"/api/models/{model}/inspection")

    assert (late.status, late.headers["retry-after"]) == (503, "5")
    assert "takes long" in late.json["error"]
    slow.may_end.set()
    assert eventually(lambda: live.ask(f"/api/models/{model}/inspection").status == 200)
    assert slow.begun == 1


def test_too_little_memory_is_a_sentence_and_the_server_goes_on(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise MemoryError

    model = live.ask("/api/models", "POST", {"path": GAN}).json["id"]
    with monkeypatch.context() as patched:
        patched.setattr(api, "summarize", full)
        answer = live.ask(f"/api/models/{model}/summary")
        patched.setattr(entry, "read", full)
        other = live.ask("/api/models", "POST", {"path": OTHER}).json["id"]
        assert eventually(lambda: live.workspace.model(other).state == "failed")

    assert (answer.status, "not enough memory" in answer.json["error"]) == (503, True)
    assert "not enough memory to read" in live.workspace.model(other).error
    assert live.ask(f"/api/models/{model}/summary").status == 200


def test_clock_jumps_change_nothing(live: Live, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    model = live.ask("/api/models", "POST", {"path": GAN}).json["id"]
    real = time.time
    with live.send(f"/api/models/{model}/inspection") as asked:
        assert eventually(lambda: slow.running)
        for jump in (1e9, -1e9):
            monkeypatch.setattr(time, "time", lambda jump=jump: real() + jump)
            time.sleep(1.2)
            assert live.ask("/api/models").status == 200
        slow.may_end.set()
        assert answer_on(asked).status == 200


def test_a_thousand_models_are_listed_at_once_and_one_more_is_refused(live: Live) -> None:
    for number in range(1000):
        assert live.ask("/api/models", "POST", {"path": GAN, "artifact": f"none{number}"}).status == 200

    refused = live.ask("/api/models", "POST", {"path": GAN})

    assert (refused.status, "close some" in refused.json["error"]) == (429, True)
    assert eventually(lambda: all(model["state"] == "failed" for model in live.ask("/api/models").json), 60)
    begun = time.process_time()
    assert len(live.ask("/api/models").json) == 1000
    assert time.process_time() - begun < 2
    live.ask(f"/api/models/{live.ask('/api/models').json[0]['id']}", "DELETE")
    assert live.ask("/api/models", "POST", {"path": GAN}).status == 200
