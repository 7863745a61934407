"""The search language: `op:MatMul name:rnn/* dtype:float32 shape:[*,256]`, terms joined by AND.

    name:GLOB  op:GLOB  dtype:GLOB  device:GLOB  collection:GLOB  key:GLOB  kind:GLOB  scope:PATH
    role:GLOB  shared:>1  parameters:>1000  shape:[3,*]  trainable:yes|no  in:ops|variables
    time:>1ms  flops:>1M
    WORD (anywhere in the name, in any case)

The columns of the variable table (`variable_columns.py`) are fields; ops have a few of their own.

Op types, dtypes, devices, kinds and roles fit in any case; names, collections and keys as they are written.
In a GLOB `*` stands for any characters, "/" too, and `?` for one; everything else stands for itself.
"""

from __future__ import annotations

import operator
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from scopeview.analysis.derive.roles import ROLES
from scopeview.analysis.variable_columns import BY_SEARCH, Format
from scopeview.errors import QueryError
from scopeview.model.shapes import Shape

_OF_OPS = {
    "name": "full name of the op or variable",
    "op": "op type; finds ops only",
    "dtype": "dtype of the variable, or of the op's first output",
    "device": "device that was asked for",
    "collection": "a collection that it is a member of",
    "role": f"what an op is for: {', '.join(ROLES)}; finds ops only",
    "time": "time that the op took in the recorded step: >1ms, <=20us; in:variables: of the ops that read it",
    "flops": "floating-point operations of the op by its shapes: >1M, <500k; in:variables: of the ops that read it",
    "scope": "the scope that it lies in, at any depth",
    "shape": "shape, with * for any size: [3,*]; ... for any number of sizes",
    "in": "ops or variables",
}
_HOW: Mapping[Format, str] = {"count": " (2, >1, <=3)", "bytes": " (>1000000, <=10)"}

FIELDS: Mapping[str, str] = _OF_OPS | {
    search: f"{column.head.help}{_HOW.get(column.head.format, '')}; finds variables only"
    for search, column in BY_SEARCH.items()
    if search not in _OF_OPS
}
"""Every search field: what ops are searched by, and the columns of the variable table."""

_VARIABLES_ONLY = FIELDS.keys() - _OF_OPS.keys()
_OPS_ONLY = frozenset({"op", "role"})
_OPS_FIRST = frozenset({"time", "flops"})
"""What costs: ops, and variables where nothing but variables is asked for."""
_TERM = re.compile(r"([a-z]+):(.*)\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query; `terms` are pairs of field and value, `words` are sought anywhere in a name."""

    text: str
    terms: tuple[tuple[str, str], ...]
    words: tuple[str, ...]

    def values(self, field: str) -> tuple[str, ...]:
        """Return every value given for a field; all must hold."""
        return tuple(value for name, value in self.terms if name == field)

    @property
    def wants_ops(self) -> bool:
        """Whether an op can match."""
        return not any(field in _VARIABLES_ONLY for field, _ in self.terms) and "variables" not in (self.values("in"))

    @property
    def fits_variables(self) -> bool:
        """Whether a variable can match, where variables alone are looked for."""
        return not any(field in _OPS_ONLY for field, _ in self.terms) and "ops" not in self.values("in")

    @property
    def wants_variables(self) -> bool:
        """Whether a variable can match: by what its readers cost only where no op can."""
        return self.fits_variables and not (self.wants_ops and any(field in _OPS_FIRST for field, _ in self.terms))


def parse_query(text: str) -> Query:
    """Parse a query.

    Raises:
        QueryError: a field is not known, a value is missing or malformed, or nothing is asked for.
    """
    try:
        pieces = shlex.split(text)
    except ValueError as error:
        raise QueryError(
            f"the query {text!r} cannot be read: {error}; close the quote, or write \\' for one in a name"
        ) from error
    terms: list[tuple[str, str]] = []
    words: list[str] = []
    for piece in pieces:
        match = _TERM.match(piece)
        if match is None:
            words.append(piece)
            continue
        field, value = match[1], match[2]
        _check(field, value)
        terms.append((field, value))
    if not terms and not words:
        raise QueryError("the query is empty; try a part of a name, or op:MatMul")
    return Query(text, tuple(terms), tuple(words))


def _check(field: str, value: str) -> None:
    if field not in FIELDS:
        raise QueryError(f"there is no search field {field!r}; the fields are {', '.join(FIELDS)}")
    if not value:
        raise QueryError(f"the search field {field}: needs a value, such as {field}:{_EXAMPLES.get(field, 'x*')}")
    if field == "in" and value not in ("ops", "variables"):
        raise QueryError(f"in:{value} is not known; it is in:ops or in:variables")
    if field in BY_SEARCH:
        _check_value(field, value, BY_SEARCH[field].head.format)
    if field in UNITS:
        parse_amount(field, value)
    if field == "role" and not any(glob_pattern(value, re.IGNORECASE).fullmatch(role) for role in ROLES):
        raise QueryError(f"role:{value} is not known; the roles are {', '.join(ROLES)}")


def _check_value(field: str, value: str, format_: Format) -> None:
    if format_ == "yes_no" and value not in ("yes", "no"):
        raise QueryError(f"{field}:{value} is not known; it is {field}:yes or {field}:no")
    if format_ == "shape":
        parse_shape(value)
    if format_ in ("count", "bytes"):
        parse_count(value)


_EXAMPLES_OF: Mapping[Format, str] = {"count": ">1", "bytes": ">1000", "shape": "[3,*]", "yes_no": "yes"}
_EXAMPLES = {search: _EXAMPLES_OF.get(column.head.format, "x*") for search, column in BY_SEARCH.items()} | {
    "time": ">1ms",
    "flops": ">1M",
    "role": "forward",
    "in": "ops",
    "op": "MatMul",
    "dtype": "float32",
}

_COUNT = re.compile(r"(>=|<=|>|<|=|)(\d{1,18})")
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "=": operator.eq,
    "": operator.eq,
}


