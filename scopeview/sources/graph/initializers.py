"""What gives a variable its first value: the assignment, the op that makes the value, its arguments.

TensorFlow's initialisers leave a small subgraph behind, named after them:

    w/Initializer/random_uniform          Add(mul, min)        or AddV2
    w/Initializer/random_uniform/mul      Mul(RandomUniform, sub)
    w/Initializer/random_uniform/sub      Sub(max, min)
    w/Initializer/truncated_normal        Add(mul, mean),  mul = Mul(TruncatedNormal, stddev)
    w/Initializer/zeros                   Const, or Fill(shape_as_tensor, Const) when large

The arguments are constants in it, found by walking back from the value and not by the name of the scope.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from scopeview.model.attributes import TensorValue
from scopeview.model.names import leaf_of, op_of_tensor
from scopeview.model.ops import MISSING, OpRow, OpTable
from scopeview.model.shapes import Shape
from scopeview.model.variables import Initializer

_ASSIGN_TYPES = ("Assign", "AssignVariableOp")
_PASS_TYPES = frozenset({"Identity", "Snapshot"})
_RESTORE_TYPES = frozenset({"RestoreV2", "Restore", "RestoreSlice"})

_RANDOM_KINDS = {
    "RandomUniform": "random_uniform",
    "RandomUniformInt": "random_uniform",
    "RandomStandardNormal": "random_normal",
    "TruncatedNormal": "truncated_normal",
    "StatelessRandomUniform": "random_uniform",
    "StatelessRandomUniformV2": "random_uniform",
    "StatelessRandomNormal": "random_normal",
    "StatelessRandomNormalV2": "random_normal",
    "StatelessTruncatedNormal": "truncated_normal",
    "StatelessTruncatedNormalV2": "truncated_normal",
}

_ARGUMENT_NAMES = {
    "min": "minval", "minval": "minval", "max": "maxval", "maxval": "maxval",
    "mean": "mean", "stddev": "stddev",
}  # fmt: skip

_WALK_LIMIT = 64
"""Ops looked at behind a value; TensorFlow's own initialisers need fewer than 20."""


def initializer_of(graph: OpTable, handle: OpRow, shape: Shape, initializer_name: str = "") -> Initializer | None:
    """Describe how a variable is initialised, or return None if nothing but a restore assigns it.

    Args:
        graph: the main graph.
        handle: the variable's op.
        shape: the variable's shape, to recognise schemes such as Glorot's.
        initializer_name: the assigning op as the VariableDef names it, if there is one.
    """
    value = _assigned_value(graph, handle, op_of_tensor(initializer_name))
    return None if value is None else _describe(graph, value, shape)


def _assigned_value(graph: OpTable, handle: OpRow, initializer: str) -> OpRow | None:
    assigns = [
        edge.target
        for edge in graph.consumers(handle)
        if edge.slot == 0 and not edge.is_control and graph.op_type(edge.target) in _ASSIGN_TYPES
    ]
    named = (initializer, f"{graph.name(handle)}/Assign")
    assigns.sort(key=lambda row: (graph.name(row) not in named, graph.columns.definition[row]))
    for assign in assigns:
        value = _source(graph, assign, slot=1)
        if value is not None and graph.op_type(value) not in _RESTORE_TYPES:
            return value
    return None


def _source(graph: OpTable, row: OpRow, slot: int) -> OpRow | None:
    """Return the op behind an input, looking through ops that only pass a tensor on."""
    for _ in range(_WALK_LIMIT):
        edges = graph.inputs(row)
        if slot >= len(edges) or edges[slot].source == MISSING or edges[slot].is_control:
            return None
        row, slot = edges[slot].source, 0
        if graph.op_type(row) not in _PASS_TYPES:
            return row
    return row


def _describe(graph: OpTable, value: OpRow, shape: Shape) -> Initializer:
    op, op_type = graph.name(value), graph.op_type(value)
    if op_type == "Const":
        return _constant(_tensor(graph, value), op)
    if op_type == "Fill":
        filled = _source(graph, value, slot=1)
        tensor = _tensor(graph, filled) if filled is not None else None
        return _constant(tensor, op)
    behind = list(_ancestors(graph, value))
    random = next((row for row in behind if graph.op_type(row) in _RANDOM_KINDS), None)
    if random is None:
        return Initializer(op_type, {}, op)
    arguments = _arguments(graph, behind, random)
    orthogonal = any(graph.op_type(row) == "Qr" for row in behind)
    kind = "orthogonal" if orthogonal else _RANDOM_KINDS[graph.op_type(random)]
    return Initializer(kind, arguments, op, _resembles(kind, arguments, shape))


def _constant(tensor: TensorValue | None, op: str) -> Initializer:
    values = tensor.preview if tensor is not None else ()
    distinct = set(values)
    kind = "zeros" if distinct == {0} else "ones" if distinct == {1} else "constant"
    if tensor is None or kind != "constant":
        return Initializer(kind, {}, op)
    return Initializer(kind, {"value": values[0] if len(distinct) == 1 else values}, op)


def _tensor(graph: OpTable, row: OpRow) -> TensorValue | None:
    value = graph.attributes(row).get("value")
    return value if isinstance(value, TensorValue) else None


def _ancestors(graph: OpTable, row: OpRow) -> Iterator[OpRow]:
    """Yield the ops behind a value, nearest first, up to a limit."""
    seen, queue = {row}, [row]
    for current in queue:
        yield current
        if len(seen) >= _WALK_LIMIT:
            continue
        for edge in graph.inputs(current):
            if edge.source != MISSING and not edge.is_control and edge.source not in seen:
                seen.add(edge.source)
                queue.append(edge.source)


def _arguments(graph: OpTable, behind: list[OpRow], random: OpRow) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for row in behind:
        name = _ARGUMENT_NAMES.get(leaf_of(graph.name(row)))
        tensor = _tensor(graph, row) if name and graph.op_type(row) == "Const" else None
        if name and tensor is not None and len(tensor.preview) == 1:
            found.setdefault(name, tensor.preview[0])
    attributes = graph.attributes(random)
    seeds = {name: attributes[name] for name in ("seed", "seed2") if attributes.get(name)}
    return {**dict(sorted(found.items())), **seeds}


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
