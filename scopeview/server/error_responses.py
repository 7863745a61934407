"""A refusal as its asker reads it: a page for a browser, JSON for a program, always the same sentence."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response

from scopeview import __version__


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return Jinja's environment; everything is escaped."""
    return Environment(loader=PackageLoader("scopeview.server"), autoescape=select_autoescape(default=True))


def refusal(
    headers: Headers, sentence: str, status: int, *, choices: Sequence[str] = (), leads_home: bool = True
) -> Response:
    """Return the answer to a request that is refused.

    Args:
        headers: those of the request; a browser that opens an address accepts HTML.
        sentence: what, where, why, and what to try.
        status: of HTTP.
        choices: what could be asked for instead.
        leads_home: whether a page offers a way back; whoever lacks a token would only be refused again.
    """
    sentence = sentence.partition("; try: scopeview ")[0]  # a command line is not at hand here; the page has a search
    if "text/html" not in headers.get("accept", ""):
        return JSONResponse({"error": sentence, "choices": list(choices)}, status)
    page = environment().get_template("error.html")
    told = page.render(version=__version__, status=status, sentence=sentence, leads_home=leads_home)
    return HTMLResponse(told, status)
