"""What each op is for: the computation itself, or the machinery around it.

Structure decides first: what a saver, an `Apply*` op, an initializing assignment or a summary is, its type and wiring
say. What computes for these alone belongs to them (a learning rate, a tag, the fill of an initializer). Names come
last: TensorFlow puts gradients in `gradients`, savers in `save`, updates in `<optimizer>/update_<variable>`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.auxiliary import AuxiliaryVariable
from scopeview.analysis.derive.writers import is_moving_average, is_restored
from scopeview.model.attributes import FunctionRef
from scopeview.model.functions import CALL_TYPES
from scopeview.model.model import Model
from scopeview.model.names import is_within, leaf_of, op_of_tensor, scope_of
from scopeview.model.once import Answers, once
from scopeview.model.op_types import APPLY, ASSIGNS, RESTORES, SAVES, SUMMARY_INPUTS, WRITER
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.scopes import ScopeId
from scopeview.model.variables import VARIABLE_TYPES

Role = Literal["update", "gradient", "summary", "bookkeeping", "init", "save", "forward"]
"""What an op serves; where an op serves several, the first of these that it serves."""

ROLES: tuple[Role, ...] = get_args(Role)
TRAINING: frozenset[Role] = frozenset({"update", "gradient"})
"""Roles that use a variable only to train it: a bucket of its own, and no sharing."""

_CODE: Mapping[Role, int] = {role: code for code, role in enumerate(ROLES)}
_FORWARD = _CODE["forward"]

_SUMMARY = re.compile(r"\w*Summary(V2)?|Write\w*Summary")
_GRADIENT = re.compile(r"\w*Grad(V\d+|Ext)?|\w*BackpropFilter(V\d+)?|BroadcastGradientArgs")
"""Types that only gradients have. `Conv2DBackpropInput` is none of them: it is what a transposed convolution is."""

_SAVER = re.compile(r"(Save|Restore|Sharded|MergeV2Checkpoints)\w*")
_INIT = re.compile(r"VarIsInitializedOp|IsVariableInitialized|InitializeTable\w*")
_GRADIENT_SCOPE = re.compile(r"gradients(_\d+)?|gradient_tape(_\d+)?")
_GRADIENT_OF = re.compile(r"(?:.*/)?gradients(?:_\d+)?/(.+)_grad", re.DOTALL)
"""The scope of an op's gradient, with the name of that op."""

_SAVE_SCOPE = re.compile(r"save(_\d+)?")
_BOOKKEEPING_SCOPE = re.compile(r"report_uninitialized_\w+")
_COMPUTES = re.compile(r"\w*(MatMul|Conv\d*D?|BiasAdd|Gather\w*|LSTM\w*|GRU\w*|RNN\w*|BatchNorm\w*|Einsum)(V\d+)?")
"""Types that are a network's own work, whoever alone looks at its result."""

_CHOOSES = frozenset({"Switch", "RefSwitch", "Merge", "RefMerge", "Identity", "LogicalNot", "If", "StatelessIf"})
_MOVING_AVERAGE_SCOPE = re.compile(r"AssignMovingAvg(_\d+)?")
_COND_SCOPE = re.compile(r"cond(_\d+)?")
_ROUNDS = 64

Codes = NDArray[np.int8]


