"""Dtype and shape of an op's outputs, as far as the artifact or TensorFlow's import says.

Which attribute holds the type of an output is a matter of the op's definition. A MetaGraph lists the definitions of the
ops that it uses; for a bare GraphDef only ops are answered whose rule is certain. Unknown is an answer, a guess is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scopeview.model.attributes import Attributes, DType, ShapeValue, TensorValue
from scopeview.model.model import Model
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.shapes import Shape

_DTYPE_OF_OUTPUT = frozenset(
    {
        "Const",
        "Placeholder",
        "PlaceholderWithDefault",
        "PlaceholderV2",
        "ReadVariableOp",
        "RandomUniform",
        "RandomStandardNormal",
        "TruncatedNormal",
        "VariableV2",
        "Variable",
        "ResourceGather",
    }
)
"""Ops whose only output has the type of the attribute `dtype`."""

_T_OF_OUTPUT = frozenset(
    {
        "Identity",
        "MatMul",
        "BatchMatMul",
        "BatchMatMulV2",
        "Conv2D",
        "BiasAdd",
        "Add",
        "AddV2",
        "AddN",
        "Sub",
        "Mul",
        "Div",
        "RealDiv",
        "Maximum",
        "Minimum",
        "Pow",
        "Neg",
        "Exp",
        "Log",
        "Sqrt",
        "Rsqrt",
        "Square",
        "Relu",
        "Relu6",
        "Elu",
        "Sigmoid",
        "Tanh",
        "Softmax",
        "Softplus",
        "MaxPool",
        "AvgPool",
        "Reshape",
        "Transpose",
        "ConcatV2",
        "Concat",
        "Pack",
        "Tile",
        "Pad",
        "Mean",
        "Sum",
        "Max",
        "Min",
        "Prod",
        "Slice",
        "StridedSlice",
        "Squeeze",
        "ExpandDims",
        "Enter",
        "Exit",
        "NextIteration",
        "StopGradient",
        "Snapshot",
        "Fill",
        "ZerosLike",
        "OnesLike",
    }
)
"""Ops whose only output has the type of the attribute `T`."""


@dataclass(frozen=True, slots=True)
class TensorFacts:
    """What is known of one output; a dtype of None and "no shape" where nothing says."""

    dtype: str | None
    shape: Shape
    shape_known: bool


_PASSES_HANDLE = frozenset({"Identity", "Enter", "Switch"})
_HANDLE_STEPS = 16
"""Ops in a row that hand a variable's handle on."""

UNKNOWN = TensorFacts(None, None, shape_known=False)


def output_facts(model: Model, function: str, row: OpRow, port: int) -> TensorFacts:
    """Return dtype and shape of one output of an op.

    Args:
        model: the model.
        function: the function whose body holds the op; empty for the main graph.
        row: the op.
        port: index of the output; a control edge has none.
    """
    table = model.functions[function].body if function else model.graph
    if port < 0:
        return UNKNOWN
    if model.imported is not None and not function:
        outputs = model.imported.tensors.get(table.name(row), ())
        if port < len(outputs):
            return TensorFacts(outputs[port].dtype, outputs[port].shape, shape_known=True)
    attributes = table.attributes(row)
    if table.op_type(row) == "VarHandleOp":  # its dtype and shape are those of the value behind the handle
        return TensorFacts("resource", (), shape_known=True)
    dtype = _dtype(model, table, row, attributes, port)
    shape, known = _shape(table.op_type(row), attributes, port)
    return TensorFacts(dtype, shape, known)


def carried_facts(model: Model, function: str, row: OpRow, port: int) -> TensorFacts:
    """Return dtype and shape of what flows along an edge: of a variable its value's, where its handle is passed."""
    table = model.functions[function].body if function else model.graph
    for _ in range(_HANDLE_STEPS):
        edge = table.input(row, 0) if table.op_type(row) in _PASSES_HANDLE else None
        if edge is None or edge.is_control or edge.source < 0:
            break
        row, port = edge.source, edge.port
    if table.op_type(row) != "VarHandleOp" or port != 0:
        return output_facts(model, function, row, port)
    attributes = table.attributes(row)
    dtype, shape = attributes.get("dtype"), attributes.get("shape")
    return TensorFacts(
        dtype.name if isinstance(dtype, DType) else None,
        shape.sizes if isinstance(shape, ShapeValue) else None,
        shape_known=isinstance(shape, ShapeValue),
    )


def output_count(model: Model, function: str, row: OpRow) -> int | None:
    """Return how many outputs an op has, or None where nothing says."""
    table = model.functions[function].body if function else model.graph
    if model.imported is not None and not function and model.imported.ok:
        return len(model.imported.tensors.get(table.name(row), ()))
    specs = model.op_outputs.get(table.op_type(row))
    return None if specs is None else len(list(_expanded(specs, table.attributes(row))))


def _dtype(model: Model, table: OpTable, row: OpRow, attributes: Attributes, port: int) -> str | None:
    op_type = table.op_type(row)
    if op_type in model.op_outputs:
        dtypes = list(_expanded(model.op_outputs[op_type], attributes))
        return dtypes[port] if port < len(dtypes) else None
    if port:
        return None
    name = "dtype" if op_type in _DTYPE_OF_OUTPUT else "T" if op_type in _T_OF_OUTPUT else ""
    value = attributes.get(name)
    return value.name if isinstance(value, DType) else None


def _expanded(specs: tuple[str, ...], attributes: Attributes) -> Iterator[str | None]:
    """Yield the dtype of every output: `$N*$T` is N outputs, `$Tout` may be a list."""
    for spec in specs:
        count, _, one = spec.rpartition("*")
        number = attributes.get(count.removeprefix("$")) if count else 1
        value = attributes.get(one.removeprefix("$")) if one.startswith("$") else DType(one)
        values = value if isinstance(value, tuple) else (value,)
        for _ in range(number if isinstance(number, int) else 1):
            yield from (item.name if isinstance(item, DType) else None for item in values)


def _shape(op_type: str, attributes: Attributes, port: int) -> tuple[Shape, bool]:
    shapes = attributes.get("_output_shapes")
    if isinstance(shapes, tuple) and port < len(shapes) and isinstance(shapes[port], ShapeValue):
        return shapes[port].sizes, True
    if port:
        return None, False
    value, shape = attributes.get("value"), attributes.get("shape")
    if op_type == "Const" and isinstance(value, TensorValue):
        return value.shape, True
    if op_type in ("Placeholder", "VariableV2", "Variable") and isinstance(shape, ShapeValue):
        return shape.sizes, True
    return None, False
