"""Numbers that are measured and may be NaN or infinite, which JSON has no number for: they are sent as strings."""

from __future__ import annotations

from typing import Annotated, Any


class _AsSent:
    """Describes such a number to whoever makes a schema of a result (pydantic asks for this method by its name)."""

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [handler(core_schema), {"type": "string", "enum": ["nan", "inf", "-inf"]}]}


Measured = Annotated[float, _AsSent()]