class Roles:
    """The role of every op of a model's graph and functions; computed for a table when it is first asked for."""

    def __init__(self, model: Model, auxiliary_variables: Mapping[str, AuxiliaryVariable]) -> None:
        self._model = model
        self._attachments = auxiliary_variables
        self._functions = Answers()

    def of(self, row: OpRow, function: str = "") -> Role:
        """Return the role of one op."""
        return ROLES[int(self.codes(function)[row])]

    forward = _FORWARD
    """The code of the role `forward`."""

    def rows(self, role: Role) -> NDArray[np.int64]:
        """Return the ops of the main graph that have a role."""
        return np.flatnonzero(self.codes() == _CODE[role])

    def counts(self, rows: range | None = None, function: str = "") -> dict[Role, int]:
        """Count the ops of a table, or of a slice of it, by role, forward first."""
        codes = self.codes(function) if rows is None else self.codes(function)[rows.start : rows.stop]
        numbers = np.bincount(codes, minlength=len(ROLES)).tolist()
        return {role: numbers[_CODE[role]] for role in reversed(ROLES) if numbers[_CODE[role]]}

    def codes(self, function: str = "") -> Codes:
        """Return the roles of a table, as indices into ROLES: shape (ops,)."""
        if not function:
            return self._graph
        return self._functions.get(function, lambda: self._of_function(function))

    @once
    def _graph(self) -> Codes:
        table = self._model.graph
        codes = _by_type(table)
        _mark(codes, _restoring(table), "save")
        _mark(codes, _calls_of_savers(self._model), "save")
        _mark(codes, self._initializing(), "init")
        _mark(codes, _behind_tests(table), "init")
        _mark(codes, self._updating(), "update")
        _mark_scopes(table, codes, {name.partition("/")[0] for name in self._model.variables.names})
        _mark(codes, _fed_by_gradients(table, codes), "update")
        _mark(codes, _towards_updates(table, codes), "gradient")
        _mark(codes, _own_reads_that_end(table), "bookkeeping")
        _follow_writes(table, codes)
        _group(table, codes)
        _absorb(table, codes, self._named())
        return codes

    def _named(self) -> Iterable[str]:
        """Yield the ops that somebody named as results: in a collection, in a signature, by taking their gradient."""
        for collection in self._model.collections:
            if collection.name not in ("summaries", "train_op", "update_ops"):
                told = (member.target for member in collection.members if member.kind in ("op", "tensor"))
                yield from (target for target in told if target is not None)
        for signature in self._model.signatures:
            yield from (op_of_tensor(output.tensor) for output in signature.outputs)
        tree = self._model.op_scopes
        for scope in map(ScopeId, range(1, len(tree))):
            differentiated = _GRADIENT_OF.fullmatch(tree.path(scope)) if tree.label(scope).endswith("_grad") else None
            if differentiated:
                yield differentiated[1]

    def _of_function(self, name: str) -> Codes:
        table = self._model.functions[name].body
        if _is_saver(table):
            return np.full(len(table), _CODE["save"], dtype=np.int8)
        if name.startswith("__inference___backward"):
            return np.full(len(table), _CODE["gradient"], dtype=np.int8)
        codes = _by_type(table)
        _mark_scopes(table, codes, set())
        _absorb(table, codes)
        return codes

    def _initializing(self) -> Iterable[OpRow]:
        """Yield the assignments that give variables their first value."""
        table = self._model.graph
        first = {variable.initializer.op for variable in self._model.variables if variable.initializer}
        for row in table.rows_of_type("Assign", "AssignVariableOp"):
            edges = table.inputs(row)
            if len(edges) < 2 or min(edges[0].source, edges[1].source) < 0:
                continue
            is_own = scope_of(table.name(row)) == table.name(edges[0].source)
            value = table.name(edges[1].source)
            # A module that is applied again makes initializers again, which nothing runs.
            if is_own or value in first or "/Initializer/" in value:
                yield row

    def _updating(self) -> Iterable[OpRow]:
        """Yield the writes of optimizers and moving averages that are no `Apply*` op."""
        table, kept = self._model.graph, self._attachments
        counters = {name for name in self._model.variables.names if leaf_of(name) == "global_step"}
        for row in table.rows_of_type(*ASSIGNS):
            edges = table.inputs(row)
            target = table.name(edges[0].source) if edges and edges[0].source >= 0 else ""
            if target in kept or target in counters or is_moving_average(table, row):
                yield row


def _by_type(table: OpTable) -> Codes:
    """Return the roles that op types alone decide."""
    tests: tuple[tuple[Role, re.Pattern[str]], ...] = (
        ("update", APPLY),
        ("gradient", _GRADIENT),
        ("summary", _SUMMARY),
        ("init", _INIT),
        ("save", _SAVER),
    )
    of_type = [
        next((_CODE[role] for role, pattern in tests if pattern.fullmatch(name)), _FORWARD)
        for name in table.columns.types
    ]
    return np.array(of_type or [_FORWARD], dtype=np.int8)[table.columns.type_id]


def _mark(codes: Codes, rows: Iterable[OpRow], role: Role) -> None:
    """Give a role to rows that have none yet."""
    chosen = np.fromiter(rows, dtype=np.int64)
    codes[chosen[codes[chosen] == _FORWARD]] = _CODE[role]


def _restoring(table: OpTable) -> Iterable[OpRow]:
    if table.rows_of_type(*RESTORES):
        yield from (row for row in table.rows_of_type(*ASSIGNS) if is_restored(table, row))


def _is_saver(table: OpTable) -> bool:
    return bool(table.rows_of_type(*SAVES, *RESTORES))


def _calls_of_savers(model: Model) -> Iterable[OpRow]:
    for row in model.graph.rows_of_type(*CALL_TYPES):
        called = model.graph.attributes(row).get("f")
        function = model.functions.get(called.name) if isinstance(called, FunctionRef) else None
        if function is not None and _is_saver(function.body):
            yield row


