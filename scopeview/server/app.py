"""`create_app`: the workspace over HTTP, guarded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from scopeview import __version__
from scopeview.errors import ScopeviewError
from scopeview.model.overlay import Overlay
from scopeview.server import api, diff_api, graph_api, pages
from scopeview.server.allowed_paths import AllowedPaths
from scopeview.server.description import describe
from scopeview.server.error_responses import refusal
from scopeview.server.limits import BodyLimit
from scopeview.server.runs import Runs
from scopeview.server.security import Access, Guard
from scopeview.workspace import Workspace

_WAIT_S = 1.0
"""Seconds that the end of the server waits for TensorFlow's process to be gone."""


def create_app(
    workspace: Workspace,
    allowed_paths: AllowedPaths | None = None,
    access: Access | None = None,
    overlays: tuple[Overlay, ...] = (),
    runs: Runs | None = None,
) -> FastAPI:
    """Return the server of a workspace.

    Args:
        workspace: the models that are open.
        allowed_paths: which other paths may be opened; none if left out.
        access: who may ask; the loopback if left out.
        overlays: values to lay over the pictures of graphs.
        runs: the runs of a logdir, to choose a graph from.
    """
    where = allowed_paths or AllowedPaths()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        _build_routes(app)
        yield
        workspace.shut_down(_WAIT_S)
        where.close()

    app = FastAPI(
        title="scopeview",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        description="What `scopeview` says of graphs and checkpoints; every answer is what the command line prints.",
    )
    app.state.workspace = workspace
    app.state.allowed_paths = where
    app.state.overlays = overlays
    app.state.runs = runs
    app.include_router(pages.router)
    app.include_router(graph_api.router)
    app.include_router(diff_api.router)
    app.include_router(api.router)  # the last: it answers for every address that there is nothing at
    app.openapi = partial(describe, app)  # type: ignore[method-assign]
    app.add_exception_handler(ScopeviewError, _refused)
    app.add_exception_handler(HTTPException, _not_there)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(BodyLimit)
    app.add_middleware(Guard, access=access or Access())
    static = pages.static_folder()
    if static is not None:
        app.mount("/static", StaticFiles(directory=static), name="static")
    return app


def _build_routes(app: FastAPI) -> None:
    """Let FastAPI work out what routes take while models are read: half a second, for which a page would wait."""
    nowhere = {"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": [], "app": app}
    for route in app.routes:
        route.matches(dict(nowhere))


async def _refused(request: Request, error: Exception) -> Response:
    status = error.http_status if isinstance(error, ScopeviewError) else 500
    return refusal(request.headers, str(error), status, choices=getattr(error, "choices", ()))


async def _not_there(request: Request, error: Exception) -> Response:
    """Answer for an address, or a way of asking, that there is none of."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    sentences = {404: f"there is nothing at {path}", 405: f"{path} is not asked by {request.method}"}
    answer = refusal(request.headers, sentences.get(error.status_code, error.detail), error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _not_understood(request: Request, error: Exception) -> Response:
    """Answer for parameters or a body of another form; what was sent is not repeated, for it may not be text."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if isinstance(part, str)]
    where = f"the parameter {place[-1]!r}" if place[:1] == ["query"] else f"{place[-1]!r} of the body"
    if first["type"] == "json_invalid" or place == ["body"]:
        where = "the body"
    return refusal(request.headers, f"{where} is not understood: {first['msg']}", 422)
