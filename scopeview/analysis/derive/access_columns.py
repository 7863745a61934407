"""How often variables are used, and which are trained, for all variables of a graph at once where that is simple.

Most variables of a large graph are read by one op of the computation and by ops of training. Their readers and writers
are found in columns here, and nothing is made for them but a number; `accesses`, `uses` and `call_sites` follow every
other variable one by one, and are the oracle of the tests.

Simple is a variable of one op, whose value goes through no loop, branch or call to what reads it; its uses are known if
at most one of its readers computes, by taking data itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.accesses import affordable_edges, is_penalty_scope
from scopeview.analysis.derive.entry_points import programs, variants
from scopeview.analysis.derive.reach import Flags, per_type, takes_data
from scopeview.analysis.derive.roles import ROLES, Roles
from scopeview.model.model import Model
from scopeview.model.names import scope_of
from scopeview.model.op_types import APPLY, BRANCHES, DATAFLOW_PASSES, LOOP_CONDITION, SWITCHES, WRITER
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.scopes import ScopeTree

_FROM_GRADIENTS = "S1"
"""The role rule of writes whose value is computed from gradients."""

_MOST_LEVELS = 8
"""Identity ops one behind the other."""

_HANDS_ON = frozenset({*DATAFLOW_PASSES, *SWITCHES, *BRANCHES, LOOP_CONDITION}) - {"Identity"}
"""Control flow, into which values are followed one by one."""

_NONE = np.zeros(0, dtype=np.int64)

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SimpleUses:
    """What is known of simple variables, by their identities."""

    times: Mapping[str, int]
    """How often the computation uses each: 0 or 1. Those that it may use more often are not simple."""
    is_trained: Mapping[str, bool]
    """Whether an optimizer updates each."""
    only_op: Mapping[str, OpRow]
    """The op that uses each of those that are used once, or that its reader works for."""
    writers: Mapping[str, tuple[OpRow, ...]]
    """The ops that write each, those of savers among them."""


@dataclass(frozen=True, slots=True)
class _Ends:
    """Ops at which walks end: one for each variable and op; all of shape (ends,)."""

    owner: Ints
    """The place of the variable."""
    op: Ints
    slot: Ints


def simple_uses(model: Model, roles: Roles) -> SimpleUses:
    """Return the uses of all simple variables of a model's main graph."""
    table = model.graph
    held = {variable.handle_op: variable.identity for variable in model.variables if variable.handle_op}
    if not held or programs(model) or variants(model):
        return SimpleUses({}, {}, {}, {})
    found = [(row, identity) for handle, identity in held.items() if (row := table.row(handle)) is not None]
    rows = np.array([row for row, _ in found], dtype=np.int64)
    ends, is_simple = _walk(table, rows, affordable_edges(model))
    writes = per_type(table, WRITER.fullmatch)[ends.op] & (ends.slot == 0)
    writers: list[list[OpRow]] = [[] for _ in found]
    for place, op in zip(ends.owner[writes].tolist(), ends.op[writes].tolist(), strict=True):
        writers[place].append(OpRow(op))
    times, counts, only_op = _times(table, roles, ends, ~writes, len(rows))
    trained = np.zeros(len(rows), dtype=bool)
    trained[ends.owner[writes][_are_updates(table, roles, ends.op[writes])]] = True
    simple = np.flatnonzero(is_simple).tolist()
    identities = [identity for _, identity in found]
    return SimpleUses(
        {identities[place]: int(times[place]) for place in simple if counts[place]},
        {identities[place]: bool(trained[place]) for place in simple},
        {identities[place]: OpRow(int(only_op[place])) for place in simple if counts[place] and times[place]},
        {identities[place]: tuple(writers[place]) for place in simple},
    )


