"""Who reads and who writes a variable: a walk along the dataflow, because names do not tell.

    ref       X -> Identity X/read -> consumers            X -> Assign, Apply*, Scatter*: writers (input 0)
    resource  X -> ReadVariableOp, ResourceGather: readers  X -> AssignVariableOp, ResourceApply*: writers
    control   Enter, Switch, Merge and their Ref kinds pass a variable on into loops and branches
    calls     PartitionedCall, While, If, Case pass it on as an argument of a function

What keeps the variable itself running (saving, initialising, updating) is told apart from what uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from scopeview.model.attributes import FunctionRef
from scopeview.model.functions import CALL_TYPES, Function
from scopeview.model.model import Model
from scopeview.model.names import scope_of
from scopeview.model.ops import MISSING, Edge, OpRow, OpTable
from scopeview.model.variables import Variable

Role = Literal["forward", "training", "save", "init"]
"""What an access serves: the computation, an optimiser or gradient, a saver, the variable's own start."""

_PASSES = frozenset({"Identity", "RefIdentity", "Enter", "RefEnter", "Switch", "RefSwitch", "Merge", "RefMerge"})
_SAVES = frozenset({"SaveV2", "SaveSlices", "Save"})
_RESTORES = frozenset({"RestoreV2", "RestoreSlice", "Restore"})
_INITIALISED = frozenset({"VarIsInitializedOp", "IsVariableInitialized"})
_WRITER = re.compile(
    r"Assign(Add|Sub)?(VariableOp)?|(Resource)?(Sparse)?Apply\w+|(Resource)?Scatter\w+"
    r"|(Resource)?StridedSliceAssign|(Resource)?CountUpTo"
)
_UPDATE = re.compile(r"(Resource)?(Sparse)?Apply\w+")
_GRADIENT_SCOPE = re.compile(r"gradients(_\d+)?|gradient_tape")

_BRANCHES = {
    "If": ("then_branch", "else_branch"),
    "StatelessIf": ("then_branch", "else_branch"),
    "While": ("cond", "body"),
    "StatelessWhile": ("cond", "body"),
    "Case": ("branches",),
    "StatelessCase": ("branches",),
    **dict.fromkeys(CALL_TYPES, ("f",)),
}
"""The attributes that name the functions which an op calls with its inputs."""

_SELECTED = frozenset({"If", "StatelessIf", "Case", "StatelessCase"})
"""Ops whose first input chooses the branch and is no argument of it."""


@dataclass(frozen=True, slots=True)
class Access:
    """One op that reads or writes a variable."""

    op: str
    function: str
    """The function whose body holds the op; empty for the main graph."""
    op_type: str
    scope: str
    """The op scope that it works for, seen from the main graph: the scope of a call stands before that of its body."""
    role: Role
    writes: bool


@dataclass(frozen=True, slots=True)
class Accesses:
    """Every op that reads a variable, and every op that writes it, in the order of the walk."""

    readers: tuple[Access, ...]
    writers: tuple[Access, ...]
    is_cut: bool
    """Whether the walk ended early: functions that call functions can make more call sites than there are ops."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is: an edge into an op of a function, and the scope and functions of the calls that lead there."""

    function: str
    calls: str
    edge: Edge
    callers: tuple[str, ...] = ()


def accesses(model: Model, variable: Variable, *, limit: int = 100_000) -> Accesses:
    """Follow a variable to what uses it; parts are walked one by one.

    A variable without an op (of a checkpoint, of an object graph) has no accesses. A function that calls itself is
    entered once on each way.

    Args:
        model: where the variable is.
        variable: one of its variables.
        limit: edges to follow at most.
    """
    found: dict[tuple[str, str, str], Access] = {}
    steps = 0
    for handle in (variable.handle_op, *(part.name for part in variable.parts)):
        row = model.graph.row(handle) if handle else None
        if row is None or handle is None:
            continue
        for access in _walk(model, handle, row):
            steps += 1
            if steps > limit:
                break
            if access is not None:
                found.setdefault((access.function, access.op, access.scope), access)
    return Accesses(
        tuple(access for access in found.values() if not access.writes),
        tuple(access for access in found.values() if access.writes),
        steps > limit,
    )


