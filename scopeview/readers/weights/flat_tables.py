"""FlatBuffers: tables of fields at offsets, read by position, with every place compared with the end of the file.

    root       u32: offset of the root table; then 4 bytes of identifier
    table      i32: how far before it its vtable lies; then the fields
    vtable     u16: its bytes, u16: bytes of the table, u16 for each field: its place in the table, 0 if it is not there
    vector     u32: number of elements, then these; a string is a vector of bytes
    offset     u32: how far behind its own place something lies

Format: https://flatbuffers.dev/internals. Only forward offsets exist, yet many may lead to one place, so that whoever
walks tables has to count what the steps cost.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from scopeview.readers.protobuf.wire import Buffer

_LEAST_VTABLE = 4


class FlatError(ValueError):
    """An offset or a length that leads out of the file."""


@dataclass(frozen=True, slots=True)
class FlatTable:
    """A table; a field is named by its number in the schema."""

    buffer: Buffer
    start: int
    vtable: int
    fields: int
    """How many fields its vtable knows."""

    def number(self, field: int, layout: str, default: int = 0) -> int:
        """Return a scalar; `layout` is struct's letter.

        Raises:
            FlatError: it lies outside of the file.
        """
        place = self._place(field)
        return _number(self.buffer, place, layout) if place else default

    def table(self, field: int) -> FlatTable | None:
        """Return a table that a field leads to; None if the field is not there.

        Raises:
            FlatError: it lies outside of the file.
        """
        place = self._place(field)
        return table_at(self.buffer, place + _number(self.buffer, place, "I")) if place else None

    def vector(self, field: int, element_bytes: int) -> tuple[int, int]:
        """Return where the elements of a vector begin, and how many there are; none if the field is not there.

        Raises:
            FlatError: it lies outside of the file, or ends there.
        """
        place = self._place(field)
        if not place:
            return 0, 0
        start = place + _number(self.buffer, place, "I")
        count = _number(self.buffer, start, "I")
        if start + 4 + count * element_bytes > len(self.buffer):
            raise FlatError(f"a vector of {count:,} elements ends behind the end of the file")
        return start + 4, count

    def numbers(self, field: int, layout: str, most: int) -> tuple[float, ...]:
        """Return a vector of scalars, at most so many.

        Raises:
            FlatError: it lies outside of the file.
        """
        start, count = self.vector(field, struct.calcsize(f"<{layout}"))
        taken = min(count, most)
        size = struct.calcsize(f"<{taken}{layout}")
        return struct.unpack(f"<{taken}{layout}", bytes(self.buffer[start : start + size]))

    def text(self, field: int, most: int) -> bytes:
        """Return the bytes of a string, at most so many.

        Raises:
            FlatError: it lies outside of the file.
        """
        start, count = self.vector(field, 1)
        return bytes(self.buffer[start : start + min(count, most)])

    def tables(self, field: int) -> Iterator[FlatTable]:
        """Yield the tables of a vector.

        Raises:
            FlatError: one lies outside of the file.
        """
        start, count = self.vector(field, 4)
        for place in range(start, start + 4 * count, 4):
            yield table_at(self.buffer, place + _number(self.buffer, place, "I"))

    def _place(self, field: int) -> int:
        """Return where a field lies; 0 if it is not there."""
        if field >= self.fields:
            return 0
        offset = _number(self.buffer, self.vtable + 4 + 2 * field, "H")
        return self.start + offset if offset else 0


def root_table(buffer: Buffer) -> FlatTable:
    """Return the root table of a file.

    Raises:
        FlatError: there is none.
    """
    return table_at(buffer, _number(buffer, 0, "I"))


def table_at(buffer: Buffer, start: int) -> FlatTable:
    """Return the table at a place.

    Raises:
        FlatError: it, or its vtable, lies outside of the file.
    """
    vtable = start - _number(buffer, start, "i")
    size = _number(buffer, vtable, "H")
    if size < _LEAST_VTABLE or vtable + size > len(buffer):
        raise FlatError(f"the table at byte {start:,} has no vtable")
    return FlatTable(buffer, start, vtable, (size - _LEAST_VTABLE) // 2)


def _number(buffer: Buffer, place: int, layout: str) -> int:
    size = struct.calcsize(f"<{layout}")
    if place < 0 or place + size > len(buffer):
        raise FlatError(f"byte {place:,} is outside of the file")
    (found,) = struct.unpack(f"<{layout}", bytes(buffer[place : place + size]))
    return int(found)
