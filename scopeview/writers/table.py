"""The sorted table of LevelDB, as TensorFlow writes it for the index of a checkpoint: the counterpart of the reader.

Format: https://github.com/google/leveldb/blob/main/doc/table_format.md, without compression; blocks of about 256 KiB
and a restart point every 16 entries, as in `tensorflow/core/lib/io/table_options.h`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import IO

from scopeview.readers.checksums import masked_crc32c
from scopeview.readers.protobuf.wire import encode_varint

_MAGIC = 0xDB4775248B80FB57
_BLOCK_BYTES = 1 << 18
_RESTART = 16
_PLAIN = b"\0"
"""The mark of a block that is not compressed."""


def write_table(file: IO[bytes], entries: Iterable[tuple[bytes, bytes]]) -> None:
    """Write a table.

    Args:
        file: where to; it is written from its start.
        entries: keys and values, sorted by key.
    """
    offset = 0
    index: list[tuple[bytes, bytes]] = []
    block, last = _Block(), b""

    def close() -> None:
        nonlocal offset, block
        content = block.content()
        index.append((last, encode_varint(offset) + encode_varint(len(content))))
        offset += _write_block(file, content)
        block = _Block()

    for key, value in entries:
        if index or block.size:
            assert key > last, "the keys are sorted"
        block.add(key, value)
        last = key
        if block.size >= _BLOCK_BYTES:
            close()
    if block.size:
        close()
    meta, meta_offset = _Block().content(), offset
    offset += _write_block(file, meta)
    handles = _Block()
    for key, handle in index:
        handles.add(key, handle)
    content = handles.content()
    _write_block(file, content)
    footer = encode_varint(meta_offset) + encode_varint(len(meta)) + encode_varint(offset) + encode_varint(len(content))
    file.write(footer.ljust(40, b"\0") + struct.pack("<Q", _MAGIC))


class _Block:
    """A block that is filled: keys share their beginnings with the key before them."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._restarts = [0]
        self._since_restart = 0
        self._last = b""
        self.size = 0

    def add(self, key: bytes, value: bytes) -> None:
        """Append an entry."""
        shared = 0
        if self._since_restart == _RESTART:
            self._restarts.append(self.size)
            self._since_restart = 0
        elif self.size:
            most = min(len(key), len(self._last))
            while shared < most and key[shared] == self._last[shared]:
                shared += 1
        part = (
            encode_varint(shared) + encode_varint(len(key) - shared) + encode_varint(len(value)) + key[shared:] + value
        )
        self._parts.append(part)
        self._last = key
        self._since_restart += 1
        self.size += len(part)

    def content(self) -> bytes:
        """Return the block's bytes, with its restart points."""
        restarts = struct.pack(f"<{len(self._restarts) + 1}I", *self._restarts, len(self._restarts))
        return b"".join(self._parts) + restarts


def _write_block(file: IO[bytes], content: bytes) -> int:
    raw = content + _PLAIN
    file.write(raw + struct.pack("<I", masked_crc32c(raw)))
    return len(raw) + 4
