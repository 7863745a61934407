"""Clients that send half, take nothing or come in numbers: they are cut off, and others are answered."""

from __future__ import annotations

import threading
from contextlib import ExitStack

import pytest

from scopeview.server import api, connections
from scopeview.server.connections import BoundedProtocol
from scopeview.server.security import POLICY
from tests.places import SAMPLES
from tests.server.live import Live, answer_on, eventually


def test_half_sent_requests_hold_up_nobody_and_are_closed(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_S", 600)
    with ExitStack() as open_sockets:
        halves = [open_sockets.enter_context(live.connect()) for _ in range(200)]
        for number, half in enumerate(halves):
            half.sendall(b"GET /api/models HTTP/1.1\r\nHost: 127.0.0.1"[: 1 + number % 40])
        assert live.ask("/api/models").status == 200
        monkeypatch.setattr(connections, "HEAD_S", 0.1)
        answers = [answer_on(half) for half in halves]
    assert {answer.status for answer in answers} == {408}
    assert answers[0].json == {"error": "the request did not come whole in time", "choices": []}


def test_connections_beyond_the_limit_are_refused_in_the_same_shape(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedProtocol, "most", 5)
    with ExitStack() as open_sockets:
        for _ in range(5):
            assert answer_on(open_sockets.enter_context(live.send("/api/models"))).status == 200
        with live.connect() as sixth:
            refused = answer_on(sixth)
    assert (refused.status, refused.headers["content-security-policy"]) == (503, POLICY)
    assert set(refused.json) == {"error", "choices"}
    assert eventually(lambda: live.ask("/api/models").status == 200)


def test_a_body_that_stops_coming_is_cut_off(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BODY_S", 0.5)
    with live.connect() as half:
        half.sendall(b"POST /api/models HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        assert half.recv(1000) == b""


def test_a_client_that_takes_nothing_is_cut_off(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    is_cut_off = threading.Event()

    def connection_lost(self: BoundedProtocol, exc: Exception | None) -> None:
        if self._paused_since is not None:  # the client has taken nothing for a while
            is_cut_off.set()
        forget(self, exc)

    forget = BoundedProtocol.connection_lost
    monkeypatch.setattr(BoundedProtocol, "connection_lost", connection_lost)
    monkeypatch.setattr(connections, "ANSWER_S", 0.5)
    monkeypatch.setattr(api, "summarize", lambda _context: {"large": "x" * (24 << 20)})
    model = live.ask("/api/models", "POST", {"path": str(SAMPLES / "m17_gan.meta")}).json["id"]
    with live.send(f"/api/models/{model}/summary") as reader:
        assert is_cut_off.wait(60)
        received = 0
        with pytest.raises(ConnectionError):
            while piece := reader.recv(1 << 20):
                received += len(piece)
            raise ConnectionError
    assert received < 24 << 20
    assert live.ask("/api/models").status == 200


def test_what_is_no_http_is_refused_in_the_same_shape(live: Live) -> None:
    for sent in (b"\x00\x01\r\n\r\n", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n"):
        with live.connect() as sender:
            sender.sendall(sent)
            refused = answer_on(sender)
        assert (refused.status in (400, 431), refused.headers["content-security-policy"]) == (True, POLICY)
        assert set(refused.json) == {"error", "choices"}
