"""What a trace says: where each variable was created and reused, which flag decided, and why a build was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from scopeview.analysis.suggestions import spelled_alike
from scopeview.model.names import scope_of
from scopeview.model.shapes import Shape
from scopeview.model.trace import NO_SCOPE, Frame, FunctionTrace, Reuse, ScopeEntry, Trace, TracedGraph, VariableRequest

Refusal = Literal["exists", "missing", "shape", "dtype", "partitions", "other"]
_MOST_SUGGESTIONS = 5
_MOST_PARTS = 12
_MOST_REFUSED = 50


@dataclass(frozen=True, slots=True)
class Request:
    """One request for a variable, with the flag that decided and where that flag comes from."""

    action: str
    """`created`, `reused` or `refused`."""
    maker: str
    """`get_variable` or `tf.Variable`."""
    reuse: Reuse
    """The flag in force."""
    reuse_origin: str
    """Which scope entry set the flag, and where; empty where none is set."""
    name_scope: str
    """The op scope at that moment."""
    shape: Shape
    dtype: str
    frames: tuple[Frame, ...]
    """The user's lines, innermost first."""


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
class ScopeLine:
    """One scope of the tree of scopes, with the flag at that level."""

    path: str
    """The path of the variable scope; of a name scope, the op scope."""
    kind: str
    """`variable_scope` or `name_scope`."""
    depth: int
    name: str
    """The name that was asked for."""
    name_scope: str
    """The op scope."""
    entered_by: str
    """`name`, `scope object` or `default name`."""
    reuse: Reuse
    """The flag in force."""
    reuse_origin: str
    """Where the flag comes from; empty where none is set."""
    settings: dict[str, str]
    """Initializer, regularizer, partitioner and others that the scope sets."""
    frames: tuple[Frame, ...]
    """The lines that entered it, innermost first."""
    times: int
    """How many entries in a row were alike: a loop."""


@dataclass(frozen=True, slots=True)
class BuildError:
    """Why TensorFlow refused a variable, and what to do."""

    variable: str
    kind: Refusal
    """What is wrong."""
    message: str
    """TensorFlow's own words."""
    request: Request
    """What was asked for."""
    scopes: tuple[ScopeLine, ...]
    """The scopes that were open, outermost first."""
    other: Request | None
    """What created the variable that it clashes with."""
    suggestions: tuple[str, ...]
    """Names of variables that are similar."""
    fix: str
    """What to do."""


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


def build_errors(trace: Trace) -> tuple[BuildError, ...]:
    """Explain what TensorFlow refused; the first of many."""
    refused = [request for request in trace.variables if request.action == "refused"]
    return tuple(_build_error(trace, request) for request in refused[:_MOST_REFUSED])


def variable_histories(trace: Trace, name: str | None = None) -> list[VariableHistory]:
    """Return the history of every variable, or of those of one name."""
    gathered: dict[tuple[int, str], list[VariableRequest]] = {}
    for request in trace.variables:
        if name is None or request.variable == name:
            gathered.setdefault((request.graph, request.variable), []).append(request)
    return [_history(trace, requests) for requests in gathered.values()]


def _history(trace: Trace, requests: Sequence[VariableRequest]) -> VariableHistory:
    first, found = requests[0], tuple(_request(trace, request) for request in requests)
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
        return _first(request.frames)
    pairs = zip(request.frames, created.frames, strict=False)
    apart = next((number for number, (one, other) in enumerate(pairs) if one != other), 0)
    via = f" by way of {request.frames[0]}" if apart else ""
    return f"{request.frames[apart]}{via}"


def flag_text(reuse: Reuse, origin: str) -> str:
    """Say a reuse flag and where it comes from.

    >>> flag_text("no", ""), flag_text("yes", "entered with reuse=True at a.py:3")
    ('reuse=False', 'entered with reuse=True at a.py:3')
    """
    flag = {"yes": "reuse=True", "auto": "reuse=AUTO_REUSE", "no": "reuse=False"}[reuse]
    if not origin:
        return flag
    return f"reuse {origin}" if origin.startswith(("inherited", "switched")) else origin


def reuse_origin(trace: Trace, number: int) -> str:
    """Return which scope entry set the flag that is in force in a scope, and where; empty where none did.

    Args:
        trace: the record.
        number: the number of the scope entry; -1 for the root.
    """
    number = NO_SCOPE if number == NO_SCOPE else trace.variable_scope_around[number]
    if number == NO_SCOPE or trace.scopes[number].reuse_from == NO_SCOPE:
        return ""
    source = trace.scopes[trace.scopes[number].reuse_from]
    switch = trace.switches.get(source.number)
    if switch is not None:
        how = f"switched by reuse_variables() at {_first(switch.frames)}"
    else:
        flag = {"yes": "True", "auto": "AUTO_REUSE", "no": "False"}[source.reuse_asked or source.reuse]
        how = f"entered with reuse={flag} at {_first(source.frames)}"
    inherited = f"'{source.scope}'" if source.scope else "the root scope"
    return how if source.number == number else f"inherited from {inherited}, {how}"


def _request(trace: Trace, request: VariableRequest) -> Request:
    return Request(
        action=request.action,
        maker=request.maker,
        reuse=request.reuse,
        reuse_origin=reuse_origin(trace, request.scope) if request.reuse != "no" else "",
        name_scope=request.name_scope,
        shape=request.shape,
        dtype=request.dtype,
        frames=request.frames,
    )


