"""Shapes: a tuple of sizes with None for an unknown one, or None when the rank is unknown."""

from __future__ import annotations

from scopeview.model.dtypes import element_bytes

_MOST_ELEMENTS = 1 << 48
"""More than any machine holds: a shape that claims more is damaged, and its count says nothing."""

Shape = tuple[int | None, ...] | None


def element_count(shape: Shape) -> int | None:
    """Return the number of elements, or None where a size is unknown or the shape absurd.

    >>> element_count((3, 4)), element_count(()), element_count((None, 4)), element_count(None)
    (12, 1, None, None)
    """
    if shape is None or None in shape:
        return None
    if 0 in shape:
        return 0
    count = 1
    for size in shape:
        count *= size or 0
        if abs(count) > _MOST_ELEMENTS:  # at once: the product of 30,000 sizes takes minutes
            return None
    return count


def byte_count(shape: Shape, dtype: str) -> int | None:
    """Return the bytes of a dense tensor, or None where shape or dtype does not tell."""
    count, size = element_count(shape), element_bytes(dtype)
    return None if count is None or size is None else count * size
