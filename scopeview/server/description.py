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
    return app.openapi_schema


def _name_as_sent(schema: dict[str, Any]) -> None:
    """Drop the underscore that Python needs after a field called `from`."""
    if "properties" in schema:
        schema["properties"] = {name.rstrip("_"): field for name, field in schema["properties"].items()}
        schema["required"] = [name.rstrip("_") for name in schema.get("required", ())]


def _add_answers(method: str, operation: dict[str, Any]) -> None:
    if method == "get" and "{model}" in str(operation.get("parameters")):
        operation["responses"]["304"] = {"description": "The answer is the one of the tag in `If-None-Match`."}
