"""Keys of the slices of a partitioned variable in a V2 index.

A slice's key is `EncodeTensorNameSlice(name, slice)`: the number 0, the name, the rank, then start and length of each
axis, all in an order-preserving code. Source: tensorflow/core/util/saved_tensor_slice_util.cc and
tensorflow/core/lib/strings/ordered_code.cc.
"""

from __future__ import annotations

from collections.abc import Sequence

_ESCAPES = {0x00: b"\0\xff", 0xFF: b"\xff\0"}

FULL = -1
"""The length that stands for a whole axis."""


def slice_key(name: bytes, extents: Sequence[tuple[int, int]]) -> bytes:
    """Return the key of one slice; extents are (start, length) with FULL for a whole axis.

    >>> slice_key(b"p/w", [(0, 4), (0, 4)])
    b'\\x00p/w\\x00\\x01\\x01\\x02\\x80\\x84\\x80\\x84'
    """
    escaped = b"".join(_ESCAPES.get(byte, bytes([byte])) for byte in name)
    numbers = b"".join(_signed(start) + _signed(length) for start, length in extents)
    return b"\0" + escaped + b"\0\1" + _unsigned(len(extents)) + numbers


def _unsigned(value: int) -> bytes:
    digits = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([len(digits)]) + digits


def _signed(value: int) -> bytes:
    """One byte for -64..63; longer numbers start with as many one bits as they have bytes, inverted if negative."""
    magnitude = ~value if value < 0 else value
    size = magnitude.bit_length() // 7 + 1
    number = value & ((1 << 8 * size) - 1)
    header = ((1 << size) - 1) << (7 * size)  # `size` one bits at the top
    return (number ^ header).to_bytes(size, "big")
