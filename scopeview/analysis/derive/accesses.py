"""Who reads and who writes a variable: a walk along the dataflow, whatever the names say.

    ref       X -> Identity X/read -> consumers            X -> Assign, Apply*, Scatter*: writers (input 0)
    resource  X -> ReadVariableOp -> consumers              X -> AssignVariableOp, ResourceApply*: writers
    control   Enter, Switch, Merge and their Ref kinds pass a variable on into loops and branches
    calls     PartitionedCall, While, If, Case pass it on as an argument of a function, and out of it as a result
    parts     a ConcatV2 joins the parts of a partitioned variable into its value

What decides is no data: where a variable is the predicate of a branch or a loop, the walk ends at that choice.
The functions of a TF 2 SavedModel take their variables as arguments too: which ones, the object graph says by position.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Literal

from scopeview.analysis.derive.entry_points import Program, programs, variants
from scopeview.analysis.derive.roles import Role, Roles
from scopeview.model.attributes import FunctionRef
from scopeview.model.functions import Function
from scopeview.model.model import Model
from scopeview.model.names import leaf_of, op_of_tensor, scope_of
from scopeview.model.op_types import (
    BRANCHES,
    DATAFLOW_PASSES,
    LOOP_CONDITION,
    MERGES,
    READS,
    SELECTED,
    SWITCHES,
    WRITER,
)
from scopeview.model.ops import Edge, OpRow, OpTable
from scopeview.model.variables import Variable

NoUse = Literal["", "penalty", "predicate", "copy"]

_PENALTY = re.compile(r"(^|/)\w*(regulari[sz]er|weight_?decay)\w*(/|$)", re.IGNORECASE)
"""Scopes that layers put their penalties in: `conv/kernel/Regularizer/l2_regularizer`."""

_JOIN = "/ConcatPartitions/concat"

_LEAST_STEPS, _MOST_STEPS = 20_000, 100_000
"""Edges that the walks of a model may follow besides as many as it has, and that the walk of one variable may."""


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
    no_use: NoUse = ""
    """Why it is no use that shares the variable; empty if it is one.

    A `penalty` takes its size for weight decay, a `predicate` decides what runs, a `copy` goes into another variable
    and nowhere else.
    """


@dataclass(frozen=True, slots=True)
class Accesses:
    """Every op that reads a variable, and every op that writes it, in the order of the walk."""

    readers: tuple[Access, ...] = ()
    writers: tuple[Access, ...] = ()
    is_cut: bool = False
    """Whether the walk ended early: functions that call functions can make more call sites than there are ops."""

    @property
    def forward(self) -> tuple[Access, ...]:
        """What the computation itself reads; penalties, predicates and copies left out."""
        return tuple(access for access in self.readers if access.role == "forward" and not access.no_use)


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
    decides: bool = False
    """Whether the function is the condition of a loop: what it returns unchanged is a predicate."""
    caller: _Place | None = field(default=None, compare=False)
    """Where the call stands; None where no op of the graph calls. `calls` and `callers` say the same of it."""


def affordable_edges(model: Model) -> int:
    """Return how many edges all walks of a model may follow: as many as it has, and a rest for small ones."""
    tables = (model.graph, *(function.body for function in model.functions.values()))
    return _LEAST_STEPS + sum(len(table.columns.source) for table in tables)


class AccessIndex:
    """Finds the accesses of the variables of one model, each once."""

    def __init__(self, model: Model, roles: Roles, *, limit: int | None = None) -> None:
        """Prepare walks.

        Args:
            model: the model.
            roles: its roles.
            limit: edges that are followed of each variable; without it as many as the size of the model allows, for
                functions that call functions lead on for ever while the file stays small: an equal share of each
                variable, and as many once more for those that are read at more places than others.
        """
        self._model = model
        self._roles = roles
        affordable = affordable_edges(model) if limit is None else 0
        share = max(_LEAST_STEPS // 100, affordable // max(1, len(model.variables)))
        self._limit, self._spare = share if limit is None else limit, affordable
        self._known: dict[str, Accesses] = {}
        self._called: dict[tuple[str, OpRow], tuple[tuple[str, Function], ...] | None] = {}
        self._programs = programs(model)
        self._variants = variants(model)
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
        steps, most = 0, min(_MOST_STEPS, self._limit + self._spare)
        for handle, starts in self._starts(variable):
            for access in self._walk(variable, handle, starts):
                steps += 1
                if steps > most:
                    break
                if access is not None:
                    found.setdefault((access.program, access.function, access.op, access.scope), access)
        self._spare -= max(0, min(steps, most) - self._limit)
        return Accesses(
            tuple(access for access in found.values() if not access.writes),
            tuple(access for access in found.values() if access.writes),
            steps > most,
        )

    def _starts(self, variable: Variable) -> Iterator[tuple[str, list[_Place]]]:
        """Yield where the walks begin: at the ops that hold the variable, and at arguments bound to it."""
        graph = self._model.graph
        for handle in variable.handles:
            row = graph.row(handle)
            if row is not None:
                yield handle, [_Place("", "", "", edge) for edge in graph.consumers(row)]
        for program in self._programs_with(variable.identity):
            function = self._model.functions[program.function]
            for position, identity in enumerate(program.variables, program.first):
                row = function.body.row(function.arguments[position].name) if identity == variable.identity else None
                if row is not None:
                    edges = function.body.consumers(row)
                    callers = (function.name,)
                    yield "", [_Place(program.name or "model", function.name, "", e, callers) for e in edges]

    def _programs_with(self, identity: str) -> tuple[Program, ...]:
        """Return the programs that take a variable; where none does, the first of their variants that does."""
        taking = tuple(program for program in self._programs if identity in program.variables)
        return taking or tuple(program for program in self._variants if identity in program.variables)[:1]

    def _walk(self, variable: Variable, handle: str, queue: list[_Place]) -> Iterator[Access | None]:
        """Yield one item for each edge that is followed: the access at its end, or None where it leads on."""
        seen = set(queue)
        for place in queue:
            if place.edge.is_control:
                continue
            table = self._table(place.function)
            called = self._functions_called(place.function, table, place.edge.target)
            onward: list[_Place] = []
            if _decides(table, place):
                yield self._predicate(table, place)
            elif called is not None:
                onward = list(self._into(called, table, place))
                yield None
            elif _passes_on(table, place, variable, handle):
                onward = [*self._beyond(table, place), *self._out_of(place)]
                is_end = not onward and not _is_own_read(table, place, handle)
                yield self._end(table, place) if is_end else None
            else:
                yield self._access(table, place)
            if onward:
                queue += [step for step in onward if step not in seen]
                seen.update(onward)

    def _table(self, function: str) -> OpTable:
        return self._model.functions[function].body if function else self._model.graph

    def _functions_called(self, function: str, table: OpTable, row: OpRow) -> Sequence[tuple[str, Function]] | None:
        """Return the functions that an op calls with its inputs, or None if it calls none that is there.

        A function that the object graph binds is left out where the main graph calls it: it is a program of its own.
        """
        op_type = table.op_type(row)
        if op_type not in BRANCHES:
            return None
        if (function, row) not in self._called:
            attributes = table.attributes(row)
            values = [(name, attributes.get(name)) for name in BRANCHES[op_type]]
            named = [
                (f"{name}{place}", item.name)
                for name, value in values
                for place, item in enumerate(value if isinstance(value, tuple) else (value,))
                if isinstance(item, FunctionRef)
            ]
            known = [(label, self._model.functions[name]) for label, name in named if name in self._model.functions]
            walked = tuple(pair for pair in known if function or pair[1].name not in self._bound)
            self._called[function, row] = walked if known else None
        return self._called[function, row]

    def _into(self, called: Sequence[tuple[str, Function]], table: OpTable, place: _Place) -> Iterator[_Place]:
        """Go on inside the functions that are called, but not into one that led here."""
        target = place.edge.target
        op_type, calls = table.op_type(target), _joined(place.calls, table.name(target))
        argument = place.edge.slot - (op_type in SELECTED)
        role = self._role(target, place)
        for label, function in called:
            if function.name in place.callers or not 0 <= argument < len(function.arguments):
                continue
            row = function.body.row(function.arguments[argument].name)
            callers = (*place.callers, function.name)
            branch = f"{calls}:{label}" if op_type in SELECTED else place.branch
            decides = label.startswith("cond")
            for edge in function.body.consumers(row) if row is not None else ():
                yield _Place(place.program, function.name, calls, edge, callers, role, branch, decides, place)

    def _beyond(self, table: OpTable, place: _Place) -> Iterator[_Place]:
        """Go on to what takes the output of an op; behind a Switch, the walk is in one branch of it."""
        target = place.edge.target
        is_merge = table.op_type(target) in MERGES
        branch = "" if is_merge else place.branch
        predicate = ""
        if table.op_type(target) in SWITCHES:
            sources = [e.source for e in table.inputs(target) if e.slot == 1 and e.source >= 0]
            predicate = table.name(sources[0]) if sources else table.name(target)
        for edge in table.consumers(target):
            if edge.is_control or (is_merge and edge.port == 1):
                continue  # the second output of a Merge says which input arrived
            yield replace(place, edge=edge, branch=f"{predicate}:{edge.port}" if predicate else branch)

    def _out_of(self, place: _Place) -> Iterator[_Place]:
        """Go on behind the call, if the function returns what the op hands on."""
        caller = place.caller
        if caller is None or place.decides:
            return
        function, table = self._model.functions[place.function], self._table(caller.function)
        name = function.body.name(place.edge.target)
        ports = {port for port, result in enumerate(function.results) if _op_of(result.source) == name}
        for edge in table.consumers(caller.edge.target) if ports else ():
            if not edge.is_control and edge.port in ports:
                yield replace(caller, edge=edge)

    def _role(self, row: OpRow, place: _Place) -> Role:
        return place.role if place.role != "forward" else self._roles.of(row, place.function)

    def _end(self, table: OpTable, place: _Place) -> Access:
        """Return the access of an op that hands the variable on to nothing: a result, or what a loop decides by."""
        no_use: NoUse = "predicate" if place.decides else ""
        access = self._access(table, place)
        return access if access.no_use == no_use else replace(access, no_use=no_use)

    def _predicate(self, table: OpTable, place: _Place) -> Access:
        """Return the access of what a variable decides: of all Switches of one `tf.cond`, the cond alone."""
        target, source = place.edge.target, place.edge.source
        name = table.name(target)
        is_cond = table.op_type(target) in SWITCHES and leaf_of(table.name(source)) == "pred_id"
        decided = name if table.op_type(target) in SELECTED else scope_of(table.name(source) if is_cond else name)
        access = self._access(table, place)
        return replace(
            access, works_for=decided or name, scope=_joined(place.calls, decided), writes=False, no_use="predicate"
        )

    def _access(self, table: OpTable, place: _Place) -> Access:
        target = place.edge.target
        name, op_type = table.name(target), table.op_type(target)
        owner = table.works_for(target)
        works_for = name if owner == target else table.name(owner)
        around = scope_of(works_for)
        scope = _joined(place.calls, around)
        writes = place.edge.slot == 0 and _is_writer(op_type)
        role = self._role(target, place)
        is_penalty = not writes and (op_type == "L2Loss" or is_penalty_scope(around))
        no_use: NoUse = "penalty" if is_penalty else ""
        return Access(
            name, place.function, op_type, place.program, scope, works_for, role, writes, place.branch, no_use
        )


@cache
def _is_writer(op_type: str) -> bool:
    return WRITER.fullmatch(op_type) is not None


@lru_cache(maxsize=4096)
def is_penalty_scope(scope: str) -> bool:
    """Whether layers put the penalties for the size of weights in such a scope."""
    return _PENALTY.search(scope) is not None


def _op_of(tensor: str) -> str:
    """Return the op of a function's result (`cond/Merge:output:0`, `x`)."""
    return op_of_tensor(tensor).partition(":")[0]


