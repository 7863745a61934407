"""A result as JSON: field names are the contract, values are plain, output is stable."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence

SCHEMA_VERSION = 1
"""Of what `--json` prints: raised when a field is renamed or removed, or changes its meaning."""


def document(result: object, *, indent: int | None = 2) -> str:
    """Write an answer as the document that `--json` prints: its fields after the version of the contract."""
    answer = plain(result)
    assert isinstance(answer, dict)
    return dumps({"schema_version": SCHEMA_VERSION, **answer}, indent=indent)


def dumps(result: object, *, indent: int | None = 2) -> str:
    """Write a result dataclass as JSON, indented or on one line, without a newline at the end.

    Only ASCII: a name with controls or bidirectional marks does nothing to a terminal that shows the output.
    """
    separators = (",", ":") if indent is None else None
    return json.dumps(plain(result), indent=indent, separators=separators, allow_nan=False)


def plain(value: object) -> object:
    """Turn a result into dicts, lists and scalars that JSON can hold.

    Numbers that JSON lacks (NaN, infinities, complex) and bytes become strings. Nesting is that of the result types and
    of function attributes, which protobuf limits to 100 levels.
    """
    if value is None or isinstance(value, bool | int | str):
        return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # `from_` is how Python spells a field called `from`.
        return {field.name.rstrip("_"): plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Sequence | set | frozenset):
        return [plain(item) for item in value]
    return str(value)
