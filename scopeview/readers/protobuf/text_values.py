"""Values of protobuf's text format in wire format: numbers, truth values, names of enumerations, strings.

Grammar: https://protobuf.dev/reference/protobuf/textformat-spec/
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from scopeview.readers.protobuf.types import Field, enum_numbers
from scopeview.readers.protobuf.wire import FIXED32, FIXED64, SINGLE, VARINT, encode_varint

_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_PRINTED = re.compile(rb"(?:[^\\]++|\\(?:[0-3][0-7]{2}|[nrtabfv\\'\"]))*+")
"""Strings whose escapes are those that printers write, which a codec of Python's has too."""
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_TRUE, _FALSE = ("true", "True", "t", "1"), ("false", "False", "f", "0")
_INTEGERS = {
    "int32": (-(1 << 31), 1 << 31),
    "uint32": (0, 1 << 32),
    "fixed32": (0, 1 << 32),
    "int64": (-(1 << 63), 1 << 63),
    "sint64": (-(1 << 63), 1 << 63),
    "uint64": (0, 1 << 64),
    "fixed64": (0, 1 << 64),
    "enum": (-(1 << 31), 1 << 31),
}


def encoded(field: Field, kind: str, token: str) -> bytes:
    """Return a number, a truth value or a name of an enumeration in wire format.

    Args:
        field: the field that it is the value of.
        kind: whether it is a `word` or a `number`.
        token: its text.

    Raises:
        ValueError, OverflowError, struct.error: it is no value of the field.
    """
    if field.kind == "bool":
        if token not in (*_TRUE, *_FALSE):
            raise ValueError(token)
        return SINGLE[token in _TRUE]
    if field.kind in ("float", "double"):
        number = _real(token)
        if field.kind == "double":
            return struct.pack("<d", number)
        try:
            return struct.pack("<f", number)
        except OverflowError:
            return struct.pack("<f", float("inf") if number > 0 else float("-inf"))
    value = enum_numbers(field.of).get(token) if field.kind == "enum" and kind == "word" else _integer(token)
    lowest, end = _INTEGERS[field.kind]
    if value is None or not lowest <= value < end:
        raise ValueError(token)
    return _WRITERS.get(field.wire_type, _varint_of)(value, field)


def _varint_of(value: int, field: Field) -> bytes:
    if field.kind == "sint64":
        value = value << 1 ^ value >> 63
    return encode_varint(value & (1 << 64) - 1)


_WRITERS: dict[int, Callable[[int, Field], bytes]] = {
    VARINT: _varint_of,
    FIXED32: lambda value, _field: struct.pack("<I", value),
    FIXED64: lambda value, _field: struct.pack("<Q", value),
}


def _integer(token: str) -> int:
    digits = token.replace(" ", "")
    sign, digits = (-1, digits[1:]) if digits.startswith("-") else (1, digits)
    is_octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
    return sign * int(digits, 8 if is_octal else 0)


def _real(token: str) -> float:
    digits = token.replace(" ", "")
    return float(digits if digits.lower().lstrip("-") in ("inf", "infinity", "nan") else digits.rstrip("fF"))


def unescaped(token: str) -> bytes:
    """Return what a string in its quotes says."""
    content = token[1:-1].encode()
    if b"\\" not in content:
        return content
    if _PRINTED.fullmatch(content):
        return content.decode("unicode_escape").encode("latin-1")
    return _ESCAPE.sub(_character, content)


def _character(match: re.Match[bytes]) -> bytes:
    octal, byte, short, long, other = match.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    if byte is not None:
        return bytes([int(byte, 16)])
    if other is not None:
        return _ESCAPED.get(other, other)
    return chr(int(short or long, 16)).encode("utf-8", "surrogatepass")
