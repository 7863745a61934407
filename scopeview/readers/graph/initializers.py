"""What gives a variable its first value: the assignment, the op that makes the value, its arguments.

TensorFlow's initializers leave a small subgraph behind, named after them:

    w/Initializer/random_uniform          Add(mul, min)        or AddV2
    w/Initializer/random_uniform/mul      Mul(RandomUniform, sub)
    w/Initializer/random_uniform/sub      Sub(max, min)
    w/Initializer/truncated_normal        Add(mul, mean),  mul = Mul(TruncatedNormal, stddev)
    w/Initializer/zeros                   Const, or Fill(shape_as_tensor, Const) when large

Exactly these shapes are recognized, by op types and wiring and never by names, then a tensor that is scaled and moved
(`initial_values`). A value that is computed from other variables is `derived`; any other is named by the type of the op
that makes it, for whatever was done to a random number on the way changes what it is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from scopeview.model.attributes import TensorValue
from scopeview.model.names import op_of_tensor
from scopeview.model.op_types import COPIES, FIRST_ASSIGNS, RANDOM_KINDS, RESTORES
from scopeview.model.ops import MISSING, OpRow, OpTable
from scopeview.model.shapes import Shape, element_count
from scopeview.model.variables import Initializer
from scopeview.readers.graph.initial_values import describe_scaled, made_from

_UNIFORM = "random_uniform"
_ADD, _MULTIPLY, _SUBTRACT = ("Add", "AddV2"), ("Mul",), ("Sub",)

_WALK_LIMIT = 64
"""Ops looked through behind a value, against cycles."""


def initializer_of(graph: OpTable, handle: OpRow, shape: Shape, initializer_name: str = "") -> Initializer | None:
    """Describe how a variable is initialized, or return None if nothing but a restore assigns it.

    Args:
        graph: the main graph.
        handle: the variable's op.
        shape: the variable's shape, to recognize schemes such as Glorot's.
        initializer_name: the assigning op as the VariableDef names it, if there is one.
    """
    value = _assigned_value(graph, handle, op_of_tensor(initializer_name))
    return None if value is None else _describe(graph, value, shape, graph.name(handle))


def initial_op(graph: OpTable, handle: OpRow, initializer_name: str = "") -> str | None:
    """Return the op of what `initializer_of` describes, without describing it."""
    value = _assigned_value(graph, handle, op_of_tensor(initializer_name))
    return None if value is None else graph.name(value)


def _assigned_value(graph: OpTable, handle: OpRow, initializer: str) -> OpRow | None:
    assigns = [
        edge.target
        for edge in graph.consumers(handle)
        if edge.slot == 0 and not edge.is_control and graph.op_type(edge.target) in FIRST_ASSIGNS
    ]
    named = (initializer, f"{graph.name(handle)}/Assign")
    assigns.sort(key=lambda row: (graph.name(row) not in named, graph.columns.definition[row]))
    for assign in assigns:
        value = _source(graph, assign, slot=1)
        if value is None or graph.op_type(value) in RESTORES:
            continue
        if graph.name(assign) in named or graph.name(handle) not in made_from(graph, value):
            return value  # what reads the variable itself is an update of it
    return None


def _source(graph: OpTable, row: OpRow, slot: int) -> OpRow | None:
    """Return the op behind an input, looking through ops that only pass a tensor on."""
    for _ in range(_WALK_LIMIT):
        edges = graph.inputs(row)
        if slot >= len(edges) or edges[slot].source == MISSING or edges[slot].is_control:
            return None
        row, slot = edges[slot].source, 0
        if graph.op_type(row) not in COPIES:
            return row
    return row


def _describe(graph: OpTable, value: OpRow, shape: Shape, variable: str) -> Initializer:
    op, op_type = graph.name(value), graph.op_type(value)
    if op_type == "Const":
        return _constant(_tensor(graph, value), op)
    if op_type == "Fill":
        return _constant(_constant_input(graph, value, 1), op)
    found = _scaled_random(graph, value)
    if found is not None:
        kind, arguments = found
        return Initializer(kind, arguments, op, _resembles(kind, arguments, shape))
    orthogonal = _orthogonal(graph, value)
    if orthogonal is not None:
        return orthogonal
    scaled = describe_scaled(graph, value)
    if scaled is not None:
        return Initializer(*scaled, op, _resembles(*scaled, shape))
    if op_type in ("ZerosLike", "OnesLike"):
        return Initializer("zeros" if op_type == "ZerosLike" else "ones", {}, op)
    others = tuple(name for name in made_from(graph, value) if name != variable)
    return Initializer("derived", {"from": others}, op) if others else Initializer(op_type, {}, op)


def _constant(tensor: TensorValue | None, op: str) -> Initializer:
    if tensor is None or not tensor.preview:
        return Initializer("constant", {}, op)
    first = tensor.preview[0]
    if tensor.is_uniform:
        kind = "zeros" if first == 0 else "ones" if first == 1 else "constant"
        return Initializer(kind, {} if kind != "constant" else {"value": first}, op)
    is_all = element_count(tensor.shape) == len(tensor.preview)
    return Initializer("constant", {"value" if is_all else "begins_with": tensor.preview}, op)


def _tensor(graph: OpTable, row: OpRow) -> TensorValue | None:
    value = graph.attributes(row).get("value")
    return value if isinstance(value, TensorValue) else None


def _operands(graph: OpTable, row: OpRow | None, types: Sequence[str]) -> tuple[OpRow, OpRow] | None:
    """Return the two inputs of a binary op of one of the types, or None if the op is another."""
    if row is None or graph.op_type(row) not in types:
        return None
    first, second = _source(graph, row, slot=0), _source(graph, row, slot=1)
    return None if first is None or second is None else (first, second)


def _number(graph: OpTable, row: OpRow) -> float | None:
    """Return the value of a scalar constant, or of the difference of two (`sub = max - min`)."""
    difference = _operands(graph, row, _SUBTRACT)
    if difference is not None:
        high, low = _number_of_constant(graph, difference[0]), _number_of_constant(graph, difference[1])
        return None if high is None or low is None else high - low
    return _number_of_constant(graph, row)


def _number_of_constant(graph: OpTable, row: OpRow) -> float | None:
    tensor = _tensor(graph, row) if graph.op_type(row) == "Const" else None
    is_number = tensor is not None and len(tensor.preview) == 1 and isinstance(tensor.preview[0], int | float)
    return tensor.preview[0] if is_number and tensor is not None else None  # type: ignore[return-value]


def _constant_input(graph: OpTable, row: OpRow, slot: int) -> TensorValue | None:
    source = _source(graph, row, slot)
    return None if source is None or graph.op_type(source) != "Const" else _tensor(graph, source)


def _scaled_random(graph: OpTable, value: OpRow) -> tuple[str, Mapping[str, object]] | None:
    """Read `random * scale + shift`, and no other form; None if it is another."""
    kind = RANDOM_KINDS.get(graph.op_type(value))
    if kind is not None:  # not scaled: a unit normal, a uniform of 0 to 1, or integers with limits of their own
        return kind, {**_integer_limits(graph, value), **_seeds(graph, value)}
    sum_of = _operands(graph, value, _ADD)
    product = _operands(graph, sum_of[0], _MULTIPLY) if sum_of is not None else None
    if sum_of is None or product is None or graph.op_type(product[0]) not in RANDOM_KINDS:
        return None
    scale, shift = _number(graph, product[1]), _number_of_constant(graph, sum_of[1])
    if scale is None or shift is None:
        return None
    kind = RANDOM_KINDS[graph.op_type(product[0])]
    arguments = _uniform_limits(graph, product[1], shift) if kind == _UNIFORM else {"mean": shift, "stddev": scale}
    return None if arguments is None else (kind, {**arguments, **_seeds(graph, product[0])})


def _uniform_limits(graph: OpTable, scale: OpRow, low: float) -> Mapping[str, object] | None:
    difference = _operands(graph, scale, _SUBTRACT)
    if difference is None:
        width = _number_of_constant(graph, scale)
        return None if width is None else {"maxval": low + width, "minval": low}
    return {"maxval": _number_of_constant(graph, difference[0]), "minval": low}


def _integer_limits(graph: OpTable, random: OpRow) -> Mapping[str, object]:
    if graph.op_type(random) != "RandomUniformInt":
        return {}
    limits = {"maxval": _constant_input(graph, random, 2), "minval": _constant_input(graph, random, 1)}
    return {name: tensor.preview[0] for name, tensor in limits.items() if tensor is not None and tensor.preview}


def _seeds(graph: OpTable, random: OpRow) -> Mapping[str, object]:
    attributes = graph.attributes(random)
    return {name: attributes[name] for name in ("seed", "seed2") if attributes.get(name)}


def _orthogonal(graph: OpTable, value: OpRow) -> Initializer | None:
    """Read `gain * reshape(q * sign(diagonal(r)))` of a QR decomposition; the transpose of wide ones is in between."""
    gained = _operands(graph, value, _MULTIPLY)
    if gained is None:
        return None
    gains = [_number_of_constant(graph, operand) for operand in gained]
    row: OpRow | None = gained[0] if gains[1] is not None else gained[1]
    while row is not None and graph.op_type(row) in ("Reshape", "Transpose"):
        row = _source(graph, row, slot=0)
    signed = _operands(graph, row, _MULTIPLY)
    if signed is None or not any(graph.op_type(operand) == "Qr" for operand in signed):
        return None
    gain = next((number for number in gains if number is not None), None)
    return Initializer("orthogonal", {} if gain is None else {"gain": gain}, graph.name(value))


_TRUNCATED_STDDEV = 0.87962566103423978
"""Standard deviation of a unit normal cut at 2: variance scaling divides by it (init_ops_v2.py)."""


def _resembles(kind: str, arguments: Mapping[str, object], shape: Shape) -> str:
    """Name the scheme whose formula gives these arguments for this shape (Glorot, He, LeCun), if one does."""
    sizes = [size for size in shape or () if size is not None]
    if shape is None or len(sizes) != len(shape) or len(sizes) < 2 or math.prod(sizes) == 0:
        return ""
    receptive = math.prod(sizes[:-2])
    fan_in, fan_out = sizes[-2] * receptive, sizes[-1] * receptive
    scales = {"glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in, "lecun": 1 / fan_in}
    for scheme, variance in scales.items():
        if kind == "random_uniform":
            limit = math.sqrt(3 * variance)
            if _close(arguments.get("maxval"), limit) and _close(arguments.get("minval"), -limit):
                return f"{scheme}_uniform"
        elif kind == "truncated_normal" and _close(arguments.get("stddev"), math.sqrt(variance) / _TRUNCATED_STDDEV):
            return f"{scheme}_normal"
    return ""


def _close(value: object, expected: float) -> bool:
    return isinstance(value, float) and math.isclose(value, expected, rel_tol=1e-5)
