"""The answers that an interactive report holds: asked of the server's own routes, and packed within a bound."""

from __future__ import annotations

import heapq
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp

from scopeview.server.asgi import ask_app
from scopeview.server.report_questions import Question

MOST_UNPACKED = 96 << 20
"""Bytes of all answers: a browser holds them as one text."""
_MOST_QUESTIONS = 50_000
_MOST_MISSES = 30
"""Answers one after the other that have no room, until no other is tried."""
_SPARE = 64 << 10
"""Bytes that the packer may hold back; nearer to the bound it is asked for all of them."""
_GZIP = 31
_END_OF_GZIP = 64

Following = Callable[[Question, Any], Iterable[Question]]


@dataclass(frozen=True, slots=True)
class RecordedAnswers:
    """Answers by the questions of the page."""

    packed: bytes
    """Lines of a question and its answer, gzipped: `["models/1/show",[["name","a"]]]`, a tab, JSON."""
    held: int
    """How many answers there are."""
    left_out: Counter[str]
    """Answers that had no room, by the last part of their path; of what these lead to nothing is known."""
    is_full: bool
    """Whether more bytes would have had room for more, and not what a browser can hold was the bound."""


class _Packer:
    """Packs lines until no more fit."""

    def __init__(self, most_bytes: int) -> None:
        self._room = most_bytes - _END_OF_GZIP
        self._unpacked = 0
        self._written: list[bytes] = []
        self._size = 0
        self.is_full = False
        """Whether a line had no room in the bytes that there are."""
        self._compress = zlib.compressobj(9, zlib.DEFLATED, _GZIP)

    def add(self, line: bytes) -> bool:
        """Take a line; whether it had room."""
        if self._unpacked + len(line) > MOST_UNPACKED:
            return False
        is_near = self._size + len(line) + _SPARE > self._room
        trial = self._compress.copy() if is_near else self._compress
        packed = trial.compress(line)
        if is_near:
            packed += trial.flush(zlib.Z_SYNC_FLUSH)
            if self._size + len(packed) > self._room:
                self.is_full = True
                return False
        self._compress = trial
        self._unpacked += len(line)
        self._written.append(packed)
        self._size += len(packed)
        return True

    def end(self) -> bytes:
        """Return all that was packed."""
        return b"".join((*self._written, self._compress.flush()))


async def record(app: ASGIApp, first: Iterable[Question], following: Following, most_bytes: int) -> RecordedAnswers:
    """Ask the page's questions, those of lowest rank first, and pack the answers.

    Args:
        app: the server.
        first: what is asked of itself.
        following: what an answer leads to.
        most_bytes: bytes that the packed answers may take.
    """
    packer, left_out = _Packer(most_bytes), Counter[str]()
    held = misses = 0
    for asked, waiting in _in_order(first):
        if misses == _MOST_MISSES or held == _MOST_QUESTIONS:
            left_out[_kind(asked)] += 1
            continue
        content = await _answer(app, asked)
        if content is None:
            continue
        if not packer.add(_line(asked, content)):
            left_out[_kind(asked)] += 1
            misses += 1
            continue
        held, misses = held + 1, 0
        waiting(following(asked, json.loads(content)))
    return RecordedAnswers(packer.end(), held, left_out, packer.is_full)


def _in_order(first: Iterable[Question]) -> Iterator[tuple[Question, Callable[[Iterable[Question]], None]]]:
    """Yield each question once, lowest rank first, with a function that takes those that its answer leads to."""
    seen: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    waiting: list[tuple[int, int, Question]] = []

    def add(questions: Iterable[Question]) -> None:
        for asked in questions:
            if (asked.path, asked.parameters) not in seen:
                seen.add((asked.path, asked.parameters))
                heapq.heappush(waiting, (asked.rank, len(seen), asked))

    add(first)
    while waiting:
        yield heapq.heappop(waiting)[2], add


async def _answer(app: ASGIApp, asked: Question) -> bytes | None:
    """Return an answer; None where the server refuses one, as for a name that is no op."""
    query = urlencode(asked.parameters, errors="replace")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": f"/api/{asked.path}",
        "raw_path": f"/api/{asked.path}".encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 0),
    }
    answer = await ask_app(app, scope)
    return answer.content if answer.status == 200 else None


def _line(asked: Question, content: bytes) -> bytes:
    return json.dumps([asked.path, asked.parameters], separators=(",", ":")).encode() + b"\t" + content + b"\n"


def _kind(asked: Question) -> str:
    return asked.path.rpartition("/")[2]
