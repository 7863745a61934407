"""What would a restore do? The keys that a graph asks for, compared with those that a checkpoint has.

`Saver.restore` ends at the first key that is missing; here all of them are listed, each with what probably happened to
it: the model gained an optimizer, a scope was put around it, a library renamed `weights` to `kernel`. What was renamed
is what a matching says; this module decides nothing of it by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.auxiliary import AuxiliaryVariable
from scopeview.analysis.diff.keys import Mismatch, MissingKey, MissingKind
from scopeview.analysis.diff.verdict import RestoreVerdict, name_verdict
from scopeview.model.names import leaf_of, scope_of, split_uniquifier
from scopeview.model.object_paths import OBJECT_GRAPH_KEY
from scopeview.model.shapes import Shape
from scopeview.model.variables import Variable

LEAF_SYNONYMS: tuple[frozenset[str], ...] = (
    frozenset({"weights", "kernel", "w", "weight", "matrix"}),
    frozenset({"biases", "bias", "b"}),
    frozenset({"gamma", "scale"}),
    frozenset({"beta", "offset"}),
    frozenset({"moving_mean", "mean", "running_mean"}),
    frozenset({"moving_variance", "variance", "running_var"}),
    frozenset({"embeddings", "embedding", "embedding_table", "embedding_weights"}),
)
"""Leaves that libraries use for one thing: TensorFlow 1.2 renamed weights to kernel (tensorflow/tensorflow#11168)."""

_GLOBAL_STEP = re.compile(r"(.*/)?global_step(_\d+)?\Z", re.DOTALL)
_AVERAGE = re.compile(r"(ExponentialMovingAverage|EMA)(_\d+)?\Z")
_FIRST_PART = "/part_0"


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restore would find."""

    asked_by: Literal["saver", "names", "objects"]
    """`saver` if restore ops ask for the keys, `names` if a default `Saver` would ask for the variables' names,
    `objects` if `tf.train.Checkpoint` would follow the paths of objects."""
    is_object_based: bool
    """Whether the checkpoint is object-based: a `Saver` then matches full names."""
    found: int
    """Keys that fit."""
    missing: tuple[MissingKey, ...]
    mismatched: tuple[Mismatch, ...]
    unused: tuple[str, ...]
    verdict: RestoreVerdict
    """Whether it will succeed, and what is in its way."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One key that a restore asks for."""

    key: str
    variable: Variable
    shape: Shape
    """Shape of the tensor that must be stored under the key: of a part, where the part has a key of its own."""
    is_part: bool = False
    is_slice: bool = False
    """Whether a part of what is stored is read: its whole shape is then checked."""


def wanted_keys(context: AnalysisContext) -> tuple[Literal["saver", "names"], Mapping[str, Wanted]]:
    """Return who asks, and what for: the restore ops' keys, else every variable's own name."""
    model = context.model
    owner = {handle: variable for variable in model.variables for handle in variable.handles}
    parts = {part.name: part for variable in model.variables for part in variable.parts}
    asked: dict[str, Wanted] = {}
    for entry in model.savers:
        if entry.restores and entry.handle_op in owner:
            variable, part = owner[entry.handle_op], parts.get(entry.handle_op)
            is_part = part is not None and not entry.slice_spec
            shape = part.shape if part is not None and is_part else variable.shape
            asked[entry.key] = Wanted(entry.key, variable, shape, is_part, bool(entry.slice_spec))
    if asked:
        return "saver", asked
    if model.has_objects:
        return "saver", {}  # an object graph restores by path, and its saver's keys are all there is
    kept = {key: v for v in model.variables for key in v.checkpoint_keys if v.kind not in ("checkpoint", "object")}
    if kept:
        # an inspection that was kept as JSON has the keys, and no ops
        return "saver", {key: Wanted(key, v, v.shape) for key, v in kept.items()}
    local = [
        v
        for v in model.variables
        if "local_variables" not in v.collections and v.kind not in ("frozen", "object", "traced")
    ]
    return "names", {v.name: Wanted(v.name, v, v.shape) for v in local}


def restore(
    graph: AnalysisContext, checkpoint: AnalysisContext, counterparts: Mapping[str, Variable] | None = None
) -> RestoreReport:
    """Say what restoring a checkpoint into a graph would do.

    Args:
        graph: the model that has variables to fill.
        checkpoint: the checkpoint; its entries go by full name where it is object-based.
        counterparts: entries of the checkpoint by the identities of the graph's variables, as they were matched.
    """
    asked_by, wanted = wanted_keys(graph)
    stored = {name: v for v in checkpoint.model.variables for name in {v.name, *v.checkpoint_keys}}
    mismatched = [
        _mismatch(asked, stored[asked.key])
        for asked in wanted.values()
        if asked.key in stored and not fits(asked.shape, asked.variable.dtype, stored[asked.key])
    ]
    absent = [asked for asked in wanted.values() if asked.key not in stored]
    missing = [_missing(asked, stored, graph, counterparts or {}) for asked in absent]
    unused = tuple(v.name for v in checkpoint.model.variables if _is_unused(v, wanted))
    return RestoreReport(
        asked_by=asked_by,
        is_object_based=checkpoint.model.origin.format == "checkpoint_object",
        found=len(wanted) - len(absent) - len(mismatched),
        missing=tuple(missing),
        mismatched=tuple(mismatched),
        unused=unused,
        verdict=name_verdict(graph, checkpoint, len(wanted), missing, mismatched, unused),
    )


def _is_unused(entry: Variable, wanted: Mapping[str, Wanted]) -> bool:
    return entry.name != OBJECT_GRAPH_KEY and entry.name not in wanted and not wanted.keys() & {*entry.checkpoint_keys}


def fits(shape: Shape, dtype: str, entry: Variable) -> bool:
    """Whether a stored tensor has the shape, as far as it is known, and the dtype."""
    if dtype != entry.dtype:
        return False
    if shape is None or entry.shape is None:
        return True
    pairs = zip(shape, entry.shape, strict=False)
    return len(shape) == len(entry.shape) and all(None in (one, other) or one == other for one, other in pairs)


def _mismatch(asked: Wanted, entry: Variable) -> Mismatch:
    variable = asked.variable
    is_resource = variable.kind == "resource" and not asked.is_slice
    return Mismatch(
        asked.key,
        variable.name,
        asked.shape,
        variable.dtype,
        entry.shape,
        entry.dtype,
        is_resource and variable.dtype == entry.dtype,
    )


def _missing(
    asked: Wanted, stored: Mapping[str, Variable], graph: AnalysisContext, counterparts: Mapping[str, Variable]
) -> MissingKey:
    kind, near = next(_explanations(asked, stored, graph, counterparts))
    return MissingKey(asked.key, asked.variable.name, asked.shape, kind, near)


def _explanations(
    asked: Wanted, stored: Mapping[str, Variable], graph: AnalysisContext, counterparts: Mapping[str, Variable]
) -> Iterator[tuple[MissingKind, str]]:
    """Yield what may have happened to a key that is missing, the most certain first."""
    key, variable = asked.key, asked.variable
    auxiliary = graph.auxiliary_variables.of(variable)
    other = counterparts.get(variable.identity) or _following(variable, auxiliary, stored, graph, counterparts)
    if asked.is_part and variable.name in stored:
        yield "part", variable.name
    if f"{key}{_FIRST_PART}" in stored:
        yield "whole", f"{key}{_FIRST_PART}"
    if _AVERAGE.match(leaf_of(key)) or (auxiliary is not None and auxiliary.kind == "average"):
        yield "average", scope_of(key) if scope_of(key) in stored else ""
    averages = [name for name in (f"{key}/ExponentialMovingAverage", f"{key}/EMA") if name in stored]
    if averages:
        yield "variable", averages[0]
    if other is not None:
        yield _renaming(key, other.name) if fits(asked.shape, variable.dtype, other) else "shape", other.name
    if auxiliary is not None:
        yield "beta power" if auxiliary.kind == "scalar" else "slot", ""
    yield "global step" if _GLOBAL_STEP.match(key) else "absent", ""


def _following(
    variable: Variable,
    auxiliary: AuxiliaryVariable | None,
    stored: Mapping[str, Variable],
    graph: AnalysisContext,
    counterparts: Mapping[str, Variable],
) -> Variable | None:
    """Return the entry that belongs to the counterpart of a variable's primary as the variable does to the primary."""
    for primary in graph.model.variables.named(auxiliary.primary) if auxiliary is not None else ():
        other = counterparts.get(primary.identity)
        if other is not None and primary.name in variable.name:
            return stored.get(variable.name.replace(primary.name, other.name))
    return None


def _renaming(key: str, near: str) -> MissingKind:
    """Return in what a name differs from that under which a variable is stored."""
    if key.casefold() == near.casefold():
        return "case"
    if _without_numbers(key) == _without_numbers(near):
        return "number"
    is_one_leaf = leaf_of(key) == leaf_of(near) or any({leaf_of(key), leaf_of(near)} <= g for g in LEAF_SYNONYMS)
    if scope_of(key) == scope_of(near):
        return "leaf"
    return "prefix" if is_one_leaf else "renamed"


def _without_numbers(name: str) -> list[str]:
    return [split_uniquifier(segment)[0] for segment in name.split("/")]
