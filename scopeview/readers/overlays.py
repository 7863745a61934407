"""Overlays from files: values by name, as JSON or CSV.

    {"title": "sparsity", "unit": "%", "scale": [0, 100], "combine": "mean", "values": {"layer_1/kernel": 12.5}}
    {"layer_1/kernel": 12.5}                                        the values alone
    {"main": {"results": {"layer_1/MatMul": {"value": 3}}}}         node data of Model Explorer

    name,sparsity,owner                                             a CSV file: a column for each overlay
    layer_1/kernel,12.5,ana

A name is that of an op, a scope or a variable. Everything is checked before anything is shown.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from scopeview.errors import QueryError
from scopeview.model.overlay import Combine, Overlay
from scopeview.readers.files import look_into
from scopeview.readers.paths import path_of

_MOST_BYTES = 64 << 20
_MOST_VALUES = 1_000_000
_MOST_OVERLAYS = 20
_LONGEST_NAME, _LONGEST_TEXT = 4096, 200
_FIELDS = {"title", "unit", "scale", "combine", "values"}


def read_overlays(path: str) -> tuple[Overlay, ...]:
    """Read every overlay of a file.

    Raises:
        QueryError: it is no overlay, with the first thing that is wrong.
        NotFoundError: there is no such file, or it may not be read.
        DamagedError: it is empty.
    """
    buffer = look_into(path_of(path))
    if len(buffer) > _MOST_BYTES:
        raise QueryError(f"the overlay {path} has {len(buffer):,} bytes; at most {_MOST_BYTES:,} are read")
    try:
        text = bytes(buffer[:]).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QueryError(f"the overlay {path} is not UTF-8 text: {error.reason} at byte {error.start:,}") from error
    try:
        title = Path(path).stem
        found = _of_json(text, title) if text.lstrip()[:1] in "{[" else _of_csv(text)
    except _WrongError as wrong:
        raise QueryError(f"the overlay {path} cannot be used: {wrong}") from wrong
    if not any(overlay.values for overlay in found):
        raise QueryError(f"the overlay {path} cannot be used: it holds no values")
    return tuple(found)


class _WrongError(Exception):
    """What is wrong with the content, in words."""


def _of_json(text: str, title: str) -> list[Overlay]:
    try:
        content = json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise _WrongError("it is nested too deeply") from error
    except ValueError as error:
        raise _WrongError(f"it is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise _WrongError("its JSON is no object of names and values")
    if isinstance(content.get("values"), dict):
        unknown = sorted(set(content) - _FIELDS)
        if unknown:
            raise _WrongError(f"there is no field {unknown[0]!r}; the fields are {', '.join(sorted(_FIELDS))}")
        return [_with_fields(content, title)]
    graphs = {name: one["results"] for name, one in content.items() if isinstance(one, dict) and "results" in one}
    if isinstance(content.get("results"), dict):
        graphs = {title: content["results"]}
    if graphs:
        if len(graphs) > _MOST_OVERLAYS:
            raise _WrongError(f"it holds {len(graphs):,} graphs; at most {_MOST_OVERLAYS} are shown")
        several = len(graphs) > 1
        return [Overlay(name if several else title, _checked(_node_data(one))) for name, one in graphs.items()]
    return [Overlay(title, _checked(content))]


def _no_number(text: str) -> float:
    raise _WrongError(f"{text} is no number that can be drawn")


def _node_data(results: Any) -> Mapping[str, Any]:
    if not isinstance(results, dict):
        raise _WrongError("'results' is no object of names and values")
    return {name: one.get("value") if isinstance(one, dict) else one for name, one in results.items()}


def _with_fields(content: Mapping[str, Any], title: str) -> Overlay:
    values = _checked(content["values"])
    unit, combine, scale = content.get("unit", ""), content.get("combine", "mean"), content.get("scale")
    given = content.get("title", title)
    if not isinstance(given, str) or not isinstance(unit, str) or max(len(given), len(unit)) > _LONGEST_TEXT:
        raise _WrongError(f"title and unit are texts of at most {_LONGEST_TEXT} characters")
    if combine not in get_args(Combine):
        raise _WrongError(f"combine is {combine!r}; it is one of {', '.join(get_args(Combine))}")
    if scale is None:
        return Overlay(given, values, unit, None, combine)
    if not isinstance(scale, list) or len(scale) != 2 or not all(_is_number(one) for one in scale):
        raise _WrongError("scale is no pair of numbers, such as [0, 1]")
    if scale[0] >= scale[1]:
        raise _WrongError(f"scale goes from {scale[0]} to {scale[1]}; the first number must be the smaller")
    return Overlay(given, values, unit, (float(scale[0]), float(scale[1])), combine)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300


def _checked(values: Mapping[str, Any]) -> dict[str, float | str]:
    """Return values by name; a null says nothing. All must be numbers, or all texts.

    Raises:
        _WrongError: with the first that is not.
    """
    if len(values) > _MOST_VALUES:
        raise _WrongError(f"it holds {len(values):,} values; at most {_MOST_VALUES:,} are read")
    found: dict[str, float | str] = {}
    for name, value in values.items():
        if not 0 < len(name) <= _LONGEST_NAME:
            raise _WrongError(f"a name has {len(name):,} characters; it has from 1 to {_LONGEST_NAME:,}")
        if value is None:
            continue
        if isinstance(value, str):
            found[_plain(name)] = value[:_LONGEST_TEXT]
        elif _is_number(value) and math.isfinite(value):
            found[_plain(name)] = float(value)
        else:
            raise _WrongError(f"the value of {name[:100]!r} is neither a number nor a text")
    if len({isinstance(value, str) for value in found.values()}) > 1:
        raise _WrongError("some of its values are numbers and some are texts; use one overlay for each")
    return found


def _plain(name: str) -> str:
    """Return a name without the output index of a tensor: `w:0` is `w`."""
    head, colon, index = name.rpartition(":")
    return head if colon and head and index.isdecimal() else name


def _of_csv(text: str) -> list[Overlay]:
    try:
        rows = list(_rows(text))
    except csv.Error as error:
        raise _WrongError(f"it is not CSV: {error}") from error
    if not rows or len(rows[0]) < 2:
        raise _WrongError("it is neither JSON nor CSV with a header such as: name,value")
    header = rows[0]
    if len(header) - 1 > _MOST_OVERLAYS:
        raise _WrongError(f"it has {len(header) - 1:,} columns of values; at most {_MOST_OVERLAYS} are shown")
    for number, row in enumerate(rows[1:], 2):
        if row and len(row) != len(header):
            raise _WrongError(f"line {number:,} has {len(row)} cells and the header {len(header)}")
    columns = range(1, len(header))
    return [
        Overlay(header[column][:_LONGEST_TEXT] or "value", _checked(_column(rows[1:], column))) for column in columns
    ]


def _rows(text: str) -> Iterator[list[str]]:
    for number, row in enumerate(csv.reader(io.StringIO(text, newline=""))):
        if number > _MOST_VALUES:
            raise _WrongError(f"it holds more than {_MOST_VALUES:,} rows")
        if row:
            yield row


def _column(rows: list[list[str]], column: int) -> dict[str, float | str]:
    """Return the values of a column: numbers if all of them are."""
    texts = {row[0]: row[column].strip() for row in rows if row[column].strip()}
    try:
        numbers = {name: float(text) for name, text in texts.items()}
    except ValueError:
        return dict(texts)
    wrong = next((name for name, number in numbers.items() if not _is_number(number)), None)
    if wrong is not None:
        raise _WrongError(f"the value of {wrong[:100]!r} is no number that can be drawn: {texts[wrong][:50]}")
    return dict(numbers)
