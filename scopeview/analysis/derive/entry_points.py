"""The programs of a model: what a user can run. The main graph is one; functions of an object graph are others.

A TF 2 SavedModel keeps its computation in functions. Saving adds variants that are no programs of their own:
`signatures` wrap a function that stands beside them, and Keras traces every layer and model several times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scopeview.model.attributes import FunctionRef
from scopeview.model.model import Binding, Model
from scopeview.model.names import leaf_of, scope_of
from scopeview.model.op_types import CALL_TYPES

_KERAS = (
    "_default_save_signature",
    "__call__",
    "call_and_return_all_conditional_losses",
    "call_and_return_conditional_losses",
    "_update_step_xla",
)
"""Names under which Keras saves the traces of one object; the first has the op scopes that a user knows."""


@dataclass(frozen=True, slots=True)
class Program:
    """A function that a user can call, and what its last arguments are bound to."""

    name: str
    """The path in the object graph (`encode`); empty for what Keras makes of the whole model."""
    function: str
    first: int
    variables: tuple[str, ...]


def programs(model: Model) -> tuple[Program, ...]:
    """Return the programs beside the main graph, variants left out."""
    return tuple(map(_program, _without_wrappers(model, _without_variants(model.bindings))))


def variants(model: Model) -> tuple[Program, ...]:
    """Return the functions that `programs` leaves out: other traces, of which the one for training may read more."""
    kept = {program.function for program in programs(model)}
    return tuple(_program(binding) for binding in model.bindings if binding.function not in kept)


def _program(binding: Binding) -> Program:
    is_whole = leaf_of(binding.path) in _KERAS and not scope_of(binding.path)
    return Program("" if is_whole else binding.path, binding.function, binding.first, binding.variables)


def _without_variants(bindings: Iterable[Binding]) -> Iterator[Binding]:
    """Keep one trace of each Keras object, and of the layers none where the whole model has one."""
    traced: dict[str, Binding] = {}
    for binding in sorted(bindings, key=lambda b: _KERAS.index(leaf_of(b.path)) if leaf_of(b.path) in _KERAS else -1):
        if leaf_of(binding.path) in _KERAS:
            traced.setdefault(scope_of(binding.path), binding)
        else:
            yield binding
    yield from [traced[""]] if "" in traced else traced.values()


def _without_wrappers(model: Model, bindings: Iterable[Binding]) -> Iterator[Binding]:
    kept = list(bindings)
    others = {binding.function for binding in kept if not _is_signature(binding)}
    for binding in kept:
        if not _is_signature(binding) or not (others and _called_by(model, binding.function)):
            yield binding


def _is_signature(binding: Binding) -> bool:
    return binding.path.startswith("signatures/")


def _called_by(model: Model, function: str) -> set[str]:
    body = model.functions[function].body
    called = (body.attributes(row).get("f") for row in body.rows_of_type(*CALL_TYPES))
    return {found.name for found in called if isinstance(found, FunctionRef)}
