"""What names and object paths say of optimizer state: the words that TensorFlow and Keras give it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from scopeview.model.names import leaf_of, scope_of, split_uniquifier
from scopeview.model.variables import Variable

_WITHOUT_NAME = re.compile(r"Variable(_\d+)?")
_POWER = re.compile(r"(.*/)?beta[12]_power(_\d+)?\Z", re.DOTALL)
_SCALAR = re.compile(
    r"_?(iter|iterations?|step|beta_[12]|decay|(current_)?learning_rate|lr|momentum|rho|epsilon)(_\d+)?"
)
AVERAGE = re.compile(r"(\w*ExponentialMovingAverage|EMA)(_\d+)?")
"""The last segment of an average: that of `tf.train.ExponentialMovingAverage`, with or without a name of its own."""

_REPLICA = re.compile(r"replica_\d+")
_OPTIMIZER = re.compile(
    r"\w*(adam|sgd|rms_?prop|adagrad|adadelta|ftrl|momentum|lion|lamb|lars|adafactor|optimi[sz]er|yogi|nesterov)\w*",
    re.IGNORECASE,
)
"""What optimizers are called: as the slot of `tf.train` (`w/Adam_1`), as the scope of Keras (`Adam/m/dense/kernel`)."""

_SLOT = re.compile(
    r"(m|v|vhat|v_hat|rms|mg|momentum|velocity|accumulator|accum_\w+|delta_accum\w*|slow|linear|prev_grads?)(_\d+)?"
)
"""Slots of Keras optimizers: words that say something only beside the name of an optimizer."""

_SLOT_KEY = "/.OPTIMIZER_SLOT/"
MOST_PREFIXES = 3
"""Segments that a name may have in front of that of its primary."""

Kind = Literal["slot", "average", "replica"]


@dataclass(frozen=True, slots=True)
class Named:
    """A variable whose name contains that of another."""

    primary: Variable
    slot: str
    kind: Kind
    is_known: bool
    """Whether what the name adds is a word of optimizers, averages or replicas."""

    def is_numbered_beside(self, variable: Variable, by_handle: Mapping[str, Variable]) -> bool:
        """Whether the same slot is there once more with a number, as an optimizer with two slots has it."""
        stem, number = split_uniquifier(self.slot)
        other = f"{scope_of(variable.name)}/{stem if number else f'{stem}_1'}"
        beside = by_handle.get(other)
        return beside is not None and beside.shape == variable.shape


def is_numbered(leaf: str) -> bool:
    """Whether the last segment of a name is what TensorFlow calls a variable without a name."""
    return _WITHOUT_NAME.fullmatch(leaf) is not None


def is_scalar_name(variable: Variable) -> bool:
    """Whether a variable is a beta power, or a hyperparameter in the scope of a Keras optimizer."""
    if variable.shape != ():
        return False
    owner, leaf = leaf_of(scope_of(variable.name)), leaf_of(variable.name)
    is_keras = _OPTIMIZER.fullmatch(owner) is not None and _SCALAR.fullmatch(leaf) is not None
    return is_keras or _POWER.match(variable.name) is not None


def slot_of_key(key: str) -> tuple[str, str] | None:
    """Return the object path of the variable and the slot that a checkpoint key names, or None if it names none."""
    path, is_slot, slot = key.partition(_SLOT_KEY)
    return (path, leaf_of(slot.partition("/.ATTRIBUTES")[0])) if is_slot else None


def named_after(variable: Variable, by_handle: Mapping[str, Variable]) -> Named | None:
    """Return what a name says: `P/Adam`, `train/P/Adam`, `Adam/P/m`, `Adam/m/P` belong to P; None if nothing."""
    name = variable.name
    path, leaf = scope_of(name), leaf_of(name)
    if path in by_handle and by_handle[path] is not variable:
        return _named(by_handle[path], leaf, "")
    for before, candidate in _without_first(path):
        primary = by_handle.get(candidate)
        if primary is not None and primary is not variable and (scope_of(candidate) or _is_optimizer(before)):
            return _named(primary, leaf, before)
    first, _, behind = name.partition("/")
    slot = behind.partition("/")[0]
    for before, candidate in _without_first(name) if is_optimizer(first) else ():
        primary = by_handle.get(candidate)
        if primary is not None and primary is not variable and (scope_of(candidate) or "/" in before):
            return _named(primary, slot, before)
    return None


def _named(primary: Variable, slot: str, before: str) -> Named:
    return Named(primary, slot, *kind_of_slot(slot, is_in_optimizer=_is_optimizer(before)))


def kind_of_slot(slot: str, *, is_in_optimizer: bool) -> tuple[Kind, bool]:
    """Return the kind of what a slot is called, and whether that is a word of optimizers, averages or replicas.

    Args:
        slot: what a name adds to that of another variable.
        is_in_optimizer: whether an optimizer stands in front of that other name.
    """
    kind: Kind = "average" if AVERAGE.fullmatch(slot) else "replica" if _REPLICA.fullmatch(slot) else "slot"
    is_word = is_optimizer(slot) or (is_in_optimizer and _SLOT.fullmatch(slot) is not None)
    return kind, kind != "slot" or is_word


def is_optimizer(segment: str) -> bool:
    """Whether a segment of a name is the name of an optimizer."""
    return _OPTIMIZER.fullmatch(segment) is not None


def _is_optimizer(path: str) -> bool:
    return any(map(is_optimizer, path.split("/")))


def _without_first(path: str) -> Iterator[tuple[str, str]]:
    """Yield a path without its first segment, without its first two, and three, each with what was left out."""
    before = ""
    for _ in range(MOST_PREFIXES):
        first, slash, path = path.partition("/")
        before = f"{before}/{first}" if before else first
        if slash:
            yield before, path


def is_optimizer_scope(scope: str) -> bool:
    """Whether the last segment of a scope is the name of an optimizer."""
    return is_optimizer(leaf_of(scope))


@dataclass(frozen=True, slots=True)
class OptimizerObjects:
    """The optimizers of an object graph, by their paths."""

    paths: tuple[str, ...]

    def hold(self, variable: Variable) -> bool:
        """Whether a variable belongs to an optimizer, and to nothing else."""
        paths = list(_object_paths(variable))
        return bool(paths) and all(any(path.startswith(f"{one}/") for one in self.paths) for path in paths)

    def role_of(self, variable: Variable) -> tuple[Literal["slot", "scalar"], str]:
        """Return the kind and the slot of a variable of an optimizer; the paths do not say what it belongs to."""
        leaf = leaf_of(next(_object_paths(variable)))
        return "scalar" if variable.shape == () else "slot", leaf


def optimizer_objects(variables: Iterable[Variable]) -> OptimizerObjects:
    """Return the objects that hold a step and a learning rate, as the optimizers of Keras do."""
    held: dict[str, set[str]] = {}
    for variable in variables:
        for path in _object_paths(variable):
            held.setdefault(scope_of(path), set()).add(leaf_of(path).lstrip("_"))
    steps = {"iter", "iterations", "step"}
    rates = {"learning_rate", "lr", "current_learning_rate"}
    return OptimizerObjects(tuple(path for path, names in held.items() if path and names & steps and names & rates))


def _object_paths(variable: Variable) -> Iterator[str]:
    keys = (key.partition("/.ATTRIBUTES/") for key in variable.checkpoint_keys)
    yield from dict.fromkeys((*variable.object_paths, *(path for path, is_object, _ in keys if is_object)))
