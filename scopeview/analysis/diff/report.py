"""`scopeview diff`: the whole answer, as its JSON contract states it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NoReturn

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.comparison import Comparison
from scopeview.analysis.diff.folded_rules import folded_rules
from scopeview.analysis.diff.graphs import FunctionChange, GraphDiff
from scopeview.analysis.diff.listing import counted, judged
from scopeview.analysis.diff.loaders import LoaderForm, loader_code
from scopeview.analysis.diff.maps import (
    assign_code,
    assignment_map,
    init_code,
    may_be_found_by_name,
    python_map,
    saver_code,
)
from scopeview.analysis.diff.matching.entries import OpenGroup
from scopeview.analysis.diff.matching.rules import Guidance
from scopeview.analysis.diff.namespace import Namespace, namespace_of
from scopeview.analysis.diff.optimizers import optimizer_names
from scopeview.analysis.diff.outcomes import diff_entries
from scopeview.analysis.diff.quantizers import quantizer_ranges
from scopeview.analysis.diff.recipes import Recipe
from scopeview.analysis.diff.restore import RestoreReport
from scopeview.analysis.diff.sides import SideNames, side_names
from scopeview.analysis.diff.variables import (
    DiffEntry,
    RenameRule,
    Status,
    Wanted,
    rename_rules,
)
from scopeview.analysis.work import Reading, Values
from scopeview.errors import NotFoundError, QueryError
from scopeview.model.display import Displayed
from scopeview.model.model import Origin
from scopeview.model.object_paths import OBJECT_GRAPH_KEY
from scopeview.model.variables import VariableTable


@dataclass(frozen=True, slots=True)
class SideSummary:
    """One side in one line."""

    path: str
    artifact: str
    format: str
    variables: int
    """Entries, those that exist for others included."""
    parameters: int
    ops: int
    has_checksums: bool
    """Whether its values can be compared without reading them."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DiffReport(Displayed):
    """What changed from A to B."""

    a: SideSummary
    b: SideSummary
    summary: Mapping[Status, int]
    """Entries by status, before `only` leaves any out."""
    entries: Sequence[DiffEntry]
    total_entries: int
    """Entries that there are, listed or not."""
    rules: tuple[RenameRule, ...]
    folded_rules: tuple[RenameRule, ...]
    """The same, those that differ in numbers alone as one, for people to read."""
    assignment_map: Mapping[str, str]
    """What `init_from_checkpoint` takes to fill B from A, of the variables that `get_variable` may have made."""
    mapped: int
    """Variables that this map fills, where one scope of it stands for several."""
    regex_rules: Sequence[Sequence[str]]
    restore: RestoreReport | None
    """What restoring would do, where one side is a graph and the other a checkpoint, or both are object-based."""
    sides: SideNames
    """What the sides are called in texts."""
    restores_from: str
    """Which side holds the values for the other: `a` or `b`; empty if neither does."""
    not_restored: str
    """Why `restore` is missing although a side holds values: TensorFlow restores no such file, and what to do."""
    graph: GraphDiff | None
    """The op trees compared, where both sides are graphs."""
    functions: tuple[FunctionChange, ...]
    """Functions of the libraries that are not the same."""
    moved: int
    """Variables that are in other collections, or trainable on one side alone."""
    not_compared: int
    """With values asked for: variables whose values could not be read whole on both sides."""
    shifted: tuple[str, ...]
    """Full names whose object paths are other ones, in object-based checkpoints."""
    optimizers: tuple[tuple[str, ...], tuple[str, ...]]
    """Optimizers of each side, as their slots tell: other ones mean that the optimizer changed."""
    quantizers: tuple[int, int]
    """Variables of each side that hold the ends of quantized ranges."""
    open_groups: tuple[OpenGroup, ...]
    """Variables among which names, shapes and values do not decide, the first 500 groups."""

    def __repr__(self) -> str:
        """Say what it is in a line; all of it would fill screens."""
        counted = ", ".join(f"{number:,} {status}" for status, number in self.summary.items() if number)
        return f"<DiffReport {self.a.path} -> {self.b.path}: {counted or 'nothing'}>"

    def differs(self, kinds: Sequence[str] = ()) -> bool:
        """Whether anything differs, or anything of the given kinds.

        Kinds are statuses, and `graph` (op trees and functions), `collections`, `restore` (keys that a restore would
        not find or not fit). `values`, `shape` and `dtype` count whatever the status is.
        """
        found = {status for status, number in self.summary.items() if number and status != "same"}
        for entry in judged(self.entries):
            is_both = entry.a is not None and entry.b is not None
            found |= {"values"} if entry.values_differ else set()
            found |= {"shape"} if is_both and entry.shape_a != entry.shape_b else set()
            found |= {"dtype"} if is_both and entry.dtype_a != entry.dtype_b else set()
        present = {
            "graph": self.functions or (self.graph is not None and self.graph.total),
            "collections": self.moved,
            "restore": self.restore is not None and (self.restore.missing or self.restore.mismatched),
        }
        found_kinds = {str(kind) for kind in found} | {kind for kind, is_there in present.items() if is_there}
        return bool(found_kinds & set(kinds)) if kinds else bool(found_kinds - {"restore"})


