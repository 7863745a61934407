"""How single values are written: counts, bytes, shapes, names. Names are hostile data and become printable here."""

from __future__ import annotations

import math
import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

from scopeview.model.attributes import (
    DType,
    FunctionRef,
    PlaceholderValue,
    ShapeValue,
    TensorValue,
    Undecodable,
)
from scopeview.model.shapes import Shape

if TYPE_CHECKING:
    from scopeview.analysis.variable_columns import Format
    from scopeview.model.variables import Initializer

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that a terminal acts on or does not show: controls, bidirectional marks, line separators."""


_UNITS = "kMGTP"


def printable(text: str) -> str:
    """Write a name so that it shows as it is and does nothing to a terminal.

    >>> printable("a/b"), printable("a\\x1b[31m\\u202e")
    ('a/b', 'a\\\\x1b[31m\\\\u202e')
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _escaped(character) if unicodedata.category(character) in _HIDDEN else character for character in text
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def shortened(text: str, width: int) -> str:
    """Cut a text in its middle, where names say least; the end of a path says more than its start.

    >>> shortened("resnet/block1/unit_2/conv3/weights", 20)
    'resnet/…onv3/weights'
    """
    if len(text) <= width:
        return text
    if width <= 1:
        return "…"[:width]
    end = (width - 1) * 2 // 3
    return f"{text[: width - 1 - end]}…{text[-end:]}" if end else f"{text[: width - 1]}…"


_RANGES_SHOWN = 4
_RANGES = re.compile(r"\[([\d-]+(?:,[\d-]+)*)\]")


def folded_label(label: str) -> str:
    """Shorten the label of numbered siblings whose numbers lie scattered; the last is kept.

    >>> folded_label("layer_[0-3,7]"), folded_label("layer_[0,13,26,39,52,65,78]")
    ('layer_[0-3,7]', 'layer_[0,13,26,… 3 more,78]')
    """

    def shortened_list(match: re.Match[str]) -> str:
        ranges = match[1].split(",")
        if len(ranges) <= _RANGES_SHOWN + 1:
            return match[0]
        first, left_out = ranges[: _RANGES_SHOWN - 1], len(ranges) - _RANGES_SHOWN
        return f"[{','.join(first)},… {left_out} more,{ranges[-1]}]"

    return _RANGES.sub(shortened_list, label)


def count(number: int) -> str:
    """Write a number with thousands separated."""
    return f"{number:,}"


def plural(number: int, noun: str) -> str:
    """Write a number with its noun.

    >>> plural(1, "op"), plural(1200, "op")
    ('1 op', '1,200 ops')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def bytes_text(size: int | None) -> str:
    """Write bytes in the unit that keeps three digits.

    >>> bytes_text(999), bytes_text(1536), bytes_text(None)
    ('999 B', '1.54 kB', '?')
    """
    if size is None:
        return "?"
    return f"{size} B" if size < 1000 else f"{_in_thousands(size)}B"


def short_count(number: int | None) -> str:
    """Write a large number in short, for headlines.

    >>> short_count(999), short_count(1_234_567), short_count(999_999), short_count(None)
    ('999', '1.23 M', '1.00 M', '?')
    """
    if number is None:
        return "?"
    return f"{number:,}" if number < 10_000 else _in_thousands(number)


def _in_thousands(number: int) -> str:
    """Write a number of at least 1000 with three digits and its unit; `web/src/lib/format.ts` does the same."""
    exponent = 1
    while number >= 1000 ** (exponent + 1) and exponent < len(_UNITS):
        exponent += 1
    for step in range(exponent, len(_UNITS) + 1):
        for digits in (2, 1, 0):
            value = Decimal(number) / Decimal(1000**step)
            text = str(value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))
            if len(text.replace(".", "")) <= 3:
                return f"{text} {_UNITS[step - 1]}"
    return f"{number // 1000 ** len(_UNITS):,} {_UNITS[-1]}"


def shape_text(shape: Shape) -> str:
    """Write a shape; `?` for an unknown size, `[...]` for an unknown rank.

    >>> shape_text((3, None)), shape_text(()), shape_text(None)
    ('[3, ?]', '[]', '[...]')
    """
    if shape is None:
        return "[...]"
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"


def number_text(value: float) -> str:
    """Write a number with at most six digits, so that float32 noise does not show.

    >>> number_text(0.10000000149011612), number_text(3), number_text(float("nan"))
    ('0.1', '3', 'nan')
    """
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def value_text(value: object) -> str:
    """Write a decoded attribute."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(value_text, value[:16]))}{', …' if len(value) > 16 else ''}]"
    return _plain_text(value) or _tensorflow_text(value) or str(value)


def _plain_text(value: object) -> str | None:
    match value:
        case None:
            return "(none)"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case bytes():
            return f"{len(value)} bytes {value[:16]!r}{'…' if len(value) > 16 else ''}"
        case str():
            return f'"{printable(value)}"'
    return None


def _tensorflow_text(value: object) -> str | None:
    match value:
        case DType():
            return value.name
        case ShapeValue():
            return shape_text(value.sizes)
        case TensorValue():
            return tensor_text(value)
        case FunctionRef():
            return f"function {printable(value.name)}"
        case PlaceholderValue():
            return f"${printable(value.name)}"
        case Undecodable():
            return f"{value.size_bytes} bytes that do not decode: {value.reason}"
    return None


def tensor_text(tensor: TensorValue) -> str:
    """Write a constant: dtype, shape, size, and its first values."""
    size = f" {bytes_text(tensor.size_bytes)}" if tensor.size_bytes is not None else ""
    values = ", ".join(shortened(value_text(value), 40) for value in tensor.preview)
    total = math.prod(s or 0 for s in tensor.shape) if tensor.shape is not None else 0
    more = ", …" if total > len(tensor.preview) else ""
    return f"{tensor.dtype}{shape_text(tensor.shape)}{size} = {values}{more}"


def initializer_text(initializer: Initializer | None) -> str:
    """Write an initializer with its arguments: `random_uniform(maxval=0.1, minval=-0.1)`."""
    if initializer is None:
        return ""
    arguments = ", ".join(f"{name}={value_text(value)}" for name, value in initializer.arguments.items())
    resembles = f" = {initializer.resembles}" if initializer.resembles else ""
    return f"{initializer.kind}({arguments}){resembles}"


def cell_text(value: Any, format: Format) -> str:
    """Write a value of a table as the format of its column says; the page does the same (`web/src/lib/format.ts`).

    >>> cell_text(1200, "count"), cell_text(None, "count"), cell_text(0, "count"), cell_text(True, "yes_no")
    ('1,200', '?', '', 'yes')
    """
    match format:
        case "count":
            return "?" if value is None else count(value) if value else ""
        case "short":
            return "" if value is None else short_count(value)
        case "bytes":
            return bytes_text(value)
        case "time":
            return "" if value is None else time_text(value)
        case "shape":
            return shape_text(value)
        case "yes_no":
            return {True: "yes", False: "no"}.get(value, "")
        case "names":
            return ", ".join(map(printable, value))
    return printable(value)


def time_text(microseconds: float) -> str:
    """Write a time in the unit that keeps three digits.

    >>> time_text(0.5), time_text(999.6), time_text(12_345), time_text(2_500_000)
    ('0.5 us', '1000 us', '12.3 ms', '2.5 s')
    """
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{_three_digits(microseconds / size)} {unit}"
    return f"{_three_digits(microseconds)} us"


def _three_digits(number: float) -> str:
    return f"{float(f'{number:.3g}'):g}"
