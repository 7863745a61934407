"""From the bytes of a message to its fields, by the table of messages."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from typing import Any

from scopeview.readers.protobuf.types import Field, Message, by_tag, message_type
from scopeview.readers.protobuf.wire import FIXED32, FIXED64, LENGTH, VARINT, Bytes, WireError, varint

_DEEPEST = 100
"""Levels of messages within messages that protobuf itself allows."""

_LONG = 4096
"""Bytes from which a field of bytes is not copied out of a memoryview: weights stay in their file."""

_HALF, _WHOLE = 1 << 63, 1 << 64


class DecodeError(ValueError):
    """Bytes that are not the message they should be."""


def parse(name: str, raw: Bytes) -> Any:
    """Decode a message by its name, such as `VariableDef`.

    Long fields of bytes are memoryviews if `raw` is one.

    Raises:
        DecodeError: the bytes are not such a message, or hold text that is not UTF-8.
    """
    found = message_type(name)()
    merge(found, raw)
    return found


def merge(target: Message, raw: Bytes) -> None:
    """Add the fields of more bytes to a message, as protobuf does: numbers are replaced, lists go on.

    Raises:
        DecodeError: the bytes are not such a message; what stands before the damage was added.
    """
    try:
        _fill(target, raw, 0, len(raw), 0)
    except (IndexError, WireError, struct.error) as error:
        raise DecodeError(f"the bytes are no {target.NAME}") from error
    except UnicodeDecodeError as error:
        raise DecodeError(f"a text in the {target.NAME} is not UTF-8") from error


def _fill(target: Message, raw: Bytes, position: int, end: int, depth: int) -> None:
    fields = by_tag(target.NAME)
    while position < end:
        tag, position = _varint(raw, position)
        wire_type = tag & 7
        start = position
        if wire_type == LENGTH:
            size, start = _varint(raw, position)
            position = start + size
        elif wire_type == VARINT:
            _, position = _varint(raw, position)
        elif wire_type in (FIXED32, FIXED64):
            position += 4 if wire_type == FIXED32 else 8
        else:
            raise WireError(start)
        if position > end or not tag >> 3:
            raise WireError(start)
        field = fields.get(tag)
        if field is not None:
            _take(target, field, wire_type, raw, (start, position), depth)


def _take(target: Message, field: Field, wire_type: int, raw: Bytes, span: tuple[int, int], depth: int) -> None:
    values = target.__dict__
    if field.kind == "map":
        entry = _below(message_type(field.of)(), raw, span, depth)
        values.setdefault(field.name, {})[entry.key] = entry.value
    elif field.kind == "message":
        known = None if field.is_repeated else values.get(field.name)
        found = _below(known or message_type(field.of)(), raw, span, depth)
        _put(values, target, field, found)
    elif field.is_repeated and wire_type == LENGTH and field.wire_type != LENGTH:
        values.setdefault(field.name, []).extend(_packed(field, raw, span))
    else:
        _put(values, target, field, scalar_reader(field.kind)(raw, *span))


def _put(values: dict[str, Any], target: Message, field: Field, value: Any) -> None:
    if field.is_repeated:
        values.setdefault(field.name, []).append(value)
        return
    if field.oneof:
        other = target.WhichOneof(field.oneof)
        if other is not None and other != field.name:
            del values[other]
    values[field.name] = value


def _below(target: Message, raw: Bytes, span: tuple[int, int], depth: int) -> Message:
    if depth >= _DEEPEST:
        raise DecodeError(f"messages are nested more than {_DEEPEST} levels deep")
    _fill(target, raw, *span, depth + 1)
    return target


def _packed(field: Field, raw: Bytes, span: tuple[int, int]) -> list[Any]:
    position, end = span
    step = _LAYOUTS.get(field.kind)
    if step is not None:
        layout = struct.Struct(step)
        return [value for (value,) in layout.iter_unpack(bytes(raw[position:end]))]
    read, found = scalar_reader(field.kind), []
    while position < end:
        _, after = _varint(raw, position)
        found.append(read(raw, position, after))
        position = after
    if position > end:
        raise WireError(end)
    return found


def _varint(raw: Bytes, position: int) -> tuple[int, int]:
    first = raw[position]
    return (first, position + 1) if first < 0x80 else varint(raw, position)


_LAYOUTS = {"double": "<d", "float": "<f", "fixed32": "<I", "fixed64": "<Q"}


@cache
def scalar_reader(kind: str) -> Callable[[Bytes, int, int], Any]:
    """Return what reads one value of a scalar type between two places."""
    if kind == "string":
        return lambda raw, start, end: bytes(raw[start:end]).decode("utf-8")
    if kind == "bytes":
        return lambda raw, start, end: raw[start:end] if end - start > _LONG else bytes(raw[start:end])
    if kind in _LAYOUTS:
        unpack = struct.Struct(_LAYOUTS[kind]).unpack
        return lambda raw, start, end: unpack(raw[start:end])[0]
    number = _NUMBERS[kind]
    return lambda raw, start, _end: number(_varint(raw, start)[0])


def _signed(value: int) -> int:
    value &= _WHOLE - 1
    return value - _WHOLE if value >= _HALF else value


def _signed_32(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >= 1 << 31 else value


_NUMBERS: dict[str, Callable[[int], int]] = {
    "bool": bool,
    "enum": _signed_32,
    "int32": _signed_32,
    "int64": _signed,
    "uint32": lambda value: value & 0xFFFFFFFF,
    "uint64": lambda value: value & (_WHOLE - 1),
    "sint64": lambda value: _signed(value >> 1 ^ -(value & 1)),
}
