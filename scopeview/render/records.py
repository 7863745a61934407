"""A list of frozen records as a table for other programs: CSV, or parquet where pyarrow is installed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from typing import Any

from scopeview.errors import QueryError
from scopeview.render.csv import csv_table


def records_csv(kind: type[Any], records: Iterable[Any]) -> str:
    """Write records of one type, a column per field; lists are written as JSON."""
    names = [field.name for field in dataclasses.fields(kind)]
    return csv_table(names, ([_cell(getattr(record, name)) for name in names] for record in records))


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, tuple) else value


def write_parquet(kind: type[Any], records: Sequence[Any], path: str) -> None:
    """Write records of one type to a parquet file, a column per field.

    Raises:
        QueryError: pyarrow is not installed, or the file cannot be written.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise QueryError("parquet is written by pyarrow, which is not installed; pip install pyarrow") from error
    schema = pyarrow.schema([(field.name, _type(pyarrow, str(field.type))) for field in dataclasses.fields(kind)])
    columns = {field.name: [getattr(record, field.name) for record in records] for field in dataclasses.fields(kind)}
    try:
        pyarrow.parquet.write_table(pyarrow.table(columns, schema=schema), path)
    except OSError as error:
        raise QueryError(f"{path} cannot be written: {error.strerror or error}") from error


def _type(pyarrow: Any, annotation: str) -> Any:
    """Return the type of a column for the annotation of a field."""
    plain = annotation.removesuffix(" | None").removeprefix("tuple[").removesuffix(", ...]")
    kind = {"int": pyarrow.int64(), "str": pyarrow.string(), "Measured": pyarrow.float64()}[plain]
    return pyarrow.list_(kind) if annotation.startswith("tuple[") else kind
