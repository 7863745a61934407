"""What the numbers of a quantized tensor stand for: (number - zero point) * scale, of all of it or along one axis."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any


@dataclass(frozen=True, slots=True)
class Quantization:
    """Scales and zero points of a tensor."""

    scales: tuple[float, ...]
    """One, or one for each index of the axis."""
    zero_points: tuple[int, ...]
    """As many, or one for all, or none for 0."""
    axis: int = 0

    def __str__(self) -> str:
        """Say it in a line."""
        zeros = sorted(set(self.zero_points))
        zero = "zero point 0" if not zeros else f"zero point {zeros[0]}"
        zero = zero if len(zeros) <= 1 else f"zero points {zeros[0]} to {zeros[-1]}"
        if len(self.scales) == 1:
            return f"quantized: scale {self.scales[0]:.6g}, {zero}"
        span = f"{min(self.scales):.6g} to {max(self.scales):.6g}"
        return f"quantized along axis {self.axis}: {len(self.scales):,} scales from {span}, {zero}"

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether there are as many scales and zero points as a tensor of this shape needs."""
        if len(self.scales) == 1:
            return len(self.zero_points) <= 1
        is_axis = 0 <= self.axis < len(shape) and shape[self.axis] == len(self.scales)
        return is_axis and len(self.zero_points) in (0, 1, len(self.scales))

    def real(self, block: Any, first: int, shape: tuple[int, ...]) -> Any:
        """Return the numbers that a block stands for, as float32.

        Args:
            block: a flat array of a tensor, row-major.
            first: the place of its first element in the tensor.
            shape: of the tensor; `fits` holds.
        """
        import numpy as np

        scales = np.array(self.scales, dtype=np.float32).astype(np.float64)
        zeros = np.array(self.zero_points or (0,), dtype=np.float64)
        if len(scales) > 1:
            at = (np.arange(first, first + block.size) // prod(shape[self.axis + 1 :])) % shape[self.axis]
            scales, zeros = scales[at], zeros[at] if len(zeros) > 1 else zeros
        return ((block.astype(np.float64) - zeros) * scales).astype(np.float32)