def _walk(model: Model, handle: str, row: OpRow) -> Iterator[Access | None]:
    """Yield one item for each edge that is followed: the access at its end, or None where it leads on."""
    queue = [_Place("", "", edge) for edge in model.graph.consumers(row)]
    seen = set(queue)
    for place in queue:
        if place.edge.is_control:
            continue
        table = _table(model, place.function)
        called = _called(model, table, place.edge)
        if _passes_on(table, place, handle):
            onward = [replace(place, edge=edge) for edge in table.consumers(place.edge.target)]
            yield None
        elif called:
            onward = list(_into(called, table, place))
            yield None
        else:
            onward = []
            yield _access(table, place, handle)
        queue += [step for step in onward if step not in seen]
        seen.update(onward)


def _table(model: Model, function: str) -> OpTable:
    return model.functions[function].body if function else model.graph


def _passes_on(table: OpTable, place: _Place, handle: str) -> bool:
    """Whether an op hands the variable on; the read that stands beside the variable does so too."""
    op_type, target = table.op_type(place.edge.target), place.edge.target
    is_own_read = op_type == "ReadVariableOp" and not place.function and table.name(target).startswith(f"{handle}/")
    return op_type in _PASSES or is_own_read


def _called(model: Model, table: OpTable, edge: Edge) -> list[tuple[Function, OpRow]]:
    """Return the functions that an op calls with this input, each with the row of its argument."""
    op_type = table.op_type(edge.target)
    if op_type not in _BRANCHES:
        return []
    attributes = table.attributes(edge.target)
    values = [attributes.get(name) for name in _BRANCHES[op_type]]
    named = [item for value in values for item in (value if isinstance(value, tuple) else (value,))]
    functions = [model.functions.get(item.name) for item in named if isinstance(item, FunctionRef)]
    argument = edge.slot - (op_type in _SELECTED)
    found = []
    for function in functions:
        if function is not None and 0 <= argument < len(function.arguments):
            row = function.body.row(function.arguments[argument].name)
            found += [(function, row)] if row is not None else []
    return found


def _into(called: list[tuple[Function, OpRow]], table: OpTable, place: _Place) -> Iterator[_Place]:
    """Go on inside the functions that are called, but not into one that led here."""
    calls = _joined(place.calls, table.name(place.edge.target))
    for function, row in called:
        if function.name not in place.callers:
            callers = (*place.callers, function.name)
            yield from (_Place(function.name, calls, edge, callers) for edge in function.body.consumers(row))


def _access(table: OpTable, place: _Place, handle: str) -> Access:
    target = place.edge.target
    name, op_type = table.name(target), table.op_type(target)
    writes = place.edge.slot == 0 and _WRITER.fullmatch(op_type) is not None
    scope = _joined(place.calls, _scope_of_use(table, name))
    return Access(name, place.function, op_type, scope, _role(table, place, handle, scope, writes), writes)


def _scope_of_use(table: OpTable, name: str) -> str:
    """Return the scope that an op works for: `S/MatMul/ReadVariableOp` reads for the op `S/MatMul` in `S`."""
    scope = scope_of(name)
    return scope_of(scope) if scope and table.row(scope) is not None else scope


def _role(table: OpTable, place: _Place, handle: str, scope: str, writes: bool) -> Role:
    """Structure first, names last."""
    target = place.edge.target
    op_type = table.op_type(target)
    if op_type in _SAVES or (writes and _is_restored(table, target)):
        return "save"
    is_own = not place.function and table.name(target).startswith(f"{handle}/")
    if op_type in _INITIALISED or is_own:
        return "init"
    if _UPDATE.fullmatch(op_type) or any(_GRADIENT_SCOPE.fullmatch(part) for part in scope.split("/")):
        return "training"
    return "forward"


def _is_restored(table: OpTable, row: OpRow) -> bool:
    """Whether what an op assigns comes out of a checkpoint."""
    for _ in range(8):
        edges = [edge for edge in table.inputs(row) if not edge.is_control]
        value = edges[1:2] if table.op_type(row).startswith("Assign") else edges[:1]
        if not value or value[0].source == MISSING:
            return False
        row = value[0].source
        if table.op_type(row) in _RESTORES:
            return True
        if table.op_type(row) not in ("Identity", "Reshape", "Cast"):
            return False
    return False


def _joined(outer: str, inner: str) -> str:
    return f"{outer}/{inner}" if outer and inner else outer or inner
