"""One request to an ASGI app, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message


@dataclass(frozen=True, slots=True)
class Answer:
    """What an app answered, whole."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes


async def ask_app(app: ASGIApp, scope: MutableMapping[str, Any], body: bytes = b"") -> Answer:
    """Ask an app, and return its answer when it is whole."""
    sent: list[Message] = []
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    is_answered = asyncio.Event()

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await is_answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    try:
        await app(scope, receive, send)
    finally:
        is_answered.set()
    start, *parts = sent
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    return Answer(start["status"], headers, b"".join(part.get("body", b"") for part in parts))
