"""What every picture of one op table stands on, worked out once: who is listed with whom, and which scope is whose.

An op whose name is also a scope (`dense/MatMul` with `dense/MatMul/ReadVariableOp`) is drawn with that scope. Constants
and reads that serve a single op are listed with it (`Mean` and `Mean/reduction_indices`). Both stay within one level of
the tree, so that the picture of a scope depends on nothing that is open elsewhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.reach import per_type
from scopeview.analysis.derive.roles import ROLES
from scopeview.analysis.derive.structure import scope_hashes
from scopeview.analysis.suggestions import not_found
from scopeview.errors import NotFoundError
from scopeview.model.once import Answers, once
from scopeview.model.op_types import LAYERS, WRITER
from scopeview.model.ops import OpTable
from scopeview.model.scopes import ROOT, ScopeId
from scopeview.model.spans import Hashes
from scopeview.model.variables import Variable

Ints = NDArray[np.int64]

_FORWARD = ROLES.index("forward")
_LAYERS_KEPT = 128
_MASKS_KEPT = 256
_LISTED_WITH_CONSUMER = ("Const", "ReadVariableOp")


class GraphIndex:
    """One op table: the main graph, or the body of a function."""

    def __init__(self, context: AnalysisContext, function: str) -> None:
        self.context = context
        self.function = function
        self.table: OpTable = context.model.functions[function].body if function else context.model.graph
        self.tree = self.table.scopes
        self.target = self.table.targets
        self.roles = context.roles.codes(function)
        """Shape (ops,): indices into `roles.ROLES`."""
        self.layers = Answers(_LAYERS_KEPT)
        """The layers that were asked for last; see `layer_of`."""
        self.masks = Answers(_MASKS_KEPT)
        """Which ops fit the queries that were asked for last; see `visibility`."""

    @once
    def is_write(self) -> NDArray[np.bool_]:
        """Which edges hand a variable to an op that writes it: shape (edges,)."""
        columns = self.table.columns
        writes = np.array([WRITER.fullmatch(name) is not None for name in columns.types] or [False], dtype=bool)
        slot = np.arange(len(self.target)) - columns.in_start[self.target]
        return np.asarray(writes[columns.type_id[self.target]] & (slot == 0) & (columns.port >= 0))

    @once
    def is_weight(self) -> NDArray[np.bool_]:
        """Which edges come from a variable, or from an op that reads one: shape (edges,)."""
        source = self.table.columns.source
        if self.function:
            return np.zeros(len(source), dtype=bool)
        return np.asarray(self.context.gives_weights[np.maximum(source, 0)] & (source >= 0))

    @once
    def is_layer(self) -> NDArray[np.bool_]:
        """Which ops are layers by their type, such as a MatMul: shape (ops,)."""
        return per_type(self.table, LAYERS.fullmatch)

    @once
    def is_idle(self) -> NDArray[np.bool_]:
        """Which ops take nothing and give nothing, such as what stands for a variable of a module: shape (ops,)."""
        columns = self.table.columns
        found = np.diff(columns.in_start) == 0
        found[columns.source[columns.source >= 0]] = False
        return np.asarray(found)

    @once
    def serves_update(self) -> NDArray[np.bool_]:
        """Which ops hold variables that exist for an optimizer or an average: shape (ops,)."""
        found = np.zeros(len(self.table), dtype=bool)
        attached = self.context.auxiliary_variables
        found[[row for row, variable in self.variable_rows.items() if variable in attached]] = True
        return found

    @once
    def own_row(self) -> Ints:
        """The op that has a scope's very name, or -1: shape (scopes,). It stands before the scope's slice."""
        return self.tree.own_rows()

    @once
    def own_scope(self) -> Ints:
        """The scope that has an op's very name, or -1: shape (ops,)."""
        found = np.full(len(self.table), -1, dtype=np.int64)
        scopes = np.flatnonzero(self.own_row >= 0)
        found[self.own_row[scopes]] = scopes
        return found

    @once
    def scope_of(self) -> Ints:
        """The scope that each op lies in directly: shape (ops,)."""
        return self.tree.scopes_of_rows()

    @once
    def stands_at(self) -> Ints:
        """The op that each op is listed with, itself as a rule: shape (ops,)."""
        table, columns = self.table, self.table.columns
        found = np.arange(len(table), dtype=np.int64)
        if not len(table):
            return found
        source = columns.source.astype(np.int64)
        # What training does with a constant is no reason to tell it apart from the op that it was made for.
        known = (source >= 0) & ((self.roles[self.target] == _FORWARD) | (self.roles[source] != _FORWARD))
        lowest, highest = np.full(len(table), len(table)), np.full(len(table), -1)
        np.minimum.at(lowest, source[known], self.target[known])
        np.maximum.at(highest, source[known], self.target[known])
        wanted = np.array([name in _LISTED_WITH_CONSUMER for name in columns.types], dtype=bool)[columns.type_id]
        wanted[list(self.variable_rows)] = False
        rows = np.flatnonzero(wanted & (highest >= 0) & (lowest == highest))
        consumer = highest[rows]
        # The consumer may be drawn with another: a constant that feeds a read that feeds an op. One step is enough.
        # An op that is a scope as well is opened as that scope, where its consumer is not.
        is_free = ~np.isin(consumer, rows) & (self.own_scope[rows] < 0)
        # Beside an op that is a scope as well it would stay outside when that scope is opened, and be shown as the op.
        is_opened = self.own_scope[consumer] > 0
        is_near = np.where(
            is_opened, self.scope_of[rows] == self.own_scope[consumer], self.scope_of[rows] == self.scope_of[consumer]
        )
        kept = is_free & is_near
        found[rows[kept]] = consumer[kept]
        return found

    @once
    def variables(self) -> dict[str, Variable]:
        """Variables by the op that holds them, and partitioned ones by their own name."""
        if self.function:
            return {}
        found: dict[str, Variable] = {}
        for variable in self.context.model.variables:
            for handle in variable.handles:
                found[handle] = variable
            if variable.parts:
                found.setdefault(variable.name, variable)
        return found

    @once
    def variable_rows(self) -> dict[int, Variable]:
        """The same by row, where the op is there."""
        rows = ((self.table.row(handle), variable) for handle, variable in self.variables.items())
        return {int(row): variable for row, variable in rows if row is not None}

    @once
    def collected(self) -> dict[int, frozenset[str]]:
        """The collections of the ops that are in any, such as losses; variables know their own."""
        found: dict[int, set[str]] = {}
        for collection in () if self.function else self.context.model.collections:
            for member in collection.members:
                row = self.table.row(member.target) if member.target is not None else None
                if row is not None and row not in self.variable_rows:
                    found.setdefault(int(row), set()).add(collection.name)
        return {row: frozenset(names) for row, names in found.items()}

    @once
    def hashes(self) -> Hashes:
        """The structure of every scope: shape (scopes,)."""
        return scope_hashes(self.table)

    def chain(self, scope: ScopeId) -> list[ScopeId]:
        """Return a scope and all above it, innermost first."""
        found = [scope]
        while found[-1] != ROOT:
            found.append(ScopeId(int(self.tree.parent[found[-1]])))
        return found


def graph_index_of(context: AnalysisContext, function: str = "") -> GraphIndex:
    """Return the index of the main graph, or of a function's body.

    Raises:
        NotFoundError: there is no such function.
    """
    if function and function not in context.model.functions:
        raise NotFoundError(not_found(context.model, function, context.model.functions, "no function"))
    return context.cached(("ground", function), lambda: GraphIndex(context, function))
