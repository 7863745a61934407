"""Protobuf's wire format, one level at a time.

Parsing a message whole has three costs that scopeview cannot pay: a truncated file yields nothing, a name that is not
UTF-8 fails everything, and a 300 MB graph takes 1.3 GB. Walking the fields of the outer messages keeps what is complete
and leaves the bytes where they are; single nodes are then parsed by TensorFlow's own classes.

Format: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from scopeview.model.ops import Buffer
from scopeview.readers.undecodable import text_of_bytes

Bytes = bytes | memoryview
"""A piece of a file that is in memory."""

__all__ = ["Buffer", "Bytes", "Field", "WireError", "fields", "text_of", "varint"]

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5


class Field(NamedTuple):
    """One field of a message."""

    number: int
    wire_type: int
    start: int
    """Where its value starts; for LENGTH, after the length."""
    end: int
    """Where its value ends; the end of the buffer for a value that was cut off."""
    value: int
    """The value of a VARINT, otherwise 0."""
    complete: bool
    """False for the last field of a truncated message."""


class WireError(ValueError):
    """Bytes that are not protobuf's wire format; `offset` is where."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"not a protobuf field at byte {offset:,}")
        self.offset = offset


def fields(buffer: Buffer, start: int = 0, end: int | None = None) -> Iterator[Field]:
    """Yield the fields of the message in `buffer[start:end]`.

    A message that ends in the middle of a field yields that field with `complete=False`, as far as it goes.

    Raises:
        WireError: the bytes are not wire format (a wrong wire type, field 0, an endless varint).
    """
    position, end = start, len(buffer) if end is None else end
    while position < end:
        field_start = position
        tag, position = _varint(buffer, position, end)
        if position < 0:
            yield Field(0, VARINT, field_start, end, 0, False)
            return
        number, wire_type = tag >> 3, tag & 7
        if number == 0 or wire_type in (3, 4, 6, 7):
            raise WireError(field_start)
        field = _value(buffer, number, wire_type, position, end)
        yield field
        if not field.complete:
            return
        position = field.end


def _value(buffer: Buffer, number: int, wire_type: int, position: int, end: int) -> Field:
    if wire_type == VARINT:
        value, after = _varint(buffer, position, end)
        if after < 0:
            return Field(number, wire_type, position, end, 0, False)
        return Field(number, wire_type, position, after, value, True)
    if wire_type == LENGTH:
        size, position = _varint(buffer, position, end)
        if position < 0:
            return Field(number, wire_type, end, end, 0, False)
    else:
        size = 8 if wire_type == FIXED64 else 4
    complete = position + size <= end
    return Field(number, wire_type, position, position + size if complete else end, 0, complete)


def _varint(buffer: Buffer, position: int, end: int) -> tuple[int, int]:
    """Return a varint and the position after it; -1 as position when the buffer ends first."""
    value = shift = 0
    start = position
    while position < end:
        byte = buffer[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
        if shift > 63:
            raise WireError(start)
    return 0, -1


def varint(buffer: Buffer, position: int) -> tuple[int, int]:
    """Return the varint at a position and the position after it.

    Raises:
        WireError: the buffer ends first, or the varint is longer than 10 bytes.
    """
    value, after = _varint(buffer, position, len(buffer))
    if after < 0:
        raise WireError(position)
    return value, after


SINGLE = [bytes([value]) for value in range(0x80)]
"""Numbers below 128 as varints."""


def encode_varint(number: int) -> bytes:
    """Return a number that is not negative as a varint, as protobuf and LevelDB write it."""
    if number < 0x80:
        return SINGLE[number]
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def text_of(buffer: Buffer, field: Field) -> str:
    """Return a string field; bytes that are not UTF-8 become `\\xNN`, so that nothing is lost."""
    return text_of_bytes(bytes(buffer[field.start : field.end]))
