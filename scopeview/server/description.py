"""The description of the server (OpenAPI): what is declared is what is sent."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description of the routes, made once; fields have the names that the serializer gives them."""
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        for schema in app.openapi_schema["components"]["schemas"].values():
            _name_as_sent(schema)
        for operations in app.openapi_schema["paths"].values():
            for method, operation in operations.items():
                _add_answers(method, operation)
        _add_links(app.openapi_schema["paths"])
    return app.openapi_schema


_MODEL = "$response.body#/id"
_FIRST = "$response.body#/0/id"
_GIVES_MODEL = {
    ("/api/models", "post"): _MODEL,
    ("/api/models", "get"): _FIRST,
    ("/api/models/{model}/reload", "post"): _MODEL,
    ("/api/models/{model}/import", "post"): _MODEL,
    ("/api/upload", "post"): _FIRST,
}
"""Which answers hold the id of a model, and where."""

_MODELS = {"a": _FIRST, "b": "$response.body#/1/id"}
_OTHER_LINKS = (
    ("/api/models", "get", "/api/diff", "get", _MODELS),
    ("/api/models", "get", "/api/diff/map", "get", _MODELS),
    ("/api/models", "get", "/api/diff/graph", "get", _MODELS),
    ("/api/models", "get", "/api/diff/code", "get", _MODELS),
    ("/api/diff/converted", "post", "/api/converted/{identity}", "get", {"identity": _MODEL}),
    ("/api/models/{model}/lint", "get", "/api/lint/rules/{code}", "get", {"code": "$response.body#/findings/0/code"}),
    *(
        (f"/api/models/{{model}}/{answer}", "get", f"/api/models/{{model}}/{question}", "get", parameters)
        for answer, question, parameters in (
            ("find", "show", {"model": "$request.path.model", "name": "$response.body#/hits/0/name"}),
            ("variables", "values-of", {"model": "$request.path.model", "name": "$response.body#/rows/0/name"}),
            ("graph", "graph", {"model": "$request.path.model", "scope": "$response.body#/items/0/path"}),
        )
    ),
)
"""Answers that hold what another question asks for: from where, to where, and which parameters."""


def _add_links(paths: dict[str, Any]) -> None:
    """Declare which answers give what other questions need (`links`), so that they can be asked one after the other."""
    about_model = [(path, method) for path, operations in paths.items() for method in operations if "{model}" in path]
    links = [(*source, *target, {"model": place}) for source, place in _GIVES_MODEL.items() for target in about_model]
    for path, method, to, to_method, parameters in (*links, *_OTHER_LINKS):
        operation = paths[to][to_method]["operationId"]
        declared = paths[path][method]["responses"]["200"].setdefault("links", {})
        declared[operation] = {"operationId": operation, "parameters": parameters}


def _name_as_sent(schema: dict[str, Any]) -> None:
    """Drop the underscore that Python needs after a field called `from`."""
    if "properties" in schema:
        schema["properties"] = {name.rstrip("_"): field for name, field in schema["properties"].items()}
        schema["required"] = [name.rstrip("_") for name in schema.get("required", ())]


def _add_answers(method: str, operation: dict[str, Any]) -> None:
    if method == "get" and "{model}" in str(operation.get("parameters")):
        operation["responses"]["304"] = {"description": "The answer is the one of the tag in `If-None-Match`."}
