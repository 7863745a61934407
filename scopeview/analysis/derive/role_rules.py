"""The first table of role rules: what an op is by its type, its wiring, its scope. The stronger rule stands first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from scopeview.analysis.derive.gradient_scopes import gradient_scopes
from scopeview.analysis.derive.reach import downstream, flags, per_type
from scopeview.analysis.derive.role_marks import CODES, FORWARD, Given, Marks, Role, RoleRule
from scopeview.analysis.derive.writers import is_moving_average, restored_assignments
from scopeview.model.attributes import FunctionRef
from scopeview.model.handed_on import first_inputs
from scopeview.model.names import is_within, leaf_of, op_of_tensor, scope_of
from scopeview.model.op_types import (
    APPLY,
    ASSIGNS,
    CALL_TYPES,
    CHOOSES,
    COPIES,
    FIRST_ASSIGNS,
    GRADIENT,
    INITIAL,
    INITIALIZED_TESTS,
    READS,
    RESTORES,
    SAVER,
    SAVES,
    SUMMARY,
    TABLE_FILLS,
    VARIABLE_TYPES,
)
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.scopes import ScopeId

_SAVE_SCOPE = re.compile(r"save(_\d+)?")
_BOOKKEEPING_SCOPE = re.compile(r"report_uninitialized_\w+")
_MOVING_AVERAGE_SCOPE = re.compile(r"AssignMovingAvg(_\d+)?")
_COND_SCOPE = re.compile(r"cond(_\d+)?")
_STARTS = frozenset({"init_op", "local_init_op", "legacy_init_op", "saved_model_main_op", "table_initializer"})
"""Collections of ops that run once, before the first step or when a SavedModel is loaded."""

_READY = frozenset({"ready_op", "ready_for_local_init_op"})


def _of_type(role: Role, pattern: re.Pattern[str]) -> Callable[[Marks], Iterator[Given]]:
    def find(marks: Marks) -> Iterator[Given]:
        yield Given(np.flatnonzero(per_type(marks.table, pattern.fullmatch)), CODES[role])

    return find


def _restoring(marks: Marks) -> Iterator[Given]:
    yield Given(map(OpRow, np.flatnonzero(restored_assignments(marks.table)).tolist()), CODES["save"])


def is_saver(table: OpTable) -> bool:
    """Whether a function's body saves or restores."""
    return bool(table.rows_of_type(*SAVES, *RESTORES))


def _calls(marks: Marks, test: Callable[[OpTable], bool]) -> Iterator[OpRow]:
    for row in marks.table.rows_of_type(*CALL_TYPES):
        called = marks.table.attributes(row).get("f")
        function = marks.model.functions.get(called.name) if isinstance(called, FunctionRef) else None
        if function is not None and test(function.body):
            yield row


def _calls_of_savers(marks: Marks) -> Iterator[Given]:
    yield Given(_calls(marks, is_saver), CODES["save"])


def _calls_that_fill_tables(marks: Marks) -> Iterator[Given]:
    yield Given(_calls(marks, lambda body: bool(body.rows_of_type(*TABLE_FILLS))), CODES["init"])


def _started(marks: Marks) -> Iterator[Given]:
    """Mark main ops: what collections and the signature `__saved_model_init_op` say is run first."""
    names: dict[Role, list[str]] = {"init": [], "bookkeeping": []}
    for collection in marks.model.collections:
        role: Role | None = (
            "init" if collection.name in _STARTS else "bookkeeping" if collection.name in _READY else None
        )
        if role is not None:
            names[role] += [member.target for member in collection.members if member.target is not None]
    for signature in marks.model.signatures:
        if signature.name == "__saved_model_init_op":
            names["init"] += [op_of_tensor(output.tensor) for output in signature.outputs]
    for role, targets in names.items():
        rows = (marks.table.row(op_of_tensor(name)) for name in targets)
        yield Given([row for row in rows if row is not None], CODES[role])


