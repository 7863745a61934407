"""What would a restore do? The keys that a graph asks for, held against those that a checkpoint has.

`Saver.restore` ends at the first key that is missing; here all of them are listed, each with what probably happened to
it: the model gained an optimizer, a scope was put around it, a library renamed `weights` to `kernel`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.auxiliary import AuxiliaryVariable
from scopeview.model.names import leaf_of, scope_of, split_uniquifier
from scopeview.model.shapes import Shape
from scopeview.model.variables import Variable

MissingKind = Literal[
    "slot", "beta power", "average", "global step", "prefix", "leaf", "number", "case", "shape", "absent"
]

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

OBJECT_GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
_GLOBAL_STEP = re.compile(r"(.*/)?global_step(_\d+)?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class MissingKey:
    """A key that the graph asks for and the checkpoint has not."""

    key: str
    variable: str
    shape: Shape
    kind: MissingKind
    near: str
    """The key of the checkpoint that probably holds it; empty if none does."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A key that both have, with another shape or dtype."""

    key: str
    variable: str
    shape: Shape
    dtype: str
    stored_shape: Shape
    stored_dtype: str
    is_silent: bool
    """Whether TensorFlow 1 restores it without a word: a resource variable takes any shape of its dtype."""


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What `Saver.restore` would find."""

    asked_by: str
    """`saver` if restore ops ask for the keys, `names` if a default `Saver` would ask for the variables' names."""
    is_object_based: bool
    """Whether the checkpoint is object-based: a `Saver` then matches full names."""
    found: int
    """Keys that fit."""
    missing: tuple[MissingKey, ...]
    mismatched: tuple[Mismatch, ...]
    unused: tuple[str, ...]


def wanted_keys(context: AnalysisContext) -> tuple[str, Mapping[str, Variable]]:
    """Return who asks, and the variable behind each key: the restore ops' keys, else every variable's own name."""
    model = context.model
    owner = {handle: variable for variable in model.variables for handle in variable.handles}
    asked = {entry.key: owner[entry.handle_op] for entry in model.savers if entry.restores and entry.handle_op in owner}
    if asked:
        return "saver", asked
    if model.has_objects:
        return "saver", {}  # an object graph restores by path, and its saver's keys are all there is
    kept = {key: v for v in model.variables for key in v.checkpoint_keys if v.kind not in ("checkpoint", "object")}
    if kept:
        return "saver", kept  # an inspection that was kept as JSON has the keys, and no ops
    local = [
        v for v in model.variables if "local_variables" not in v.collections and v.kind not in ("frozen", "object")
    ]
    return "names", {variable.name: variable for variable in local}


def restore(graph: AnalysisContext, checkpoint: AnalysisContext) -> RestoreReport:
    """Say what restoring a checkpoint into a graph would do.

    Args:
        graph: the model that has variables to fill.
        checkpoint: the checkpoint; its entries go by full name where it is object-based.
    """
    asked_by, wanted = wanted_keys(graph)
    stored = {name: v for v in checkpoint.model.variables for name in {v.name, *v.checkpoint_keys}}
    search = _Search(checkpoint, wanted)
    mismatched = [
        _mismatch(key, variable, stored[key])
        for key, variable in wanted.items()
        if key in stored and not _fits(variable, stored[key])
    ]
    missing = tuple(search.classify(key, variable, graph) for key, variable in wanted.items() if key not in stored)
    return RestoreReport(
        asked_by=asked_by,
        is_object_based=checkpoint.model.origin.format == "checkpoint_object",
        found=sum(key in stored for key in wanted) - len(mismatched),
        missing=missing,
        mismatched=tuple(mismatched),
        unused=tuple(v.name for v in checkpoint.model.variables if _is_unused(v, wanted)),
    )


def _is_unused(entry: Variable, wanted: Mapping[str, Variable]) -> bool:
    return entry.name != OBJECT_GRAPH_KEY and entry.name not in wanted and not wanted.keys() & {*entry.checkpoint_keys}


def _fits(variable: Variable, entry: Variable) -> bool:
    is_shape_known = variable.shape is not None and None not in variable.shape and entry.shape is not None
    return variable.dtype == entry.dtype and (not is_shape_known or variable.shape == entry.shape)


def _mismatch(key: str, variable: Variable, entry: Variable) -> Mismatch:
    is_silent = variable.kind == "resource" and variable.dtype == entry.dtype
    return Mismatch(key, variable.name, variable.shape, variable.dtype, entry.shape, entry.dtype, is_silent)


