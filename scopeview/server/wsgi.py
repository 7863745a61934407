"""The server inside of a WSGI server, such as TensorBoard's: the same app, the same guard, no port of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, MutableMapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from starlette.types import ASGIApp

from scopeview.server.asgi import ask_app
from scopeview.server.limits import LARGEST_BODY

Environ = MutableMapping[str, Any]
StartResponse = Callable[..., object]

_OF_ONE_CONNECTION = ("connection", "keep-alive", "transfer-encoding", "upgrade")


class WsgiBridge:
    """Answers WSGI requests by an ASGI app, whose questions wait on one loop in a thread of its own.

    An answer is sent when it is whole: answers are bounded. That a client has gone is not seen; questions end at their
    deadline.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        """Begin the loop.

        Args:
            app: the server.
            prefix: the path below which its own paths begin, with a slash at its end.
        """
        self._app = app
        self._prefix = prefix
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="scopeview-wsgi", daemon=True).start()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = str(environ.get("PATH_INFO", ""))
        _, _, below = path.partition(self._prefix)
        return self.answer(environ, start_response, f"/{below}")

    def answer(self, environ: Environ, start_response: StartResponse, path: str) -> Iterable[bytes]:
        """Answer one request as if it were for a path of the app."""
        scope, body = _scope(environ, path), _body(environ)
        done = asyncio.run_coroutine_threadsafe(self._ask(scope, body), self._loop)
        status, headers, content = done.result()
        start_response(f"{status} {_phrase(status)}", headers)
        return [content]

    async def _ask(self, scope: dict[str, Any], body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        answer = await ask_app(self._app, scope, body)
        kept = [(name, value) for name, value in answer.headers if name.lower() not in _OF_ONE_CONNECTION]
        return answer.status, kept, answer.content


def _scope(environ: Environ, path: str) -> dict[str, Any]:
    """Return a request as ASGI describes it; a path of WSGI is bytes, written as Latin-1."""
    raw = path.encode("latin-1", "replace")
    headers = [
        (
            name.removeprefix("HTTP_").replace("_", "-").lower().encode("latin-1"),
            str(value).encode("latin-1", "replace"),
        )
        for name, value in environ.items()
        if name.startswith("HTTP_") or name in ("CONTENT_TYPE", "CONTENT_LENGTH")
    ]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": str(environ["REQUEST_METHOD"]),
        "scheme": str(environ.get("wsgi.url_scheme", "http")),
        "path": raw.decode("utf-8", "replace"),
        "raw_path": quote(raw).encode(),
        "root_path": "",
        "query_string": str(environ.get("QUERY_STRING", "")).encode("latin-1", "replace"),
        "headers": [(name, value) for name, value in headers if value],
        "client": (str(environ.get("REMOTE_ADDR", "")), 0),
        "server": (str(environ.get("SERVER_NAME", "")), 0),
    }


def _body(environ: Environ) -> bytes:
    """Read a body, one byte further than the server takes: a larger one is refused by what it says of its size."""
    length = str(environ.get("CONTENT_LENGTH") or "0")
    most = min(int(length), LARGEST_BODY + 1) if length.isascii() and length.isdigit() else 0
    return bytes(environ["wsgi.input"].read(most)) if most else b""


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