def _behind_tests(table: OpTable) -> list[OpRow]:
    """Return the control flow that asks whether a variable is initialized (`initialized_value`)."""
    queue = table.rows_of_type("VarIsInitializedOp", "IsVariableInitialized")
    seen = set(queue)
    for row in queue:
        onward = (e.target for e in table.consumers(row) if table.op_type(e.target) in _CHOOSES)
        fresh = [target for target in dict.fromkeys(onward) if target not in seen]
        queue += fresh
        seen.update(fresh)
    return queue


def _mark_scopes(table: OpTable, codes: Codes, top_scopes: set[str]) -> None:
    """Give the roles that scopes are named for.

    A scope is a saver's only where one stands in it, and an update's only where `update_` stands before the path of a
    variable, whose first segments are `top_scopes`.
    """
    savers = {scope_of(table.name(row)) for row in table.rows_of_type(*SAVES, *RESTORES)}
    tree = table.scopes
    scope = 1
    while scope < len(tree):
        label = tree.label(ScopeId(scope))
        role = _role_of_scope(label, tree.path(ScopeId(scope)) in savers, label.removeprefix("update_") in top_scopes)
        if role is None:
            scope += 1
            continue
        first, last = int(tree.first[scope]), int(tree.last[scope])
        part = codes[first:last]
        part[part == _FORWARD] = _CODE[role]
        scope = int(tree.subtree_end[scope])
    _mark_averaging_conds(table, codes)


def _mark_averaging_conds(table: OpTable, codes: Codes) -> None:
    """Mark branches that hold a moving average and compute for nothing else (`smart_cond` in batch normalization)."""
    tree = table.scopes
    for scope in map(ScopeId, range(1, len(tree))):
        parent = ScopeId(int(tree.parent[scope]))
        is_average = _MOVING_AVERAGE_SCOPE.fullmatch(tree.label(scope)) is not None
        if not is_average or not _COND_SCOPE.fullmatch(tree.label(parent)):
            continue
        first, last = int(tree.first[parent]), int(tree.last[parent])
        outside = (edge.target for row in range(first, last) for edge in table.consumers(OpRow(row)))
        if all(first <= target < last or codes[target] != _FORWARD for target in outside):
            part = codes[first:last]
            part[part == _FORWARD] = _CODE["update"]


def _role_of_scope(label: str, holds_saver: bool, names_variable: bool) -> Role | None:
    if _GRADIENT_SCOPE.fullmatch(label):
        return "gradient"
    if (label.startswith("update_") and names_variable) or _MOVING_AVERAGE_SCOPE.fullmatch(label):
        return "update"
    if holds_saver and _SAVE_SCOPE.fullmatch(label):
        return "save"
    return "bookkeeping" if _BOOKKEEPING_SCOPE.fullmatch(label) else None


def _fed_by_gradients(table: OpTable, codes: Codes) -> list[OpRow]:
    """Return the assignments of values that come from gradients: optimizers that Keras spells out op by op."""
    queue = list(map(OpRow, np.flatnonzero(codes == _CODE["gradient"]).tolist()))
    seen = set(queue)
    found = []
    for row in queue:
        for edge in table.consumers(row):
            if edge.is_control or edge.target in seen or codes[edge.target] != _FORWARD:
                continue
            seen.add(edge.target)
            if table.op_type(edge.target) in ASSIGNS:
                found.append(edge.target)
            else:
                queue.append(edge.target)
    return found


def _towards_updates(table: OpTable, codes: Codes) -> list[OpRow]:
    """Return the ops between gradients and updates: clipping, scaling, averaging over towers."""
    is_update = _per_type(table, lambda name: APPLY.fullmatch(name) is not None or name in ASSIGNS)
    updates = np.flatnonzero((codes == _CODE["update"]) & is_update).tolist()
    behind: dict[OpRow, bool] = {}
    queue = list(map(OpRow, updates))
    fed: list[OpRow] = []
    for row in queue:
        for edge in table.inputs(row):
            source = edge.source
            if edge.is_control or source < 0 or source in behind:
                continue
            if codes[source] == _CODE["gradient"]:
                if codes[row] == _FORWARD:
                    fed.append(row)
            elif codes[source] == _FORWARD and table.op_type(source) not in VARIABLE_TYPES:
                behind[source] = False
                queue.append(source)
    for row in fed:
        if not behind.get(row):
            behind[row] = True
            fed += [e.target for e in table.consumers(row) if behind.get(e.target) is False]
    return [row for row, is_fed in behind.items() if is_fed]


