"""How much is taken of one request: no body is read further than the route needs.

A body that says that it is larger is refused before a byte of it is read; one that turns out to be is refused there.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scopeview.server.error_responses import refusal

LARGEST_BODY = 64 << 10
LARGEST_UPLOAD = 4 << 30
LARGEST_HEAD = 64 << 10
"""Bytes of the request line and the headers together."""

_UPLOAD_PATH = "/api/upload"


def _size_of_head(scope: Scope) -> int:
    named = sum(len(name) + len(value) for name, value in scope["headers"])
    return named + len(scope["path"]) + len(scope["query_string"])


class BodyLimit:
    """Refuses heads and bodies that are larger than is taken."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or refuse one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        most = LARGEST_UPLOAD if scope["path"] == _UPLOAD_PATH else LARGEST_BODY
        sentence = f"the body is larger than {most:,} bytes, which is as much as is taken"
        if _size_of_head(scope) > LARGEST_HEAD:
            await refusal(headers, f"address and headers are over {LARGEST_HEAD:,} bytes", 431)(scope, receive, send)
            return
        announced = headers.get("content-length", "0")
        if not announced.isascii() or not announced.isdigit() or int(announced) > most:
            answer = refusal(headers, sentence, 413)
            answer.headers["connection"] = "close"  # what is still to come is not read
            await answer(scope, receive, send)
            return
        taken = 0

        async def receive_within() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise HTTPException(413, sentence, {"connection": "close"})
            return message

        await self._app(scope, receive_within, send)
