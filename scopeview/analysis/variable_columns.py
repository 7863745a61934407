"""The columns of every table of variables, each declared once.

A column here is a column of the page's table, of `scopeview find --columns`, and of the CSV and JSON that both write;
the table can be sorted by it; and where it names a search field, `scopeview find` and every filter have that field.
The page takes them from `web/src/lib/declared.ts`, `docs/cli.md` lists them; `make types` and `make docs` write both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from scopeview.analysis.variable_row import VariableRow
from scopeview.errors import QueryError
from scopeview.model.variables import Initializer, Kind

Format = Literal["name", "names", "word", "count", "short", "bytes", "time", "shape", "yes_no"]
"""How the values of a column look, sort and are searched:

name    a name of the artifact; sought as it is written
names   several of them
word    a word of TensorFlow or of scopeview; sought in any case
count   a number, or null
short   a number that may be large, or null
bytes   a number of bytes, or null
time    microseconds, or null
shape   sizes, null where one is not known; null where the rank is not
yes_no  true, false, or null where the artifact does not say
"""

Cell = str | int | float | bool | None | tuple[str, ...] | tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class ColumnHead:
    """What a table must know of a column to show it."""

    key: str
    """Its name in CSV, JSON and `sort`."""
    heading: str
    """What stands above it."""
    help: str
    """What the heading means."""
    format: Format
    letters: int
    """The width that it takes at most, in letters; what is longer is cut."""
    search: str
    """The field of the search language that looks at it; empty for none."""
    is_listed: bool = True
    """Whether a table has it that was not asked for it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head, and how it gets the value of a variable."""

    head: ColumnHead
    value: Callable[[VariableRow], Cell]
    is_derived: bool = False
    """Whether analyses have to be made for its value; what the artifact says is looked at first."""

    def order(self, row: VariableRow) -> Any:
        """Return what a row is sorted by."""
        return _ORDERS[self.head.format](self.value(row))


_ORDERS: Mapping[Format, Callable[[Any], Any]] = {
    "name": lambda value: value,
    "names": lambda value: value,
    "word": lambda value: value,
    "count": lambda value: value or 0,
    "short": lambda value: value or 0,
    "bytes": lambda value: value or 0,
    "time": lambda value: value or 0,
    "shape": lambda value: tuple(size or 0 for size in value or ()),
    "yes_no": lambda value: (value is not None, value or False),
}


def _usual_name(initializer: Initializer | None) -> str:
    return "" if initializer is None else initializer.resembles or initializer.kind


_KINDS = f"how it is held: {', '.join(get_args(Kind))}"

COLUMNS: tuple[Column, ...] = (
    Column(ColumnHead("name", "name", "full name of the variable", "name", 90, "name"), lambda row: row.variable.name),
    Column(ColumnHead("shape", "shape", "shape; ? is not known", "shape", 20, "shape"), lambda row: row.variable.shape),
    Column(ColumnHead("dtype", "dtype", "dtype", "word", 10, "dtype"), lambda row: row.variable.dtype),
    Column(
        ColumnHead("parameters", "parameters", "number of elements", "count", 14, "parameters"),
        lambda row: row.variable.parameters,
    ),
    Column(
        ColumnHead("size_bytes", "bytes", "bytes when stored densely", "bytes", 8, "bytes"),
        lambda row: row.variable.size_bytes,
    ),
    Column(
        ColumnHead("trainable", "trained", "whether it is trainable: yes or no", "yes_no", 3, "trainable"),
        lambda row: row.variable.trainable,
    ),
    Column(
        ColumnHead("uses", "uses", "number of places that use it; from 2 on it is shared", "count", 6, "shared"),
        lambda row: row.uses,
        is_derived=True,
    ),
    Column(
        ColumnHead("call_sites", "call sites", "op scopes that use it", "count", 6, "sites"),
        lambda row: len(row.call_sites),
        is_derived=True,
    ),
    Column(
        ColumnHead("readers", "readers", "ops of the computation that read it", "count", 6, "readers"),
        lambda row: len(row.accesses.forward),
        is_derived=True,
    ),
    Column(
        ColumnHead("time_us", "time", "time in the recorded step of the ops that read it", "time", 8, "time"),
        lambda row: row.costs.time_us,
        is_derived=True,
    ),
    Column(
        ColumnHead("flops", "FLOPs", "floating-point operations of the ops that read it", "short", 8, "flops"),
        lambda row: row.costs.flops,
        is_derived=True,
    ),
    Column(
        ColumnHead("output_bytes", "output", "bytes of what the ops that read it give", "bytes", 8, "output"),
        lambda row: row.costs.output_bytes,
        is_derived=True,
    ),
    Column(
        ColumnHead("slots", "slots", "optimizer slots and moving averages of the variable", "count", 6, "slots"),
        lambda row: len(row.auxiliary),
        is_derived=True,
    ),
    Column(
        ColumnHead("initializer", "initializer", "what gives it its first value", "word", 18, "initializer"),
        lambda row: _usual_name(row.variable.initializer),
        is_derived=True,
    ),
    Column(ColumnHead("device", "device", "requested device", "word", 16, "device"), lambda row: row.variable.device),
    Column(
        ColumnHead("collections", "collections", "collections that it is a member of", "names", 32, "collection"),
        lambda row: row.variable.collections,
    ),
    Column(
        ColumnHead(
            "kind",
            "kind",
            _KINDS,
            "word",
            11,
            "kind",
            is_listed=False,
        ),
        lambda row: row.variable.kind,
    ),
    Column(
        ColumnHead(
            "checkpoint_keys",
            "checkpoint keys",
            "checkpoint keys that it is saved under",
            "names",
            60,
            "key",
            is_listed=False,
        ),
        lambda row: row.variable.checkpoint_keys,
    ),
)

_BY_KEY = {column.head.key: column for column in COLUMNS}
BY_SEARCH = {column.head.search: column for column in COLUMNS if column.head.search}
"""Columns by the search field that looks at them."""


def column(key: str) -> Column:
    """Return a column by its key.

    Raises:
        QueryError: there is none.
    """
    if key not in _BY_KEY:
        raise QueryError(f"there is no column {key!r}; the columns are {', '.join(_BY_KEY)}")
    return _BY_KEY[key]