_MOST_OPS = 10_000
_MOST_GROUPS = 500


@dataclass(frozen=True)
class Diff:
    """A report, and what maps for TensorFlow are made from."""

    report: DiffReport
    comparison: Comparison
    from_averages: bool
    """Whether maps take the moving average of a variable where the checkpoint has one."""
    graph: GraphDiff | None
    """The op trees compared, with every op that is not the same; a report lists the first 10,000."""

    @cached_property
    def filled(self) -> Mapping[str, str]:
        """The key that fills each variable, by its name: from the checkpoint to the graph where one side is each.

        Else from A to B.
        """
        return self.comparison.filled(self.from_averages)

    @property
    def target(self) -> Namespace:
        """The side that is filled."""
        return self.comparison.target

    @property
    def source(self) -> Origin:
        """The artifact that the variables are filled from."""
        return self.comparison.source.context.model.origin

    @cached_property
    def recipes(self) -> Sequence[Recipe]:
        """What each variable is made of; kernels are turned, where the sides store them in other layouts."""
        return self.comparison.recipes()

    def as_loader(self, form: LoaderForm) -> str:
        """Return Python that loads the one side into a model of the other, in the framework of the model.

        Raises:
            QueryError: nothing could be loaded, or no library is known that reads the source.
        """
        if not any(recipe.target.kind == "variable" for recipe in self.recipes):
            self._refuse()
        return loader_code(form, self.source, self.recipes, self.target)

    def as_saver(self) -> str:
        """Return Python that restores the one side into the variables of the other by a `Saver`.

        Raises:
            QueryError: nothing could be restored.
        """
        filled = self._something()
        return self._assign_code() if self._is_of_objects() else saver_code(filled, self._has_local())

    def as_init(self) -> str:
        """Return Python that initializes the variables of the one side from the other by `init_from_checkpoint`.

        Raises:
            QueryError: nothing could be restored.
        """
        filled = self._something()
        return self._assign_code() if self._is_of_objects() else init_code(filled, self._has_local())

    def as_names(self) -> str:
        """Return the map of names that `init_from_checkpoint` takes, as a Python literal.

        Raises:
            QueryError: it could load nothing, or not everything.
        """
        loose = [name for name in self._something() if not may_be_found_by_name(self.target.entries[name].variable)]
        if loose:
            names = f"{loose[0]} and {len(loose) - 1:,} more" if len(loose) > 1 else loose[0]
            raise QueryError(
                f"init_from_checkpoint finds by name only what get_variable made, and {names} is not known to be; "
                "--assignment-map prints Python that finds every variable"
            )
        return python_map(_map_of_names(self.filled, self.target))

    def _is_of_objects(self) -> bool:
        """Whether the variables are objects of TensorFlow 2, which no graph collects."""
        model = self.target.context.model
        return model.has_objects or model.origin.format == "checkpoint_object"

    def _assign_code(self) -> str:
        entries = [(self.target.entries[name], key) for name, key in self.filled.items()]
        named = [(entry.variable.full_name or entry.name, key) for entry, key in entries if entry.kind == "variable"]
        times = Counter(name for name, _ in named)
        return assign_code({name: key for name, key in named if times[name] == 1})

    def _has_local(self) -> bool:
        return any("local_variables" in self.target.entries[name].collections for name in self.filled)

    def _something(self) -> Mapping[str, str]:
        """Return what is filled."""
        if not self.filled:
            self._refuse()
        return self.filled

    def _refuse(self) -> NoReturn:
        """Say why there is nothing to fill, and what would help."""
        summary = self.report.summary
        reasons = [
            (summary["shape"] + summary["dtype"], "matched with another shape or dtype"),
            (summary["only_a"], "only in A"),
            (summary["only_b"], "only in B"),
        ]
        listed = ", ".join(f"{number:,} {what}" for number, what in reasons if number) or "there are no variables"
        proposed = sum(bool(entry.proposal) for entry in self.report.entries if entry.a is not None)
        helps = f"{proposed:,} of them have a proposal, see scopeview diff" if proposed else "see scopeview diff A B"
        raise QueryError(f"no variable of the one side can fill one of the other: {listed}; {helps}")


