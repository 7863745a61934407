"""The sorted table (LevelDB's format) that holds a V2 checkpoint's index and a whole V1 checkpoint.

    file    = block* metaindex index footer
    footer  = handle of metaindex, handle of index (offset and size as varints), padding to 40 bytes, magic
    block   = entry*, restart offsets (u32 each), their number (u32), compression (u8), masked crc32c (u32)
    entry   = shared, non_shared, value_size (varints), key[shared:], value

Format: https://github.com/google/leveldb/blob/main/doc/table_format.md; TensorFlow writes it in
`tensorflow/core/lib/io/table_builder.cc`. Unlike TensorFlow's reader, this one checks every block's checksum, and no
malformed file ends the process: every size is compared with the file before it is used.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from scopeview.readers.budget import ITEM_BYTES, budget
from scopeview.readers.checksums import masked_crc32c
from scopeview.readers.protobuf.wire import Buffer, WireError, varint

_MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_TRAILER = 5
_MAX_BLOCK = 1 << 28
"""Bytes of an unpacked block; TensorFlow writes 256 KiB, and one large V1 tensor makes a block of its own size."""
_LONG_KEY = 4096
"""Bytes of a key from which it costs what a hostile one does: no program gives a variable such a name."""
_COST_PER_BYTE, _COST_PER_LONG_BYTE = 2, 64
"""Bytes of the budget that a byte of a key costs: shared prefixes let a small file name gigabytes."""
_MOST_NOTES = 200
_LEAST_ENTRY = 3
"""Bytes of the smallest entry."""


class Entry(NamedTuple):
    """One key and value of a table."""

    key: bytes
    value: bytes


class TableError(ValueError):
    """Bytes that are not a table, or a block that cannot be read; the message is for the user."""


def looks_like_table(tail: bytes) -> bool:
    """Whether the last 48 bytes of a file are a table's footer."""
    return len(tail) >= 8 and struct.unpack("<Q", tail[-8:])[0] == _MAGIC


def looks_like_cut_table(head: bytes) -> bool:
    """Whether a file without a footer starts as a table of TensorFlow does: with the empty key."""
    if len(head) < 4 or head[0] != 0 or head[1] != 0:
        return False
    try:
        size, start = varint(head, 2)
    except WireError:
        return False
    return 0 < size < len(head) - start and head[start] in (0x08, 0x0A, 0x1A)


def entries(buffer: Buffer, notes: list[str]) -> Iterator[Entry]:
    """Yield the entries of a table in order; what cannot be read is noted and left out.

    Blocks are read as the iteration goes, so that stopping early leaves the rest of a large file untouched.
    """
    if not looks_like_table(bytes(buffer[-8:])):
        yield from _entries_without_footer(buffer, notes)
        return
    try:
        index = _index_entries(buffer, notes)
    except (TableError, WireError) as error:
        notes.append(f"the table's index cannot be used ({error}); its blocks were read one after the other")
        yield from _entries_without_footer(buffer, notes)
        return
    end = 0
    for last_key, value in index:
        try:
            offset, size, _ = _handle(value, 0)
            if offset < end:
                raise TableError(f"it lies at byte {offset:,}, inside of one that was read before")
            end = offset + size
            for entry in _block_entries(_block(buffer, offset, size, notes)):
                if not _is_affordable(entry.key):
                    return
                yield entry
        except (TableError, WireError) as error:
            notes.append(f"the block that ends at key {_name(last_key)} cannot be read: {error}")
        if len(notes) > _MOST_NOTES:
            notes.append("too many blocks cannot be read; the rest of the table was left out")
            return


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The entries of a whole table, in order."""

    keys: list[bytes]
    content: bytes
    """All blocks, unpacked."""
    start: list[int]
    """Where the value of each entry starts in the content."""
    size: list[int]


def columns(buffer: Buffer) -> TableColumns | None:
    """Read all entries of a table; None where anything is damaged, packed, or too much: `entries` says what."""
    notes: list[str] = []
    if not looks_like_table(bytes(buffer[-8:])):
        return None
    found = TableColumns([], b"", [], [])
    blocks: list[bytes] = []
    base = end = 0
    try:
        for _, value in _index_entries(buffer, notes):
            offset, size, _ = _handle(value, 0)
            is_packed = offset + size >= len(buffer) or buffer[offset + size] != 0
            if offset < end or is_packed:
                return None
            end = offset + size
            blocks.append(_block(buffer, offset, size, notes))
            _add_entries(found, blocks[-1], base)
            base += len(blocks[-1])
            if notes:
                return None
    except (TableError, WireError):
        return None
    return replace(found, content=b"".join(blocks)) if _are_affordable(found.keys) else None


def _add_entries(found: TableColumns, block: bytes, base: int) -> None:
    """Add the entries of a block, which starts at a place of the content."""
    end = _end_of_entries(block)
    keys, starts, sizes = found.keys, found.start, found.size
    position, key = 0, b""
    while position < end:
        key, start, size = _parts(block, position, end, key)
        keys.append(key)
        starts.append(base + start)
        sizes.append(size)
        position = start + size


def _are_affordable(keys: Sequence[bytes]) -> bool:
    """Whether many entries may be spent at once; long keys are for `entries`, which spends for one after the other."""
    cost = ITEM_BYTES * len(keys) + _COST_PER_BYTE * sum(map(len, keys))
    is_usual = max(map(len, keys), default=0) <= _LONG_KEY
    return is_usual and cost <= budget().bytes_left and budget().spend(cost, "the entries of the table")


def _is_affordable(key: bytes) -> bool:
    per_byte = _COST_PER_BYTE if len(key) <= _LONG_KEY else _COST_PER_LONG_BYTE
    return budget().spend(ITEM_BYTES + per_byte * len(key), "the entries of the table")


def _index_entries(buffer: Buffer, notes: list[str]) -> list[Entry]:
    footer = bytes(buffer[-_FOOTER:])
    if len(footer) < _FOOTER:
        raise TableError("the file is shorter than a footer")
    _, _, position = _handle(footer, 0)
    offset, size, _ = _handle(footer, position)
    return list(_block_entries(_block(buffer, offset, size, notes)))


def _handle(raw: bytes, position: int) -> tuple[int, int, int]:
    """Return offset and size of a block, and the position after the handle."""
    offset, position = varint(raw, position)
    size, position = varint(raw, position)
    return offset, size, position


def _block(buffer: Buffer, offset: int, size: int, notes: list[str]) -> bytes:
    """Return a block's content, unpacked; a wrong checksum is noted, for its names may be wrong."""
    end = offset + size
    if end + _TRAILER > len(buffer):
        raise TableError(
            f"it would end at byte {end + _TRAILER:,}, but the file has {len(buffer):,}: "
            "the file is truncated or damaged"
        )
    raw = bytes(buffer[offset : end + 1])
    (expected,) = struct.unpack("<I", bytes(buffer[end + 1 : end + _TRAILER]))
    if masked_crc32c(raw) != expected:
        notes.append(
            f"the block at byte {offset:,} has a wrong checksum: the file is damaged, and names, shapes or offsets "
            "read from this block may be wrong"
        )
    return _unpack(raw[:-1], raw[-1])


