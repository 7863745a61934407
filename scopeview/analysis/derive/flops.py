"""How many floating-point operations does an op take? The rules of TensorFlow's own profiler, over static shapes.

Source: `tensorflow/python/profiler/internal/flops_registry.py`, `ops/nn_ops.py` and `ops/math_ops.py`; the tests ask
TensorFlow. A multiplication and an addition are two. Sizes that are unknown, such as the batch, count as 1: then the
number is per example. TensorFlow's rules for pooling and gradients of convolutions know the layout NHWC alone; here the
others count alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scopeview.model.attributes import Attributes
from scopeview.model.shapes import Shape

Sizes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Operands:
    """What the rules look at: shapes without unknown sizes, and attributes."""

    inputs: tuple[Sizes | None, ...]
    """None where nothing gives the shape."""
    output: Sizes | None
    attributes: Attributes

    def taken(self, index: int) -> Sizes:
        """Return the shape of an input.

        Raises:
            LookupError: nothing gives it.
        """
        found = self.inputs[index]
        if found is None:
            raise LookupError
        return found

    @property
    def given(self) -> Sizes:
        """The shape of the output.

        Raises:
            LookupError: nothing gives it.
        """
        if self.output is None:
            raise LookupError
        return self.output


def known_sizes(shape: Shape) -> Sizes | None:
    """Return a shape with 1 for each unknown size; None for an unknown rank.

    >>> known_sizes((None, 3)), known_sizes(None)
    ((1, 3), None)
    """
    return None if shape is None else tuple(1 if size is None else size for size in shape)


def flops_of(op_type: str, operands: Operands) -> int | None:
    """Return the floating-point operations of one execution of an op; None where no rule or no shape gives them."""
    rule = RULES.get(op_type)
    if rule is None:
        return None
    try:
        return rule(operands)
    except (LookupError, TypeError, ZeroDivisionError):
        return None  # shapes or attributes that the op could not run with


def _per_output(factor: int) -> Callable[[Operands], int]:
    return lambda op: factor * math.prod(op.given)


def _per_input(factor: int) -> Callable[[Operands], int]:
    return lambda op: factor * math.prod(op.taken(0))


def _matmul(op: Operands) -> int:
    a = op.taken(0)
    is_transposed = op.attributes.get("transpose_a") is True or op.attributes.get("adj_x") is True
    return 2 * (a[-2] if is_transposed else a[-1]) * math.prod(op.given)


def _convolution(op: Operands) -> int:
    return 2 * math.prod(op.given) * math.prod(op.taken(1)[:-1])  # the last size of a kernel is that of the output


def _depthwise(op: Operands) -> int:
    return 2 * math.prod(op.given) * math.prod(op.taken(1)[:2])


def _reduction(op: Operands) -> int:
    return math.prod(op.taken(0)) - math.prod(op.given)


def _mean(op: Operands) -> int:
    return math.prod(op.taken(0))


def _pool(op: Operands) -> int:
    return math.prod(_numbers(op, "ksize")) * math.prod(op.given)


def _average_pool_gradient(op: Operands) -> int:
    return 2 * math.prod(_numbers(op, "ksize")) * math.prod(op.taken(1))


def _max_pool_gradient(op: Operands) -> int:
    return (math.prod(_numbers(op, "ksize")) + 1) * math.prod(op.taken(1))


def _convolution_to_input(op: Operands) -> int:
    return _backward(op, op.given, op.taken(1))


def _convolution_to_kernel(op: Operands) -> int:
    return _backward(op, op.taken(0), op.given)


def _backward(op: Operands, image: Sizes, kernel: Sizes) -> int:
    depth = image[1] if op.attributes.get("data_format") == "NCHW" else image[-1]
    return 2 * math.prod(image) * math.prod(kernel) // (depth * math.prod(_numbers(op, "strides")))


def _numbers(op: Operands, name: str) -> Sequence[int]:
    value: Any = op.attributes[name]
    return [int(number) for number in value]


_OUTPUTS = ("Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "Pow", "GreaterEqual", "Greater")
_COMPARED = ("LessEqual", "Less", "Equal", "NotEqual")
_INPUTS = ("Reciprocal", "Square", "Log", "Neg", "AssignSub", "AssignAdd", "BiasAdd")

RULES: Mapping[str, Callable[[Operands], int]] = {
    **dict.fromkeys((*_OUTPUTS, *_COMPARED), _per_output(1)),
    "SquaredDifference": _per_output(2),
    "RsqrtGrad": _per_output(4),
    **dict.fromkeys(_INPUTS, _per_input(1)),
    "Rsqrt": _per_input(2),
    "Softmax": _per_input(5),
    "L2Loss": lambda op: 3 * math.prod(op.taken(0)) - 1,
    "AddN": lambda op: (len(op.inputs) - 1) * math.prod(op.taken(0)) if op.inputs else 0,
    **dict.fromkeys(("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"), _matmul),
    **dict.fromkeys(("Conv2D", "Conv3D"), _convolution),
    **dict.fromkeys(("DepthwiseConv2dNative", "Dilation2D"), _depthwise),
    "Conv2DBackpropInput": _convolution_to_input,
    "Conv2DBackpropFilter": _convolution_to_kernel,
    **dict.fromkeys(("Sum", "ArgMax", "ArgMin", "BiasAddGrad"), _reduction),
    "Mean": _mean,
    **dict.fromkeys(("AvgPool", "MaxPool"), _pool),
    "AvgPoolGrad": _average_pool_gradient,
    "MaxPoolGrad": _max_pool_gradient,
}
"""Floating-point operations by op type."""

CONTRACTIONS = frozenset(
    {"MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "Conv2D", "Conv3D", "DepthwiseConv2dNative"}
    | {"Conv2DBackpropInput", "Conv2DBackpropFilter"}
)
"""The types that nearly all time goes to: a total without one of them says little."""
