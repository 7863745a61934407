"""Pages: the shell that the browser's part fills, what stands in for it where it was not built, and what is open."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from scopeview import __version__
from scopeview.server.error_responses import environment

router = APIRouter(include_in_schema=False)

_STATIC = Path(__file__).parent / "static"


def static_folder() -> Path | None:
    """Return the folder of the built page, or None if this installation has none."""
    return _STATIC if (_STATIC / "app.js").is_file() else None


@router.get("/")
def shell(request: Request) -> HTMLResponse:
    """Return the page."""
    name = "shell.html" if static_folder() is not None else "unbuilt.html"
    state = request.app.state
    shown = {"models": state.workspace.models(), "has_runs": state.runs is not None}
    return HTMLResponse(environment().get_template(name).render(version=__version__, **shown))


@router.get("/workspace")
def workspace(request: Request) -> HTMLResponse:
    """Return a page without script that lists what is open, and how far it is."""
    models = request.app.state.workspace.models()
    return HTMLResponse(environment().get_template("workspace.html").render(version=__version__, models=models))
