"""Connections with limits, and a server that ends in time: what uvicorn leaves to a proxy in front of it.

head    the request line and headers come within 20 s, however they drip; an idle connection is closed after 15 s
body    no pause of more than 60 s
answer  whoever takes nothing of an answer for 60 s is cut off
number  1,000 connections, or half of the descriptors that the process may have; the next gets a 503
end     a signal ends everything within 2 s; a second one at once
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn
from starlette.datastructures import Headers
from uvicorn.protocols.http.h11_impl import H11Protocol

from scopeview.server.error_responses import refusal
from scopeview.server.limits import LARGEST_HEAD
from scopeview.server.security import HEADERS

HEAD_S = 20.0
BODY_S = 60.0
ANSWER_S = 60.0
KEEP_ALIVE_S = 15
END_S = 1.9
"""Seconds from a signal to the end of the process, whatever still runs."""

_GRACE_S = 0.4
_LOOK_EVERY_S = 1.0


def most_connections() -> int:
    """Return how many connections are taken at a time."""
    try:
        import resource
    except ImportError:
        return 500
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1000 if soft == resource.RLIM_INFINITY else max(16, min(1000, soft // 2))


class BoundedProtocol(H11Protocol):
    """One connection; times are those of the event loop, which no change of the clock moves."""

    most = most_connections()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, or refuse it where there are too many."""
        super().connection_made(transport)
        self._head_since = self._heard = self.loop.time()
        self._paused_since: float | None = None
        self._look_later: asyncio.TimerHandle | None = None
        if len(self.connections) > self.most:
            self._refuse(503, f"{self.most} connections are open already; ask again in a few seconds")
        else:
            self._look_later = self.loop.call_later(_LOOK_EVERY_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        if self._look_later is not None:
            self._look_later.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what was sent."""
        self._heard = self.loop.time()
        if not self.transport.is_closing():
            super().data_received(data)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._head_since = self.loop.time()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Note that the client takes nothing."""
        self._paused_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Note that the client takes what is sent."""
        self._paused_since = None
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or a head that is too long."""
        self._refuse(400, f"this is no request that the server understands, or its head is over {LARGEST_HEAD:,} bytes")

    @property
    def is_answering(self) -> bool:
        """Whether the head of a request is here, and its answer is not sent whole."""
        return self.cycle is not None and not self.cycle.response_complete

    def _look(self) -> None:
        """End a connection that keeps others waiting."""
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if not self.is_answering and now - self._head_since > HEAD_S:
            self._refuse(408, "the request did not come whole in time")
        elif (self._paused_since is not None and now - self._paused_since > ANSWER_S) or (
            self.is_answering and self.cycle.more_body and not self.flow.read_paused and now - self._heard > BODY_S
        ):
            self.transport.abort()
        else:
            self._look_later = self.loop.call_later(_LOOK_EVERY_S, self._look)

    def _refuse(self, status: int, sentence: str) -> None:
        """Write a whole answer and close; nothing of the connection's state is needed for it."""
        answer = refusal(Headers(), sentence, status)
        names = {**dict(answer.headers), **HEADERS, "connection": "close"}
        head = "".join(f"{name}: {value}\r\n" for name, value in names.items())
        self.transport.write(f"HTTP/1.1 {status} \r\n{head}\r\n".encode("latin-1") + bytes(answer.body))
        self.transport.close()


class Server(uvicorn.Server):
    """Ends within `END_S` of a signal, and returns instead of raising the signal again."""

    def __init__(self, app: Any, before_end: Callable[[], None]) -> None:
        """Serve an app.

        Args:
            app: the application.
            before_end: gives up what is computed; called once, before connections are closed.
        """
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            ws="none",
            log_level="critical",  # refusals are answers; failures are logged by `security`
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            h11_max_incomplete_event_size=LARGEST_HEAD,
        )
        # Declared int, and used as a float.
        config.timeout_graceful_shutdown = _GRACE_S  # type: ignore[assignment]
        super().__init__(config)
        self._before_end = before_end

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end."""
        if self.should_exit:
            os._exit(128 + sig)
        # Ends the process from a thread of C, even where another holds the interpreter until then.
        faulthandler.dump_traceback_later(END_S, exit=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
        super().handle_exit(sig, frame)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGINT and SIGTERM while the server runs, in the thread that may."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        """Give up what is computed, cut off who has not asked yet, and end."""
        self._before_end()
        for connection in list(self.server_state.connections):
            if isinstance(connection, BoundedProtocol) and not connection.is_answering:
                connection.transport.abort()
        await super().shutdown(sockets)
        if sys.stdout is not None:
            sys.stdout.flush()
