"""A refusal as its asker reads it: a page for a browser, JSON for a program, always the same sentence and one shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape
from pydantic import BaseModel
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response

from scopeview import __version__
from scopeview.render.as_json import dumps

RETRY_AFTER_S = 5
_LONGEST = 2000
"""Characters of a sentence; what was sent may stand in it, and may be long."""


class Refused(BaseModel):
    """Why a request is not answered."""

    error: str
    """A sentence: what, where, why, and what to try."""
    choices: list[str]
    """What could be asked for instead, where there is a choice."""


_REASONS: Mapping[int, str] = {
    400: "The question cannot be understood, or cannot be answered about this model.",
    401: "A token is needed.",
    403: "The request comes from another page.",
    404: "There is no such model, name or path.",
    405: "The address is not asked this way.",
    408: "The request did not come whole in time.",
    409: "The path holds several artifacts or tag-sets; `choices` lists them.",
    413: "More was sent than is taken.",
    415: "The content is not TensorFlow's, or the body is not of the type that is taken.",
    421: "The server does not answer for this host.",
    422: "A parameter or the body has another form than is declared, or the file is damaged.",
    429: "More models or files are open than may be.",
    431: "The address and the headers are longer than is taken.",
    500: "The server failed; its log says where.",
    502: "A file that lies elsewhere cannot be reached.",
    503: "Too many questions wait, the model is being read, or the answer takes long: ask after `Retry-After`.",
    507: "The server's disk is full.",
}

RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Refused, "description": reason} for status, reason in _REASONS.items()
}
"""Every refusal, for the description of the server."""


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
    if len(sentence) > _LONGEST:
        sentence = f"{sentence[: _LONGEST // 2]} ... {sentence[-_LONGEST // 2 :]}"
    sentence = sentence.encode("utf-8", "backslashreplace").decode()
    also = {"retry-after": str(RETRY_AFTER_S)} if status in (429, 503) else {}
    if "text/html" not in headers.get("accept", ""):
        return Response(
            dumps({"error": sentence, "choices": list(choices)}, indent=None), status, also, "application/json"
        )
    page = environment().get_template("error.html")
    shown = page.render(version=__version__, status=status, sentence=sentence, leads_home=leads_home)
    return HTMLResponse(shown, status, also)
