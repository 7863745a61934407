"""AttrValue and TensorProto to plain values (`scopeview.model.attributes`)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from scopeview.model.attributes import (
    Attributes,
    DType,
    FunctionRef,
    PlaceholderValue,
    ShapeValue,
    TensorValue,
    Undecodable,
)
from scopeview.model.dtypes import dtype_name
from scopeview.model.shapes import Shape, element_count
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.decode import DecodeError, parse
from scopeview.readers.protobuf.wire import LENGTH, Bytes, WireError

PREVIEW_VALUES = 8
"""Values of a constant that are decoded; the rest stays in the file."""

_ATTRIBUTE_TAG = 5 << 3 | LENGTH
_KEY, _VALUE = 1, 2
_TENSOR_TAG = 8 << 3 | LENGTH
_STRING_TAG = 8 << 3 | LENGTH

_SHORT = 512
"""Bytes of an attribute up to which its value is kept for other ops."""

_LOOKED_AT = 4096
"""Bytes of a constant that are compared before all of them are."""

_MAX_NESTING = 64
"""Functions as attributes may nest functions; protobuf itself refuses more than 100 levels."""

_UNPACK = {
    "float32": "f",
    "float64": "d",
    "int32": "i",
    "uint8": "B",
    "int16": "h",
    "int8": "b",
    "int64": "q",
    "bool": "?",
    "uint16": "H",
    "float16": "e",
    "uint32": "I",
    "uint64": "Q",
    "complex64": "ff",
    "complex128": "dd",
    "qint8": "b",
    "quint8": "B",
    "qint32": "i",
    "qint16": "h",
    "quint16": "H",
}

_TYPED_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "string": "string_val",
    "int64": "int64_val",
    "bool": "bool_val",
    "complex64": "scomplex_val",
    "complex128": "dcomplex_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "float16": "half_val",
    "bfloat16": "half_val",
}


def decode_node(raw: bytes | memoryview) -> Attributes:
    """Decode the attributes of one NodeDef, sorted by name."""
    try:
        found = dict(_entry(raw, start, end) for start, end in _entries(raw))
    except (DecodeError, WireError, IndexError) as error:
        return {"(attributes)": Undecodable(len(raw), str(error))}
    return {name: found[name] for name in sorted(found)}


def _entries(raw: Bytes) -> Iterator[tuple[int, int]]:
    """Yield where the entries of a NodeDef's map of attributes lie."""
    position, end = 0, len(raw)
    while position < end:
        tag, size = raw[position], raw[position + 1]
        start = position + 2
        if tag >= 0x80 or tag & 7 != LENGTH or size >= 0x80:
            field = next(wire.fields(raw, position))
            if not field.complete:
                raise DecodeError(f"it ends inside field {field.number}")
            start, size = field.start, field.end - field.start
            tag = field.number << 3 | field.wire_type
        position = start + size
        if tag == _ATTRIBUTE_TAG:
            if position > end:
                raise DecodeError("it ends inside an attribute")
            yield start, position


def _entry(raw: Bytes, start: int, end: int) -> tuple[str, object]:
    """Return name and value of an entry; those that are short are decoded once, for graphs repeat them."""
    if end - start > _SHORT:
        return decode_entry(raw[start:end])
    return _short_entry(bytes(raw[start:end]))


@lru_cache(maxsize=1 << 14)
def _short_entry(raw: bytes) -> tuple[str, object]:
    return decode_entry(raw)


def decode_entry(raw: Bytes) -> tuple[str, object]:
    """Decode one entry of a NodeDef's map of attributes: its name and its value.

    Raises:
        DecodeError: the bytes are no such entry.
    """
    entry = parse("NodeDef.attr.entry", raw)
    return entry.key, decode_value(entry.value)


def string_values(node: bytes) -> list[bytes]:
    """Return every string of the constant that a NodeDef is; none for any other op. Savers have thousands.

    Raises:
        DecodeError: the bytes are no NodeDef.
    """
    found: list[bytes] = []
    try:
        for start, end in _entries(node):
            fields = {field.number: field for field in wire.fields(node, start, end)}
            if _KEY in fields and node[fields[_KEY].start : fields[_KEY].end] == b"value" and _VALUE in fields:
                value = fields[_VALUE]
                tensors = [
                    f for f in wire.fields(node, value.start, value.end) if f.number << 3 | f.wire_type == _TENSOR_TAG
                ]
                found = [text for tensor in tensors for text in _strings(node, tensor.start, tensor.end)]
    except (WireError, IndexError) as error:
        raise DecodeError("the bytes are no NodeDef") from error
    return found


