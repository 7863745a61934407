"""`scopeview diff`: the whole answer, as its JSON contract states it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scopeview.analyses.diff.graphs import GraphDiff, diff_graphs
from scopeview.analyses.diff.maps import assignment_map, regex_rules, saver_code
from scopeview.analyses.diff.match import Pair
from scopeview.analyses.diff.namespace import namespace_of
from scopeview.analyses.diff.variables import (
    DiffEntry,
    RenameRule,
    Status,
    Wanted,
    counted,
    diff_entries,
    rename_rules,
)
from scopeview.analyses.facts import Facts
from scopeview.analyses.lint.rule import Values
from scopeview.analyses.restore import RestoreReport, restore
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
    shifted: tuple[str, ...]
    """Full names whose object paths are other ones, in object-based checkpoints."""
    optimisers: tuple[tuple[str, ...], tuple[str, ...]]
    """Names of the slots of each side: other ones mean another optimiser."""

    def differs(self, kinds: Sequence[str] = ()) -> bool:
        """Whether anything differs, or anything of the given statuses (`graph` for the op trees)."""
        graph = self.graph is not None and self.graph.total > 0
        if not kinds:
            return graph or any(number for status, number in self.summary.items() if status != "same")
        return ("graph" in kinds and graph) or any(self.summary.get(kind, 0) for kind in kinds)  # type: ignore[call-overload]


@dataclass(frozen=True)
class Diff:
    """A report, and the pairs that maps for TensorFlow are made from."""

    report: DiffReport
    pairs: tuple[Pair, ...]

    def as_saver(self) -> str:
        """Return Python that restores A into the variables of B."""
        return saver_code(self.pairs)


def diff(
    a: Facts,
    b: Facts,
    *,
    wanted: Wanted = Wanted(),  # noqa: B008 - frozen
    values: tuple[Values, Values] | None = None,
    on_read: Callable[[int], None] = lambda _size: None,
) -> Diff:
    """Compare two artefacts of whatever kinds.

    Args:
        a: the first: what was.
        b: the second: what is.
        wanted: which variables to report.
        values: readers of both sides' values, to compare them number by number; checksums are compared without.
        on_read: told the bytes of each variable when its values have been compared.
    """
    ours, theirs = namespace_of(a), namespace_of(b)
    found, matching = diff_entries(ours, theirs, values, on_read)
    entries = [entry for entry in found if wanted.is_wanted(entry)]
    rules = rename_rules(matching)
    graph, checkpoint, side = _restoring(a, b)
    report = DiffReport(
        a=_summary(a),
        b=_summary(b),
        summary=counted(entries),
        entries=tuple(entry for entry in entries if not wanted.only or entry.status in wanted.only),
        rules=rules,
        assignment_map=assignment_map(matching.pairs, theirs.entries),
        regex_rules=regex_rules([(rule.from_, rule.to) for rule in rules]),
        restore=restore(graph, checkpoint) if graph is not None and checkpoint is not None else None,
        restores_from=side,
        graph=_graphs(a, b, matching.pairs),
        shifted=tuple(p.b.name for p in matching.pairs if "its path was" in p.evidence),
        optimisers=(_slots(a), _slots(b)),
    )
    return Diff(report, matching.pairs)


def _graphs(a: Facts, b: Facts, pairs: Iterable[Pair]) -> GraphDiff | None:
    if not len(a.model.graph) or not len(b.model.graph):
        return None
    return diff_graphs(a.model.graph, b.model.graph, op_renames(pairs))


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


def _restoring(a: Facts, b: Facts) -> tuple[Facts | None, Facts | None, str]:
    """Return the graph, the checkpoint, and the side of the checkpoint; None where there is not one of each."""
    is_checkpoint = [facts.model.origin.format.startswith("checkpoint") for facts in (a, b)]
    if is_checkpoint[0] and not is_checkpoint[1]:
        return b, a, "a"
    if is_checkpoint[1] and not is_checkpoint[0]:
        return a, b, "b"
    return None, None, ""


def _summary(facts: Facts) -> SideSummary:
    model = facts.model
    stored = [v for v in model.variables if v.stored or any(part.stored for part in v.parts)]
    return SideSummary(
        path=model.origin.path,
        artifact=model.origin.artifact,
        format=model.origin.format,
        variables=len(model.variables),
        parameters=sum(variable.parameters or 0 for variable in model.variables),
        ops=len(model.graph),
        has_checksums=bool(stored),
        notes=model.notes,
    )


def _slots(facts: Facts) -> tuple[str, ...]:
    kept = (a for a in facts.attachments.values() if a.kind == "slot")
    return tuple(sorted({attachment.slot for attachment in kept}))
