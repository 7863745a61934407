"""How a question of the page becomes an answer: the models of the workspace, and the tag of each answer's content."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from scopeview.analysis.context import AnalysisContext
from scopeview.render.as_json import dumps
from scopeview.server.allowed_paths import AllowedPaths
from scopeview.workspace import Workspace

_WAIT_S = 30.0
"""Seconds that a question waits for a model that is being read."""

Limit = Annotated[int, Query(ge=1, le=5000, description="How many to return.")]
Offset = Annotated[int, Query(ge=0, description="How many to skip.")]


class Queries:
    """Answers questions about the models of the workspace, each with the tag of its content."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self.workspace: Workspace = request.app.state.workspace
        self.allowed_paths: AllowedPaths = request.app.state.allowed_paths

    def ask(self, identity: str, compute: Callable[[AnalysisContext], object]) -> Response:
        """Answer a question about one model."""
        self.workspace.context(identity, timeout_s=_WAIT_S)  # waits here, and not while others are kept waiting
        return self._sent((identity,), lambda: compute(self.workspace.context(identity)))

    def run_slow_query(self, identity: str, compute: Callable[[AnalysisContext], object]) -> Response:
        """Answer a question that takes long about one model, while others about it are answered."""
        self.workspace.context(identity, timeout_s=_WAIT_S)
        return self._sent((identity,), lambda: compute(self.workspace.context(identity)), is_aside=True)

    def ask_all(self, identity: str, compute: Callable[[], object]) -> Response:
        """Answer a question about one model to which any other that is open may have something to say."""
        self.workspace.context(identity, timeout_s=_WAIT_S)
        return self._sent(self.workspace.ready(), compute, is_aside=True)

    def ask_both(self, a: str, b: str, compute: Callable[[], object]) -> Response:
        """Answer a question about two models, which may take long, while others about either are answered."""
        for identity in (a, b):
            self.workspace.context(identity, timeout_s=_WAIT_S)
        return self._sent((a, b), compute, is_aside=True)

    def _sent(self, identities: tuple[str, ...], compute: Callable[[], object], *, is_aside: bool = False) -> Response:
        url = self._request.url
        content = self.workspace.answer(
            (url.path, url.query), identities, lambda: dumps(compute(), indent=None).encode(), is_aside=is_aside
        )
        tag = f'"{hashlib.blake2s(content, digest_size=12).hexdigest()}"'
        headers = {"etag": tag, "cache-control": "no-cache"}
        if self._request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="application/json", headers=headers)


Ask = Annotated[Queries, Depends(Queries)]


def plain(result: object) -> JSONResponse:
    """Return a result that is not kept."""
    return Response(dumps(result, indent=None), media_type="application/json")  # type: ignore[return-value]
