"""Which variables exist for the sake of another: optimizer slots, moving averages, replicas; and optimizer scalars.

Rules, strongest first; the one that decided is kept:

    S1  an update takes both variables: an `Apply*` op, or assignments of what is computed from gradients
    S2  `_class` places it with another variable of equal shape, whose path its own name contains
    S3  the object graph says so: `.OPTIMIZER_SLOT/<optimizer>/<slot>`, or it belongs to an optimizer object
    S4  its name is that of a variable of equal shape and a segment that optimizers and averages use
    S5  the same, not trainable, and of another shape: a factored slot, a replica's counter
    S6  it is `Variable_<n>` in the scope of an optimizer: old Keras names its state by number; shapes and order say
        which variable it belongs to, where they leave one possibility

What the dataflow or the object graph says outranks names. A variable that is trained, or that the computation reads, is
no slot, whatever it is called; in an object graph the paths decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.auxiliary_names import (
    Named,
    is_numbered,
    is_scalar_name,
    named_after,
    optimizer_objects,
    slot_of_key,
)
from scopeview.analysis.derive.gradient_scopes import gradient_rows
from scopeview.analysis.derive.writers import (
    gradient_assignments,
    is_computed_with,
    referred_to,
    restored_assignments,
    variable_behind,
    variables_read,
)
from scopeview.model.model import Model
from scopeview.model.names import CONTROL, leaf_of, split_uniquifier
from scopeview.model.op_types import APPLY, ASSIGNS, SLOT_INPUTS, apply_kind
from scopeview.model.ops import OpRow
from scopeview.model.variables import Variable, VariableTable

AuxiliaryKind = Literal["slot", "average", "replica", "scalar"]
Rule = Literal["S1", "S2", "S3", "S4", "S5", "S6"]


@dataclass(frozen=True, slots=True)
class AuxiliaryVariable:
    """A variable that exists for another, or for an optimizer."""

    variable: str
    primary: str
    """The variable that it belongs to; empty for a scalar of an optimizer, and where only the optimizer is known."""
    kind: AuxiliaryKind
    slot: str
    """The segment of its name that says which slot it is (`Adam_1`, `m`)."""
    holds: str
    """What the optimizer keeps in it, where its op says (`m`, `v`, `accumulator`)."""
    rule: Rule


class AuxiliaryPair(NamedTuple):
    """A variable that exists for another, with the variables themselves: names are not always unique."""

    variable: Variable
    primary: Variable | None
    fact: AuxiliaryVariable


class AuxiliaryVariables:
    """The variables of a model that exist for others, by their identity: two variables may have one name."""

    def __init__(self, pairs: Iterable[AuxiliaryPair]) -> None:
        self._facts: dict[str, AuxiliaryVariable] = {}
        self._of_primary: dict[str, list[AuxiliaryVariable]] = {}
        self._by_name: dict[str, AuxiliaryVariable] = {}
        for variable, primary, fact in pairs:
            self._facts[variable.identity] = fact
            for name in (variable.name, *variable.handles):
                self._by_name.setdefault(name, fact)
            if primary is not None:
                self._of_primary.setdefault(primary.identity, []).append(fact)

    def __contains__(self, variable: Variable) -> bool:
        return variable.identity in self._facts

    def __iter__(self) -> Iterator[AuxiliaryVariable]:
        return iter(self._facts.values())

    def of(self, variable: Variable) -> AuxiliaryVariable | None:
        """Return what a variable exists for; None if it stands for itself."""
        return self._facts.get(variable.identity)

    def belonging_to(self, primary: Variable) -> tuple[AuxiliaryVariable, ...]:
        """Return the variables that exist for one, sorted by name."""
        return tuple(sorted(self._of_primary.get(primary.identity, ()), key=lambda fact: fact.variable))

    def named(self, name: str) -> AuxiliaryVariable | None:
        """Return what the variable of a name exists for, or that a part or an op of that name holds."""
        return self._by_name.get(name)

    def slot_sets(self) -> set[frozenset[str]]:
        """Return what the slots of variables are called, without numbers: a set for each variable, each set once."""
        slots: dict[str, set[str]] = defaultdict(set)
        for fact in self:
            if fact.kind == "slot":
                slots[fact.primary].add(split_uniquifier(fact.slot)[0])
        return {frozenset(held) for held in slots.values()}

    def mask(self, variables: VariableTable) -> NDArray[np.bool_]:
        """Return which variables exist for others: shape (variables,)."""
        return np.fromiter((variable in self for variable in variables), dtype=bool, count=len(variables))


NO_AUXILIARY_VARIABLES = AuxiliaryVariables(())


def find_auxiliary_variables(model: Model) -> AuxiliaryVariables:
    """Return what each auxiliary variable exists for."""
    by_handle = {variable.name: variable for variable in model.variables}
    by_handle |= {handle: variable for variable in model.variables for handle in variable.handles}
    updates = _Updates(model, by_handle)
    found: dict[str, AuxiliaryPair] = {}
    rules: tuple[Callable[[], Iterator[AuxiliaryPair]], ...] = (
        updates.slots,
        updates.accumulators,
        lambda: _by_objects(model),
        lambda: _scalars(model),
        lambda: _by_names(model, by_handle, updates, found),
        lambda: _by_number(model, updates, found),
    )
    for rule in rules:
        for auxiliary in list(rule()):
            if auxiliary.variable.identity not in updates.trained:
                found.setdefault(auxiliary.variable.identity, auxiliary)
    return AuxiliaryVariables(found.values())


def _pair(
    variable: Variable, primary: Variable | None, kind: AuxiliaryKind, slot: str, holds: str, rule: Rule, path: str = ""
) -> AuxiliaryPair:
    """Return what belongs to a variable, or to what only a path of the object graph names."""
    name = path if primary is None else primary.name
    return AuxiliaryPair(variable, primary, AuxiliaryVariable(variable.name, name, kind, slot, holds, rule))


class _Updates:
    """What the updates of a graph say: rule S1."""

    def __init__(self, model: Model, by_handle: Mapping[str, Variable]) -> None:
        self._model = model
        self._by_handle = by_handle
        table = model.graph
        types = [name for name in table.columns.types if APPLY.fullmatch(name)]
        self._applies = [
            (row, primary)
            for row in table.rows_of_type(*types)
            if (primary := by_handle.get(variable_behind(table, row, 0))) is not None
        ]
        self._gradients = gradient_rows(table)
        self._assigned = [
            (row, variable)
            for row, target in gradient_assignments(table, self._gradients)
            if (variable := by_handle.get(target)) is not None
        ]
        self._slots = tuple(self._find_slots())
        taken = {slot.variable.identity for slot in self._slots}
        self.trained = {primary.identity for _, primary in self._applies} - taken
        """Identities of the variables that an `Apply*` op trains."""

    def slots(self) -> Iterator[AuxiliaryPair]:
        """Yield the slots of `Apply*` ops."""
        yield from self._slots

    def _find_slots(self) -> Iterator[AuxiliaryPair]:
        table = self._model.graph
        referred = referred_to(table)
        variables = self._model.variables
        variable_at = {table.row(handle): variable for variable in variables for handle in variable.handles}
        for row, primary in self._applies:
            kept = SLOT_INPUTS.get(apply_kind(table.op_type(row)), ())
            for slot, (source, port) in enumerate(zip(table.sources(row), table.ports(row), strict=True)):
                behind = referred[source] if slot and source >= 0 and port != CONTROL else -1
                variable = variable_at.get(OpRow(behind)) if behind >= 0 else None
                if variable is None or variable is primary or is_scalar_name(variable):
                    continue
                holds = kept[slot - 1] if slot <= len(kept) else ""
                yield _pair(variable, primary, "slot", leaf_of(variable.name), holds, "S1")

    def accumulators(self) -> Iterator[AuxiliaryPair]:
        """Yield what optimizers keep that are spelled out op by op, and what gradients are gathered in.

        What assigns P from a gradient reads P's accumulators, which are assigned from the gradient too; P is read by
        none of their assignments.
        """
        updated = {variable.identity: variable for _, variable in (*self._assigned, *self._applies)}
        gathered = {variable.identity for _, variable in self._assigned} - self.trained
        if not gathered:
            return
        reads: dict[str, set[str]] = {}
        for row, variable in (*self._assigned, *self._applies):
            behind = variables_read(self._model.graph, row, self._gradients)
            read = (self._by_handle.get(name) for name in behind)
            equal = {v.identity for v in read if v is not None and v is not variable and v.shape == variable.shape}
            reads.setdefault(variable.identity, set()).update(equal)
        for identity, others in reads.items():
            primary = updated[identity]
            if not self.is_no_slot(primary):
                continue  # a counter of good steps has no state of its own
            for one in sorted(others & gathered):
                variable = updated[one]
                if identity not in reads.get(one, ()) and not self.is_no_slot(variable):
                    yield _pair(variable, primary, "slot", leaf_of(variable.name), "", "S1")

    def keeps(self, variable: Variable) -> bool:
        """Whether a graph updates a variable, by more than its initializer and savers."""
        table = self._model.graph
        restored = restored_assignments(table)
        for row in (table.row(handle) for handle in variable.handles):
            for edge in table.consumers(row) if row is not None else ():
                if edge.slot or table.op_type(edge.target) not in ASSIGNS or restored[edge.target]:
                    continue
                value = table.input(edge.target, 1)
                first = variable.initializer
                if value is not None and value.source >= 0 and (first is None or table.name(value.source) != first.op):
                    return True
        return False

    def is_no_slot(self, variable: Variable) -> bool:
        """Whether a graph shows that a variable is one of the model: an op trains it, or the computation reads it."""
        if variable.identity in self.trained:
            return True
        table = self._model.graph
        rows = (table.row(handle) for handle in variable.handles)
        return any(row is not None and is_computed_with(table, row, self._gradients) for row in rows)


def _by_objects(model: Model) -> Iterator[AuxiliaryPair]:
    """Rule S3."""
    owners = {
        key.partition("/.ATTRIBUTES/")[0]: variable
        for variable in model.variables
        for key in variable.checkpoint_keys
        if slot_of_key(key) is None
    }
    optimizers = optimizer_objects(model.variables)
    for variable in model.variables:
        slots = [slot for key in variable.checkpoint_keys if (slot := slot_of_key(key)) is not None]
        if slots:
            path, kept = slots[0]
            yield _pair(variable, owners.get(path), "slot", kept, "", "S3", path)
        elif optimizers.hold(variable) and not variable.trainable:
            kind, leaf = optimizers.role_of(variable)
            yield _pair(variable, None, kind, leaf, "", "S3")


def _scalars(model: Model) -> Iterator[AuxiliaryPair]:
    """Yield beta powers, and the hyperparameters that Keras keeps in variables of its optimizer's scope."""
    for variable in model.variables:
        if is_scalar_name(variable):
            yield _pair(variable, None, "scalar", leaf_of(variable.name), "", "S4")


