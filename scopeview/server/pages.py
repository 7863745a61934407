"""Pages: the shell that the browser's part fills, and what stands in for it where it was not built."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, select_autoescape

from scopeview import __version__

router = APIRouter(include_in_schema=False)

_STATIC = Path(__file__).parent / "static"


def static_folder() -> Path | None:
    """Return the folder of the built page, or None if this installation has none."""
    return _STATIC if (_STATIC / "app.js").is_file() else None


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return Jinja's environment; everything is escaped."""
    return Environment(loader=PackageLoader("scopeview.server"), autoescape=select_autoescape(default=True))


@router.get("/")
def shell(request: Request) -> HTMLResponse:
    """Return the page."""
    name = "shell.html" if static_folder() is not None else "unbuilt.html"
    models = request.app.state.workspace.models()
    return HTMLResponse(environment().get_template(name).render(version=__version__, models=models))
