"""What is this model? Its card, from structure alone: inputs, outputs, losses, repeated and largest parts, parameters.

Nothing is named that structure does not prove: no architecture, no library. Unknown is an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.answers.totals import ParameterTotals, parameter_totals
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.copies import copies
from scopeview.analysis.derive.inputs_outputs import Flow, graph_ends, is_read
from scopeview.analysis.derive.repeats import Repeats, find_repeats
from scopeview.analysis.derive.tensor_types import output_facts
from scopeview.model.dtypes import NON_NUMERIC
from scopeview.model.model import Model, Signature, TensorInfo
from scopeview.model.names import op_of_tensor, parse_input
from scopeview.model.ops import OpRow
from scopeview.model.scopes import ROOT, ScopeId
from scopeview.model.shapes import Shape

_LISTED = 20
"""Inputs, outputs and losses that a card names."""

_PARTS, _REPEATED, _SHARED = 3, 3, 5
_FEWEST_OPS = 4
"""Ops of a part that is worth counting."""

_MOST_OPS = 200_000
"""Ops of a graph whose repeated parts are looked for."""

_INTERNAL = "__saved_model_"


@dataclass(frozen=True, slots=True)
class CardTensor:
    """One input, output or loss."""

    name: str
    """What a caller calls it: the key of a signature, else the op."""
    tensor: str
    """The tensor to feed or to fetch."""
    dtype: str | None
    """Null where nothing gives it."""
    shape: Shape
    """Null where the rank is unknown."""
    shape_known: bool
    """Whether anything gives the shape."""
    is_used: bool
    """For an input: whether any op reads it."""


@dataclass(frozen=True, slots=True)
class RepeatedPart:
    """Numbered scopes that are equal inside."""

    pattern: str
    """Their paths with the number as `{i}`: `encoder/layer_{i}`."""
    count: int
    """How many there are."""
    ops: int
    """Ops in each."""
    first: str
    """The path of the first."""


@dataclass(frozen=True, slots=True)
class CardPart:
    """One of the largest variable scopes, or variables."""

    path: str
    """Its path in the variable tree."""
    parameters: int
    """Elements of the model's own variables below it."""


@dataclass(frozen=True, slots=True)
class CardRestore:
    """What a restore of the checkpoint beside the graph would do."""

    checkpoint: str
    """The path of the checkpoint."""
    will_load: int
    """Keys that fit."""
    missing: int
    """Keys that the graph asks for and the checkpoint has not."""
    mismatched: int
    """Keys of another shape or dtype."""
    unused: int
    """Keys that nothing asks for."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model in a few lines, from structure alone."""

    program: str
    """The program that it describes; `main` for the file's own main graph."""
    inputs: tuple[CardTensor, ...]
    """What is fed, the first of them; those that no op reads are marked."""
    total_inputs: int
    """How many there are."""
    outputs: tuple[CardTensor, ...]
    """What the computation ends in, the first of them: nothing but gradients and summaries reads it on."""
    total_outputs: int
    """How many there are."""
    losses: tuple[CardTensor, ...]
    """What gradients begin at."""
    repeated: tuple[RepeatedPart, ...]
    """The largest families of equal parts; empty too where the graph is too large to look for them."""
    parameters: ParameterTotals
    """Three numbers that nobody should add up: trained, not trained, optimizer state."""
    largest: tuple[CardPart, ...]
    """The parts with the most parameters."""
    shared: tuple[str, ...]
    """Variables that are used at several places, the largest first."""
    total_shared: int
    """How many there are."""
    restore: CardRestore | None
    """Null where no checkpoint is beside it, or nothing is asked for."""
    errors: int | None
    """Errors that the rules of lint find; null where the model is too large to look at here: `scopeview lint` does."""


def model_card(
    context: AnalysisContext,
    *,
    program: str | None = None,
    restore: CardRestore | None = None,
    errors: int | None = None,
) -> ModelCard:
    """Describe a model.

    Args:
        context: the model.
        restore: what a restore would do, as `analysis.card` finds it.
        errors: how many errors the rules find, if they were run.
        program: which program to describe; the one that is shown by default if None.

    Raises:
        NotFoundError: there is no such program.
    """
    shown = context.in_program(program)
    model = shown.model
    inputs, outputs, losses = _ends(shown)
    shared = _shared(context.for_sharing(program))
    return ModelCard(
        program=model.entry.name if model.entry is not None else "main",
        inputs=tuple(inputs[:_LISTED]),
        total_inputs=len(inputs),
        outputs=tuple(outputs[:_LISTED]),
        total_outputs=len(outputs),
        losses=tuple(losses[:_LISTED]),
        repeated=_repeated(shown),
        parameters=parameter_totals(context),
        largest=_largest(context),
        shared=shared[:_SHARED],
        total_shared=len(shared),
        restore=restore,
        errors=errors,
    )


