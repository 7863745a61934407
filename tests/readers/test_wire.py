from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sample_graphs.build_broken import field, varint
from scopeview.readers.protobuf import wire
from tests.messages import message


@given(st.integers(0, 2**63 - 1))
def test_varints_are_read_as_they_are_written(value: int) -> None:
    raw = varint(value)

    assert wire.varint(raw, 0) == (value, len(raw))


@given(st.lists(st.tuples(st.integers(1, 5), st.binary(max_size=300)), max_size=8), st.data())
def test_a_message_that_is_cut_gives_its_whole_fields_and_the_beginning_of_the_next(
    pieces: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    raw = b"".join(field(number, content) for number, content in pieces)
    cut = data.draw(st.integers(0, len(raw)))

    found = list(wire.fields(raw[:cut]))

    whole = [(f.number, raw[f.start : f.end]) for f in found if f.complete]
    assert whole == pieces[: len(whole)]
    assert all(f.complete for f in found[:-1])
    assert sum(len(field(*piece)) for piece in pieces[: len(whole)]) <= cut


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        for found in wire.fields(raw):
            assert 0 <= found.start <= found.end <= len(raw)
    except wire.WireError as error:
        assert 0 <= error.offset <= len(raw)


def test_fixed_width_fields_and_varints_are_located() -> None:
    tensor = message("NodeDef")()
    tensor.attr["f"].f = 0.5
    tensor.attr["i"].i = 300
    raw = tensor.SerializeToString()

    values = {}
    for entry in wire.fields(raw):
        key, value = list(wire.fields(raw, entry.start, entry.end))
        values[wire.text_of(raw, key)] = next(iter(wire.fields(raw, value.start, value.end)))
    assert values["i"].value == 300
    assert (values["f"].wire_type, values["f"].end - values["f"].start) == (wire.FIXED32, 4)


@pytest.mark.parametrize("raw", [b"\x00", b"\x0b", b"\x0e", b"\xff" * 11])
def test_what_is_no_field_is_refused(raw: bytes) -> None:
    with pytest.raises(wire.WireError):
        list(wire.fields(raw))


def test_a_varint_that_ends_too_early_is_refused() -> None:
    with pytest.raises(wire.WireError):
        wire.varint(b"\x80", 0)
