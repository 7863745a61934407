"""A table over many checkpoints or graphs: what each is, which have the same namespace, what became of their values."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from scopeview.model.measured import Measured


@dataclass(frozen=True, slots=True)
class FleetRow:
    """One artifact."""

    path: str
    artifact: str
    """Which of several at the path; empty where it holds one."""
    run: str
    """The path without its step: what the artifacts of one training run share."""
    step: int | None
    """The number that ends its name, or is the name of its folder; None without one."""
    format: str
    """What it is, such as `checkpoint_v2`; empty where it cannot be read."""
    namespace: int | None
    """Number of its namespace among `namespaces`; None where it cannot be read."""
    ops: int
    variables: int
    parameters: int
    size_bytes: int
    """Bytes of the values of its variables."""
    nan: int | None
    """Elements that are NaN, in the variables that were read; None where no values were read."""
    inf: int | None
    """Elements that are infinite; None where no values were read."""
    error: str
    """Why it cannot be read, or its values cannot; empty where all went well."""


@dataclass(frozen=True, slots=True)
class FleetNamespace:
    """Artifacts with the same names, dtypes and shapes."""

    number: int
    """Its place in the list; rows and runs name it so."""
    artifacts: int
    """Rows that have it."""
    variables: int
    parameters: int
    example: str
    """Path of the first of them."""
    lacking: tuple[str, ...]
    """Up to five names of the first namespace, the most common one, that this one lacks."""
    lacking_total: int
    """Names that it lacks, shown or not."""
    added: tuple[str, ...]
    """Up to five names that the first one lacks."""
    added_total: int
    """Names that the first one lacks, shown or not."""


@dataclass(frozen=True, slots=True)
class FleetRun:
    """The artifacts of one run, by step."""

    run: str
    """The path without its step."""
    artifacts: int
    """Rows of it."""
    first_step: int | None
    """The lowest step; None where no name has one."""
    last_step: int | None
    """The highest step."""
    namespaces: tuple[int, ...]
    """Numbers of the namespaces that it goes through, in the order of its steps."""
    first_nan_step: int | None
    """The first step of which a value is NaN; None where none is, or no values were read."""
    first_nan_path: str
    """The artifact of that step."""
    first_nan_variable: str
    """The first of its variables that has NaN."""


@dataclass(frozen=True, slots=True)
class Norm:
    """The values of one variable at one step."""

    path: str
    run: str
    step: int | None
    variable: str
    elements: int
    l2: Measured
    """Euclidean norm of the finite elements, of which are mean, minimum and maximum, too."""
    mean: Measured
    minimum: Measured
    maximum: Measured
    nan: int
    inf: int


@dataclass(frozen=True, slots=True)
class Drift:
    """How the norm of one variable moves over the steps of a run."""

    run: str
    """The path without its step."""
    variable: str
    steps: tuple[int, ...]
    """Those at which its values were read."""
    norms: tuple[Measured, ...]
    """Its Euclidean norm at each of them."""
    ratio: Measured
    """The last norm by the first."""
    largest_change: Measured
    """The largest factor between two steps that follow each other, whichever way; infinite from or to zero."""
    largest_change_step: int
    """The later of those two."""


@dataclass(frozen=True, slots=True)
class FleetReport:
    """What is known of all artifacts that patterns name."""

    rows: tuple[FleetRow, ...]
    """In the order of run and step."""
    namespaces: tuple[FleetNamespace, ...]
    """The most common first."""
    runs: tuple[FleetRun, ...]
    """In the order of their paths."""
    drifts: tuple[Drift, ...]
    """With values asked for: the variables that changed most between two steps first."""
    drifts_total: int
    """Variables of runs of two steps or more, shown or not."""
    unreadable: int
    """Rows with an error."""


@dataclass(frozen=True, slots=True)
class FleetEntry:
    """What was read of one artifact."""

    row: FleetRow
    digest: str
    """Of its names, dtypes and shapes; equal for equal ones; empty where it cannot be read."""
    names: tuple[str, ...] = ()
    """Its variables; kept for one artifact of each namespace."""
    norms: tuple[Norm, ...] = ()


_MOST_NAMED = 5


def fleet_report(entries: Sequence[FleetEntry], *, limit: int = 50) -> FleetReport:
    """Put together what was read of many artifacts.

    Args:
        entries: one per artifact.
        limit: drifts to list.
    """
    namespaces = _namespaces(entries)
    numbers = {digest: number for number, digest in enumerate(namespaces)}
    ordered = sorted(entries, key=lambda entry: _by_step(entry.row))
    rows = tuple(_numbered(entry.row, numbers.get(entry.digest)) for entry in ordered)
    norms = [norm for entry in ordered for norm in entry.norms]
    drifts = sorted(_drifts(norms), key=lambda one: (-_size(one.largest_change), one.run, one.variable))
    described = _described(namespaces)
    return FleetReport(
        rows=rows,
        namespaces=described,
        runs=tuple(_runs(rows, norms)),
        drifts=tuple(drifts[:limit]),
        drifts_total=len(drifts),
        unreadable=sum(bool(row.error) for row in rows),
    )


def _by_step(row: FleetRow) -> tuple[str, int, str, str]:
    return row.run, -1 if row.step is None else row.step, row.path, row.artifact


def _numbered(row: FleetRow, number: int | None) -> FleetRow:
    return replace(row, namespace=number)


def _namespaces(entries: Iterable[FleetEntry]) -> dict[str, list[FleetEntry]]:
    groups: dict[str, list[FleetEntry]] = defaultdict(list)
    for entry in entries:
        if entry.digest:
            groups[entry.digest].append(entry)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def _described(groups: Mapping[str, Sequence[FleetEntry]]) -> tuple[FleetNamespace, ...]:
    found: list[FleetNamespace] = []
    first: set[str] = set()
    for number, members in enumerate(groups.values()):
        example = next((entry for entry in members if entry.names), members[0])
        names = set(example.names)
        first = first or names
        lacking, added = sorted(first - names), sorted(names - first)
        row = example.row
        found.append(
            FleetNamespace(
                number,
                len(members),
                row.variables,
                row.parameters,
                row.path,
                tuple(lacking[:_MOST_NAMED]),
                len(lacking),
                tuple(added[:_MOST_NAMED]),
                len(added),
            )
        )
    return tuple(found)


def _runs(rows: Sequence[FleetRow], norms: Iterable[Norm]) -> Iterable[FleetRun]:
    broken: dict[str, Norm] = {}
    for norm in norms:
        if norm.nan:
            broken.setdefault(norm.path, norm)
    groups: dict[str, list[FleetRow]] = defaultdict(list)
    for row in rows:
        groups[row.run].append(row)
    for run, members in groups.items():
        steps = [row.step for row in members if row.step is not None]
        first = next((row for row in members if row.nan), None)
        variable = broken[first.path].variable if first is not None and first.path in broken else ""
        yield FleetRun(
            run=run,
            artifacts=len(members),
            first_step=min(steps, default=None),
            last_step=max(steps, default=None),
            namespaces=tuple(dict.fromkeys(row.namespace for row in members if row.namespace is not None)),
            first_nan_step=first.step if first is not None else None,
            first_nan_path=first.path if first is not None else "",
            first_nan_variable=variable,
        )


def _drifts(norms: Iterable[Norm]) -> Iterable[Drift]:
    series: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for norm in norms:
        if norm.step is not None:
            series[norm.run, norm.variable][norm.step] = norm.l2
    for (run, variable), by_step in series.items():
        if len(by_step) < 2:
            continue
        steps = sorted(by_step)
        found = [by_step[step] for step in steps]
        changes = [_factor(*pair) for pair in pairwise(found)]
        largest = max(range(len(changes)), key=lambda number: changes[number])
        ratio = found[-1] / found[0] if found[0] else (math.inf if found[-1] else 1.0)
        yield Drift(run, variable, tuple(steps), tuple(found), ratio, changes[largest], steps[largest + 1])


def _factor(one: float, other: float) -> float:
    """Return by what factor two norms differ, at least 1; infinite if one of them is zero or no number."""
    if one == other:
        return 1.0
    less, more = sorted((one, other))
    return more / less if less > 0 and math.isfinite(more) else math.inf


def _size(change: float) -> float:
    return change if not math.isnan(change) else math.inf
