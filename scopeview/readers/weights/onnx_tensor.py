"""One tensor of an ONNX file: where its numbers lie, and how they are read, in every way in which they may be kept.

    raw_data       the bytes themselves
    float_data...  a list of numbers: fixed (float, double), or varints (int32, int64, uint64)
    external_data  a file beside the model, an offset in it and a length

Varints of `int32_data` hold every smaller type too: float16 and bfloat16 as their bits, int4 two in one.
Source: `onnx/onnx.proto`, TensorProto.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from scopeview.model.dtypes import NON_NUMERIC, element_bytes
from scopeview.model.shapes import element_count
from scopeview.readers.budget import ITEM_BYTES, budget
from scopeview.readers.checkpoint.values import numpy_dtype
from scopeview.readers.files import FileBytes
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.types import message_type
from scopeview.readers.protobuf.wire import Buffer
from scopeview.readers.storage import status
from scopeview.readers.weights.beside import beside
from scopeview.readers.weights.packed import BITS, packed_bytes, unpacked
from scopeview.readers.weights.scan import BLOCK_BYTES, Blocks, StoredTensor, no_blocks, raw_blocks

TYPES = (
    *("unknown", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16"),
    *("float64", "uint32", "uint64", "complex64", "complex128", "bfloat16", "float8_e4m3fn", "float8_e4m3fnuz"),
    *("float8_e5m2", "float8_e5m2fnuz", "uint4", "int4", "float4_e2m1fn", "unknown", "uint2", "int2"),
)
"""TensorFlow's names of the numbers of TensorProto.DataType."""

_FIXED = {"float_data": "float32", "double_data": "float64"}
_VARINTS = ("int32_data", "int64_data", "uint64_data")
_HELD_BY = {
    **dict.fromkeys(("float32", "complex64"), "float_data"),
    **dict.fromkeys(("float64", "complex128"), "double_data"),
    **dict.fromkeys(("uint32", "uint64"), "uint64_data"),
    "int64": "int64_data",
}
"""Which list holds the numbers of a dtype; `int32_data` those of all others."""
_MOST_AXES = 254
_LARGEST = 1 << 48

Spans = list[tuple[int, int]]


@dataclass(slots=True)
class TensorParts:
    """The fields of a TensorProto, its numbers left in the file."""

    name: str = ""
    shape: list[int] = field(default_factory=list)
    dtype: str = "unknown"
    spans: dict[str, Spans] = field(default_factory=dict)
    """Where its numbers stand, by the field that holds them."""
    external: dict[str, str] = field(default_factory=dict)
    is_external: bool = False
    is_complete: bool = True


@cache
def field_names(message: str) -> Mapping[int, str]:
    """Return the names of a message's fields by their numbers."""
    return {one.number: name for name, one in message_type(message).FIELDS.items()}


