"""Dtype and shape of an op's outputs, as far as the artefact or TensorFlow's import tells."""

from __future__ import annotations

from dataclasses import dataclass

from scopeview.model.attributes import Attributes, DType, ShapeValue, TensorValue
from scopeview.model.imported import ImportReport
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.shapes import Shape

_DTYPE_ATTRIBUTES = ("dtype", "DstT", "out_type", "T", "Tout", "output_types", "Tparams")
"""Attributes that hold the type of an op's first output, the more specific first."""


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """What is known of one output; None and "no shape" where the artefact does not say."""

    dtype: str | None
    shape: Shape
    shape_known: bool


def output_facts(table: OpTable, row: OpRow, port: int, imported: ImportReport | None = None) -> TensorFacts:
    """Return dtype and shape of one output of an op of the main graph.

    TensorFlow's inference comes first, then `_output_shapes` (event files), then the attributes of the op itself, which
    tell the dtype of the first output only.
    """
    if imported is not None:
        outputs = imported.tensors.get(table.name(row), ())
        if 0 <= port < len(outputs):
            return TensorFacts(outputs[port].dtype, outputs[port].shape, shape_known=True)
    return facts_of(table.attributes(row), port)


def facts_of(attributes: Attributes, port: int = 0) -> TensorFacts:
    """Return what an op's attributes say of one of its outputs."""
    dtype = first_dtype(attributes) if port == 0 else None
    shapes = attributes.get("_output_shapes")
    if isinstance(shapes, tuple) and 0 <= port < len(shapes) and isinstance(shapes[port], ShapeValue):
        return TensorFacts(dtype, shapes[port].sizes, shape_known=True)
    shape, value = attributes.get("shape"), attributes.get("value")
    if port == 0 and isinstance(value, TensorValue):
        return TensorFacts(value.dtype, value.shape, shape_known=True)
    if port == 0 and isinstance(shape, ShapeValue):
        return TensorFacts(dtype, shape.sizes, shape_known=True)
    return TensorFacts(dtype, None, shape_known=False)


def first_dtype(attributes: Attributes) -> str | None:
    """Return the dtype that an op's attributes name for its first output."""
    for name in _DTYPE_ATTRIBUTES:
        value = attributes.get(name)
        if isinstance(value, tuple) and value:
            value = value[0]
        if isinstance(value, DType):
            return value.name
    return None