def _ends(context: AnalysisContext) -> tuple[list[CardTensor], list[CardTensor], list[CardTensor]]:
    """Return inputs, outputs and losses: as signatures name them, else as the structure shows them."""
    model = context.model
    ends = graph_ends(Flow(model, context.roles, context.gives_weights, context.forward_edges))
    losses = [_of_row(context, row) for row in ends.losses]
    signatures = [signature for signature in model.signatures if not signature.name.startswith(_INTERNAL)]
    if signatures:
        inputs, outputs = _of_signatures(model, signatures)
        named = {op_of_tensor(one.tensor) for one in outputs}
        return inputs, outputs, [loss for loss in losses if loss.name not in named]
    return [_of_row(context, row) for row in ends.inputs], [_of_row(context, row) for row in ends.outputs], losses


def _of_row(context: AnalysisContext, row: OpRow) -> CardTensor:
    graph = context.model.graph
    facts = output_facts(context.model, "", row, 0)
    is_used = is_read(graph, row)
    return CardTensor(graph.name(row), f"{graph.name(row)}:0", facts.dtype, facts.shape, facts.shape_known, is_used)


def _of_signatures(model: Model, signatures: Sequence[Signature]) -> tuple[list[CardTensor], list[CardTensor]]:
    """Return what signatures take and give, each tensor once."""

    def described(infos: list[TensorInfo], *, fed: bool) -> list[CardTensor]:
        found: dict[str, CardTensor] = {}
        for info in infos:
            row = model.graph.row(op_of_tensor(info.tensor))
            is_used = not fed or row is None or _is_port_read(model, row, parse_input(info.tensor).port)
            found.setdefault(info.tensor, CardTensor(info.key, info.tensor, info.dtype, info.shape, True, is_used))
        return list(found.values())

    inputs = [info for signature in signatures for info in signature.inputs]
    outputs = [info for signature in signatures for info in signature.outputs]
    return described(inputs, fed=True), described(outputs, fed=False)


def _is_port_read(model: Model, row: OpRow, port: int) -> bool:
    return any(edge.port == port for edge in model.graph.consumers(row))


def _repeated(context: AnalysisContext) -> tuple[RepeatedPart, ...]:
    """Return the largest families of equal numbered scopes of the computation, none inside another."""
    graph = context.model.graph
    if len(graph) > _MOST_OPS:
        return ()
    chosen: list[Repeats] = []
    tree, is_open = graph.scopes, _computing(context)
    for found in find_repeats(graph, _FEWEST_OPS, lambda scope: bool(is_open[scope])):
        if not is_open[found.ids[0]]:
            continue
        chosen.append(found)
        if len(chosen) == _REPEATED:
            break
        for scope in found.ids:  # what is inside is repeated too, and not listed again
            is_open[scope : int(tree.subtree_end[scope])] = False
    return tuple(RepeatedPart(one.pattern, len(one.scopes), one.ops, one.scopes[0]) for one in chosen)


def _computing(context: AnalysisContext) -> NDArray[np.bool_]:
    """Return the scopes of which most ops compute, and that are no single op with its parts: shape (scopes,)."""
    tree, is_forward = context.model.op_scopes, context.is_forward
    forward = tree.roll_up(is_forward.astype(np.int64))
    own = tree.roll_up((is_forward & ~context.gives_weights).astype(np.int64))
    is_most = 2 * forward > tree.last - tree.first
    return np.asarray(is_most & (own > 1) & (tree.own_rows() < 0))


def _largest(context: AnalysisContext) -> tuple[CardPart, ...]:
    """Return the largest scopes of the variable tree; one that holds nearly all is opened."""
    model, tree = context.model, context.model.variable_scopes
    own = ~context.auxiliary_variables.mask(model.variables)
    twice = copies(model.variables) if model.variables.columns is None else ()
    if twice:
        own &= np.array([variable.identity not in twice for variable in model.variables], dtype=bool)
    weights = np.where(own, model.variables.parameters, 0)
    totals = tree.roll_up(weights)
    around, total = ROOT, int(totals[ROOT])
    while True:
        children = sorted(tree.children(around), key=lambda scope: -int(totals[scope]))
        if not children or int(totals[children[0]]) * 10 < total * 9 or not any(tree.children(children[0])):
            break
        around = ScopeId(children[0])
    parts = [CardPart(tree.path(scope), int(totals[scope])) for scope in children]
    parts += [CardPart(model.variables[row].name, int(weights[row])) for row in tree.leaves(around)]
    parts = [part for part in parts if part.parameters]
    return tuple(sorted(parts, key=lambda part: -part.parameters)[:_PARTS])


def _shared(context: AnalysisContext) -> tuple[str, ...]:
    if not len(context.model.graph):
        return ()
    own = [v for v in context.model.variables if v not in context.auxiliary_variables]
    shared = [v for v in own if v.dtype not in NON_NUMERIC and context.uses(v) > 1]
    return tuple(v.name for v in sorted(shared, key=lambda v: -(v.parameters or 0)))
