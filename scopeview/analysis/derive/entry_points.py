"""The programs of a model: what a user can run. The main graph is one; functions of an object graph are others.

A TF 2 SavedModel keeps its computation in functions. Saving adds variants that are no programs of their own:
`signatures` wrap a function that stands beside them, and Keras traces every layer and model several times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scopeview.model.attributes import FunctionRef
from scopeview.model.entry_point import MAIN, WHOLE
from scopeview.model.functions import Function
from scopeview.model.model import Binding, Model
from scopeview.model.names import leaf_of, op_of_tensor, scope_of
from scopeview.model.op_types import CALL_TYPES
from scopeview.model.ops import OpTable

_DEFAULT_SIGNATURE = "serving_default"
_SIGNATURES = "signatures/"
_INTERNAL = "__saved_model_"
"""How the names of signatures begin that only the loader runs."""

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
    return binding.path.startswith(_SIGNATURES)


def _is_plumbing(binding: Binding) -> bool:
    """Whether only the loader runs it, to make or end a table."""
    return leaf_of(binding.path) in ("_create_resource", "_initialize", "_destroy_resource")


def _called_by(model: Model, function: str) -> set[str]:
    body = model.functions[function].body
    called = (body.attributes(row).get("f") for row in body.rows_of_type(*CALL_TYPES))
    return {found.name for found in called if isinstance(found, FunctionRef)}


def program_names(model: Model) -> tuple[str, ...]:
    """Return the names of what a caller can run: signatures, other functions of the object graph, the main graph.

    A function that a signature only wraps is the same computation, and goes by the signature's name.
    """
    if model.entry is not None:
        return (model.entry.name,)
    wrapped = {
        name for binding in model.bindings if _is_signature(binding) for name in _called_by(model, binding.function)
    }
    names = [signature.name for signature in model.signatures if not signature.name.startswith(_INTERNAL)]
    known = {found.function for found in programs(model)} - wrapped
    names += [b.path for b in model.bindings if b.function in known and not _is_signature(b) and not _is_plumbing(b)]
    if not model.has_objects and _calls(model.graph, model):
        names.append(WHOLE)
    return (*dict.fromkeys(names), MAIN)


def default_program(model: Model) -> str:
    """Return the program that is shown where none is named.

    Of a SavedModel of TF 2 it is `serving_default`, else the largest; its main graph is plumbing. Any other graph is
    shown as it is, unless it calls functions that hold more than it does itself.
    """
    names = [name for name in program_names(model) if name != MAIN]
    if model.entry is not None or not model.functions or not names:
        return MAIN
    sizes = program_sizes(model)
    if not model.has_objects:
        calls = model.graph.rows_of_type(*CALL_TYPES)
        return WHOLE if calls and sizes[WHOLE] > 2 * len(model.graph) else MAIN
    return _DEFAULT_SIGNATURE if _DEFAULT_SIGNATURE in names else max(names, key=lambda name: sizes[name])


def program_sizes(model: Model) -> Mapping[str, int]:
    """Return how many ops each program has about, its calls inlined: without making any of them."""
    calls = {name: _calls(function.body, model) for name, function in model.functions.items()}
    sizes = _inlined_sizes(model.functions, calls)
    main_calls = _calls(model.graph, model)
    whole = len(model.graph) + sum(sizes[name] for _, name in main_calls)
    by_call: dict[str, int] = {}
    for op, name in main_calls:
        by_call[op] = by_call.get(op, 0) + sizes[name]
    paths = {binding.path: binding.function for binding in model.bindings}
    found = {MAIN: len(model.graph), WHOLE: whole}
    for name in program_names(model):
        if name in paths:
            found[name] = sizes[paths[name]]
    for signature in model.signatures:
        ops = {op_of_tensor(tensor) for info in signature.outputs for tensor in info.tensor.split(", ")}
        found[signature.name] = sum(by_call.get(op, 0) for op in ops) + len(signature.inputs)
    return found


def _calls(table: OpTable, model: Model) -> list[tuple[str, str]]:
    """Return the ops of a table that call functions of the library, each with a function."""
    if not model.functions:
        return []
    from scopeview.model.frames import calls_of  # only graphs with functions need it

    called = calls_of(table, model.functions)
    return [(table.name(row), name) for row, listed in called for name, _, _ in listed if name in model.functions]


def _inlined_sizes(functions: Mapping[str, Function], calls: Mapping[str, list[tuple[str, str]]]) -> Mapping[str, int]:
    """Return the ops of each function with those of what it calls; one that calls itself is entered once."""
    sizes: dict[str, int] = {}
    for start in functions:
        waiting = [(start, False)]
        while waiting:
            name, is_left = waiting.pop()
            if is_left:
                sizes[name] = functions[name].op_count + sum(sizes.get(inner, 0) for _, inner in calls[name])
            elif name not in sizes:
                sizes[name] = 0
                waiting.append((name, True))
                waiting += [(inner, False) for _, inner in calls[name] if inner not in sizes]
    return sizes