def parse_count(text: str) -> tuple[Callable[[float, float], bool], int]:
    """Parse a condition on a number: `2`, `>1`, `<=3`.

    Raises:
        QueryError: it is none.
    """
    match = _COUNT.fullmatch(text)
    if match is None:
        raise QueryError(f"{text!r} is no condition on a number; write 2, >1 or <=3")
    return _COMPARE[match[1]], int(match[2])


UNITS: Mapping[str, Mapping[str, float]] = {
    "time": {"us": 1.0, "ms": 1e3, "s": 1e6},
    "flops": {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12},
}
"""Units of the fields that take one; times are in microseconds."""

_AMOUNT = re.compile(r"(>=|<=|>|<|=|)(\d{1,15}(?:\.\d{1,9})?)([A-Za-z]{0,2})")


def parse_amount(field: str, text: str) -> tuple[Callable[[float, float], bool], float]:
    """Parse a condition on an amount with a unit: `>1ms` of a time, `<=2.5G` of FLOPs.

    >>> parse_amount("time", ">1.5ms")[1]
    1500.0

    Raises:
        QueryError: it is none.
    """
    match, units = _AMOUNT.fullmatch(text), UNITS[field]
    if match is None or match[3] not in units:
        known = ", ".join(unit for unit in units if unit)
        raise QueryError(f"{field}:{text} is no amount; write {field}:{_EXAMPLES[field]}; the units are {known}")
    return _COMPARE[match[1]], float(match[2]) * units[match[3]]


_ANY, _ANY_RUN = "*", "..."
ShapePattern = tuple[str, ...]


def parse_shape(text: str) -> ShapePattern:
    """Parse a shape pattern; `[]` is a scalar.

    >>> parse_shape("[*,256]"), parse_shape("[]")
    (('*', '256'), ())

    Raises:
        QueryError: it is not a bracketed list of sizes.
    """
    inner = text.strip()
    if not (inner.startswith("[") and inner.endswith("]")):
        raise QueryError(f"the shape {text!r} must stand in brackets, such as [3,*]")
    sizes = tuple(size.strip() for size in inner[1:-1].split(",")) if inner[1:-1].strip() else ()
    if any(size not in (_ANY, _ANY_RUN, "?") and not size.isdecimal() for size in sizes):
        raise QueryError(f"the shape {text!r} may hold numbers, *, ? (unknown) and ... only")
    return sizes


def shape_matches(pattern: ShapePattern, shape: Shape) -> bool:
    """Whether a shape fits a pattern; an unknown rank fits only `[...]`."""
    if shape is None:
        return pattern == (_ANY_RUN,)
    if _ANY_RUN in pattern:
        at = pattern.index(_ANY_RUN)
        head, end = pattern[:at], pattern[at + 1 :]
        if len(head) + len(end) > len(shape):
            return False
        return _sizes_match(head, shape[: len(head)]) and _sizes_match(end, shape[len(shape) - len(end) :])
    return len(pattern) == len(shape) and _sizes_match(pattern, shape)


def _sizes_match(pattern: ShapePattern, sizes: tuple[int | None, ...]) -> bool:
    return all(
        wanted == _ANY or (size is None if wanted == "?" else str(size) == wanted)
        for wanted, size in zip(pattern, sizes, strict=True)
    )


@lru_cache(maxsize=256)
def glob_pattern(glob: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    """Compile a glob in which only `*` and `?` are special; flags such as `re.IGNORECASE` are those of `re`.

    >>> bool(glob_pattern("rnn/*").fullmatch("rnn/cell/w")), bool(glob_pattern("a[0]").fullmatch("a[0]"))
    (True, True)
    """
    # `A*B*C` is A, the nearest B, then C at the end. Atomic groups keep the nearest B, which is enough for a glob and
    # makes matching linear: a plain `.*` would try every combination on a name of 10,000 characters.
    first, *middle = (_piece(text) for text in re.split(r"\*+", glob))
    if not middle:
        return re.compile(first, re.DOTALL | flags)
    inner = "".join(f"(?>.*?{piece})" for piece in middle[:-1])
    return re.compile(f"{first}{inner}.*{middle[-1]}", re.DOTALL | flags)


def _piece(text: str) -> str:
    return "".join("." if character == "?" else re.escape(character) for character in text)