def _initializing(marks: Marks) -> Iterator[Given]:
    """Mark the assignments that give variables their first value."""
    table = marks.table
    gradients = marks.has("gradient")
    is_open = marks.is_open
    is_trained = gradients | downstream(table, gradients, is_open)

    def assignments() -> Iterator[OpRow]:
        others: list[tuple[OpRow, OpRow]] = []
        for row in marks.open_rows(*FIRST_ASSIGNS):
            sources = table.sources(row)
            if len(sources) < 2 or min(sources[0], sources[1]) < 0 or is_trained[sources[1]]:
                continue
            is_own = scope_of(table.name(row)) == table.name(sources[0])
            value = table.name(sources[1])
            is_restored = table.op_type(sources[1]) in RESTORES  # no first value, and most of all assignments
            # A module that is applied again makes initializers again, which nothing runs.
            if is_own or "/Initializer/" in value:
                yield row
            elif not is_restored:
                others.append((row, sources[1]))
        first_values = _first_values(marks, [value for _, value in others]) if others else ()
        yield from (row for row, value in others if table.name(value) in first_values)

    yield Given(assignments(), CODES["init"])


def _first_values(marks: Marks, values: list[OpRow]) -> frozenset[str]:
    """Return the first values of the variables that some ops may be the first value of."""
    table = marks.table
    assigns = table.are_of_type(*FIRST_ASSIGNS)
    reached = downstream(table, flags(values, len(table)), table.are_of_type(*COPIES) | assigns)
    assigned, _ = first_inputs(table)
    handles = {table.name(OpRow(row)) for row in assigned[reached & assigns].tolist() if row >= 0}
    variables = (variable for variable in marks.model.variables if not handles.isdisjoint(variable.handles))
    found = (variable.first_value for variable in variables)
    return frozenset(op for value in found if value is not None and (op := value.op) is not None)


def _behind_tests(marks: Marks) -> Iterator[Given]:
    """Mark the control flow that asks whether a variable is initialized (`initialized_value`)."""
    table = marks.table
    queue = table.rows_of_type(*INITIALIZED_TESTS)
    seen = set(queue)
    for row in queue:
        onward = (e.target for e in table.consumers(row) if table.op_type(e.target) in CHOOSES)
        fresh = [target for target in dict.fromkeys(onward) if target not in seen]
        queue += fresh
        seen.update(fresh)
    yield Given(queue, CODES["init"])


def _updating(marks: Marks) -> Iterator[Given]:
    """Mark the writes of slots, moving averages and step counters that are no `Apply*` op."""
    table, kept = marks.table, marks.auxiliary_variables
    counters = {name for name in marks.model.variables.names if leaf_of(name) == "global_step"}

    def writes() -> Iterator[OpRow]:
        for row in marks.open_rows(*ASSIGNS):
            edge = table.input(row, 0)
            target = table.name(edge.source) if edge is not None and edge.source >= 0 else ""
            if kept.named(target) is not None or target in counters or is_moving_average(table, row):
                yield row

    yield Given(writes(), CODES["update"])


def _in_gradient_scopes(marks: Marks) -> Iterator[Given]:
    yield from _slices(marks, gradient_scopes(marks.table), "gradient")


def _slices(marks: Marks, scopes: Iterable[ScopeId], role: Role) -> Iterator[Given]:
    tree = marks.table.scopes
    for scope in scopes:
        yield Given(np.arange(int(tree.first[scope]), int(tree.last[scope])), CODES[role])


