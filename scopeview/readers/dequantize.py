"""Quantized weights as the numbers that they stand for: float32, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from scopeview.model.model import Model
from scopeview.model.quantization import Quantization
from scopeview.model.shapes import byte_count
from scopeview.model.variables import Variable, VariableTable
from scopeview.readers.stored_values import StoredValues


def dequantized(model: Model, values: StoredValues) -> tuple[Model, StoredValues]:
    """Return a model whose quantized variables are float32, and the reader of their values.

    Args:
        model: an artifact with values.
        values: the reader of these.
    """
    from scopeview.readers.weights.values import WeightsValues

    if not isinstance(values, WeightsValues):
        return model, values
    found = {v.name: (v, known) for v in model.variables if (known := values.quantization(v)) is not None}
    if not found:
        return model, values
    variables = [_as_real(v) if v.name in found else v for v in model.variables]
    return replace(model, variables=VariableTable(variables)), _RealValues(values, found)


def _as_real(variable: Variable) -> Variable:
    stored, size = variable.stored, byte_count(variable.shape, "float32") or 0
    return replace(
        variable,
        dtype="float32",
        stored=replace(stored, size_bytes=size) if stored is not None else None,
        note=f"{variable.dtype}, {variable.note}; shown as the numbers that they stand for",
    )


@dataclass(frozen=True)
class _RealValues:
    """Reads quantized values as what they stand for, and others as they are."""

    stored: StoredValues
    quantized: dict[str, tuple[Variable, Quantization]]

    def blocks(self, variable: Variable) -> Iterator[Any]:
        known = self.quantized.get(variable.name)
        if known is None:
            yield from self.stored.blocks(variable)
            return
        held, quantization = known
        shape, first = tuple(size or 0 for size in held.shape or ()), 0
        for block in self.stored.blocks(held):
            yield quantization.real(block, first, shape)
            first += block.size
