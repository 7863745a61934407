"""Blocks of files elsewhere that were read last, in memory, up to a bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

BLOCK_BYTES = 1 << 16
CACHE_BYTES = 64 << 20


class BlockCache:
    """Blocks by file and number; the one that was used longest ago goes first."""

    def __init__(self, limit_bytes: int = CACHE_BYTES) -> None:
        self._limit = limit_bytes
        self._blocks: OrderedDict[tuple[Hashable, int], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self.size = 0
        """Bytes of all blocks."""

    def get(self, file: Hashable, number: int) -> bytes | None:
        """Return a block, None if it is not here."""
        with self._lock:
            found = self._blocks.get((file, number))
            if found is not None:
                self._blocks.move_to_end((file, number))
            return found

    def put(self, file: Hashable, number: int, block: bytes) -> None:
        """Keep a block."""
        with self._lock:
            old = self._blocks.pop((file, number), b"")
            self._blocks[file, number] = block
            self.size += len(block) - len(old)
            while self.size > self._limit and self._blocks:
                self.size -= len(self._blocks.popitem(last=False)[1])


blocks = BlockCache()
"""Those of this process."""
