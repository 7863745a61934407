"""Reads the artifacts of a fleet: first what each is, then, if asked for, the values of their variables in parts."""

from __future__ import annotations

import hashlib
import re
import threading
import uuid
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import PurePosixPath

from scopeview.analysis.answers.fleet import FleetEntry, FleetReport, FleetRow, Norm, fleet_report
from scopeview.analysis.answers.query_matches import matching_variables
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.measuring import MeasureTask, measure
from scopeview.analysis.moments import Moments
from scopeview.analysis.query import parse_query
from scopeview.analysis.work import Runner, Stretch, Values, check_same, stretches, units
from scopeview.errors import QueryError, ScopeviewError
from scopeview.model.dtypes import NON_NUMERIC
from scopeview.model.model import Model
from scopeview.model.variables import Variable
from scopeview.readers import Limits, limited, read, with_values
from scopeview.workers.targets import Target, targets_of

_STEP = re.compile(r"(?:\A|(?<=[-_.])|(?<=step)|(?<=epoch)|(?<=iter)|(?<=ckpt))\d{1,18}\Z")
_SUFFIX = re.compile(r"(\.(index|meta|pb|pbtxt|safetensors|npz|pt|pth|bin|h5|keras|weights|ckpt|onnx|tflite|json))+\Z")
_MOST_KEPT = 8

Progress = Callable[[str, int, int], None]
"""Takes what is done, how much of it (artifacts or bytes), and how much there is in all."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some variables of an artifact, or some blocks of one variable."""

    start: int
    stop: int
    first: int
    last: int
    count: int
    """Blocks of the one variable; 0 where the variables are read whole."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ReadTask:
    """An artifact that is looked at."""

    target: Target
    limits: Limits
    query: str | None
    """Whose values will be read; None for none."""


@dataclass(frozen=True, slots=True)
class ValueTask:
    """A part of an artifact whose values are read."""

    target: Target
    limits: Limits
    query: str
    span: Span
    token: str
    """Of this run: what an earlier one opened is not taken for it."""


@dataclass(frozen=True, slots=True)
class Part:
    """What was read of a span: by the number of each variable its name and its moments, or why nothing was read."""

    variables: tuple[tuple[int, str, int, Moments], ...] = ()
    """Number, name, elements that it should have, moments."""
    seen: Mapping[str, Hashable] = field(default_factory=dict)
    """The identity of each file that was read."""
    error: str = ""


def fleet(
    patterns: Iterable[str],
    runner: Runner,
    *,
    query: str | None = None,
    limit: int = 50,
    limits: Limits | None = None,
    on_progress: Progress = lambda _what, _done, _total: None,
) -> FleetReport:
    """Describe all artifacts that patterns name.

    Args:
        patterns: paths and URLs, with wild cards or without.
        runner: runs the parts.
        query: whose values to read, as in `find`; empty for all variables, None for no values.
        limit: drifts to list.
        limits: what one file may cost.
        on_progress: called as the work goes on.

    Raises:
        NotFoundError: a pattern names nothing.
        QueryError: the query cannot be understood.
    """
    limits = limits or Limits()
    if query is not None and query.strip():
        parse_query(query)
    targets = targets_of(patterns)
    entries, spans = _entries([ReadTask(target, limits, query) for target in targets], runner, on_progress)
    if query is not None:
        entries = _with_norms(targets, entries, spans, (limits, query), runner, on_progress)
    return fleet_report(entries, limit=limit)


def _entries(
    tasks: Sequence[ReadTask], runner: Runner, on_progress: Progress
) -> tuple[list[FleetEntry], list[tuple[Span, ...]]]:
    done = 0

    def count(_number: int) -> None:
        nonlocal done
        done += 1
        on_progress("artifacts", done, len(tasks))

    entries, spans, seen = [], [], set[str]()
    for entry, of_entry in runner.run(read_entry, tasks, count):
        entries.append(replace(entry, names=()) if entry.digest in seen else entry)
        spans.append(of_entry)
        seen.add(entry.digest)
    return entries, spans


def read_entry(task: ReadTask) -> tuple[FleetEntry, tuple[Span, ...]]:
    """Look at one artifact; whatever is wrong with it becomes its row's error."""
    row = _empty_row(task.target)
    try:
        with limited(task.limits):
            model = read(task.target.path, artifact=task.target.artifact)
            spans = _spans(model, task.query) if task.query is not None else ()
    except ScopeviewError as error:
        return FleetEntry(replace(row, error=str(error)), ""), ()
    except Exception as error:  # noqa: BLE001 - one file among thousands must not end the work on the others
        return FleetEntry(replace(row, error=f"{type(error).__name__}: {error}"), ""), ()
    return _entry(row, model), spans


def _entry(row: FleetRow, model: Model) -> FleetEntry:
    variables = model.variables
    digest = hashlib.blake2b(digest_size=16)
    for line in sorted(f"{one.name}\0{one.dtype}\0{one.shape}" for one in variables):
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
    if not len(variables):  # a graph of constants is known by its ops
        for name in sorted(model.graph.names):
            digest.update(name.encode("utf-8", "surrogatepass") + b"\n")
    filled = replace(
        row,
        format=model.origin.format,
        ops=len(model.graph),
        variables=len(variables),
        parameters=sum(one.parameters or 0 for one in variables),
        size_bytes=sum(one.size_bytes or 0 for one in variables),
    )
    return FleetEntry(filled, digest.hexdigest(), tuple(one.name for one in variables))


def _empty_row(target: Target) -> FleetRow:
    run, step = run_and_step(target.path if not target.artifact else f"{target.path}/{target.artifact}")
    return FleetRow(target.path, target.artifact or "", run, step, "", None, 0, 0, 0, 0, None, None, "")


