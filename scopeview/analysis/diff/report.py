"""`scopeview diff`: the whole answer, as its JSON contract states it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from scopeview.analysis.answers.values import Values
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.graphs import FunctionChange, GraphDiff, diff_functions, diff_graphs
from scopeview.analysis.diff.maps import assignment_map, renaming, saver_code
from scopeview.analysis.diff.match import Pair
from scopeview.analysis.diff.matching.rules import Guidance
from scopeview.analysis.diff.namespace import namespace_of
from scopeview.analysis.diff.restore import OBJECT_GRAPH_KEY, RestoreReport, restore
from scopeview.analysis.diff.variables import (
    DiffEntry,
    RenameRule,
    Status,
    Wanted,
    counted,
    diff_entries,
    rename_rules,
)
from scopeview.errors import NotFoundError
from scopeview.model.names import scope_of


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
class DiffReport:
    """What changed from A to B."""

    a: SideSummary
    b: SideSummary
    summary: Mapping[Status, int]
    """Entries by status, before `only` leaves any out."""
    entries: tuple[DiffEntry, ...]
    total_entries: int
    """Entries that there are, listed or not."""
    rules: tuple[RenameRule, ...]
    assignment_map: Mapping[str, str]
    """What `init_from_checkpoint` takes to fill B from A."""
    regex_rules: Sequence[Sequence[str]]
    restore: RestoreReport | None
    """What restoring would do, where one side is a graph and the other a checkpoint."""
    restores_from: str
    """Which side is the checkpoint then: `a` or `b`; empty if neither."""
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
    """Names of the slots of each side: other ones mean another optimizer."""

    def differs(self, kinds: Sequence[str] = ()) -> bool:
        """Whether anything differs, or anything of the given kinds.

        Kinds are statuses, and `graph` (op trees and functions), `collections`, `restore` (keys that a restore would
        not find or not fit). `values`, `shape` and `dtype` count whatever the status is.
        """
        found = {status for status, number in self.summary.items() if number and status != "same"}
        for entry in self.entries:
            is_both = entry.a is not None and entry.b is not None
            found |= {"values"} if entry.values_differ else set()
            found |= {"shape"} if is_both and entry.shape_a != entry.shape_b else set()
            found |= {"dtype"} if is_both and entry.dtype_a != entry.dtype_b else set()
        told = {
            "graph": self.functions or (self.graph is not None and self.graph.total),
            "collections": self.moved,
            "restore": self.restore is not None and (self.restore.missing or self.restore.mismatched),
        }
        found_kinds = {str(kind) for kind in found} | {kind for kind, is_there in told.items() if is_there}
        return bool(found_kinds & set(kinds)) if kinds else bool(found_kinds - {"restore"})


_MOST_OPS = 10_000


@dataclass(frozen=True)
class Diff:
    """A report, and the pairs that maps for TensorFlow are made from."""

    report: DiffReport
    pairs: tuple[Pair, ...]
    """From the checkpoint to the graph where one side is each, else from A to B."""
    graph: GraphDiff | None
    """The op trees compared, with every op that is not the same; a report lists the first 10,000."""

    def as_saver(self) -> str:
        """Return Python that restores A into the variables of B."""
        return saver_code(self.pairs)


def diff(
    a: AnalysisContext,
    b: AnalysisContext,
    *,
    wanted: Wanted = Wanted(),  # noqa: B008 - frozen
    from_averages: bool = False,
    values: tuple[Values, Values] | None = None,
    on_read: Callable[[int], None] = lambda _size: None,
    guidance: Guidance = Guidance(),  # noqa: B008 - frozen
) -> Diff:
    """Compare two artifacts of whatever kinds.

    Args:
        a: the first: what was.
        b: the second: what is.
        wanted: which variables to report, and to write maps and rules of; a scope also chooses ops.
        from_averages: whether maps take the moving average of a variable where the checkpoint has one.
        values: readers of both sides' values, to compare them number by number; checksums are compared without.
        on_read: told the bytes of each variable when its values have been compared.
        guidance: rules and pairs that a person gives.

    Raises:
        NotFoundError: neither side has the scope that is asked for.
    """
    ours, theirs = namespace_of(a), namespace_of(b)
    _check_scope(a, b, wanted.scope)
    found, matching = diff_entries(ours, theirs, values, on_read, guidance)
    entries = [entry for entry in found if wanted.is_wanted(entry)]
    pairs = [pair for pair in matching.pairs if wanted.takes([pair.a.name, pair.b.name], pair.a.kind)]
    rules = rename_rules(pairs)
    graph, checkpoint, side = _restoring(a, b)
    # A map leads from the checkpoint to the graph, whichever side is which.
    mapped = [replace(pair, a=pair.b, b=pair.a) for pair in pairs] if side == "b" else pairs
    source, target = (theirs, ours) if side == "b" else (ours, theirs)
    averages = _averages(source.context) if from_averages else {}
    left = [entry.a for entry in entries if entry.status == "only_a" and entry.a is not None]
    trees = _graphs(a, b, matching.pairs, wanted.scope)
    listed = tuple(entry for entry in entries if not wanted.only or entry.status in wanted.only)
    report = DiffReport(
        a=_summary(a),
        b=_summary(b),
        summary=counted(entries),
        entries=listed,
        total_entries=len(listed),
        rules=rules,
        assignment_map=assignment_map(mapped, target.entries, averages),
        regex_rules=renaming([(rule.from_, rule.to) for rule in rules], pairs, left),
        restore=restore(graph, checkpoint) if graph is not None and checkpoint is not None else None,
        restores_from=side,
        graph=replace(trees, ops=trees.ops[:_MOST_OPS]) if trees is not None else None,
        functions=tuple(diff_functions(a.model.functions, b.model.functions)) if not wanted.scope else (),
        moved=sum(entry.is_moved for entry in entries),
        not_compared=sum(e.values is None and e.a is not None and e.b is not None for e in entries) if values else 0,
        shifted=tuple(p.b.name for p in matching.pairs if "its path was" in p.evidence),
        optimizers=(_slots(a), _slots(b)),
    )
    return Diff(report, tuple(mapped), trees)


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


def _averages(context: AnalysisContext) -> dict[str, str]:
    """Return the moving averages of a checkpoint by the names of their variables."""
    return {kept.primary: kept.variable for kept in context.auxiliary_variables.values() if kept.kind == "average"}


def _graphs(a: AnalysisContext, b: AnalysisContext, pairs: Iterable[Pair], scope: str) -> GraphDiff | None:
    if not len(a.model.graph) or not len(b.model.graph):
        return None
    return diff_graphs(a.model.graph, b.model.graph, op_renames(pairs), scope=scope)


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


def _restoring(a: AnalysisContext, b: AnalysisContext) -> tuple[AnalysisContext | None, AnalysisContext | None, str]:
    """Return the graph, the checkpoint, and the side of the checkpoint; None where there is not one of each."""
    is_checkpoint = [context.model.origin.format.startswith("checkpoint") for context in (a, b)]
    graph = b if is_checkpoint[0] else a
    if all(variable.kind == "frozen" for variable in graph.model.variables):
        return None, None, ""  # a frozen graph has nothing to restore into
    if is_checkpoint[0] and not is_checkpoint[1]:
        return b, a, "a"
    if is_checkpoint[1] and not is_checkpoint[0]:
        return a, b, "b"
    return None, None, ""


def _summary(context: AnalysisContext) -> SideSummary:
    model = context.model
    stored = [v for v in model.variables if v.stored or any(part.stored for part in v.parts)]
    return SideSummary(
        path=model.origin.path,
        artifact=model.origin.artifact,
        format=model.origin.format,
        variables=sum(variable.name != OBJECT_GRAPH_KEY for variable in model.variables),
        parameters=sum(variable.parameters or 0 for variable in model.variables),
        ops=len(model.graph),
        has_checksums=bool(stored),
        notes=model.notes,
    )


def _slots(context: AnalysisContext) -> tuple[str, ...]:
    kept = (a for a in context.auxiliary_variables.values() if a.kind == "slot")
    return tuple(sorted({auxiliary.slot for auxiliary in kept}))
