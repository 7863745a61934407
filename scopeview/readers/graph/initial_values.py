"""What a first value is computed from: one random, unit or constant tensor, scaled and moved, or other variables.

    Mul(2.0, MatrixDiagV3(ones))                  identity(gain=2)
    Mul(Add(Mul(RandomStandardNormal, s), m), a)  random_normal(mean=a*m, stddev=a*s)
    Mul(ones, 4.0)                                constant(value=4)
    Mul(w/read, 2.0)                              derived(from=w)

Scales and shifts are numbers of the graph; where one is a tensor, or an op does anything else, nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scopeview.model.attributes import TensorValue
from scopeview.model.op_types import COPIES, RANDOM_KINDS, SIZES, VARIABLE_TYPES
from scopeview.model.ops import MISSING, OpRow, OpTable

_MOST_STEPS = 16
_MOST_BEHIND = 200
_UNITS = (*(f"Matrix{sets}Diag{version}" for sets in ("", "Set") for version in ("", "V2", "V3")),)
_SCALES, _SHIFTS = ("Mul", "RealDiv", "Div"), ("Add", "AddV2", "Sub")
_MADE_FROM = 4
"""Variables named, of those that a value is computed from."""

Described = tuple[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Scaled:
    """`scale * base + shift`."""

    base: OpRow
    scale: float
    shift: float


def describe_scaled(graph: OpTable, value: OpRow) -> Described | None:
    """Return the initializer of a value that is one tensor scaled and moved, or None if it is another."""
    found = _scaled(graph, value)
    if found is None:
        return None
    op_type, scale, shift = graph.op_type(found.base), found.scale, found.shift
    kind = RANDOM_KINDS.get(op_type)
    if kind == "random_uniform":
        if "Int" in op_type:
            return None
        low, high = sorted((shift, scale + shift))
        return kind, {"maxval": high, "minval": low}
    if kind is not None:
        return kind, {"mean": shift, "stddev": abs(scale)}
    if op_type in _UNITS:
        is_unit = shift == 0 and _diagonal(graph, found.base) == 1
        return ("identity", {"gain": scale} if scale != 1 else {}) if is_unit else None
    number = _uniform_number(graph, found.base)
    return None if number is None else _constant(scale * number + shift)


def _constant(value: float) -> Described:
    kind = "zeros" if value == 0 else "ones" if value == 1 else "constant"
    return kind, {"value": value} if kind == "constant" else {}


def _scaled(graph: OpTable, value: OpRow) -> Scaled | None:
    row, scale, shift = value, 1.0, 0.0
    for _ in range(_MOST_STEPS):
        op_type = graph.op_type(row)
        if op_type == "Neg" or op_type in COPIES:
            operand = _source(graph, row, 0)
            scale = -scale if op_type == "Neg" else scale
        elif op_type in _SCALES or op_type in _SHIFTS:
            step = _step(graph, row, op_type)
            if step is None:
                return None
            operand, factor, term = step
            scale, shift = scale * factor, shift + scale * term
        else:
            return Scaled(row, scale, shift)
        if operand is None:
            return None
        row = operand
    return None


def _step(graph: OpTable, row: OpRow, op_type: str) -> tuple[OpRow, float, float] | None:
    """Return the operand that goes on, and what an op scales it by and adds to it."""
    first, second = _source(graph, row, 0), _source(graph, row, 1)
    if first is None or second is None:
        return None
    number = _number(graph, second)
    operand = first
    if number is None:
        number, operand = _number(graph, first), second
        if number is None or op_type in ("RealDiv", "Div"):
            return None
        if op_type == "Sub":
            return operand, -1.0, number
    if op_type in ("RealDiv", "Div"):
        return (operand, 1 / number, 0.0) if number else None
    if op_type == "Mul":
        return operand, number, 0.0
    return operand, 1.0, -number if op_type == "Sub" else number


def _source(graph: OpTable, row: OpRow, slot: int) -> OpRow | None:
    edge = graph.input(row, slot)
    return None if edge is None or edge.source == MISSING or edge.is_control else edge.source


def _tensor(graph: OpTable, row: OpRow | None) -> TensorValue | None:
    value = graph.attributes(row).get("value") if row is not None and graph.op_type(row) == "Const" else None
    return value if isinstance(value, TensorValue) else None


def _number(graph: OpTable, row: OpRow) -> float | None:
    """Return the value of a scalar constant, or of the difference of two."""
    if graph.op_type(row) == "Sub":
        ends = [_tensor(graph, _source(graph, row, slot)) for slot in (0, 1)]
        numbers = [_scalar(end) for end in ends]
        return None if numbers[0] is None or numbers[1] is None else numbers[0] - numbers[1]
    return _scalar(_tensor(graph, row))


def _scalar(tensor: TensorValue | None) -> float | None:
    is_scalar = tensor is not None and tensor.shape == () and len(tensor.preview) == 1
    value = tensor.preview[0] if is_scalar and tensor is not None else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _uniform_number(graph: OpTable, row: OpRow) -> float | None:
    """Return the number that all elements of a constant or a fill are."""
    if graph.op_type(row) == "Fill":
        filled = _source(graph, row, 1)
        return None if filled is None else _number(graph, filled)
    tensor = _tensor(graph, row)
    value = tensor.preview[0] if tensor is not None and tensor.is_uniform and tensor.preview else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _diagonal(graph: OpTable, row: OpRow) -> float | None:
    """Return the number on the diagonal of a matrix that is zero elsewhere."""
    sets = graph.op_type(row).startswith("MatrixSetDiag")
    around, diagonal = _source(graph, row, 0), _source(graph, row, int(sets))
    is_zero_around = not sets or (around is not None and _uniform_number(graph, around) == 0)
    return _uniform_number(graph, diagonal) if diagonal is not None and is_zero_around else None


def made_from(graph: OpTable, value: OpRow) -> tuple[str, ...]:
    """Return the variables whose values a first value is computed from, shapes of theirs left out."""
    queue, seen, found = [value], {value}, []
    for row in queue:
        if graph.op_type(row) in VARIABLE_TYPES:
            found.append(graph.name(row))
        elif len(queue) < _MOST_BEHIND and graph.op_type(row) not in SIZES:
            sources = (edge.source for edge in graph.inputs(row) if edge.source != MISSING and not edge.is_control)
            fresh = [source for source in dict.fromkeys(sources) if source not in seen]
            seen.update(fresh)
            queue += fresh
    return tuple(found[:_MADE_FROM])