def run_and_step(path: str) -> tuple[str, int | None]:
    """Return a path without its step, and the step: the number that ends its name, or is that of its folder.

    >>> run_and_step("runs/a/model.ckpt-100"), run_and_step("exports/17/saved_model.pb")
    (('runs/a/model.ckpt-*', 100), ('exports/*/saved_model.pb', 17))
    """
    folder, slash, name = path.rpartition("/")
    bare = _SUFFIX.sub("", name)
    match = _STEP.search(bare)
    if match is not None:
        return f"{folder}{slash}{bare[: match.start()]}*{name[len(bare) :]}", int(match[0])
    above = PurePosixPath(folder).name
    if above.isdecimal() and len(above) <= 18:
        return f"{folder[: len(folder) - len(above)]}*{slash}{name}", int(above)
    return path, None


def _spans(model: Model, query: str) -> tuple[Span, ...]:
    """Cut the values of an artifact into parts; of one without values nothing."""
    try:
        stored, values = with_values(model)
    except QueryError:
        if model.is_checkpoint:
            raise
        return ()
    return tuple(_cut(_readable(stored, query), values))


def _readable(model: Model, query: str) -> list[Variable]:
    fitting = matching_variables(AnalysisContext(model), query) if query.strip() else list(model.variables)
    return [one for one in fitting if one.dtype not in NON_NUMERIC and not one.dtype.startswith("complex")]


def _cut(variables: Sequence[Variable], values: Values) -> Iterator[Span]:
    at = 0
    for unit in units(list(stretches(variables, values))):
        for is_whole, together in groupby(unit, key=lambda stretch: stretch.is_whole):
            cut = list(together)
            if is_whole:
                yield Span(at, at + len(cut), 0, 0, 0, sum(one.size_bytes for one in cut))
                at += len(cut)
                continue
            for one in cut:
                yield Span(at, at + 1, one.first, one.last, one.count, one.size_bytes)
                at += one.last == one.count


def _with_norms(
    targets: Sequence[Target],
    entries: Sequence[FleetEntry],
    spans: Sequence[tuple[Span, ...]],
    asked: tuple[Limits, str],
    runner: Runner,
    on_progress: Progress,
) -> list[FleetEntry]:
    token = uuid.uuid4().hex
    owners = [number for number, of_entry in enumerate(spans) for _ in of_entry]
    tasks = [
        ValueTask(target, *asked, span, token)
        for target, of_entry in zip(targets, spans, strict=True)
        for span in of_entry
    ]
    total, done = sum(task.span.size_bytes for task in tasks), 0

    def count(number: int) -> None:
        nonlocal done
        done += tasks[number].span.size_bytes
        on_progress("bytes", done, total)

    parts: dict[int, list[Part]] = defaultdict(list)
    for number, part in zip(owners, runner.run(read_values, tasks, count), strict=True):
        parts[number].append(part)
    return [_filled(entry, parts[number]) if number in parts else entry for number, entry in enumerate(entries)]


def read_values(task: ValueTask) -> Part:
    """Read the values of a span."""
    try:
        with limited(task.limits):
            variables, values = _opened(task)
            return _part(variables, values, task.span)
    except ScopeviewError as error:
        return Part(error=str(error))
    except Exception as error:  # noqa: BLE001 - as in `read_entry`
        return Part(error=f"{type(error).__name__}: {error}")


def _part(variables: Sequence[Variable], values: Values, span: Span) -> Part:
    chosen = variables[span.start : span.stop]
    if span.count:
        cut = tuple(Stretch(one, span.first, span.last, span.count) for one in chosen)
    else:
        cut = tuple(Stretch(one, 0, 1, 1) for one in chosen)
    found, seen = measure(MeasureTask(values, cut, (None,) * len(cut), has_bins=False))
    return Part(
        tuple(
            (span.start + number, one.name, one.parameters or 0, measures.moments)
            for number, (one, measures) in enumerate(zip(chosen, found, strict=True))
        ),
        seen,
    )


_kept: OrderedDict[tuple[str, Target], tuple[list[Variable], Values]] = OrderedDict()
_lock = threading.Lock()


def _opened(task: ValueTask) -> tuple[list[Variable], Values]:
    """Return the variables of an artifact and the reader of their values; this process keeps the last few."""
    key = task.token, task.target
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    stored, values = with_values(read(task.target.path, artifact=task.target.artifact))
    found = _readable(stored, task.query), values
    with _lock:
        _kept[key] = found
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
    return found


def _filled(entry: FleetEntry, parts: Sequence[Part]) -> FleetEntry:
    """Return an entry with what was read of its values."""
    error = next((part.error for part in parts if part.error), "")
    try:
        check_same(part.seen for part in parts)
    except ScopeviewError as changed:
        error = error or str(changed)
    if error:
        return replace(entry, row=replace(entry.row, error=error))
    moments: dict[int, Moments] = {}
    named: dict[int, tuple[str, int]] = {}
    for number, name, elements, found in (one for part in parts for one in part.variables):
        moments[number] = moments[number] + found if number in moments else found
        named[number] = name, elements
    missing = sum(found.elements != named[number][1] for number, found in moments.items())
    row = replace(
        entry.row,
        nan=sum(found.nan for found in moments.values()),
        inf=sum(found.inf for found in moments.values()),
        error=f"the values of {missing:,} variables are not there, or not whole" if missing else "",
    )
    norms = (
        Norm(
            row.path,
            row.run,
            row.step,
            named[number][0],
            found.elements,
            found.l2,
            found.mean,
            found.minimum,
            found.maximum,
            found.nan,
            found.inf,
        )
        for number, found in sorted(moments.items())
        if found.elements == named[number][1]
    )
    return replace(entry, row=row, norms=tuple(norms))
