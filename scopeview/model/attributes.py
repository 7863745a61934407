"""Decoded attributes of an op: plain values, and three small classes for what Python has no word for.

An attribute is one of: None (a placeholder of a function's own attribute), int, float, bool, str, bytes, `DType`, a
`ShapeValue`, a `TensorValue`, a `FunctionRef`, or a tuple of these. `attr_value.proto` is the source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scopeview.model.shapes import Shape, byte_count


@dataclass(frozen=True, slots=True)
class DType:
    """A data type by the name that TensorFlow prints (`float32`)."""

    name: str


@dataclass(frozen=True, slots=True)
class ShapeValue:
    """A shape as an attribute; `sizes` is None when the rank is unknown."""

    sizes: Shape


@dataclass(frozen=True, slots=True)
class TensorValue:
    """A constant: described, with its first few values, never copied whole."""

    dtype: str
    shape: Shape
    preview: tuple[object, ...]
    """The first values in row-major order; all of them when there are few."""
    is_uniform: bool = False
    """Whether all values, those beyond the preview too, are the same."""

    @property
    def size_bytes(self) -> int | None:
        """Bytes of the values when stored densely."""
        return byte_count(self.shape, self.dtype)


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """The name of a function in the library, with the attributes that instantiate it."""

    name: str
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class PlaceholderValue:
    """An attribute whose value is an attribute of the enclosing function (`$T`)."""

    name: str


@dataclass(frozen=True, slots=True)
class Undecodable:
    """Bytes of an attribute that do not parse; shown, never dropped."""

    size_bytes: int
    reason: str


Attributes = Mapping[str, object]

UNSTRUCTURAL = frozenset(
    {
        "_class",
        "_output_shapes",
        "shared_name",
        "debug_name",
        "container",
        "seed",
        "seed2",
        "name",
        "frame_name",
        "dataset_id",
        "_XlaScope",
        "_gradient_op_type",
    }
)
"""Attributes that place, name or seed an op: two copies of one structure differ in them."""