def scope_lines(trace: Trace, graph: int = -1) -> list[ScopeLine]:
    """Return the scopes that were entered, in one graph or in all; entries in a row that are alike are one line."""
    depths: list[int] = []
    lines: list[ScopeLine] = []
    for entry in trace.scopes:
        depths.append(0 if entry.parent == NO_SCOPE else depths[entry.parent] + 1)
        if graph >= 0 and entry.graph != graph:
            continue
        line = _scope_line(trace, entry, depths[-1])
        before = lines[-1] if lines else None
        if before is not None and _key(before) == _key(line):
            lines[-1] = _with_times(before, before.times + 1)
        else:
            lines.append(line)
    return lines


def _scope_line(trace: Trace, entry: ScopeEntry, depth: int) -> ScopeLine:
    return ScopeLine(
        path=entry.scope if entry.kind == "variable_scope" else entry.name_scope,
        kind=entry.kind,
        depth=depth,
        name=entry.name,
        name_scope=entry.name_scope,
        entered_by=entry.entered_by,
        reuse=entry.reuse,
        reuse_origin=reuse_origin(trace, entry.number),
        settings=dict(entry.settings),
        frames=entry.frames,
        times=1,
    )


def _key(line: ScopeLine) -> tuple[object, ...]:
    return line.path, line.kind, line.depth, line.reuse, line.reuse_origin, line.frames


def _with_times(line: ScopeLine, times: int) -> ScopeLine:
    return replace(line, times=times)


def _build_error(trace: Trace, refused: VariableRequest) -> BuildError:
    """Explain a refusal by what was recorded before it."""
    before = [r for r in trace.of_graph(refused.graph)[: _position(trace, refused)] if r.action != "refused"]
    created = {request.variable: request for request in before if request.action == "created"}
    other = created.get(refused.variable) or next(
        (r for r in created.values() if scope_of(r.variable) == refused.variable and "part_" in r.variable), None
    )
    kind = _kind(refused, other)
    suggestions = _suggestions(refused.variable, created)
    return BuildError(
        variable=refused.variable,
        kind=kind,
        message=refused.error,
        request=_request(trace, refused),
        scopes=tuple(_scope_line(trace, entry, depth) for depth, entry in enumerate(trace.stack(refused.scope))),
        other=None if other is None else _request(trace, other),
        suggestions=tuple(suggestions),
        fix=_fix(trace, kind, refused, other, suggestions),
    )


def _position(trace: Trace, request: VariableRequest) -> int:
    return sum(1 for one in trace.of_graph(request.graph) if one.number < request.number)


def _kind(refused: VariableRequest, other: VariableRequest | None) -> Refusal:
    message = refused.error
    if "already exists" in message:
        return "exists"
    if "does not exist" in message:
        return "missing"
    if "artition" in message:
        return "partitions"
    if "shape" in message and other is not None:
        return "shape"
    return "dtype" if "dtype" in message and other is not None else "other"


def _suggestions(name: str, created: Iterable[str]) -> list[str]:
    """Return similar names: those with the same leaf first, then those of a similar spelling."""
    names = [one for one in created if one != name]
    leaf = name.rpartition("/")[2]
    ranked = sorted((one for one in names if one.rpartition("/")[2] == leaf), key=lambda one: -_likeness(one, name))
    close = spelled_alike(name, names, _MOST_SUGGESTIONS)
    return list(dict.fromkeys([*ranked[:_MOST_SUGGESTIONS], *close]))[:_MOST_SUGGESTIONS]


def _likeness(one: str, other: str) -> float:
    import difflib  # for refused requests only

    return difflib.SequenceMatcher(None, one, other).ratio()


def _fix(
    trace: Trace,
    kind: Refusal,
    refused: VariableRequest,
    other: VariableRequest | None,
    suggestions: Sequence[str],
) -> str:
    scope = scope_of(refused.variable)
    entered = f"variable_scope({scope!r}, reuse=tf.compat.v1.AUTO_REUSE)" if scope else "reuse=tf.compat.v1.AUTO_REUSE"
    if kind == "exists":
        again = other is not None and other.frames[:1] == refused.frames[:1]
        cause = "The same line ran twice. " if again else ""
        return (
            f"{cause}To share the variable, enter its scope with reuse=True the second time, or with {entered} both "
            "times. To have a second variable, enter a scope of another name."
        )
    if kind == "missing":
        origin = reuse_origin(trace, refused.scope)
        because = f"Reuse is in force here: {origin}. " if origin else ""
        nearest = f"Did you mean {suggestions[0]!r}? " if suggestions else ""
        if other is not None and other.maker == "tf.Variable":
            made = (
                f"{refused.variable!r} was made by tf.Variable at {_first(other.frames)}, and get_variable shares only "
            )
            return f"{made}what get_variable created. Create it with get_variable."
        return f"{because}{nearest}Create the variable before reuse begins, or enter the scope with AUTO_REUSE."
    if kind in ("shape", "dtype") and other is not None:
        have, want = (other.shape, refused.shape) if kind == "shape" else (other.dtype, refused.dtype)
        return (
            f"It was created with {kind} {_text(have)} at {_first(other.frames)}, and {_text(want)} is asked for here. "
            "Make both calls agree, or put them into scopes of different names."
        )
    if kind == "partitions":
        return (
            "A variable is shared only with the partitioner that it was created with; set the same one on both scopes."
        )
    return "Read TensorFlow's message; the scopes and the flag above are those of the request."


def _text(value: object) -> str:
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _first(frames: Sequence[Frame]) -> str:
    return str(frames[0]) if frames else "a line that is not the program's own"


def counts(report: TraceReport) -> Counter[str]:
    """Count the requests for variables by what came of them."""
    return Counter(request.action for history in report.variables for request in history.requests)
