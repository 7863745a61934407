from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from scopeview.readers.checksums import masked_crc32c
from scopeview.readers.records import records


def record(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc32c(length)) + data + struct.pack("<I", masked_crc32c(data))


def read(raw: bytes) -> tuple[list[bytes], list[str]]:
    notes: list[str] = []
    return [raw[start:end] for start, end in records(raw, notes)], notes


@given(st.lists(st.binary(max_size=50), max_size=5), st.data())
def test_a_file_that_is_being_written_gives_its_complete_records(contents: list[bytes], data: st.DataObject) -> None:
    raw = b"".join(map(record, contents))
    cut = data.draw(st.integers(0, len(raw)))

    found, notes = read(raw[:cut])

    assert found == contents[: len(found)]
    whole = sum(len(record(content)) for content in found)
    assert (whole == cut) == (notes == [])


def test_the_mask_is_tensorflows() -> None:
    # crc32c of 32 zero bytes is 0x8a9136aa (RFC 3720, B.4); the mask rotates by 15 and adds a constant.
    crc = 0x8A9136AA
    assert masked_crc32c(bytes(32)) == (((crc >> 15) | (crc << 17) & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF


def test_a_header_with_a_wrong_checksum_ends_the_file() -> None:
    raw = bytearray(record(b"one") + record(b"two"))
    raw[len(record(b"one"))] ^= 1

    found, notes = read(bytes(raw))

    assert found == [b"one"]
    assert "wrong checksum in the header of record 2" in notes[0]
