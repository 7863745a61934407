"""What does this artifact hold? The whole answer, as the JSON contract of `scopeview inspect --json` states it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.answers.card import ModelCard, model_card
from scopeview.analysis.answers.programs import ProgramRecord, programs_of
from scopeview.analysis.answers.totals import parameter_totals
from scopeview.analysis.answers.traced import flags_of
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.variable_row import VariableFacts, VariableRow, facts_of
from scopeview.model.collection import Member
from scopeview.model.dtypes import NON_NUMERIC
from scopeview.model.entry_point import MAIN
from scopeview.model.imported import ImportReport
from scopeview.model.model import AlsoHere, Dangling, Model, Signature
from scopeview.model.names import is_within
from scopeview.model.scopes import DEEPEST, ScopeId, ScopeTree
from scopeview.model.variables import Part, StoredSlice, Variable, VariableTable

_LARGE_CONSTANT = 1024
_MOST_PATHS = 32_000_000


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """The artifact in one line."""

    path: str
    file: str
    artifact: str
    format: str
    text: bool
    tensorflow_version: str
    producer: int | None
    tags: tuple[str, ...]
    ops: int
    functions: int
    variables: int
    attached_variables: int
    """Those among them that exist for another: optimizer slots, averages, replicas, scalars."""
    parameters: int
    """Elements of all variables whose shape is known."""
    parameters_trained: int | None
    """Those that an optimizer of the graph updates, or that are trainable; null where the artifact does not say."""
    parameters_not_trained: int | None
    """Those that nothing trains and that are no state of an optimizer; null where the artifact does not say."""
    parameters_optimizer: int
    """Those of optimizer slots and optimizer scalars."""
    size_bytes: int
    large_constants: int
    """Constants of at least 1 kB: weights that were folded into the graph, perhaps."""
    large_constant_bytes: int
    unknown_sizes: int
    """Variables that `parameters` and `size_bytes` leave out, because shape or dtype does not tell."""
    details: Mapping[str, str]
    notes: tuple[str, ...]
    others: tuple[str, ...]
    also_here: tuple[AlsoHere, ...]
    """The same, with kind and size."""
    checkpoint: str
    """The file with the values of its variables, where that is another one; empty if none is known."""


@dataclass(frozen=True, slots=True)
class OpScopeRecord:
    """One scope of the op tree."""

    path: str
    depth: int
    ops: int
    """Ops everywhere below it."""
    direct_ops: int
    """Ops in it and in none of its child scopes."""


@dataclass(frozen=True, slots=True)
class VariableScopeRecord:
    """One scope of the variable tree; all counts are of everything below it."""

    path: str
    depth: int
    variables: int
    parameters: int
    size_bytes: int
    flags: tuple[str, ...]
    """The reuse flags with which it was entered and where each comes from; empty where no trace says it."""


@dataclass(frozen=True, slots=True)
class VariableRecord(VariableFacts):
    """One variable as the artifact has it."""

    size_bytes: int | None
    device: str
    handle_op: str | None
    shared_name: str
    container: str
    full_name: str
    parts: tuple[Part, ...]
    stored: StoredSlice | None
    slots: tuple[str, ...]
    """Variables that exist for this one: optimizer slots, averages, replicas."""


@dataclass(frozen=True, slots=True)
class CollectionRecord:
    """One collection."""

    name: str
    kind: str
    size: int
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class FunctionRecord:
    """One function of the library."""

    name: str
    ops: int
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    gradient: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """Everything an artifact holds, op by op excepted."""

    model: ModelSummary
    card: ModelCard
    """The model in a few lines, from structure alone; of the program that is shown where none is named."""
    op_scopes: tuple[OpScopeRecord, ...]
    variable_scopes: tuple[VariableScopeRecord, ...]
    variables: tuple[VariableRecord, ...]
    other_keys: tuple[str, ...]
    """Checkpoint keys that savers write for what is no variable: hash tables, iterators, the object graph."""
    collections: tuple[CollectionRecord, ...]
    signatures: tuple[Signature, ...]
    programs: tuple[ProgramRecord, ...]
    """What can be run: signatures, functions of the object graph, the main graph."""
    functions: tuple[FunctionRecord, ...]
    dangling: tuple[Dangling, ...]
    imported: ImportReport | None
    left_out: Mapping[str, int]
    """Where lists were cut to be sent: how many of each are missing. The command line cuts none."""


def first_of(found: Inspection, limit: int) -> Inspection:
    """Return an inspection of which no list is longer than a limit."""
    lists = (
        "op_scopes",
        "variable_scopes",
        "variables",
        "other_keys",
        "signatures",
        "programs",
        "functions",
        "dangling",
    )
    shorter: dict[str, Any] = {name: getattr(found, name)[:limit] for name in lists}
    left_out = {name: len(getattr(found, name)) - len(short) for name, short in shorter.items()}
    shorter["collections"] = tuple(replace(one, members=one.members[:limit]) for one in found.collections)
    if found.imported is not None:
        tensors = found.imported.tensors
        shorter["imported"] = replace(found.imported, tensors=dict(islice(tensors.items(), limit)))
        left_out["imported.tensors"] = max(0, len(tensors) - limit)
    return replace(found, **shorter, left_out={name: number for name, number in left_out.items() if number})


def inspect(
    context: AnalysisContext,
    card: ModelCard | None = None,
    *,
    scope: str = "",
    depth: int | None = None,
    program: str = MAIN,
    with_records: bool = True,
) -> Inspection:
    """Describe a model.

    Args:
        context: the model, analyzed.
        card: the model's card with what `analysis.card` adds to it, if that was asked for.
        scope: leave out the scopes and variables outside this path; the totals stay those of the whole.
        depth: leave out scopes deeper than this, counted from `scope`.
        program: whose op scopes to list, and in which to count the uses of variables.
        with_records: whether to list the scopes and variables one by one, which a screen shows as trees instead.

    Raises:
        NotFoundError: there is no such program.
    """
    model, shown = context.model, context.in_program(program)
    listed = model.variables if with_records else ()
    return Inspection(
        model=summarize(context),
        card=card or model_card(context),
        op_scopes=_op_scopes(shown.model.op_scopes, scope, depth) if with_records else (),
        variable_scopes=_variable_scopes(context, scope, depth) if with_records else (),
        variables=tuple(record_of(VariableRow(shown, v)) for v in listed if is_within(v.name, scope)),
        other_keys=tuple(dict.fromkeys(e.key for e in model.savers if not e.handle_op and not e.restores)),
        collections=tuple(
            CollectionRecord(found.name, found.kind, found.size, found.members) for found in model.collections
        ),
        signatures=model.signatures,
        programs=programs_of(context),
        functions=tuple(
            FunctionRecord(
                function.name,
                function.op_count,
                tuple(f"{argument.name}: {argument.dtype}" for argument in function.arguments),
                tuple(f"{result.name}: {result.dtype}" for result in function.results),
                function.gradient,
            )
            for function in model.functions.values()
        ),
        dangling=model.dangling,
        imported=model.imported,
        left_out={},
    )


def summarize(context: AnalysisContext) -> ModelSummary:
    """Return the totals of a model."""
    model = context.model
    origin, variables = model.origin, model.variables
    constants = _large_constants(model)
    totals = parameter_totals(context)
    return ModelSummary(
        path=origin.path,
        file=origin.file,
        artifact=origin.artifact,
        format=origin.format,
        text=origin.text,
        tensorflow_version=origin.tensorflow_version,
        producer=origin.producer,
        tags=origin.tags,
        ops=len(model.graph),
        functions=len(model.functions),
        variables=len(variables),
        attached_variables=int(context.auxiliary_variables.mask(variables).sum()),
        parameters=int(variables.parameters.sum()),
        parameters_trained=totals.trained,
        parameters_not_trained=totals.not_trained,
        parameters_optimizer=totals.optimizer,
        size_bytes=int(variables.size_bytes.sum()),
        large_constants=len(constants),
        large_constant_bytes=int(constants.sum()),
        unknown_sizes=_unknown_sizes(variables),
        details=dict(origin.details),
        notes=(*model.notes, *_left_out(model)),
        others=model.others,
        also_here=model.also_here,
        checkpoint=origin.checkpoint,
    )


def _left_out(model: Model) -> Iterator[str]:
    """Say where lists of scopes stop, which happens to hostile names only."""
    for kind, tree in (("op", model.op_scopes), ("variable", model.variable_scopes)):
        characters = int(tree.path_lengths().sum())
        if characters > _MOST_PATHS:
            yield f"the paths of the {kind} scopes add up to {characters:,} characters; the list of them is cut short"
        if len(tree) and int(tree.depth.max()) >= DEEPEST:
            yield f"the {kind} scopes nest deeper than {DEEPEST:,} levels, which are not divided further"


def _large_constants(model: Model) -> NDArray[np.int64]:
    """Return the bytes of each large constant as the file stores them, without decoding any."""
    columns, rows = model.graph.columns, model.graph.rows_of_type("Const")
    sizes = (columns.raw_end - columns.raw_start)[np.array(rows, dtype=np.int64)]
    return np.asarray(sizes[sizes >= _LARGE_CONSTANT])


def _unknown_sizes(variables: VariableTable) -> int:
    if variables.columns is not None:
        return variables.columns.without_size()
    return sum(map(_size_is_unknown, variables))


def _size_is_unknown(variable: Variable) -> bool:
    is_numeric = variable.dtype not in NON_NUMERIC
    return variable.parameters is None or (is_numeric and variable.size_bytes is None)


def record_of(row: VariableRow) -> VariableRecord:
    """Return a variable as the contract lists it."""
    return VariableRecord(
        **facts_of(row, VariableRecord), slots=tuple(auxiliary.variable for auxiliary in row.auxiliary)
    )


def _selected(tree: ScopeTree, scope: str, depth: int | None) -> list[ScopeId]:
    """Return the scopes within a path, itself included and the root left out; depth counts from that path.

    Stops where the paths add up to 32 MB, which only a name of many thousand segments does.
    """
    top = tree.find(scope)
    if top is None:
        return []
    lengths = tree.path_lengths()
    selected, characters = [], 0
    for found in map(ScopeId, range(max(1, int(top)), int(tree.subtree_end[top]))):
        if depth is not None and tree.depth[found] > tree.depth[top] + depth:
            continue
        characters += int(lengths[found])
        if characters > _MOST_PATHS:
            break
        selected.append(found)
    return selected


def _op_scopes(tree: ScopeTree, scope: str, depth: int | None) -> tuple[OpScopeRecord, ...]:
    below = tree.last - tree.first
    direct = below.copy()
    np.subtract.at(direct, tree.parent[1:], below[1:])
    return tuple(
        OpScopeRecord(tree.path(s), int(tree.depth[s]), int(below[s]), int(direct[s]))
        for s in _selected(tree, scope, depth)
    )


def _variable_scopes(context: AnalysisContext, scope: str, depth: int | None) -> tuple[VariableScopeRecord, ...]:
    model = context.model
    tree = model.variable_scopes
    parameters = tree.roll_up(model.variables.parameters)
    size_bytes = tree.roll_up(model.variables.size_bytes)
    return tuple(
        VariableScopeRecord(
            tree.path(s),
            int(tree.depth[s]),
            len(tree.rows(s)),
            int(parameters[s]),
            int(size_bytes[s]),
            flags_of(context, tree.path(s)),
        )
        for s in _selected(tree, scope, depth)
    )
