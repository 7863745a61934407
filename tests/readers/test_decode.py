"""Our decoder reads what protobuf reads, and refuses what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import DecodeError as TheirError
from hypothesis import given
from hypothesis import strategies as st

from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.decode import DecodeError, merge, parse
from scopeview.readers.protobuf.types import Message, message_type
from tests.messages import message
from tests.places import SAMPLES

FILES = [
    path
    for path in (*sorted(SAMPLES.glob("*.meta")), *sorted(SAMPLES.rglob("saved_model.pb")))
    if not path.read_bytes().startswith(b"meta_info_def")  # text
]


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Compare field by field; a default that is written down is there for us and not for them."""
    found: list[str] = []
    waiting = [(ours, theirs, path)]
    while waiting:
        ours, theirs, path = waiting.pop()
        for name, field in ours.FIELDS.items():
            one, other = getattr(ours, name), getattr(theirs, name)
            where = f"{path}/{name}"
            if field.kind == "map":
                found += [where] if set(one) != set(other) else []
                pairs = [(one[key], other[key]) for key in one if key in other]
            elif field.is_repeated:
                found += [where] if len(one) != len(other) else []
                pairs = list(zip(one, other, strict=False))
            elif field.kind == "message" and ours.HasField(name) != theirs.HasField(name):
                found.append(where)
                pairs = []
            else:
                pairs = [(one, other)] if field.kind != "message" or ours.HasField(name) else []
            for one, other in pairs:
                if isinstance(one, Message):
                    waiting.append((one, other, where))
                elif one != other and one == one:
                    found.append(f"{where}: {one!r} != {other!r}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SAMPLES)))
def test_whole_files_are_read_as_protobuf_reads_them(path: Path) -> None:
    kind = "SavedModel" if path.name == "saved_model.pb" else "MetaGraphDef"
    raw = path.read_bytes()

    assert differences(parse(kind, raw), message(kind).FromString(raw)) == []


def attribute() -> Any:
    return message("NodeDef")().attr["x"].__class__()


NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)


@given(st.lists(NUMBERS), NUMBERS, st.floats(width=32), st.text(), st.binary(), st.booleans())
def test_values_of_every_kind_survive(
    many: list[int], number: int, real: float, text: str, raw: bytes, truth: bool
) -> None:
    node = message("NodeDef")(name=text, input=[text, ""])
    node.attr["l"].list.i.extend(many)
    node.attr["n"].i = number
    node.attr["f"].f = real
    node.attr["s"].s = raw
    node.attr["b"].b = truth
    node.attr["t"].tensor.float_val.extend([real, 1.0])
    node.attr["t"].tensor.bool_val.append(truth)
    node.attr["d"].tensor.double_val.append(real)
    node.attr["u"].tensor.uint64_val.append(number & (1 << 64) - 1)

    assert differences(parse("NodeDef", node.SerializeToString()), node) == []


@given(st.binary(max_size=40))
def test_damaged_bytes_are_refused_where_protobuf_refuses_them(raw: bytes) -> None:
    """Groups and numbers of fields beyond its own are the exception: nothing that is read here writes them."""
    try:
        theirs = message("NodeDef").FromString(raw)
    except (TheirError, UnicodeDecodeError):
        theirs = None
    try:
        ours = parse("NodeDef", raw)
    except DecodeError:
        ours = None
    if ours is not None and theirs is not None:
        assert differences(ours, theirs) == []
    assert theirs is None or ours is not None or _has_group(raw)


def _has_group(raw: bytes) -> bool:
    try:
        return not all(field.complete for field in wire.fields(raw))
    except wire.WireError:
        return True


def test_messages_are_merged_as_protobuf_merges_them() -> None:
    one, other = attribute(), attribute()
    one.shape.dim.add(size=1)
    other.shape.dim.add(size=2)
    merged = parse("AttrValue", one.SerializeToString())
    merge(merged, other.SerializeToString())
    one.MergeFrom(other)
    assert differences(merged, one) == []

    merge(merged, type(one)(i=3).SerializeToString())
    assert (merged.WhichOneof("value"), merged.i, merged.HasField("shape")) == ("i", 3, False)


def test_what_is_missing_is_empty() -> None:
    value = message_type("AttrValue")()

    assert (value.WhichOneof("value"), value.tensor.tensor_shape.dim, value.list.s, value.s) == (None, (), (), b"")
    with pytest.raises(AttributeError, match="has no field 'nothing'"):
        _ = value.nothing


def test_nesting_has_a_limit() -> None:
    raw = b""
    for _ in range(200):
        raw = _wrapped(raw)
    with pytest.raises(DecodeError):
        parse("AttrValue", raw)


def _wrapped(raw: bytes) -> bytes:
    """Put an AttrValue into `func { attr { value } }` of another."""
    for tag in (0x12, 0x12, 0x52):
        size, prefix = len(raw), bytearray([tag])
        while size >= 0x80:
            prefix.append(size & 0x7F | 0x80)
            size >>= 7
        raw = bytes([*prefix, size]) + raw
    return raw


def test_long_bytes_of_a_mapped_file_stay_where_they_are() -> None:
    tensor = attribute().tensor
    tensor.tensor_content = bytes(10_000)
    raw = memoryview(tensor.SerializeToString())

    assert parse("TensorProto", raw).tensor_content.obj is raw.obj