def _own_reads_that_end(table: OpTable) -> Iterable[OpRow]:
    """Yield the reads that TensorFlow puts beside every variable and that nothing uses."""
    for row in table.rows_of_type("ReadVariableOp", "Identity"):
        edges = table.inputs(row)
        if edges and edges[0].source >= 0 and table.op_type(edges[0].source) in VARIABLE_TYPES:
            scope, variable = scope_of(table.name(row)), table.name(edges[0].source)
            is_own = is_within(scope, variable) or leaf_of(scope) == "Read"
            if is_own and not table.consumers(row):
                yield row


def _group(table: OpTable, codes: Codes) -> None:
    """Give the NoOps that run several ops the role of these, or bookkeeping where they differ."""
    left = table.rows_of_type("NoOp")
    for _ in range(_ROUNDS):
        decided = {row: code for row in left if (code := _code_of_group(table, row, codes)) is not None}
        if not decided:
            break
        for row, code in decided.items():
            codes[row] = code
        left = [row for row in left if row not in decided]


def _follow_writes(table: OpTable, codes: Codes) -> None:
    """Give reads that nothing takes, and that only wait for a write, the role of that write (`K.update` makes them)."""
    for row in table.rows_of_type("ReadVariableOp"):
        before = {int(codes[edge.source]) for edge in table.inputs(row) if edge.is_control and edge.source >= 0}
        is_used = any(not edge.is_control for edge in table.consumers(row))
        if codes[row] == _FORWARD and len(before) == 1 and _FORWARD not in before and not is_used:
            codes[row] = before.pop()


def _code_of_group(table: OpTable, row: OpRow, codes: Codes) -> int | None:
    found = {int(codes[edge.source]) for edge in table.inputs(row) if edge.source >= 0}
    if codes[row] != _FORWARD or _FORWARD in found:
        return None
    return found.pop() if len(found) == 1 else _CODE["bookkeeping"]


def _absorb(table: OpTable, codes: Codes, named: Iterable[str] = ()) -> None:
    """Give what computes for machinery alone the role of that machinery.

    Gradients take the forward values that they need; they alone do not make these theirs (the loss often feeds nothing
    else). An op of a type that is a network's own work stays forward, whoever looks at its result, and so does one that
    is named as a result.
    """
    columns = table.columns
    source = columns.source
    known = source >= 0
    remaining = np.bincount(source[known], minlength=len(table)) if len(table) else np.zeros(0, dtype=np.int64)
    best = np.full(len(table), _FORWARD, dtype=np.int8)
    stays, light = _per_type(table, _stays_forward), _per_type(table, _is_light)
    shows = _per_type(table, lambda name: name in SUMMARY_INPUTS or name in VARIABLE_TYPES)
    is_fed = _per_type(table, lambda name: name.startswith("Placeholder"))
    for name in named:
        row = table.row(name)
        if row is not None:
            stays[row] = True
    feeds_gradient = np.zeros(len(table), dtype=bool)
    frontier = np.flatnonzero(codes != _FORWARD)
    while frontier.size:
        edges, target = _in_edges(columns.in_start, frontier)
        edges, target = edges[known[edges]], target[known[edges]]
        np.subtract.at(remaining, source[edges], 1)
        np.minimum.at(best, source[edges], codes[target])
        feeds_gradient[source[edges[codes[target] == _CODE["gradient"]]]] = True
        reached = np.unique(source[edges])
        names_file = is_fed[reached] & (best[reached] == _CODE["save"])
        free = (remaining[reached] == 0) & (codes[reached] == _FORWARD) & (~stays[reached] | names_file)
        free &= (best[reached] != _CODE["summary"]) | shows[reached]
        frontier = reached[free & (light[reached] | ~feeds_gradient[reached])]
        codes[frontier] = best[frontier]


def _in_edges(in_start: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the input edges of many ops, and the op of each edge."""
    counts = in_start[rows + 1] - in_start[rows]
    target = np.repeat(rows, counts)
    before = np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(in_start[rows], counts) + np.arange(len(target)) - before, target


def _per_type(table: OpTable, test: Callable[[str], bool]) -> NDArray[np.bool_]:
    of_type = np.array([test(name) for name in table.columns.types] or [False], dtype=bool)
    return of_type[table.columns.type_id]


def _stays_forward(op_type: str) -> bool:
    is_work = _COMPUTES.fullmatch(op_type) is not None or WRITER.fullmatch(op_type) is not None
    return is_work or op_type.startswith("Placeholder") or op_type == "_Arg"


def _is_light(op_type: str) -> bool:
    return op_type in ("Const", "Shape", "Identity", "ReadVariableOp") or op_type in VARIABLE_TYPES
