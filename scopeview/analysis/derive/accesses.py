"""Who reads and who writes a variable: a walk along the dataflow, because names do not tell.

    ref       X -> Identity X/read -> consumers            X -> Assign, Apply*, Scatter*: writers (input 0)
    resource  X -> ReadVariableOp, ResourceGather: readers  X -> AssignVariableOp, ResourceApply*: writers
    control   Enter, Switch, Merge and their Ref kinds pass a variable on into loops and branches
    calls     PartitionedCall, While, If, Case pass it on as an argument of a function
    parts     a ConcatV2 joins the parts of a partitioned variable into its value

The functions of a TF 2 SavedModel take their variables as arguments too: which ones, the object graph says by position.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scopeview.analysis.derive.entry_points import programs
from scopeview.analysis.derive.roles import Role, Roles
from scopeview.model.attributes import FunctionRef
from scopeview.model.functions import CALL_TYPES, Function
from scopeview.model.model import Model
from scopeview.model.names import scope_of
from scopeview.model.op_types import WRITER
from scopeview.model.ops import Edge, OpRow, OpTable
from scopeview.model.variables import Variable

_PASSES = frozenset({"Identity", "RefIdentity", "Enter", "RefEnter", "Switch", "RefSwitch", "Merge", "RefMerge"})
_PENALTY = re.compile(r"(^|/)\w*(regulari[sz]er|weight_?decay)\w*(/|$)", re.IGNORECASE)
"""Scopes that layers put their penalties in: `conv/kernel/Regularizer/l2_regularizer`."""

_JOIN = "/ConcatPartitions/concat"

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
    program: str
    """The program whose dataflow leads to it: a function of the object graph, or empty for the main graph."""
    scope: str
    """The op scope that it works for, seen from the program: the scope of a call stands before that of its body."""
    works_for: str
    """The op that it reads for: `S/MatMul` for `S/MatMul/ReadVariableOp`, else itself."""
    role: Role
    writes: bool
    branch: str = ""
    """The branch of a `tf.cond` that it stands in (`pred_id:1`): of two branches, one runs."""
    is_penalty: bool = False
    """Whether it only takes the size of the variable, for weight decay: no use that shares it."""


@dataclass(frozen=True, slots=True)
class Accesses:
    """Every op that reads a variable, and every op that writes it, in the order of the walk."""

    readers: tuple[Access, ...] = ()
    writers: tuple[Access, ...] = ()
    is_cut: bool = False
    """Whether the walk ended early: functions that call functions can make more call sites than there are ops."""

    @property
    def forward(self) -> tuple[Access, ...]:
        """What the computation itself reads, penalties for the size of weights left out."""
        return tuple(access for access in self.readers if access.role == "forward" and not access.is_penalty)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk is: an edge into an op of a function, and the scope and functions of the calls that lead there."""

    program: str
    function: str
    calls: str
    edge: Edge
    callers: tuple[str, ...] = ()
    role: Role = "forward"
    """What the calls on the way are for."""
    branch: str = ""


