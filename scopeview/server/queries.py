"""How a question of the page becomes an answer: the models of the workspace, and the tag of each answer's content.

A question waits for its model, and for its turn, without a thread; what is computed runs in the lanes of the workspace.
So the light routes, and those about other models, are answered meanwhile. When the client goes, its question goes too.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from scopeview.analysis.context import AnalysisContext
from scopeview.errors import BusyError
from scopeview.model.overlay import Overlay
from scopeview.render.as_json import dumps
from scopeview.server.allowed_paths import AllowedPaths
from scopeview.server.runs import Runs
from scopeview.workspace import Job, Workspace

DEADLINE_S = 120.0
"""Seconds that a question waits for its model, its turn and its answer; what runs by then goes on, to be asked for."""

_WAIT_S = 30.0
"""Seconds of these that it waits for a model that is being read."""
_LOOK_EVERY_S = 0.05
_PACK_FROM = 1024
_GZIP = b"\x1f\x8b"

Limit = Annotated[int, Query(ge=1, le=5000, description="How many to return.")]
Offset = Annotated[int, Query(ge=0, le=1 << 53, description="How many to skip.")]

Program = Annotated[
    str | None,
    Query(
        max_length=4096,
        description="The signature or function that is meant, its calls inlined; `main` is the file's own main graph. "
        "Without it, the one that is shown by default.",
    ),
]


class Queries:
    """Answers questions about the models of the workspace, each with the tag of its content."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.workspace: Workspace = request.app.state.workspace
        self.allowed_paths: AllowedPaths = request.app.state.allowed_paths
        self.overlays: tuple[Overlay, ...] = request.app.state.overlays
        self.runs: Runs | None = request.app.state.runs

    async def ask(self, identity: str, compute: Callable[[AnalysisContext], object]) -> Response:
        """Answer a question about one model."""
        return await self._sent((identity,), lambda: compute(self.workspace.context(identity)), is_slow=False)

    async def ask_first(self, identity: str, compute: Callable[[AnalysisContext], object]) -> Response:
        """Answer a question of a picture, for which a page waits, before what it asked at the same time."""
        return await self._sent(
            (identity,), lambda: compute(self.workspace.context(identity)), is_slow=False, is_first=True
        )

    async def run_slow_query(self, identity: str, compute: Callable[[AnalysisContext], object]) -> Response:
        """Answer a question that takes long about one model, while others about it are answered."""
        return await self._sent((identity,), lambda: compute(self.workspace.context(identity)), is_slow=True)

    async def ask_all(self, identity: str, compute: Callable[[], object]) -> Response:
        """Answer a question about one model to which any other that is open may have something to say."""
        await self._read(identity)
        return await self._sent((identity, *sorted({*self.workspace.ready()} - {identity})), compute, is_slow=True)

    async def ask_both(self, a: str, b: str, compute: Callable[[], object], question: str = "") -> Response:
        """Answer a question about two models, which may take long, while others about either are answered.

        Args:
            a: the id of the one.
            b: the id of the other.
            compute: does the work.
            question: what is asked, where the body of the request says it and not its address.
        """
        return await self._sent((a, b), compute, is_slow=True, question=question)

    async def _sent(
        self,
        identities: tuple[str, ...],
        compute: Callable[[], object],
        *,
        is_slow: bool,
        is_first: bool = False,
        question: str = "",
    ) -> Response:
        ends_at = time.monotonic() + DEADLINE_S
        for identity in identities:
            await self._read(identity)
        begun = self.workspace.begin_answer(
            self._question() + question,
            identities,
            lambda: _packed(dumps(compute(), indent=None).encode()),
            is_slow=is_slow,
            is_first=is_first,
        )
        content = begun if isinstance(begun, bytes) else await self._result(begun, ends_at)
        tag = f'"{hashlib.blake2s(content, digest_size=12).hexdigest()}"'
        headers = {"etag": tag, "cache-control": "no-cache", "vary": "accept-encoding"}
        if self._request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if content.startswith(_GZIP):
            if "gzip" in self._request.headers.get("accept-encoding", ""):
                headers["content-encoding"] = "gzip"
            else:
                content = await asyncio.to_thread(gzip.decompress, content)
        return Response(content, media_type="application/json", headers=headers)

    async def _read(self, identity: str) -> None:
        """Wait for a model that is being read.

        Raises:
            NotFoundError: nothing of this id is open.
            BusyError: it has not been read in time.
            ScopeviewError: it could not be read.
        """
        ends_at = time.monotonic() + _WAIT_S
        while not self.workspace.is_read(identity) and time.monotonic() < ends_at:
            await asyncio.sleep(_LOOK_EVERY_S)
        self.workspace.context(identity, timeout_s=0)

    def _question(self) -> str:
        """Return what is asked, without parameters that the route does not have; of one length always."""
        route = self._request.scope["route"].path_format
        known = _parameters_of(self._request)[route]
        asked = sorted(pair for pair in self._request.query_params.multi_items() if pair[0] in known)
        return hashlib.blake2s(repr((route, asked)).encode("utf-8", "surrogatepass")).hexdigest()

    async def _result(self, job: Job, ends_at: float) -> bytes:
        """Wait for an answer, for the deadline, or for the client to go."""
        answer = asyncio.wrap_future(job.future)
        answer.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # seen, even if nobody waits
        gone = asyncio.ensure_future(self._gone())
        is_kept = False
        try:
            await asyncio.wait((answer, gone), timeout=ends_at - time.monotonic(), return_when="FIRST_COMPLETED")
            if answer.done():
                return _result_of(answer)
            is_kept = not gone.done() and job.future.running()
            raise BusyError("this takes long; ask again in a few seconds")
        finally:
            gone.cancel()
            if not is_kept:
                job.leave()

    async def _gone(self) -> None:
        """Return when the client has gone."""
        while (await self._request.receive())["type"] != "http.disconnect":
            pass


def _result_of(answer: asyncio.Future[bytes]) -> bytes:
    if answer.cancelled():
        raise BusyError("the server is being ended, or nobody waits for this any more")
    return answer.result()


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 6, mtime=0) if len(content) >= _PACK_FROM else content


def _parameters_of(request: Request) -> Mapping[str, frozenset[str]]:
    """Return the names of the parameters of each route, as the description of the server has them."""
    state = request.app.state
    if not hasattr(state, "parameters"):
        state.parameters = {
            path: frozenset(parameter["name"] for parameter in operations.get("get", {}).get("parameters", ()))
            for path, operations in request.app.openapi()["paths"].items()
        }
    parameters: Mapping[str, frozenset[str]] = state.parameters
    return parameters


async def _queries(request: Request) -> Queries:
    return Queries(request)  # not the class itself: FastAPI would make each in a thread


Ask = Annotated[Queries, Depends(_queries)]


def plain(result: object) -> JSONResponse:
    """Return a result that is not kept."""
    return Response(dumps(result, indent=None), media_type="application/json")  # type: ignore[return-value]
