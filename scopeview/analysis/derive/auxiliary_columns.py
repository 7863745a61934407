"""Auxiliary variables of a checkpoint whose variables are columns: rule S4 for all names at once.

A checkpoint has no graph, and these names no object paths: names and shapes alone decide. What `auxiliary_names` says
of one variable is said here of a scope, of a last segment, or of a pair of both; it is the oracle of the tests.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.auxiliary import AuxiliaryKind, AuxiliaryVariable, AuxiliaryVariables
from scopeview.analysis.derive.auxiliary_names import (
    MOST_PREFIXES,
    Named,
    is_numbered,
    is_optimizer,
    is_scalar_name,
    kind_of_slot,
    named_after,
)
from scopeview.model.names import leaf_of, split_uniquifier
from scopeview.model.scopes import ScopeTree
from scopeview.model.spans import Ints
from scopeview.model.variable_columns import VariableColumns
from scopeview.model.variables import Variable, VariableTable

KINDS: tuple[AuxiliaryKind, ...] = ("slot", "average", "replica", "scalar")


@dataclass(frozen=True, slots=True)
class _Columns:
    """What each variable exists for; all of shape (variables,)."""

    kind: NDArray[np.int8]
    """An index into KINDS; -1 for what stands for itself."""
    primary: Ints
    """The row of the variable that it exists for; -1 for a scalar."""
    slot: Mapping[int, str]
    """The slot by row, where that is not the last segment of the name."""


class AuxiliaryColumns(AuxiliaryVariables):
    """Auxiliary variables by the row of a variable; what is said of one is made when somebody asks."""

    def __init__(self, variables: VariableColumns[Variable], columns: _Columns) -> None:
        self._variables, self._columns = variables, columns
        self.kind, self.primary = columns.kind, columns.primary

    def __contains__(self, variable: Variable) -> bool:
        row = self._variables.row(variable.identity)
        return row is not None and bool(self.kind[row] >= 0)

    def __iter__(self) -> Iterator[AuxiliaryVariable]:
        is_scalar = self.are("scalar")
        for rows in (np.flatnonzero(is_scalar), np.flatnonzero((self.kind >= 0) & ~is_scalar)):
            yield from map(self.at, rows.tolist())

    def at(self, row: int) -> AuxiliaryVariable:
        """Return what the variable of a row exists for, which exists for another."""
        names, primary = self._variables.names, int(self.primary[row])
        slot = self._columns.slot.get(row) or leaf_of(names[row])
        owner = "" if primary < 0 else names[primary]
        return AuxiliaryVariable(names[row], owner, KINDS[int(self.kind[row])], slot, "", "S4")

    def are(self, kind: AuxiliaryKind) -> NDArray[np.bool_]:
        """Return which variables are of a kind: shape (variables,)."""
        return np.asarray(self.kind == KINDS.index(kind))

    def of(self, variable: Variable) -> AuxiliaryVariable | None:
        """Return what a variable exists for; None if it stands for itself."""
        return self.named(variable.identity)

    def belonging_to(self, primary: Variable) -> tuple[AuxiliaryVariable, ...]:
        """Return the variables that exist for one, sorted by name."""
        row = self._variables.row(primary.identity)
        if row is None:
            return ()
        order, starts = self._by_primary
        facts = map(self.at, order[starts[row] : starts[row + 1]].tolist())
        return tuple(sorted(facts, key=lambda fact: fact.variable))

    @cached_property
    def _by_primary(self) -> tuple[Ints, Ints]:
        """The rows that exist for others, sorted by those, and where those of each variable start."""
        order = np.argsort(self.primary, kind="stable")
        return order, np.searchsorted(self.primary[order], np.arange(len(self.primary) + 1))

    def named(self, name: str) -> AuxiliaryVariable | None:
        """Return what the variable of a name exists for."""
        row = self._variables.row(name)
        return None if row is None or self.kind[row] < 0 else self.at(row)

    def slot_sets(self) -> set[frozenset[str]]:
        """Return what the slots of variables are called, without numbers: a set for each variable, each set once."""
        leaf, texts = self._variables.scopes.leaves_of_rows()
        stems = [split_uniquifier(text)[0] for text in texts]
        rows = np.flatnonzero(self.are("slot"))
        slots: dict[int, set[str]] = defaultdict(set)
        for row, primary, number in zip(rows.tolist(), self.primary[rows].tolist(), leaf[rows].tolist(), strict=True):
            named = self._columns.slot.get(row)
            slots[primary].add(stems[number] if named is None else split_uniquifier(named)[0])
        return set(map(frozenset, slots.values()))

    def mask(self, variables: VariableTable) -> NDArray[np.bool_]:
        """Return which variables exist for others: shape (variables,)."""
        if variables.columns is not self._variables:
            return super().mask(variables)
        return np.asarray(self.kind >= 0)


class _ByName(Mapping[str, Variable]):
    """Variables by their names."""

    def __init__(self, variables: VariableColumns[Variable]) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> Variable:
        row = self._variables.row(name)
        if row is None:
            raise KeyError(name)
        return self._variables[row]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables.names)

    def __len__(self) -> int:
        return len(self._variables)


def auxiliary_columns(variables: VariableColumns[Variable]) -> AuxiliaryColumns | None:
    """Return what each variable of a checkpoint exists for; None where numbered variables need more than names."""
    tree = variables.scopes
    leaf, leaves = tree.leaves_of_rows()
    if any(map(is_numbered, leaves)):
        return None
    by_name = _ByName(variables)
    shape, is_scalar = _shapes(variables)
    scalars = [row for row in np.flatnonzero(is_scalar).tolist() if is_scalar_name(variables[row])]
    primary, in_optimizer, is_open = _by_scope(variables)
    kind, is_known = _kinds_of_leaves(leaf, leaves, in_optimizer)
    slot: dict[int, str] = {}
    for row in np.flatnonzero(is_open).tolist():
        named = named_after(variables[row], by_name)
        if named is not None:
            primary[row], slot[row] = variables.row(named.primary.name) or 0, named.slot
            kind[row], is_known[row] = KINDS.index(named.kind), named.is_known
    is_named = (primary >= 0) & (shape[primary] == shape)
    unsure = np.flatnonzero(is_named & ~is_known).tolist() if scalars else []
    for row in unsure:
        found = Named(variables[int(primary[row])], slot.get(row) or leaves[leaf[row]], "slot", False)
        is_known[row] = found.is_numbered_beside(variables[row], by_name)
    is_auxiliary = is_named & is_known
    kind[~is_auxiliary], primary[~is_auxiliary] = -1, -1
    kind[scalars], primary[scalars] = KINDS.index("scalar"), -1
    return AuxiliaryColumns(variables, _Columns(kind, primary, slot))


def _shapes(variables: VariableColumns[Variable]) -> tuple[Ints, NDArray[np.bool_]]:
    """Return a number for the shape of each variable, and which are scalars."""
    numbers: dict[object, int] = {}
    of_pair = [numbers.setdefault(shape, len(numbers)) for shape, _ in variables.kinds.pairs]
    shape = np.array(of_pair or [0], dtype=np.int64)[variables.kinds.number]
    return shape, shape == numbers.get((), -1)


def _by_scope(variables: VariableColumns[Variable]) -> tuple[Ints, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return what the scope of each variable says: a primary or -1, whether an optimizer stands before, what is open.

    The path is that of a variable, or it is without its first segments. Open are those in the scope of an optimizer of
    which this says nothing.
    """
    tree = variables.scopes
    labels = np.array([is_optimizer(label) for label in tree.labels], dtype=bool)
    holds_optimizer = labels.copy()
    ancestors = [np.arange(len(tree)) for _ in range(MOST_PREFIXES)]
    for depth in range(1, int(tree.depth.max()) + 1):
        scopes = np.flatnonzero(tree.depth == depth)
        holds_optimizer[scopes] |= holds_optimizer[tree.parent[scopes]]
        for levels, ancestor in enumerate(ancestors, 1):
            if depth > levels:
                ancestor[scopes] = ancestor[tree.parent[scopes]]
    primary = tree.own_rows().copy()
    in_optimizer = np.zeros(len(tree), dtype=bool)
    for levels, ancestor in enumerate(ancestors, 1):
        found = _without_first(variables, tree, ancestor, np.flatnonzero((primary < 0) & (tree.depth > levels)))
        is_path = tree.depth[found[0]] - levels > 1
        kept = (found[1] >= 0) & (is_path | holds_optimizer[ancestor[found[0]]])
        scopes = found[0][kept]
        primary[scopes], in_optimizer[scopes] = found[1][kept], holds_optimizer[ancestor[scopes]]
    rows = tree.scopes_of_rows()
    is_open = (primary < 0) & labels[ancestors[0]]
    return primary[rows], in_optimizer[rows], is_open[rows]


def _without_first(
    variables: VariableColumns[Variable], tree: ScopeTree, ancestor: Ints, scopes: Ints
) -> tuple[Ints, Ints]:
    """Return scopes, and the variable that each is called without the path of an ancestor, or -1."""
    lengths = tree.path_lengths()
    skipped = lengths[ancestor[scopes]] + 1
    start = variables.spans.start[tree.first[scopes]] + skipped
    return scopes, variables.spans.find(start, lengths[scopes] - skipped)


def _kinds_of_leaves(
    leaf: Ints, leaves: Sequence[str], in_optimizer: NDArray[np.bool_]
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Return the kind of each last segment as a slot, and whether it is a known word."""
    found = [kind_of_slot(text, is_in_optimizer=within) for text in leaves for within in (False, True)]
    place = 2 * leaf + in_optimizer
    kinds = np.array([KINDS.index(kind) for kind, _ in found] or [0], dtype=np.int8)
    return kinds[place], np.array([is_known for _, is_known in found] or [False])[place]
