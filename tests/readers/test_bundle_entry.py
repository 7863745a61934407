"""Entries of an index are what TensorFlow's message says, however they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopeview.readers.checkpoint.bundle_entry import decode_bundle_entry
from scopeview.readers.protobuf.decode import DecodeError
from tests.messages import message

NUMBERS = st.integers(-(1 << 31), (1 << 31) - 1)
LARGE = st.integers(-(1 << 63), (1 << 63) - 1)


@given(NUMBERS, st.lists(st.integers(-2, 1 << 40), max_size=40), NUMBERS, LARGE, LARGE, st.integers(0, (1 << 32) - 1))
def test_an_entry_is_that_of_the_message(
    dtype: int, lengths: list[int], shard: int, offset: int, size: int, checksum: int
) -> None:
    entry = message("BundleEntryProto")(dtype=dtype, shard_id=shard, offset=offset, size=size, crc32c=checksum)
    for length in lengths:
        entry.shape.dim.add(size=length)

    found = decode_bundle_entry(entry.SerializeToString())
    assert (found.dtype, found.shard_id, found.offset, found.size) == (dtype, shard, offset, size)
    assert found.crc32c == checksum
    assert found.shape.lengths == tuple(lengths)
    assert not found.slices


def test_slices_and_fields_written_twice_are_read() -> None:
    entry = message("BundleEntryProto")(dtype=1, size=7)
    entry.slices.add().extent.add(start=3, length=4)
    found = decode_bundle_entry(entry.SerializeToString() + message("BundleEntryProto")(size=9).SerializeToString())
    assert found.size == 9
    assert found.slices[0].extent[0].start == 3


@given(st.binary(max_size=30))
def test_what_is_no_entry_is_refused(raw: bytes) -> None:
    from google.protobuf.message import DecodeError as Refused

    try:
        expected = message("BundleEntryProto").FromString(raw)
    except Refused:
        return
    try:
        found = decode_bundle_entry(raw)
    except DecodeError:
        return
    assert (found.dtype, found.size, found.crc32c) == (expected.dtype, expected.size, expected.crc32c)


def test_an_entry_that_ends_early_is_refused() -> None:
    raw = message("BundleEntryProto")(dtype=1, size=300, crc32c=5).SerializeToString()
    with pytest.raises(DecodeError):
        decode_bundle_entry(raw[:-1])
