"""Shapes: a tuple of sizes with None for an unknown one, or None when the rank is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from scopeview.model.dtypes import element_bytes

_MOST_ELEMENTS = 1 << 48
"""More than any machine holds: a shape that claims more is damaged, and its count says nothing."""

Shape = tuple[int | None, ...] | None


@lru_cache(maxsize=1 << 14)
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


def joining_axis(shapes: Sequence[Shape]) -> int | None:
    """Return the axis along which tensors can be joined; the first where all are equal, None where there is none.

    >>> joining_axis([(4, 3), (2, 3)]), joining_axis([(4, 3), (4, 5)]), joining_axis([(4,), (4,)])
    (0, 1, 0)
    >>> joining_axis([(4, 3), (2, 5)]), joining_axis([(4, None), (2, 3)]), joining_axis([(), ()])
    (None, None, None)
    """
    known = [shape for shape in shapes if shape and None not in shape]
    if len(known) != len(shapes) or len({len(shape) for shape in known}) != 1:
        return None
    axes = [axis for axis, sizes in enumerate(zip(*known, strict=True)) if len(set(sizes)) > 1]
    return None if len(axes) > 1 else axes[0] if axes else 0


def byte_count(shape: Shape, dtype: str) -> int | None:
    """Return the bytes of a dense tensor, or None where shape or dtype does not tell."""
    count, size = element_count(shape), element_bytes(dtype)
    return None if count is None or size is None else count * size
