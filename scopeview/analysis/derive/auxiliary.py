"""Which variables exist for the sake of another: optimizer slots, moving averages, replicas; and optimizer scalars.

Rules, strongest first; the one that decided is kept:

    S1  an `Apply*` op takes both variables: input 0 is trained, the others are its slots
    S2  `_class` places it with another variable of equal shape, whose path its own name contains
    S3  its checkpoint key says `.OPTIMIZER_SLOT/<optimizer>/<slot>`
    S4  its name is that of a variable of equal shape and one more segment, with or without a prefix
    S5  the same, not trainable, and of another shape: a factored slot, a replica's counter

A trainable variable is attached by S1 only: nobody trains a slot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from scopeview.analysis.derive.writers import gradient_assignments, variable_behind, variables_read
from scopeview.model.model import Model
from scopeview.model.names import leaf_of, scope_of
from scopeview.model.op_types import APPLY
from scopeview.model.ops import OpRow
from scopeview.model.variables import Variable

AuxiliaryKind = Literal["slot", "average", "replica", "scalar"]
Rule = Literal["S1", "S2", "S3", "S4", "S5"]

_SCALAR = re.compile(r"(.*/)?beta[12]_power(_\d+)?\Z", re.DOTALL)
_KERAS_SCALAR = re.compile(r"iter|iterations?|beta_[12]|decay|learning_rate|lr|momentum|rho|epsilon")
_AVERAGE = re.compile(r"ExponentialMovingAverage(_\d+)?|EMA")
_REPLICA = re.compile(r"replica_\d+")
_OPTIMIZER = re.compile(
    r"(adam\w*|nadam|sgd|rmsprop|adagrad\w*|adadelta|ftrl|momentum|lion|lamb|adafactor)(_\d+)?", re.IGNORECASE
)
"""Scopes of Keras optimizers, which put their own name and the slot's before the variable's: `Adam/m/dense/kernel`."""

_SLOT_KEY = "/.OPTIMIZER_SLOT/"
_SLOT_INPUTS: Mapping[str, tuple[str, ...]] = {
    "Adam": ("m", "v"),
    "AdaMax": ("m", "v"),
    "Momentum": ("accumulator",),
    "KerasMomentum": ("accumulator",),
    "Adagrad": ("accumulator",),
    "AdagradV2": ("accumulator",),
    "Adadelta": ("accumulator", "accumulated update"),
    "Ftrl": ("accumulator", "linear"),
    "FtrlV2": ("accumulator", "linear"),
    "RMSProp": ("mean square", "momentum"),
    "CenteredRMSProp": ("mean gradient", "mean square", "momentum"),
    "AdagradDA": ("gradient accumulator", "squared gradient accumulator"),
    "ProximalAdagrad": ("accumulator",),
}
"""What each `Apply*` op keeps in its inputs 1, 2, ...: tensorflow/core/ops/training_ops.cc."""


@dataclass(frozen=True, slots=True)
class AuxiliaryVariable:
    """A variable that exists for another, or for an optimizer."""

    variable: str
    primary: str
    """The variable that it belongs to; empty for a scalar of an optimizer."""
    kind: AuxiliaryKind
    slot: str
    """The last segment of its name (`Adam_1`)."""
    holds: str
    """What the optimizer keeps in it, where its op tells (`m`, `v`, `accumulator`)."""
    rule: Rule


def find_auxiliary_variables(model: Model) -> Mapping[str, AuxiliaryVariable]:
    """Return what each attached variable is attached to, by the names of the attached variables and of their parts."""
    found: dict[str, AuxiliaryVariable] = {}
    by_handle = {handle: variable for variable in model.variables for handle in (variable.name, *variable.handles)}
    for auxiliary in _by_updates(model, by_handle):
        found.setdefault(auxiliary.variable, auxiliary)
    for auxiliary in _by_assignments(model, by_handle):
        found.setdefault(auxiliary.variable, auxiliary)
    owners = _owners_by_path(model)
    for variable in model.variables:
        if variable.name in found:
            continue
        told = _scalar(variable) or _by_names(model, variable, by_handle, owners)
        if told is not None:
            found[variable.name] = told
    for handle, variable in by_handle.items():
        if variable.name in found:
            found.setdefault(handle, found[variable.name])
    return found


def _by_updates(model: Model, by_handle: Mapping[str, Variable]) -> Iterator[AuxiliaryVariable]:
    """Rule S1."""
    table = model.graph
    types = [name for name in table.columns.types if APPLY.fullmatch(name)]
    for row in table.rows_of_type(*types):
        primary = by_handle.get(variable_behind(table, row, 0))
        if primary is None:
            continue
        kept = _SLOT_INPUTS.get(re.sub(r"(Resource)?(Sparse)?Apply", "", table.op_type(row)), ())
        for slot in range(1, len(table.inputs(row))):
            variable = by_handle.get(variable_behind(table, row, slot))
            if variable is None or variable is primary or _SCALAR.match(variable.name):
                continue
            holds = kept[slot - 1] if slot <= len(kept) else ""
            yield AuxiliaryVariable(variable.name, primary.name, "slot", leaf_of(variable.name), holds, "S1")


def _by_assignments(model: Model, by_handle: Mapping[str, Variable]) -> Iterator[AuxiliaryVariable]:
    """Rule S1 for optimizers that old Keras spells out: what assigns P from a gradient reads P's accumulators."""
    reads: dict[str, set[str]] = {}
    for row, target in gradient_assignments(model.graph):
        variable = by_handle.get(target)
        if variable is not None:
            behind = (by_handle.get(name) for name in variables_read(model.graph, row))
            reads[variable.name] = {
                v.name for v in behind if v is not None and v is not variable and v.shape == variable.shape
            }
    for primary, accumulators in reads.items():
        for name in sorted(accumulators):
            if name in reads and primary not in reads[name]:
                yield AuxiliaryVariable(name, primary, "slot", leaf_of(name), "", "S1")


