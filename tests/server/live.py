"""A server that is asked over sockets, in a thread of the tests, so that they can reach into it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from selectors import EVENT_READ, DefaultSelector
from typing import Any

from scopeview.server.allowed_paths import AllowedPaths
from scopeview.server.app import create_app
from scopeview.server.connections import Server
from scopeview.workspace import Workspace


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class Live:
    port: int
    workspace: Workspace
    allowed_paths: AllowedPaths

    def connect(self, timeout_s: float = 60) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout_s)

    def ask(self, path: str, method: str = "GET", body: Any = None, timeout_s: float = 60, **headers: str) -> Answer:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)) as connection:
            sent = json.dumps(body) if isinstance(body, dict) else body
            if isinstance(body, dict):
                headers["content-type"] = "application/json"
            connection.request(method, path, sent, headers)
            found = connection.getresponse()
            return Answer(found.status, {k.lower(): v for k, v in found.headers.items()}, found.read())

    def send(self, path: str) -> socket.socket:
        """Send a question whose answer is not waited for."""
        sender = self.connect()
        sender.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
        return sender


def answer_on(receiver: socket.socket) -> Answer:
    with closing(HTTPResponse(receiver)) as found:
        found.begin()
        return Answer(found.status, {k.lower(): v for k, v in found.headers.items()}, found.read())


def answered(asked: list[socket.socket], count: int, timeout_s: float = 60) -> list[socket.socket]:
    """Return the first `count` sockets on which an answer has come."""
    found: list[socket.socket] = []
    with DefaultSelector() as selector:
        for sender in asked:
            selector.register(sender, EVENT_READ)
        ends_at = time.monotonic() + timeout_s
        while len(found) < count:
            assert time.monotonic() < ends_at, f"{len(found)} of {count} questions were answered in {timeout_s} s"
            for key, _ in selector.select(1):
                selector.unregister(key.fileobj)
                found.extend(sender for sender in asked if sender is key.fileobj)
    return found[:count]


def eventually(holds: Any, timeout_s: float = 60) -> bool:
    ends_at = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def serving(roots: list[str], **workspace: Any) -> Iterator[Live]:
    """Serve some folders while the tests within run."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    live = Live(listener.getsockname()[1], Workspace(**workspace), AllowedPaths(roots=roots))
    server = Server(create_app(live.workspace, live.allowed_paths), live.workspace.shut_down)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        assert eventually(lambda: server.started)
        yield live
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()
