from __future__ import annotations

import struct
import time

import cramjam
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sample_graphs.build_broken import block, entry, header, table, varint
from scopeview.readers.budget import budget_for
from scopeview.readers.checkpoint import table as reader
from scopeview.readers.checkpoint.slices import FULL, slice_key
from scopeview.readers.checksums import masked_crc32c
from tests.places import SAMPLES

ENTRIES = st.dictionaries(st.binary(min_size=1, max_size=20), st.binary(max_size=40), max_size=30).map(
    lambda found: sorted({b"": b"\x08\x01", **found}.items())
)

UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Of tests that measure time: to shrink a slow example takes minutes."""


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


def hostile_entry(shared: int, key: bytes, value: bytes) -> bytes:
    return varint(shared) + varint(len(key)) + varint(len(value)) + key + value


def hostile_table(blocks: list[bytes], handles: list[tuple[int, int]]) -> bytes:
    """A table of these blocks whose index names any places, in any order and as often as it likes."""
    data = b"".join(blocks)
    meta = block(b"")
    index = block(b"".join(hostile_entry(0, b"", varint(offset) + varint(size)) for offset, size in handles))
    footer = varint(len(data)) + varint(len(meta) - 5) + varint(len(data) + len(meta)) + varint(len(index) - 5)
    return data + meta + index + footer.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def snappy_bomb(size: int) -> bytes:
    """One zero, then copies that each say "64 bytes again"."""
    packed = varint(size) + b"\0\0" + bytes([63 << 2 | 2, 1, 0]) * ((size - 1) // 64)
    body = packed + bytes([((size - 1) % 64 - 1) << 2 | 2, 1, 0]) + b"\1"
    return body + struct.pack("<I", masked_crc32c(body))


KEYS = st.builds(lambda size, times: (size, times), st.integers(1, 120_000), st.integers(1, 3000))
BLOCKS = st.one_of(
    st.integers(0, 60_000).map(lambda count: block(hostile_entry(0, b"", b"\x08\x01") + b"\0\0\0" * count)),
    KEYS.map(
        lambda found: block(
            hostile_entry(0, b"\xff" * found[0], b"\x08\x01")
            + b"".join(hostile_entry(found[0], struct.pack(">H", i), b"\x08\x01") for i in range(found[1]))
        )
    ),
    st.integers(1, 500_000).map(lambda copies: snappy_bomb(64 * copies + 33)),
    st.binary(max_size=200),
)


@settings(max_examples=20, deadline=None, phases=UNSHRUNK)
@given(blocks=st.lists(BLOCKS, min_size=1, max_size=3), times=st.integers(1, 20_000), data=st.data())
def test_a_small_table_buys_little_work(blocks: list[bytes], times: int, data: st.DataObject) -> None:
    total = sum(map(len, blocks))
    places = st.one_of(
        st.just((0, max(0, len(blocks[0]) - 5))), st.tuples(st.integers(0, total), st.integers(0, total))
    )
    raw = hostile_table(blocks, [data.draw(places) for _ in range(3)] * times)
    for cut in (raw, raw[:-48]):
        started, notes = time.thread_time(), list[str]()
        with budget_for(len(cut)) as budget:
            keys = sum(len(found.key) for found in reader.entries(cut, notes))

        assert time.thread_time() - started < 10
        assert keys <= max(32 << 20, 32 * len(cut))
        assert sum(map(len, notes)) < 100_000
        assert len(budget.cuts) <= 3


@settings(max_examples=10, deadline=None, phases=UNSHRUNK)
@given(
    offsets=st.lists(st.integers(0, 3_000_000), min_size=1000, max_size=5000).map(sorted),
    first=st.integers(0, 100_000),
    step=st.integers(0, 4),
)
def test_what_looks_like_restart_points_costs_one_look(offsets: list[int], first: int, step: int) -> None:
    """A file that was cut, and whose bytes go on like a list of offsets: at each of them the block could end."""
    lead = hostile_entry(0, b"", b"\x08\x01") + hostile_entry(0, b"a", b"x" * first)
    for numbers in (offsets, range(0, 200_000 * step, step) if step else [0] * 200_000):
        started = time.thread_time()
        read(lead + struct.pack(f"<{len(numbers)}I", *numbers))
        assert time.thread_time() - started < 6
