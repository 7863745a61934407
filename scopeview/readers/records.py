"""TFRecord framing, as event files use it: length, its checksum, data, their checksum.

uint64 length | uint32 masked crc32c of length | byte data[length] | uint32 masked crc32c of data
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from scopeview.readers.checksums import masked_crc32c
from scopeview.readers.protobuf.wire import Buffer

_HEADER, _FOOTER = 12, 4


def header_is_valid(head: Buffer) -> bool:
    """Whether bytes start with the header of a record."""
    if len(head) < _HEADER:
        return False
    (expected,) = struct.unpack("<I", head[8:12])
    return bool(masked_crc32c(bytes(head[:8])) == expected)


def records(buffer: Buffer, notes: list[str]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each record's data; note where the file stops making sense.

    A file that is still being written ends inside a record: what came before is complete. A data checksum that does
    not match ends the reading of that record only; a header's ends the file, for then the next record is nowhere.
    """
    position, number = 0, 0
    while position < len(buffer):
        number += 1
        if not header_is_valid(buffer[position : position + _HEADER]):
            cut = len(buffer) - position < _HEADER
            what = "ends inside the header" if cut else "has a wrong checksum in the header"
            notes.append(f"the event file {what} of record {number:,}, at byte {position:,}")
            return
        (length,) = struct.unpack("<Q", buffer[position : position + 8])
        start, end = position + _HEADER, position + _HEADER + length
        if end + _FOOTER > len(buffer):
            notes.append(f"the event file ends inside record {number:,}; {number - 1:,} are complete")
            return
        (expected,) = struct.unpack("<I", buffer[end : end + _FOOTER])
        if masked_crc32c(bytes(buffer[start:end])) == expected:
            yield start, end
        else:
            notes.append(f"record {number:,} of the event file has a wrong checksum and is left out")
        position = end + _FOOTER