def tensor_parts(buffer: Buffer, start: int, end: int) -> TensorParts:
    """Walk the fields of a TensorProto.

    Raises:
        WireError: the bytes are no message.
    """
    found = TensorParts()
    names = field_names("OnnxTensorProto")
    for one in wire.fields(buffer, start, end):
        found.is_complete = found.is_complete and one.complete
        name = names.get(one.number, "")
        if name == "dims":
            found.shape += _integers(buffer, one)
        elif name == "data_type":
            found.dtype = TYPES[one.value] if one.value < len(TYPES) else "unknown"
        elif name == "data_location":
            found.is_external = one.value == 1
        elif name == "external_data" and one.wire_type == wire.LENGTH:
            key, value = _entry(buffer, one)
            found.external[key] = value
        elif name == "name" and one.wire_type == wire.LENGTH and one.complete:
            found.name = wire.text_of(buffer, one)
        elif name.endswith("_data") and budget().spend(ITEM_BYTES // 4, "the numbers of its tensors"):
            found.spans.setdefault(name, []).append((one.start, one.end))
    return found


def _integers(buffer: Buffer, one: wire.Field) -> list[int]:
    """Return numbers that stand alone, or are packed; no more than say that there are too many."""
    if one.wire_type == wire.VARINT:
        return [_signed(one.value)]
    found: list[int] = []
    position = one.start
    while position < one.end and len(found) <= _MOST_AXES:
        value, position = wire.varint(buffer, position)
        found.append(_signed(value))
    return found


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _entry(buffer: Buffer, one: wire.Field) -> tuple[str, str]:
    names = field_names("OnnxStringStringEntryProto")
    texts = {
        names.get(part.number, ""): wire.text_of(buffer, part)
        for part in wire.fields(buffer, one.start, one.end)
        if part.wire_type == wire.LENGTH
    }
    return texts.get("key", ""), texts.get("value", "")


def stored_tensor(key: str, found: TensorParts, path: Path, notes: list[str]) -> StoredTensor | None:
    """Return a tensor as it is stored; None, and a note, where its shape cannot be right.

    Args:
        key: its name.
        found: its fields.
        path: the file.
        notes: gets sentences about what is not read.
    """
    shape = tuple(found.shape)
    if len(shape) > _MOST_AXES or any(not 0 <= size < _LARGEST for size in shape):
        notes.append(f"{key[:200]!r} has a shape that cannot be right, and is left out")
        return None
    separator = "/" if "/" in key else "."
    nothing = StoredTensor(key, found.dtype, shape, no_blocks, separator=separator)
    if found.dtype in NON_NUMERIC or found.dtype == "unknown":
        return nothing
    if not found.is_complete:
        notes.append(f"the values of {key[:200]!r} end behind the end of the file: it was cut off; fetch it again")
        return nothing
    offset, blocks = _blocks(key, found, element_count(shape) or 0, path, notes)
    return StoredTensor(key, found.dtype, shape, blocks, offset, separator)


def _blocks(key: str, found: TensorParts, elements: int, path: Path, notes: list[str]) -> tuple[int, Blocks]:
    """Return where the numbers of a tensor lie, and what reads them."""
    full = numpy_dtype(found.dtype)
    raw = numpy_dtype("uint8" if found.dtype in BITS else found.dtype)
    if full is None or raw is None:
        return 0, no_blocks
    needed = (
        packed_bytes(elements, found.dtype) if found.dtype in BITS else elements * (element_bytes(found.dtype) or 0)
    )
    place = _place(key, found, needed, path, notes)
    if place is not None:
        read: Blocks = raw_blocks(place[0], place[1], needed, raw)
        return place[1], unpacked(read, found.dtype, full, elements) if found.dtype in BITS else read
    name = _HELD_BY.get(found.dtype, "int32_data")
    if name in found.spans and not found.is_external:
        spans = found.spans[name]
        read = _listed(path, name, spans, full)
        return spans[0][0], unpacked(read, found.dtype, full, elements) if found.dtype in BITS else read
    return 0, no_blocks


def _place(key: str, found: TensorParts, needed: int, path: Path, notes: list[str]) -> tuple[Path, int] | None:
    """Return the file and the offset where so many bytes of values lie in one piece; None if they do not."""
    if found.is_external:
        return _external(key, found.external, needed, path, notes)
    spans = found.spans.get("raw_data")
    if not spans:
        return None
    start, end = spans[-1]  # of a field that is there twice, the last counts
    if end - start != needed:
        notes.append(f"{key[:200]!r} has {end - start:,} bytes where its shape needs {needed:,}; they are not read")
        return None
    return path, start


def _external(
    key: str, entries: Mapping[str, str], needed: int, path: Path, notes: list[str]
) -> tuple[Path, int] | None:
    """Return the file beside the model that holds the values of a tensor, and the offset in it."""
    file = beside(path, entries.get("location"))
    offset, length = _decimal(entries.get("offset", "0")), _decimal(entries.get("length", str(needed)))
    if file is None or offset is None or length is None:
        notes.append(f"the values of {key[:200]!r} should be in a file that no model may name; they are not read")
        return None
    there = status(file)
    if there is None:
        notes.append(f"{entries['location'][:200]} is missing beside the model, and with it values; copy it there")
    elif length != needed:
        notes.append(f"{key[:200]!r} has {length:,} bytes where its shape needs {needed:,}; they are not read")
    elif offset + needed > there.st_size:
        notes.append(f"{entries['location'][:200]} ends before the values of {key[:200]!r}; fetch it again")
    else:
        return file, offset
    return None


def _decimal(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 20 else None


def _listed(path: Path, name: str, spans: Sequence[tuple[int, int]], dtype: Any) -> Blocks:
    """Return what reads a list of numbers, packed or one by one."""

    def blocks() -> Iterator[Any]:
        import numpy as np

        content = FileBytes(path)
        for raw in _joined(content, spans, is_varint=name in _VARINTS):
            if name in _FIXED:
                stored = np.dtype(_FIXED[name]).newbyteorder("<")
                whole = 2 * stored.itemsize if dtype.kind == "c" else stored.itemsize
                numbers = np.frombuffer(raw[: len(raw) // whole * whole], stored)
                yield numbers.view(dtype) if dtype.kind == "c" else numbers.astype(dtype)
            else:
                yield _as_dtype(varints(raw), dtype)

    return blocks


def _joined(content: FileBytes, spans: Sequence[tuple[int, int]], is_varint: bool) -> Iterator[bytes]:
    """Yield the bytes of spans one after the other, in pieces that end where a number ends."""
    held: list[bytes] = []
    size = 0
    for start, end in spans:
        for first in range(start, end, BLOCK_BYTES):
            piece = bytes(content[first : min(end, first + BLOCK_BYTES)])
            held.append(piece)
            size += len(piece)
            if size >= BLOCK_BYTES:
                whole = b"".join(held)
                cut = _last_end(whole) if is_varint else len(whole) // 16 * 16
                yield whole[:cut]
                held, size = [whole[cut:]], len(whole) - cut
    if size:
        yield b"".join(held)


def _last_end(raw: bytes) -> int:
    """Return where the last whole varint ends; all of it where none ends in the last 10 bytes."""
    return next((at for at in range(len(raw), max(0, len(raw) - 10), -1) if raw[at - 1] < 0x80), len(raw))


def varints(raw: bytes) -> Any:
    """Return the varints in bytes, shape (count,), uint64; one that is cut off at the end is left out."""
    import numpy as np

    parts = np.frombuffer(raw, np.uint8)
    ends = np.flatnonzero(parts < 0x80)
    if not ends.size:
        return np.zeros(0, np.uint64)
    parts = parts[: ends[-1] + 1]
    starts = np.concatenate([[0], ends[:-1] + 1])
    places = np.arange(len(parts)) - np.repeat(starts, ends - starts + 1)
    shifts = np.minimum(7 * places, 63).astype(np.uint64)
    values = np.where(places < 10, (parts & 0x7F).astype(np.uint64) << shifts, np.uint64(0))
    return np.bitwise_or.reduceat(values, starts)


def _as_dtype(numbers: Any, dtype: Any) -> Any:
    """Return varints as the numbers that they hold: bits of floats, else integers."""
    import numpy as np

    if dtype.name in BITS:
        return numbers.astype(np.uint8)
    if dtype.kind in "iub":
        return numbers.view(np.int64).astype(dtype)
    return numbers.astype({1: np.uint8, 2: np.uint16}.get(dtype.itemsize, np.uint32)).view(dtype)