def _strings(raw: bytes, position: int, end: int) -> Iterator[bytes]:
    """Yield the fields `string_val` of a TensorProto."""
    while position < end:
        size = raw[position + 1] if raw[position] == _STRING_TAG else 0x80
        if size < 0x80:
            start, position = position + 2, position + 2 + size
            if position > end:
                raise WireError(start)
            yield raw[start:position]
            continue
        field = next(wire.fields(raw, position, end))
        if not field.complete:
            raise WireError(field.start)
        if field.number << 3 | field.wire_type == _STRING_TAG:
            yield raw[field.start : field.end]
        position = field.end


def decode_attributes(attributes: Mapping[str, Any]) -> Attributes:
    """Decode a map of AttrValue, sorted by name."""
    return {name: decode_value(attributes[name]) for name in sorted(attributes)}


def decode_value(value: Any, nesting: int = 0) -> object:
    """Decode one AttrValue."""
    field = value.WhichOneof("value")
    if field is None:
        return None
    if field == "list":
        return _list(value.list, nesting)
    return _scalar(field, getattr(value, field), nesting)


def _scalar(field: str, content: Any, nesting: int) -> object:
    match field:
        case "s":
            return text_or_bytes(content)
        case "type":
            return DType(dtype_name(content))
        case "shape":
            return ShapeValue(shape_of(content))
        case "tensor":
            return tensor_value(content)
        case "placeholder":
            return PlaceholderValue(content)
        case "func" if nesting < _MAX_NESTING:
            inner = {name: decode_value(v, nesting + 1) for name, v in sorted(content.attr.items())}
            return FunctionRef(content.name, inner)
        case "func":
            return FunctionRef(content.name, {})
    return content


def _list(values: Any, nesting: int) -> tuple[object, ...]:
    for field, content in values.ListFields():
        return tuple(_scalar(field.name, item, nesting) for item in content)
    return ()


def text_or_bytes(content: Bytes) -> str | bytes:
    """Return bytes as text where they are UTF-8 (nearly every string attribute), else as they are."""
    raw = bytes(content)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def shape_of(proto: Any) -> Shape:
    """Decode a TensorShapeProto; any negative size is an unknown one."""
    if proto.unknown_rank:
        return None
    return tuple(dim.size if dim.size >= 0 else None for dim in proto.dim)


def tensor_value(proto: Any) -> TensorValue:
    """Describe a TensorProto: dtype, shape and its first values."""
    dtype, shape = dtype_name(proto.dtype), shape_of(proto.tensor_shape)
    count = element_count(shape)
    wanted = PREVIEW_VALUES if count is None else min(count, PREVIEW_VALUES)
    if proto.tensor_content:
        values = _from_content(proto.tensor_content, dtype, wanted)
        return TensorValue(dtype, shape, values, _repeats(proto.tensor_content, count))
    values = _from_fields(proto, dtype, wanted)
    stored = getattr(proto, _TYPED_FIELDS.get(dtype, "int_val"))
    is_uniform = bool(count) and all(value == stored[0] for value in stored)
    if len(values) < wanted and dtype != "string":
        # TensorProto leaves out a run of equal values at the end: the last one repeats, and none means zeros.
        values += (values[-1] if values else 0,) * (wanted - len(values))
    return TensorValue(dtype, shape, values, is_uniform)


def _repeats(content: Bytes, count: int | None) -> bool:
    """Whether dense content is one element, again and again; weights show at their start that they are not."""
    step = len(content) // count if count else 0
    start = step * (_LOOKED_AT // step + 1) if step else 0
    parts = (bytes(part) for part in (content[:start], content))
    return bool(step) and all(part == part[:step] * (len(part) // step) for part in parts)


def _from_content(content: Bytes, dtype: str, wanted: int) -> tuple[object, ...]:
    layout = _UNPACK.get(dtype)
    if layout is None:
        return ()
    step = struct.calcsize(f"<{layout}")
    count = min(wanted, len(content) // step)
    items = list(struct.iter_unpack(f"<{layout}", content[: step * count]))
    return tuple(complex(*item) if len(item) == 2 else item[0] for item in items)


def _from_fields(proto: Any, dtype: str, wanted: int) -> tuple[object, ...]:
    field = _TYPED_FIELDS.get(dtype, "int_val")
    values = getattr(proto, field)
    if field.endswith("complex_val"):
        pairs = zip(values[0 : 2 * wanted : 2], values[1 : 2 * wanted : 2], strict=False)
        return tuple(complex(real, imaginary) for real, imaginary in pairs)
    if field == "half_val":
        return tuple(_half(bits, dtype) for bits in values[:wanted])
    if field == "string_val":
        return tuple(text_or_bytes(item) for item in values[:wanted])
    return tuple(values[:wanted])


def _half(bits: int, dtype: str) -> float:
    if dtype == "bfloat16":  # the upper half of a float32
        return float(struct.unpack("<f", struct.pack("<I", (bits & 0xFFFF) << 16))[0])
    return float(struct.unpack("<e", struct.pack("<H", bits & 0xFFFF))[0])
