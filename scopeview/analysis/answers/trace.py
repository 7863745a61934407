"""What a trace says: where each variable was created and reused, which flag decided, and why a build was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from scopeview.analysis.answers.refusals import BuildError, build_errors
from scopeview.analysis.answers.trace_parts import Request, ScopeLine, described, flag_text, place, scope_line
from scopeview.model.shapes import Shape
from scopeview.model.trace import NO_SCOPE, Frame, FunctionTrace, Trace, TracedGraph, VariableRequest

_MOST_PARTS = 12


@dataclass(frozen=True, slots=True)
class VariableHistory:
    """One variable, and everything that asked for it."""

    name: str
    graph: int
    """The number of the graph."""
    shape: Shape
    dtype: str
    requests: tuple[Request, ...]
    """In the order of the program."""
    summary: str = ""
    """The same in a sentence: `created at model.py:42 in build_tower (reuse=False), reused at train.py:17 (...)`."""


@dataclass(frozen=True, slots=True)
class TraceReport:
    """The record of a run, in order."""

    program: str
    """The command that was run."""
    tensorflow_version: str
    error: str
    """What ended the program; empty if nothing did."""
    error_frames: tuple[Frame, ...]
    """Where, innermost first."""
    refused: tuple[BuildError, ...]
    """Variables that TensorFlow refused; the first of them."""
    graphs: tuple[TracedGraph, ...]
    scopes: tuple[ScopeLine, ...]
    """Every scope that was entered, in the order of the program."""
    variables: tuple[VariableHistory, ...]
    """In the order in which they were first asked for."""
    functions: tuple[FunctionTrace, ...]
    """Tracings of `tf.function`, and why it was traced again."""
    left_out: int
    """Events past the limit, which were not recorded."""


def trace_report(trace: Trace, *, scope: str = "") -> TraceReport:
    """Describe a trace.

    Args:
        trace: the record.
        scope: only variables and scopes within this variable scope.
    """
    histories = [one for one in variable_histories(trace) if not scope or (one.name + "/").startswith(f"{scope}/")]
    lines = [line for line in scope_lines(trace) if not scope or (line.path + "/").startswith(f"{scope}/")]
    return TraceReport(
        program=trace.program,
        tensorflow_version=trace.tensorflow_version,
        error=trace.error,
        error_frames=trace.error_frames,
        refused=build_errors(trace),
        graphs=trace.graphs,
        scopes=tuple(lines),
        variables=tuple(histories),
        functions=trace.functions,
        left_out=trace.left_out,
    )


def variable_histories(trace: Trace, name: str | None = None) -> list[VariableHistory]:
    """Return the history of every variable, or of those of one name."""
    gathered: dict[tuple[int, str], list[VariableRequest]] = {}
    for request in trace.variables:
        if name is None or request.variable == name:
            gathered.setdefault((request.graph, request.variable), []).append(request)
    return [_history(trace, requests) for requests in gathered.values()]


def _history(trace: Trace, requests: Sequence[VariableRequest]) -> VariableHistory:
    first, found = requests[0], tuple(described(trace, request) for request in requests)
    return VariableHistory(first.variable, first.graph, first.shape, first.dtype, found, history_summary(found))


def history_summary(requests: Sequence[Request]) -> str:
    """Say in a sentence where a variable was created and reused, and which flag decided.

    A line that several requests share, such as that of a layer function, says little: what called it is named, too.
    """
    counted = Counter(
        f"{request.action} at {_distinct(request, requests)} ({_decided_by(request)})" for request in requests
    )
    parts = [f"{text}, {times} times" if times > 1 else text for text, times in counted.items()]
    more = f", and {len(parts) - _MOST_PARTS} more" if len(parts) > _MOST_PARTS else ""
    return ", ".join(parts[:_MOST_PARTS]) + more


def _decided_by(request: Request) -> str:
    """Say which flag decided; none does for `tf.Variable`, which makes a new variable whatever the flag."""
    if request.maker == "get_variable":
        return flag_text(request.reuse, request.reuse_origin)
    return "tf.Variable" if request.reuse == "no" else f"tf.Variable, which no flag shares: {request.reuse_origin}"


def _distinct(request: Request, requests: Sequence[Request]) -> str:
    """Return the line that asked; where that is the line that created, the line that called, and by way of what."""
    created = next((one for one in requests if one.action == "created" and one.frames), None)
    if created is None or request is created or not request.frames:
        return place(request.frames)
    pairs = zip(request.frames, created.frames, strict=False)
    apart = next((number for number, (one, other) in enumerate(pairs) if one != other), 0)
    via = f" by way of {request.frames[0]}" if apart else ""
    return f"{request.frames[apart]}{via}"


def scope_lines(trace: Trace, graph: int = -1) -> list[ScopeLine]:
    """Return the scopes that were entered, in one graph or in all; entries in a row that are alike are one line."""
    depths: list[int] = []
    lines: list[ScopeLine] = []
    for entry in trace.scopes:
        depths.append(0 if entry.parent == NO_SCOPE else depths[entry.parent] + 1)
        if graph >= 0 and entry.graph != graph:
            continue
        line = scope_line(trace, entry, depths[-1])
        before = lines[-1] if lines else None
        if before is not None and _key(before) == _key(line):
            lines[-1] = _with_times(before, before.times + 1)
        else:
            lines.append(line)
    return lines


def _key(line: ScopeLine) -> tuple[object, ...]:
    return line.path, line.kind, line.depth, line.reuse, line.reuse_origin, line.frames


def _with_times(line: ScopeLine, times: int) -> ScopeLine:
    return replace(line, times=times)


def counts(report: TraceReport) -> Counter[str]:
    """Count the requests for variables by what came of them."""
    return Counter(request.action for history in report.variables for request in history.requests)
