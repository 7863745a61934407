"""Two sides compared: their variables matched, and what a report says about it, each part when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.graphs import FunctionChange, GraphDiff, diff_functions, diff_graphs
from scopeview.analysis.diff.maps import renaming, sources
from scopeview.analysis.diff.match import Matching, Pair, match
from scopeview.analysis.diff.namespace import Namespace, namespace_of
from scopeview.analysis.diff.object_restore import object_restore
from scopeview.analysis.diff.recipes import Recipe, recipe_of
from scopeview.analysis.diff.restore import RestoreReport, fits, restore
from scopeview.analysis.diff.variables import DiffEntry, RenameRule, Wanted
from scopeview.model.names import scope_of
from scopeview.model.variables import Variable


@dataclass(frozen=True)
class Comparison:
    """Two sides and what became of their variables; parts of a report are made from it when they are asked for."""

    a: Namespace
    b: Namespace
    wanted: Wanted
    entries: Sequence[DiffEntry]
    """Those that are wanted, whatever their status."""
    matching: Matching

    @cached_property
    def pairs(self) -> Sequence[Pair]:
        """The pairs of what is wanted, from A to B."""
        return self._wanted(self.matching.pairs)

    @cached_property
    def judged(self) -> Sequence[Pair]:
        """Those of them that are no namesakes."""
        return self._wanted(self.matching.judged)

    def _wanted(self, pairs: Sequence[Pair]) -> Sequence[Pair]:
        takes = self.wanted.takes
        return pairs if self.wanted.takes_all else [p for p in pairs if takes([p.a.name, p.b.name], p.a.kind)]

    @cached_property
    def restoring(self) -> Restoring | None:
        """Which side would be restored into which; None where neither can be."""
        return _restoring(self.a, self.b)

    @property
    def restores_from(self) -> str:
        """Which side holds the values for the other: `a` or `b`; empty if neither does."""
        return self.restoring.side if self.restoring is not None else ""

    @property
    def _is_backwards(self) -> bool:
        return self.restores_from == "b"

    @property
    def target(self) -> Namespace:
        """The side that maps fill: the graph where the other is its checkpoint, else B."""
        return self.a if self._is_backwards else self.b

    def filled(self, from_averages: bool) -> dict[str, str]:
        """Return the key that fills each variable of the target."""
        pairs, source = (swapped(self.pairs), self.b) if self._is_backwards else (self.pairs, self.a)
        if not from_averages:
            return sources(pairs)
        return _only_averages(source, self.target) | sources(pairs, _averages(source.context))

    def recipes(self) -> list[Recipe]:
        """Return what each variable of the target is made of."""
        if self._is_backwards:
            return recipes_of(swapped(self.pairs))
        names = [recipe for recipe in self.matching.recipes if self.wanted.takes([recipe.target.name], "variable")]
        return [*recipes_of(self.pairs), *names]

    @property
    def source(self) -> Namespace:
        """The side that the target is filled from."""
        return self.b if self._is_backwards else self.a

    def restore_report(self) -> RestoreReport | None:
        """Return what a restore would do, of all variables."""
        if self.restoring is None or not self.restoring.checkpoint.context.model.is_restorable:
            return None
        into, checkpoint = self.restoring.into.context, self.restoring.checkpoint.context
        if self.restoring.is_by_object:
            return object_restore(into, checkpoint)
        pairs = swapped(self.matching.pairs) if self._is_backwards else self.matching.pairs
        return restore(into, checkpoint, _counterparts(pairs))

    def not_restored(self) -> str:
        """Return what to do with values that TensorFlow does not restore; empty where it does, or none are there."""
        if self.restoring is None or self.restoring.checkpoint.context.model.is_restorable:
            return ""
        kind = self.restoring.checkpoint.context.model.origin.format.removeprefix("checkpoint_")
        return (
            f"TensorFlow restores no {kind} file: `scopeview convert` writes its values as a checkpoint (--like, --to)"
        )

    def graphs(self) -> GraphDiff | None:
        """Return the op trees compared, where both sides have one."""
        a, b = self.a.context.model.graph, self.b.context.model.graph
        if not len(a) or not len(b):
            return None
        return diff_graphs(a, b, op_renames(self.matching.pairs), scope=self.wanted.scope)

    def functions(self) -> tuple[FunctionChange, ...]:
        """Return the functions that differ; those of a scope are none."""
        a, b = self.a.context.model, self.b.context.model
        return () if self.wanted.scope else tuple(diff_functions(a.functions, b.functions))

    def regex_rules(self, rules: Iterable[RenameRule]) -> list[list[str]]:
        """Return what renames every variable of A."""
        left = [entry.a for entry in self.entries if entry.status == "only_a" and entry.a is not None]
        return renaming([(rule.from_, rule.to) for rule in rules], self.pairs, left)


@dataclass(frozen=True)
class Restoring:
    """A restore that may be meant by comparing two sides."""

    checkpoint: Namespace
    into: Namespace
    side: Literal["a", "b"]
    """Which side is the checkpoint."""
    is_by_object: bool = False


def recipes_of(pairs: Iterable[Pair]) -> list[Recipe]:
    """Return the recipe of every pair whose shapes allow one."""
    found = (recipe_of(pair.a, pair.b, pair.axes, pair.evidence, pair.is_reshaped) for pair in pairs)
    return [recipe for recipe in found if recipe is not None]


def swapped(pairs: Iterable[Pair]) -> list[Pair]:
    """Return pairs from B to A."""
    return [
        replace(pair, a=pair.b, b=pair.a, axes=tuple(pair.axes.index(axis) for axis in range(len(pair.axes))))
        for pair in pairs
    ]


def _averages(context: AnalysisContext) -> dict[str, str]:
    """Return the moving averages of a checkpoint by the names of their variables."""
    return {kept.primary: kept.variable for kept in context.auxiliary_variables if kept.kind == "average"}


def _only_averages(source: Namespace, target: Namespace) -> dict[str, str]:
    """Return the moving averages of variables whose own values a checkpoint does not have."""
    found = {}
    for name, entry in target.entries.items():
        average = source.entries.get(f"{name}/ExponentialMovingAverage")
        if average is not None and name not in source.entries and fits(entry.shape, entry.dtype, average.variable):
            found[name] = average.key
    return found


def op_renames(pairs: Iterable[Pair]) -> dict[str, str]:
    """Return the op paths that renamed variables tell: those of their ops, and of scopes that moved as one."""
    found: dict[str, str] = {}
    scopes: dict[str, set[str]] = {}
    for pair in pairs:
        for one, other in zip(pair.a.variable.handles, pair.b.variable.handles, strict=False):
            if one != other:
                found[one] = other
            scopes.setdefault(scope_of(one), set()).add(scope_of(other))
    found |= {
        one: others.copy().pop() for one, others in scopes.items() if one and len(others) == 1 and {one} != others
    }
    return found


def _restoring(a: Namespace, b: Namespace) -> Restoring | None:
    """Return the restore that two sides may be meant for: of a checkpoint into a graph, of A's objects into B's."""
    if a.has_values != b.has_values:
        checkpoint, graph, side = (a, b, "a") if a.has_values else (b, a, "b")
        if all(variable.kind == "frozen" for variable in graph.context.model.variables):
            return None  # a frozen graph has nothing to restore into
        by_object = graph.context.model.has_objects and _is_object_based(checkpoint)
        return Restoring(checkpoint, graph, "a" if side == "a" else "b", by_object)
    if _is_object_based(a) and _is_object_based(b):
        return Restoring(a, b, "a", True)
    return None


def restore_report(graph: AnalysisContext, checkpoint: AnalysisContext) -> RestoreReport:
    """Say what restoring a checkpoint into a graph would do; variables are matched only where keys are missing.

    Args:
        graph: the model that has variables to fill.
        checkpoint: the checkpoint.
    """
    if graph.model.has_objects and checkpoint.model.origin.format == "checkpoint_object":
        return object_restore(graph, checkpoint)
    report = restore(graph, checkpoint)
    if not report.missing:
        return report
    pairs = match(namespace_of(checkpoint), namespace_of(graph)).pairs
    return restore(graph, checkpoint, _counterparts(pairs))


def _counterparts(pairs: Iterable[Pair]) -> dict[str, Variable]:
    """Return the entries of the checkpoint by the identities of the graph's variables."""
    return {pair.b.variable.identity: pair.a.variable for pair in pairs}


def _is_object_based(side: Namespace) -> bool:
    return side.context.model.origin.format == "checkpoint_object"