class _Search:
    """Looks for the entry that a missing key may be stored under, among those that nothing asks for."""

    def __init__(self, checkpoint: AnalysisContext, wanted: Mapping[str, Variable]) -> None:
        unused = [
            v
            for v in checkpoint.model.variables
            if v.name not in wanted and v.name not in checkpoint.auxiliary_variables
        ]
        self._by_leaf: dict[str, list[Variable]] = defaultdict(list)
        self._by_scope: dict[str, list[Variable]] = defaultdict(list)
        self._all = {variable.name: variable for variable in checkpoint.model.variables}
        self._folded = {variable.name.casefold(): variable for variable in unused}
        for variable in unused:
            self._by_leaf[leaf_of(variable.name)].append(variable)
            self._by_scope[scope_of(variable.name)].append(variable)

    def classify(self, key: str, variable: Variable, graph: AnalysisContext) -> MissingKey:
        kind, near = self._kind_and_near(key, variable, graph)
        return MissingKey(key, variable.name, variable.shape, kind, near.name if near is not None else "")

    def _kind_and_near(
        self, key: str, variable: Variable, graph: AnalysisContext
    ) -> tuple[MissingKind, Variable | None]:
        auxiliary = graph.auxiliary_variables.get(variable.name)
        if auxiliary is not None:
            kinds: Mapping[str, MissingKind] = {"average": "average", "scalar": "beta power"}
            return kinds.get(auxiliary.kind, "slot"), self._attached(auxiliary, variable, graph)
        if _GLOBAL_STEP.match(key):
            return "global step", self._best(key, self._by_leaf["global_step"], variable)
        same_case = self._folded.get(key.casefold())
        if same_case is not None and _fits(variable, same_case):
            return "case", same_case
        tries: tuple[tuple[MissingKind, Iterable[Variable]], ...] = (
            ("leaf", self._other_leaves(key)),
            ("prefix", self._by_leaf[leaf_of(key)]),
            ("number", self._renumbered(key)),
            ("prefix", (v for leaf in _synonyms(leaf_of(key)) for v in self._by_leaf[leaf])),
        )
        for kind, candidates in tries:
            near = self._best(key, candidates, variable)
            if near is not None:
                return kind, near
        return "absent", None

    def _attached(self, auxiliary: AuxiliaryVariable, variable: Variable, graph: AnalysisContext) -> Variable | None:
        """Return the entry that is kept for what the primary is stored as, under the same name of its slot."""
        for primary in graph.model.variables.named(auxiliary.primary):
            stored = self._all.get(primary.name) or self._kind_and_near(primary.name, primary, graph)[1]
            found = self._all.get(f"{stored.name}/{auxiliary.slot}") if stored is not None else None
            if found is not None and _fits(variable, found):
                return found
        return None

    def _other_leaves(self, key: str) -> Iterable[Variable]:
        return [v for v in self._by_scope[scope_of(key)] if leaf_of(v.name) in _synonyms(leaf_of(key))]

    def _renumbered(self, key: str) -> Iterable[Variable]:
        """Entries whose paths differ from the key by numbers alone."""
        stems = [split_uniquifier(segment)[0] for segment in key.split("/")]
        return [
            variable
            for leaf in {leaf_of(key), stems[-1], *(f"{stems[-1]}_{number}" for number in range(1, 10))}
            for variable in self._by_leaf[leaf]
            if [split_uniquifier(segment)[0] for segment in variable.name.split("/")] == stems
        ]

    def _best(self, key: str, candidates: Iterable[Variable], variable: Variable) -> Variable | None:
        """Return the fitting entry that has the longest end in common with a key; None if two have it alike."""
        fitting = {v.name: v for v in candidates if _fits(variable, v)}
        ranked = sorted(fitting.values(), key=lambda v: -_common_end(key, v.name))
        if len(ranked) > 1 and _common_end(key, ranked[0].name) == _common_end(key, ranked[1].name):
            return None
        return ranked[0] if ranked else None


def _synonyms(leaf: str) -> frozenset[str]:
    return next((group - {leaf} for group in LEAF_SYNONYMS if leaf in group), frozenset())


def _common_end(one: str, other: str) -> int:
    """Count the segments at the end that two paths have in common, a synonym counting as the same."""
    count = 0
    for a, b in zip(reversed(one.split("/")), reversed(other.split("/")), strict=False):
        if a != b and not (count == 0 and b in _synonyms(a)):
            break
        count += 1
    return count