def diff(
    a: AnalysisContext,
    b: AnalysisContext,
    *,
    wanted: Wanted = Wanted(),  # noqa: B008 - frozen
    from_averages: bool = False,
    values: tuple[Values, Values] | None = None,
    reading: Reading = Reading(),  # noqa: B008 - frozen
    guidance: Guidance = Guidance(),  # noqa: B008 - frozen
) -> Diff:
    """Compare two artifacts of whatever kinds.

    Args:
        a: the first: what was.
        b: the second: what is.
        wanted: which variables to report, and to write maps and rules of; a scope also chooses ops.
        from_averages: whether maps take the moving average of a variable where the checkpoint has one.
        values: readers of both sides' values, to compare them number by number; checksums are compared without.
        reading: what reads the values, and takes how much was read.
        guidance: rules and pairs that a person gives.

    Raises:
        NotFoundError: neither side has the scope that is asked for.
    """
    ours, theirs = namespace_of(a), namespace_of(b)
    _check_scope(a, b, wanted.scope)
    found, matching = diff_entries(ours, theirs, values, reading, guidance)
    entries = found if wanted.takes_all else [entry for entry in found if wanted.is_wanted(entry)]
    comparison = Comparison(ours, theirs, wanted, entries, matching)
    rules, trees = rename_rules(comparison.judged), comparison.graphs()
    filled = comparison.filled(from_averages) if wanted.maps else {}
    listed = tuple(entry for entry in entries if entry.status in wanted.only) if wanted.only else entries
    report = DiffReport(
        a=_summary(a),
        b=_summary(b),
        summary=counted(entries),
        entries=listed,
        total_entries=len(listed),
        rules=rules,
        folded_rules=folded_rules(rules),
        assignment_map=_map_of_names(filled, comparison.target) if wanted.maps else {},
        mapped=len(_nameable(filled, comparison.target)),
        regex_rules=comparison.regex_rules(rules) if wanted.maps else [],
        restore=comparison.restore_report(),
        sides=side_names(a.model.origin.format, b.model.origin.format, comparison.restores_from),
        restores_from=comparison.restores_from,
        not_restored=comparison.not_restored(),
        graph=replace(trees, ops=trees.ops[:_MOST_OPS]) if trees is not None else None,
        functions=comparison.functions(),
        moved=sum(entry.is_moved for entry in judged(entries)),
        not_compared=sum(e.values is None and e.a is not None and e.b is not None for e in entries) if values else 0,
        shifted=tuple(p.b.name for p in matching.judged if "its path was" in p.evidence),
        optimizers=(optimizer_names(a), optimizer_names(b)),
        quantizers=(len(quantizer_ranges(ours)), len(quantizer_ranges(theirs))),
        open_groups=tuple(g for g in matching.open_groups if wanted.takes((*g.a, *g.b), "variable"))[:_MOST_GROUPS],
    )
    return Diff(report, comparison, from_averages, trees)


def _map_of_names(filled: Mapping[str, str], target: Namespace) -> dict[str, str]:
    """Return the map of those names that `init_from_checkpoint` may find."""
    known = [name for name, entry in target.entries.items() if may_be_found_by_name(entry.variable)]
    return assignment_map(_nameable(filled, target), known)


def _nameable(filled: Mapping[str, str], target: Namespace) -> dict[str, str]:
    return {name: key for name, key in filled.items() if may_be_found_by_name(target.entries[name].variable)}


def page_of(
    report: DiffReport, statuses: Collection[Status] = (), *, slots: bool = True, offset: int = 0, limit: int = 500
) -> DiffReport:
    """Return a report that lists a page of its entries.

    Args:
        report: all of it.
        statuses: the entries to list; all but those that are the same if none is named.
        slots: whether entries of what exists for another variable are listed.
        offset: entries to skip.
        limit: entries to list.
    """
    found = [
        entry
        for entry in report.entries
        if (entry.status in statuses if statuses else entry.status != "same") and (slots or entry.kind == "variable")
    ]
    return replace(report, entries=tuple(found[offset : offset + limit]), total_entries=len(found))


def _check_scope(a: AnalysisContext, b: AnalysisContext, scope: str) -> None:
    """Refuse a scope that neither side has: a check that looks at nothing would pass for ever."""
    if not scope or any(context.model.variable_scopes.find(scope) is not None for context in (a, b)):
        return
    if any(
        context.model.variables.named(scope) or context.model.op_scopes.find(scope) is not None for context in (a, b)
    ):
        return
    raise NotFoundError(f"neither {a.model.origin.path} nor {b.model.origin.path} has the scope {scope!r}")


def _summary(context: AnalysisContext) -> SideSummary:
    model = context.model
    return SideSummary(
        path=model.origin.path,
        artifact=model.origin.artifact,
        format=model.origin.format,
        variables=sum(name != OBJECT_GRAPH_KEY for name in model.variables.names),
        parameters=int(model.variables.parameters.sum()),
        ops=len(model.graph),
        has_checksums=_has_checksums(model.variables),
        notes=model.notes,
    )


def _has_checksums(variables: VariableTable) -> bool:
    if variables.columns is not None:
        return len(variables) > 0
    return any(variable.stored or any(part.stored for part in variable.parts) for variable in variables)