class AccessIndex:
    """Finds the accesses of the variables of one model, each once."""

    def __init__(self, model: Model, roles: Roles, *, limit: int = 100_000) -> None:
        """Prepare a walk that follows at most `limit` edges of each variable."""
        self._model = model
        self._roles = roles
        self._limit = limit
        self._known: dict[str, Accesses] = {}
        self._called: dict[tuple[str, OpRow], tuple[Function, ...] | None] = {}
        self._programs = programs(model)
        self._bound = {binding.function for binding in model.bindings}

    def of(self, variable: Variable) -> Accesses:
        """Return what reads and writes a variable; its parts are walked one by one.

        A variable that no op and no function holds (of a checkpoint) has no accesses. A function that calls itself is
        entered once on each way.
        """
        if variable.identity not in self._known:
            self._known[variable.identity] = self._find(variable)
        return self._known[variable.identity]

    def _find(self, variable: Variable) -> Accesses:
        found: dict[tuple[str, ...], Access] = {}
        steps = 0
        for handle, starts in self._starts(variable):
            for access in self._walk(variable, handle, starts):
                steps += 1
                if steps > self._limit:
                    break
                if access is not None:
                    found.setdefault((access.program, access.function, access.op, access.scope), access)
        return Accesses(
            tuple(access for access in found.values() if not access.writes),
            tuple(access for access in found.values() if access.writes),
            steps > self._limit,
        )

    def _starts(self, variable: Variable) -> Iterator[tuple[str, list[_Place]]]:
        """Yield where the walks begin: at the ops that hold the variable, and at arguments bound to it."""
        graph = self._model.graph
        for handle in variable.handles:
            row = graph.row(handle)
            if row is not None:
                yield handle, [_Place("", "", "", edge) for edge in graph.consumers(row)]
        for program in self._programs:
            function = self._model.functions[program.function]
            for position, identity in enumerate(program.variables, program.first):
                row = function.body.row(function.arguments[position].name) if identity == variable.identity else None
                if row is not None:
                    edges = function.body.consumers(row)
                    callers = (function.name,)
                    yield "", [_Place(program.name or "model", function.name, "", e, callers) for e in edges]

    def _walk(self, variable: Variable, handle: str, queue: list[_Place]) -> Iterator[Access | None]:
        """Yield one item for each edge that is followed: the access at its end, or None where it leads on."""
        seen = set(queue)
        for place in queue:
            if place.edge.is_control:
                continue
            table = self._table(place.function)
            called = self._functions_called(place.function, table, place.edge.target)
            onward = []
            if called is not None:
                onward = list(self._into(called, table, place))
                yield None
            elif _passes_on(table, place, variable, handle):
                onward = [_next(table, place, e) for e in table.consumers(place.edge.target) if not e.is_control]
                is_end = not onward and not _is_own_read(table, place, handle)
                yield self._access(table, place) if is_end else None
            else:
                yield self._access(table, place)
            queue += [step for step in onward if step not in seen]
            seen.update(onward)

    def _table(self, function: str) -> OpTable:
        return self._model.functions[function].body if function else self._model.graph

    def _functions_called(self, function: str, table: OpTable, row: OpRow) -> Sequence[Function] | None:
        """Return the functions that an op calls with its inputs, or None if it calls none that is there.

        A function that the object graph binds is left out where the main graph calls it: it is a program of its own.
        """
        op_type = table.op_type(row)
        if op_type not in _BRANCHES:
            return None
        if (function, row) not in self._called:
            values = [table.attributes(row).get(name) for name in _BRANCHES[op_type]]
            named = [item for value in values for item in (value if isinstance(value, tuple) else (value,))]
            names = [item.name for item in named if isinstance(item, FunctionRef)]
            known = [self._model.functions[name] for name in names if name in self._model.functions]
            walked = tuple(f for f in known if function or f.name not in self._bound)
            self._called[function, row] = walked if known else None
        return self._called[function, row]

    def _into(self, called: Sequence[Function], table: OpTable, place: _Place) -> Iterator[_Place]:
        """Go on inside the functions that are called, but not into one that led here."""
        target = place.edge.target
        calls = _joined(place.calls, table.name(target))
        argument = place.edge.slot - (table.op_type(target) in _SELECTED)
        role = self._role(target, place)
        for function in called:
            if function.name in place.callers or not 0 <= argument < len(function.arguments):
                continue
            row = function.body.row(function.arguments[argument].name)
            edges = function.body.consumers(row) if row is not None else ()
            callers = (*place.callers, function.name)
            yield from (_Place(place.program, function.name, calls, edge, callers, role) for edge in edges)

    def _role(self, row: OpRow, place: _Place) -> Role:
        return place.role if place.role != "forward" else self._roles.of(row, place.function)

    def _access(self, table: OpTable, place: _Place) -> Access:
        target = place.edge.target
        name, op_type = table.name(target), table.op_type(target)
        works_for = _works_for(table, name)
        scope = _joined(place.calls, scope_of(works_for))
        writes = place.edge.slot == 0 and WRITER.fullmatch(op_type) is not None
        role = self._role(target, place)
        is_penalty = not writes and (op_type == "L2Loss" or _PENALTY.search(scope_of(works_for)) is not None)
        return Access(
            name, place.function, op_type, place.program, scope, works_for, role, writes, place.branch, is_penalty
        )


def _next(table: OpTable, place: _Place, edge: Edge) -> _Place:
    """Go on along an edge; behind a Switch, the walk is in one branch of it."""
    if table.op_type(edge.source) not in ("Switch", "RefSwitch"):
        return replace(place, edge=edge)
    predicate = [e.source for e in table.inputs(edge.source) if e.slot == 1 and e.source >= 0]
    name = table.name(predicate[0]) if predicate else table.name(edge.source)
    return replace(place, edge=edge, branch=f"{name}:{edge.port}")


def _passes_on(table: OpTable, place: _Place, variable: Variable, handle: str) -> bool:
    """Whether an op hands the variable on; the read that stands beside it and the join of its parts do so too."""
    if table.op_type(place.edge.target) in _PASSES or _is_own_read(table, place, handle):
        return True
    return bool(variable.parts) and table.name(place.edge.target) == f"{variable.name}{_JOIN}"


def _is_own_read(table: OpTable, place: _Place, handle: str) -> bool:
    is_read = table.op_type(place.edge.target) in ("ReadVariableOp", "Identity")
    return is_read and not place.function and table.name(place.edge.target).startswith(f"{handle}/")


def _works_for(table: OpTable, name: str) -> str:
    """Return the op that an op is a part of: `S/MatMul/ReadVariableOp` stands below the op `S/MatMul`."""
    scope = scope_of(name)
    return scope if scope and table.row(scope) is not None else name


def _joined(outer: str, inner: str) -> str:
    return f"{outer}/{inner}" if outer and inner else outer or inner