def _unpack(raw: bytes, compression: int) -> bytes:
    if compression == 0:
        return raw
    if compression != 1:
        raise TableError(f"its compression type {compression} is unknown")
    size, _ = varint(raw, 0)
    if size > _MAX_BLOCK:
        raise TableError(f"it claims to unpack to {size:,} bytes")
    if not budget().spend(size, "the unpacked blocks of the table"):
        raise TableError(f"it would unpack to {size:,} bytes")
    import cramjam

    try:
        return bytes(cramjam.snappy.decompress_raw(raw))
    except cramjam.DecompressionError as error:
        raise TableError(f"its snappy data is damaged ({error})") from error


def _end_of_entries(block: bytes) -> int:
    if len(block) < 4:
        raise TableError("it is shorter than its own trailer")
    restarts = int.from_bytes(block[-4:], "little")
    end = len(block) - 4 - 4 * restarts
    if end < 0:
        raise TableError(f"it claims {restarts:,} restart points in {len(block):,} bytes")
    return end


def _block_entries(block: bytes) -> Iterator[Entry]:
    end = _end_of_entries(block)
    position, key = 0, b""
    while position < end:
        entry, position = _entry(block, position, end, key)
        key = entry.key
        yield entry


def _entry(block: bytes, position: int, end: int, previous: bytes) -> tuple[Entry, int]:
    key, start, size = _parts(block, position, end, previous)
    return Entry(key, block[start : start + size]), start + size


def _parts(block: bytes, position: int, end: int, previous: bytes) -> tuple[bytes, int, int]:
    """Return the key of an entry, where its value starts, and how many bytes that has."""
    if position + 3 <= end and block[position] | block[position + 1] | block[position + 2] < 0x80:
        shared, non_shared, size = block[position : position + 3]
        position += 3
    else:
        shared, position = varint(block, position)
        non_shared, position = varint(block, position)
        size, position = varint(block, position)
    start = position + non_shared
    if shared > len(previous) or start + size > end:
        raise TableError(f"the entry after key {_name(previous)} does not fit into its block")
    return previous[:shared] + block[position:start], start, size


def _entries_without_footer(buffer: Buffer, notes: list[str]) -> Iterator[Entry]:
    """Read blocks from the start of a file whose index is lost, as far as entries make sense.

    Only uncompressed blocks can be read this way: a block's end shows where an entry would have an empty key again.
    """
    data = bytes(buffer[: min(len(buffer), _MAX_BLOCK)])
    position, block_start, key, count = 0, 0, b"", 0
    while position < len(data):
        end_of_block = _end_of_block(data, block_start, position) if count else None
        if end_of_block is not None:
            position = block_start = end_of_block
            key = b""
        try:
            entry, position = _entry(data, position, len(data), key)
        except (TableError, WireError):
            break
        if count and (not entry.key or entry.key <= key):
            break
        key, count = entry.key, count + 1
        if not _is_affordable(key):
            return
        yield entry
    notes.append(
        f"the table is truncated: it has no usable footer; {count:,} entries were recovered from its start, "
        "what came after them is missing"
    )


def _name(key: bytes) -> str:
    return repr(key[:80].decode("utf-8", "backslashreplace"))


def _end_of_block(data: bytes, start: int, position: int) -> int | None:
    """Return where the block ends if its restart array starts at `position`: offset 0 first, then its length.

    The offsets grow by at least the size of an entry, so that the first number that is too small for one is the length.
    """
    if data[position : position + 4] != b"\0\0\0\0":
        return None
    number, cursor = 1, position + 4
    while cursor + 4 + _TRAILER <= len(data):
        (value,) = struct.unpack_from("<I", data, cursor)
        if value < _LEAST_ENTRY * number:
            break
        if value > position - start:
            return None
        number, cursor = number + 1, cursor + 4
    else:
        return None
    content, trailer = data[start : cursor + 5], data[cursor + 5 : cursor + 9]
    is_end = value == number and len(trailer) == 4 and masked_crc32c(content) == struct.unpack("<I", trailer)[0]
    return cursor + 9 if is_end else None
