"""Numbers of which several lie in one byte, the first in its lowest bits: int4, uint4, int2, uint2, float4."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scopeview.readers.weights.scan import Blocks

BITS: Mapping[str, int] = {"int4": 4, "uint4": 4, "float4_e2m1fn": 4, "int2": 2, "uint2": 2}
"""Bits of an element, by dtype."""


def packed_bytes(elements: int, dtype: str) -> int:
    """Return how many bytes so many elements of a packed dtype take; the last byte may be filled in part."""
    return -(-elements * BITS[dtype] // 8)


def unpacked(read: Blocks, name: str, dtype: Any, elements: int) -> Blocks:
    """Return what gives packed numbers one by one.

    Args:
        read: gives bytes (uint8).
        name: the dtype, one of `BITS`.
        dtype: the same as numpy has it, one byte for each element.
        elements: how many there are.
    """
    bits = BITS[name]

    def blocks() -> Iterator[Any]:
        import numpy as np

        left = elements
        shifts = np.arange(0, 8, bits, dtype=np.uint8)
        for block in read():
            parts = (block[:, None] >> shifts & ((1 << bits) - 1)).ravel()[:left]
            left -= len(parts)
            yield _signed(parts, bits).astype(dtype) if name.startswith("int") else _plain(parts, name, dtype)

    return blocks


def _signed(parts: Any, bits: int) -> Any:
    import numpy as np

    return ((parts ^ (1 << bits - 1)).astype(np.int8) - (1 << bits - 1)).astype(np.int8)


def _plain(parts: Any, name: str, dtype: Any) -> Any:
    return parts.view(dtype) if name.startswith("float") else parts.astype(dtype)
