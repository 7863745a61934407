"""Programs: what a caller can run, with its calls inlined into one graph.

A SavedModel of TF 2 keeps its computation in functions: its main graph is placeholders, variables and calls. A program
is an entry point (a signature, a concrete function, the main graph) as a graph of its own, in which the body of every
call stands where the call stood. A program is a Model again, so that every analysis works on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scopeview.errors import NotFoundError
from scopeview.model.entry_point import MAIN, WHOLE, EntryPoint
from scopeview.model.frames import Limits, affordable
from scopeview.model.inlining import Inlined, Inliner
from scopeview.model.model import Binding, Model, Signature, TensorInfo
from scopeview.model.names import parse_input
from scopeview.model.output_arguments import OutputArguments

SIGNATURES = "signatures/"
"""Where the object graph has the functions behind the signatures."""


def program(model: Model, name: str, limits: Limits | None = None) -> Model:
    """Return an entry point of a model as a model: its graph is the computation, its calls inlined.

    `main` is the model itself; every other program is made once.

    Args:
        model: the model.
        name: a signature, the path of a function in the object graph, or a function of the library.
        limits: where inlining stops; a program that is made with other limits than usual is not kept.

    Raises:
        NotFoundError: the model has no such entry point; the message lists those that it has.
    """
    if name == MAIN:
        return model
    if limits is not None:
        return _made(model, name, limits)
    found: Model = model.made_programs.get(name, lambda: _made(model, name, affordable(model.graph, model.functions)))
    return found


def _made(model: Model, name: str, limits: Limits) -> Model:
    arguments = OutputArguments(model.op_output_names, model.op_outputs)
    inliner = Inliner(model.graph, model.functions, arguments, limits)
    signature = next((known for known in model.signatures if known.name == name), None)
    if name == WHOLE:
        inlined = inliner.of_graph(tensors=_tensors(model.signatures))
        return _program(model, inlined, EntryPoint(name, "inlined"), _renamed(model.signatures, inlined))
    if signature is not None:
        outputs = [_op_and_port(tensor)[0] for info in signature.outputs for tensor in info.tensor.split(", ")]
        inlined = inliner.of_graph(outputs, _tensors((signature,)))
        return _program(model, inlined, EntryPoint(name, "signature"), _renamed((signature,), inlined))
    binding = binding_called(model, name)
    function = binding.function if binding is not None else name
    if function not in model.functions:
        known = ", ".join(entry_names(model))
        raise NotFoundError(f"{model.origin.path} has no program {name!r}; it has: {known}")
    inlined = inliner.of_function(function, _handles(model, binding))
    return _program(model, inlined, EntryPoint(name, "function", function), (_signature_of(name, inlined),))


def binding_called(model: Model, name: str) -> Binding | None:
    """Return the concrete function at a path of the object graph, or None."""
    return next((b for b in model.bindings if name in (b.path, b.path.removeprefix(SIGNATURES), b.function)), None)


def entry_names(model: Model) -> Iterator[str]:
    """Yield the names of the programs: signatures, functions of the object graph, the main graph."""
    yield from dict.fromkeys(
        [
            *(signature.name for signature in model.signatures),
            *(b.path for b in model.bindings if not b.path.startswith(SIGNATURES)),
            MAIN,
        ]
    )


def _program(model: Model, inlined: Inlined, entry: EntryPoint, signatures: tuple[Signature, ...]) -> Model:
    return replace(
        model,
        graph=inlined.table,
        functions={name: model.functions[name] for name in inlined.functions},
        signatures=signatures,
        bindings=(),
        dangling=(),
        imported=None,
        entry=replace(entry, stops=inlined.stops, total_stops=inlined.total_stops),
    )


def _handles(model: Model, binding: Binding | None) -> dict[int, tuple[str, str]]:
    """Return the name of the variable or object that each bound argument is, and what kind it is, by position."""
    if binding is None:
        return {}
    names: dict[int, tuple[str, str]] = {}
    others = iter(binding.others)
    for position, identity in enumerate(binding.variables, binding.first):
        if identity:
            names[position] = (identity, "VarHandleOp")
        else:
            kind, _, path = next(others, "object ").partition(" ")
            names[position] = (path or f"captured_{position}", f"captured {kind}")
    return names


def _tensors(signatures: tuple[Signature, ...]) -> list[tuple[str, int]]:
    """Return op and port of every tensor that signatures name."""
    infos = (info for signature in signatures for info in (*signature.outputs, *signature.inputs))
    return [_op_and_port(tensor) for info in infos for tensor in info.tensor.split(", ") if tensor]


def _op_and_port(tensor: str) -> tuple[str, int]:
    op, _, port = parse_input(tensor)
    return op, port


def _renamed(signatures: tuple[Signature, ...], inlined: Inlined) -> tuple[Signature, ...]:
    """Return signatures with the names that their tensors have in a program."""

    def renamed(info: TensorInfo) -> TensorInfo:
        tensors = (inlined.tensors.get(_op_and_port(tensor), tensor) for tensor in info.tensor.split(", "))
        return replace(info, tensor=", ".join(tensors))

    return tuple(
        replace(s, inputs=tuple(map(renamed, s.inputs)), outputs=tuple(map(renamed, s.outputs))) for s in signatures
    )


def _signature_of(name: str, inlined: Inlined) -> Signature:
    """Return what a concrete function takes and gives, as a signature says it."""
    inputs = tuple(TensorInfo(key, f"{op}:0", dtype, shape) for key, op, dtype, shape in inlined.inputs)
    outputs = tuple(TensorInfo(key, tensor, dtype, None) for key, tensor, dtype in inlined.outputs)
    return Signature(name, "", inputs, outputs)