def _in_named_scopes(marks: Marks) -> Iterator[Given]:
    """Mark the scopes that TensorFlow names for what it puts there.

    A scope is a saver's only where one stands in it, and an update's only where `update_` stands before the path of a
    variable.
    """
    table = marks.table
    tree = table.scopes
    savers = {scope_of(table.name(row)) for row in table.rows_of_type(*SAVES, *RESTORES)}
    tops = set() if marks.function else {name.partition("/")[0] for name in marks.model.variables.names}

    def role_of(label: str) -> Role | None:
        if label.startswith("update_") and label.removeprefix("update_") in tops:
            return "update"
        patterns: tuple[tuple[re.Pattern[str], Role], ...] = (
            (_MOVING_AVERAGE_SCOPE, "update"),
            (_SAVE_SCOPE, "save"),
            (_BOOKKEEPING_SCOPE, "bookkeeping"),
        )
        return next((role for pattern, role in patterns if pattern.fullmatch(label)), None)

    end = 0
    for scope in tree.labelled(role_of):
        role = role_of(tree.label(scope))
        if scope < end or role is None or (role == "save" and tree.path(scope) not in savers):
            continue
        yield from _slices(marks, [scope], role)
        end = int(tree.subtree_end[scope])


def _averaging_conds(marks: Marks) -> Iterator[Given]:
    """Mark branches that hold a moving average and compute for nothing else (`smart_cond` in batch normalization)."""
    table = marks.table
    tree = table.scopes
    for scope in tree.labelled(_MOVING_AVERAGE_SCOPE.fullmatch):
        parent = ScopeId(int(tree.parent[scope]))
        if not _COND_SCOPE.fullmatch(tree.label(parent)):
            continue
        first, last = int(tree.first[parent]), int(tree.last[parent])
        outside = (edge.target for row in range(first, last) for edge in table.consumers(OpRow(row)))
        if all(first <= target < last or marks.codes[target] != FORWARD for target in outside):
            yield from _slices(marks, [parent], "update")


def _own_reads_that_end(marks: Marks) -> Iterator[Given]:
    """Mark the reads that TensorFlow puts beside every variable and that nothing uses."""
    table = marks.table
    source = table.columns.source
    is_taken = flags(source[source >= 0].astype(np.int64), len(table))

    def reads() -> Iterator[OpRow]:
        for row in marks.open_rows(*READS):
            if is_taken[row]:
                continue
            edge = table.input(row, 0)
            if edge is None or edge.source < 0 or table.op_type(edge.source) not in VARIABLE_TYPES:
                continue
            scope, variable = scope_of(table.name(row)), table.name(edge.source)
            is_own = is_within(scope, variable) or leaf_of(scope) == "Read"
            if is_own:
                yield row

    yield Given(reads(), CODES["bookkeeping"])


RULES: tuple[RoleRule, ...] = (
    RoleRule("R1", "its type is that of an optimizer's update", _of_type("update", APPLY)),
    RoleRule("R2", "its type is one that only gradients have", _of_type("gradient", GRADIENT)),
    RoleRule("R3", "its type writes a summary", _of_type("summary", SUMMARY)),
    RoleRule("R4", "its type asks whether a variable is initialized, or fills a table", _of_type("init", INITIAL)),
    RoleRule("R5", "its type saves or restores", _of_type("save", SAVER)),
    RoleRule("R6", "it assigns what comes out of a checkpoint", _restoring, in_functions=False),
    RoleRule("R7", "it calls a function that saves or restores", _calls_of_savers, in_functions=False),
    RoleRule("R8", "it calls a function that fills lookup tables", _calls_that_fill_tables, in_functions=False),
    RoleRule("R9", "a collection or a signature names it as what runs first", _started, in_functions=False),
    RoleRule("R10", "it lies in a scope of gradients", _in_gradient_scopes),
    RoleRule("R11", "it gives a variable its first value", _initializing, in_functions=False),
    RoleRule("R12", "it chooses by whether a variable is initialized", _behind_tests, in_functions=False),
    RoleRule("R13", "it writes a slot, a moving average or the step counter", _updating, in_functions=False),
    RoleRule("R14", "it lies in a scope that TensorFlow makes for this", _in_named_scopes),
    RoleRule("R15", "it lies in a branch that only moves an average", _averaging_conds),
    RoleRule("R16", "it reads a variable for nothing", _own_reads_that_end, in_functions=False),
)
"""What an op is by itself."""

WHOLE_FUNCTION = RoleRule("R0", "the whole function is there for this", lambda marks: iter(()))