def _walk(table: OpTable, rows: Ints, most_edges: int) -> tuple[_Ends, Flags]:
    """Follow the values of variables, all by one edge in a round; returns the ends, and which variables are simple."""
    hands_on = per_type(table, _HANDS_ON.__contains__)
    is_simple = np.ones(len(rows), dtype=bool)
    steps = np.zeros(len(rows), dtype=np.int64)
    owner, source = np.arange(len(rows)), rows
    found: list[tuple[Ints, Ints, Ints]] = [(_NONE, _NONE, _NONE)]
    for _ in range(_MOST_LEVELS):
        owner, target, slot = _onward(table, owner, source)
        if not owner.size:
            break
        steps += np.bincount(owner, minlength=len(rows))
        is_simple[owner[hands_on[target]]] = False
        is_own = _are_below(table, rows[owner], target)
        passes = _passes(table, target, is_own) & is_simple[owner]
        found.append((owner[~passes], target[~passes], slot[~passes]))
        is_last = passes & ~is_own & ~table.has_data_consumer[target]
        is_simple[owner[is_last]] = False  # fetched as it is, perhaps
        owner, source = owner[passes], target[passes]
    is_simple[owner] = False
    is_simple &= steps <= most_edges
    owners, ops, slots = (np.concatenate(column) for column in zip(*found, strict=True))
    _, first = np.unique(owners * len(table) + ops, return_index=True)
    return _Ends(owners[first], ops[first], slots[first]), is_simple


def _passes(table: OpTable, ops: Ints, is_own: Flags) -> Flags:
    """Return which ops hand on the value of a variable: Identity, and a ReadVariableOp that works for no other op."""
    is_identity, is_read = (per_type(table, wanted.__eq__)[ops] for wanted in ("Identity", "ReadVariableOp"))
    return np.asarray(is_identity | (is_read & (is_own | (table.owners[ops] == ops))))


def _are_below(table: OpTable, handles: Ints, ops: Ints) -> Flags:
    """Return which ops stand in the scope that is called as a variable's op."""
    tree = table.scopes
    scope_of_handle = table.cached("scopes by own row", lambda: _scopes_by_own_row(tree, len(table)))
    scope = scope_of_handle[handles]
    return np.asarray((scope >= 0) & (tree.first[scope] <= ops) & (ops < tree.last[scope]))


def _scopes_by_own_row(tree: ScopeTree, rows: int) -> Ints:
    own = tree.own_rows()
    found = np.full(rows, -1, dtype=np.int64)
    scopes = np.flatnonzero(own >= 0)
    found[own[scopes]] = scopes
    return found


def _onward(table: OpTable, owner: Ints, source: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the data edges that leave some ops: what each is for, its target and its slot there."""
    edges, counts = table.edges_from(source)
    owner = np.repeat(owner, counts)
    is_data = table.columns.port[edges] >= 0
    edges = edges[is_data]
    target = table.targets[edges]
    return owner[is_data], target, edges - table.columns.in_start[target]


def _times(table: OpTable, roles: Roles, ends: _Ends, reads: Flags, variables: int) -> tuple[Ints, Flags, Ints]:
    """Return how often each variable is used, for which that is known, and the last op that uses it.

    It is known where no op uses a variable, or one that takes data.
    """
    owner, op = ends.owner[reads], ends.op[reads]
    is_forward = roles.codes()[op] == roles.forward
    owner, op = owner[is_forward], op[is_forward]
    works_for = table.owners[op]
    is_penalty = per_type(table, lambda name: name == "L2Loss")[op] | _are_penalties(table, works_for)
    owner, works_for = owner[~is_penalty], works_for[~is_penalty]
    times = np.bincount(owner, minlength=variables)
    is_plain = takes_data(table)[works_for] & ~per_type(table, WRITER.fullmatch)[works_for]
    is_known = times == 0
    is_known[owner[is_plain]] |= times[owner[is_plain]] == 1
    only_op = np.full(variables, -1, dtype=np.int64)
    only_op[owner] = works_for
    return times, is_known, only_op


def _are_penalties(table: OpTable, ops: Ints) -> Flags:
    """Return which ops stand in a scope of penalties."""
    scope = table.scopes.scopes_of_rows()[ops]
    _, first, place = np.unique(scope, return_index=True, return_inverse=True)
    paths = [scope_of(table.names[op]) for op in ops[first].tolist()]
    return np.array([is_penalty_scope(path) for path in paths] or [False], dtype=bool)[place]


def _are_updates(table: OpTable, roles: Roles, ops: Ints) -> Flags:
    """Return which writers are an optimizer's: by type, by a rule, or in an `update_<variable>` scope."""
    is_update = roles.codes()[ops] == ROLES.index("update")
    is_sure = per_type(table, APPLY.fullmatch)[ops] | roles.given_by(_FROM_GRADIENTS)[ops]
    for place in np.flatnonzero(is_update & ~is_sure).tolist():
        is_sure[place] = "/update_" in f"/{scope_of(table.names[int(table.owners[ops[place]])])}"
    return np.asarray(is_update & is_sure)
