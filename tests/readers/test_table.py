from __future__ import annotations

import cramjam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sample_graphs.build_broken import block, entry, header, table, varint
from scopeview.readers.checkpoint import table as reader
from scopeview.readers.checkpoint.slices import FULL, slice_key
from tests.places import SAMPLES

ENTRIES = st.dictionaries(st.binary(min_size=1, max_size=20), st.binary(max_size=40), max_size=30).map(
    lambda found: sorted({b"": b"\x08\x01", **found}.items())
)


def read(raw: bytes) -> tuple[list[tuple[bytes, bytes]], list[str]]:
    notes: list[str] = []
    return [(found.key, found.value) for found in reader.entries(raw, notes)], notes


@given(ENTRIES)
def test_entries_are_read_as_they_are_written(entries: list[tuple[bytes, bytes]]) -> None:
    assert read(table(entries)) == (entries, [])


@given(ENTRIES)
def test_without_a_footer_the_first_block_is_recovered(entries: list[tuple[bytes, bytes]]) -> None:
    found, notes = read(table(entries)[:-48])

    assert found == entries
    assert len(notes) == 1
    assert "no usable footer" in notes[0]


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_table_never_raises_and_says_so(data: st.DataObject) -> None:
    entries = [(b"", header()), *((b"w%02d" % i, entry()) for i in range(20))]
    raw = bytearray(table(entries))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))

    found, notes = read(bytes(raw))

    assert notes or found == entries


@given(st.binary(max_size=400))
def test_any_bytes_are_read_to_their_end(raw: bytes) -> None:
    found, _ = read(raw)
    found_with_footer, _ = read(raw + table([])[-48:])

    assert isinstance(found, list)
    assert isinstance(found_with_footer, list)


def test_snappy_blocks_are_unpacked() -> None:
    body = varint(0) + varint(0) + varint(2) + b"\x08\x01" + varint(0) + varint(1) + varint(1) + b"wv"
    content = bytes(cramjam.snappy.compress_raw(body + b"\0\0\0\0" + b"\1\0\0\0"))
    import struct

    import google_crc32c

    crc = google_crc32c.value(content + b"\1")
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    data = content + b"\1" + struct.pack("<I", masked)
    handle = varint(0) + varint(len(content))
    index = block(varint(0) + varint(1) + varint(len(handle)) + b"w" + handle)
    meta = block(b"")
    footer = varint(len(data)) + varint(len(meta) - 5) + varint(len(data) + len(meta)) + varint(len(index) - 5)
    raw = data + meta + index + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)

    assert read(raw) == ([(b"", b"\x08\x01"), (b"w", b"v")], [])


def test_keys_of_slices_are_those_that_tensorflow_wrote() -> None:
    found, _ = read((SAMPLES / "m28_partitioned.ckpt.index").read_bytes())

    expected = {slice_key(b"p/w", [(start, length), (0, FULL)]) for start, length in ((0, 4), (4, 3), (7, 3))}
    expected |= {slice_key(b"p/w", [(start, length), (0, 4)]) for start, length in ((0, 4), (4, 3), (7, 3))}
    slices = {key for key, _ in found if key.startswith(b"\0")}
    assert len(slices) == 3
    assert slices < expected


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (0, b"\x80"),
        (63, b"\xbf"),
        (-1, b"\x7f"),
        (-64, b"\x40"),
        (64, b"\xc0\x40"),
        (8192, b"\xe0\x20\x00"),
        (-65, b"\x3f\xbf"),
    ],
)
def test_numbers_in_slice_keys_have_the_ordered_code(value: int, code: bytes) -> None:
    """The values are those of ordered_code_test.cc's scheme: as many leading ones as there are bytes."""
    assert slice_key(b"", [(value, 0)]) == b"\0\0\1\1\1" + code + b"\x80"


@given(st.lists(st.integers(-(2**40), 2**40), min_size=2, max_size=2))
def test_the_ordered_code_keeps_the_order(values: list[int]) -> None:
    low, high = sorted(values)

    assert slice_key(b"x", [(low, 0)]) <= slice_key(b"x", [(high, 0)])