def _decides(table: OpTable, place: _Place) -> bool:
    """Whether an input chooses what runs: a predicate, a branch's index, the condition of a loop."""
    target, slot = place.edge.target, place.edge.slot
    op_type = table.op_type(target)
    if op_type in SWITCHES:  # `tf.cond` switches its predicate by itself, to order what stands in its branches
        return slot == 1 or _is_same(table, place.edge.source, table.input(target, 1))
    return (op_type in SELECTED and slot == 0) or op_type == LOOP_CONDITION


def _is_same(table: OpTable, row: OpRow, edge: Edge | None) -> bool:
    """Whether an edge brings what an op holds, by itself or by a read beside it."""
    if edge is None or edge.source < 0:
        return False
    behind = table.input(edge.source, 0) if table.op_type(edge.source) in READS else None
    return row == edge.source or (behind is not None and row == behind.source)


def _passes_on(table: OpTable, place: _Place, variable: Variable, handle: str) -> bool:
    """Whether an op hands the variable on: control flow, a read that works for no one op, the join of its parts."""
    target = place.edge.target
    op_type = table.op_type(target)
    if op_type in DATAFLOW_PASSES or _is_own_read(table, place, handle):
        return True
    if op_type == "ReadVariableOp":
        is_own_op = table.works_for(target) == target
        return is_own_op or any(table.op_type(edge.target) in BRANCHES for edge in table.consumers(target))
    return bool(variable.parts) and table.name(target) == f"{variable.name}{_JOIN}"


def _is_own_read(table: OpTable, place: _Place, handle: str) -> bool:
    is_read = table.op_type(place.edge.target) in READS
    return is_read and not place.function and table.name(place.edge.target).startswith(f"{handle}/")


def _joined(outer: str, inner: str) -> str:
    return f"{outer}/{inner}" if outer and inner else outer or inner