def _by_names(
    model: Model, by_handle: Mapping[str, Variable], updates: _Updates, found: Mapping[str, AuxiliaryPair]
) -> Iterator[AuxiliaryPair]:
    """Rules S2, S4 and S5, for what no stronger rule has found."""
    has_powers = any(is_scalar_name(variable) for variable in model.variables)
    for variable in model.variables:
        if variable.identity in found or variable.identity in updates.trained:
            continue
        named = named_after(variable, by_handle)
        if named is None or variable.trainable or any("/.ATTRIBUTES/" in key for key in variable.checkpoint_keys):
            continue
        is_known = named.is_known or (has_powers and named.is_numbered_beside(variable, by_handle))
        is_placed = _is_placed_with(model, variable, named.primary)
        if not (is_known or is_placed or updates.keeps(variable)):
            continue
        if named.kind == "slot" and updates.is_no_slot(variable):
            continue
        if named.primary.shape == variable.shape:
            yield _named(variable, named, "S2" if is_placed else "S4")
        elif variable.trainable is False and named.primary.trainable is True and is_known:
            yield _named(variable, named, "S5")


def _named(variable: Variable, named: Named, rule: Rule) -> AuxiliaryPair:
    return _pair(variable, named.primary, named.kind, named.slot, "", rule)


def _by_number(model: Model, updates: _Updates, found: Mapping[str, AuxiliaryPair]) -> Iterator[AuxiliaryPair]:
    """Rule S6."""
    if not any(is_numbered(leaf_of(variable.name)) for variable in model.variables):
        return
    from scopeview.analysis.derive.numbered_state import numbered_state

    weights = [variable for variable in model.variables if variable.identity not in found]
    for variable, primary in numbered_state(model.variables, weights):
        if not updates.is_no_slot(variable):
            yield _pair(variable, primary, "slot", leaf_of(variable.name), "", "S6")


def _is_placed_with(model: Model, variable: Variable, primary: Variable) -> bool:
    row = model.graph.row(variable.handles[0]) if variable.handles else None
    if row is None:
        return False
    classes = model.graph.attributes(OpRow(row)).get("_class")
    names = classes if isinstance(classes, tuple) else (classes,)
    return any(f"loc:@{handle}" in names for handle in primary.handles)