def _scalar(variable: Variable) -> AuxiliaryVariable | None:
    """Beta powers, and the hyperparameters that Keras keeps in variables of its optimizer's scope."""
    owner, leaf = leaf_of(scope_of(variable.name)), leaf_of(variable.name)
    is_keras = _OPTIMIZER.fullmatch(owner) is not None and _KERAS_SCALAR.fullmatch(leaf) is not None
    if variable.shape == () and (_SCALAR.match(variable.name) or is_keras):
        return AuxiliaryVariable(variable.name, "", "scalar", leaf_of(variable.name), "", "S4")
    return None


def _owners_by_path(model: Model) -> Mapping[str, str]:
    """Return the variable at each object path, slots left out."""
    keys = ((key, variable.name) for variable in model.variables for key in variable.checkpoint_keys)
    return {key.partition("/.ATTRIBUTES/")[0]: name for key, name in keys if _SLOT_KEY not in key}


def _by_names(
    model: Model, variable: Variable, by_handle: Mapping[str, Variable], owners: Mapping[str, str]
) -> AuxiliaryVariable | None:
    """Rules S2 to S5."""
    for key in variable.checkpoint_keys:
        path, is_slot, slot = key.partition(_SLOT_KEY)
        if is_slot:
            leaf = leaf_of(slot.partition("/.ATTRIBUTES")[0])
            return AuxiliaryVariable(variable.name, owners.get(path, path), "slot", leaf, "", "S3")
    primary = _named_after(variable, by_handle)
    if primary is None or variable.trainable:
        return None
    if primary.shape == variable.shape:
        return _attached(variable, primary, "S2" if _is_placed_with(model, variable, primary) else "S4")
    is_told = variable.trainable is False and primary.trainable is True
    return _attached(variable, primary, "S5") if is_told else None


def _attached(variable: Variable, primary: Variable, rule: Rule) -> AuxiliaryVariable:
    leaf = leaf_of(variable.name)
    is_average = _AVERAGE.fullmatch(leaf) is not None
    kind: AuxiliaryKind = "average" if is_average else "replica" if _REPLICA.fullmatch(leaf) else "slot"
    return AuxiliaryVariable(variable.name, primary.name, kind, leaf, "", rule)


def _named_after(variable: Variable, by_handle: Mapping[str, Variable]) -> Variable | None:
    """Return the variable whose path stands in this one's name: `P/Adam`, `train/P/Adam`, `Adam/P/m`, `Adam/m/P`."""
    path = scope_of(variable.name)
    if path in by_handle and by_handle[path] is not variable:
        return by_handle[path]
    first = variable.name.partition("/")[0]
    behind_optimizer = _without_first(variable.name) if _OPTIMIZER.fullmatch(first) else ()
    for candidate in (*_without_first(path), *behind_optimizer):
        primary = by_handle.get(candidate)
        if primary is not None and primary is not variable and scope_of(candidate):
            return primary
    return None


def _without_first(path: str) -> Iterator[str]:
    """Yield a path without its first segment, without its first two, and three."""
    for _ in range(3):
        _, slash, path = path.partition("/")
        if slash:
            yield path


def _is_placed_with(model: Model, variable: Variable, primary: Variable) -> bool:
    row = model.graph.row(variable.handles[0]) if variable.handles else None
    if row is None:
        return False
    classes = model.graph.attributes(OpRow(row)).get("_class")
    names = classes if isinstance(classes, tuple) else (classes,)
    return any(f"loc:@{handle}" in names for handle in primary.handles)
