"""Rules about a trace: what was refused, flags that do nothing, sharing that was meant and is not there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from scopeview.analysis.answers.refusals import build_errors
from scopeview.analysis.answers.trace_parts import reuse_origin
from scopeview.analysis.lint.rule import Found, Subject, rule
from scopeview.model.names import split_uniquifier
from scopeview.model.trace import NO_SCOPE, Frame, FunctionTrace, Trace, VariableRequest

_MANY_TRACINGS = 5
_MOST_FINDINGS = 200


@rule("T1", "refused-variable", "error", "trace")
def refused_variable(subject: Subject) -> Iterator[Found]:
    """A variable that TensorFlow refused: it exists, is missing, or has another shape, dtype or partitioner.

    Why: the program ends there, or goes on without the variable where it catches the error.

    Example: a layer function that is called twice, with `get_variable("kernel", ...)` and without reuse

    Fix: what the finding says for the case at hand: enter the scope with `reuse=True` the second time, or with
    `AUTO_REUSE` both times; create before reuse begins; make both calls agree.
    """
    for error in build_errors(_trace(subject)):
        origin = f"; the flag in force: {error.request.reuse_origin}" if error.request.reuse_origin else ""
        clash = [f"created at {error.other.frames[0]}"] if error.other is not None and error.other.frames else []
        near = [f"similar name: {name}" for name in error.suggestions]
        yield Found(error.variable, f"{error.message}{origin}", [*clash, *near], None, error.fix, error.request.frames)


@rule("T2", "program-failed", "error", "trace")
def program_failed(subject: Subject) -> Iterator[Found]:
    """The program ended with an error, so that not all that it builds was recorded.

    Why: what would have been built after it is not checked.

    Example: a missing input file, a shape that does not fit

    Fix: run the program by itself; when it ends well, check again.
    """
    trace = _trace(subject)
    refused = [request.error for request in trace.variables if request.action == "refused"]
    if trace.error and not any(error and error in trace.error for error in refused):
        yield Found(trace.program, f"the program ended with {trace.error}", frames=trace.error_frames)


@rule("T3", "reuse-false-ignored", "warning", "trace")
def reuse_false_ignored(subject: Subject) -> Iterator[Found]:
    """A scope that was entered with `reuse=False` below one that reuses: the flag stays on.

    Why: TensorFlow takes False as "not set", and inherits. A variable that is meant to be new is then looked for among
    those that exist.

    Example: `with variable_scope("net", reuse=True): with variable_scope("head", reuse=False): ...`

    Fix: build the new part outside of the scope that reuses.
    """
    trace = _trace(subject)
    seen: set[tuple[str, tuple[Frame, ...]]] = set()
    for entry in trace.scopes:
        if entry.reuse_asked == "no" and entry.reuse == "yes" and (entry.scope, entry.frames) not in seen:
            seen.add((entry.scope, entry.frames))
            origin = reuse_origin(trace, entry.number, entry.graph)
            yield Found(
                entry.scope, f"{entry.scope} was entered with reuse=False, and reuse is {origin}", frames=entry.frames
            )


@rule("T4", "tf-variable-under-reuse", "warning", "trace")
def tf_variable_under_reuse(subject: Subject) -> Iterator[Found]:
    """A `tf.Variable` that was made in a scope that reuses: it is a new variable.

    Why: only `get_variable` shares. The second image, tower or step gets weights of its own, and nothing says so.

    Example: `with variable_scope("net", reuse=True): tf.Variable(tf.zeros([3]), name="bias")`

    Fix: create it with `get_variable`.
    """
    trace = _trace(subject)
    found = [r for r in trace.variables if r.maker == "tf.Variable" and r.action == "created" and r.reuse == "yes"]
    for request in found[:_MOST_FINDINGS]:
        origin = reuse_origin(trace, request.scope, request.graph)
        message = (
            f"{request.variable} was made by tf.Variable where reuse is on ({origin}): it is a variable of its own"
        )
        yield Found(request.variable, message, frames=request.frames)


@rule("T5", "made-again-at-a-line", "warning", "trace")
def made_again_at_a_line(subject: Subject) -> Iterator[Found]:
    """A line that made several `tf.Variable` of one name, called from several places; TensorFlow numbered the names.

    Why: a function that makes its weights with `tf.Variable` makes them anew at each call. Where the calls were meant
    to share, as for two images through one filter, they do not.

    Example: `def filter(x): w = tf.Variable(tf.zeros([3, 3]), name="w"); ...` that is called for two images

    Fix: create the variables with `get_variable` and call the function in one scope with `AUTO_REUSE`, or make them
    once outside of it; if each call is a layer of its own, ignore this, or give each a name.
    """
    exported = {graph.number: bool(graph.file) for graph in _trace(subject).graphs}
    groups: dict[tuple[int, Frame, str], list[VariableRequest]] = defaultdict(list)
    for request in _trace(subject).variables:
        is_graph = exported.get(request.graph, False)  # names of TF 2 are numbered where nothing is built twice
        if is_graph and request.maker == "tf.Variable" and request.action == "created" and request.frames:
            base = "/".join(split_uniquifier(part)[0] for part in request.variable.split("/")[:64])
            groups[request.graph, request.frames[0], base].append(request)
    several = [g for g in groups.values() if len({r.variable for r in g}) > 1 and len({r.frames for r in g}) > 1]
    for group in several[:_MOST_FINDINGS]:
        names = [f"{one.variable} from {one.frames[1]}" if one.frames[1:] else one.variable for one in group]
        message = f"{group[0].frames[0]} made {len(group)} variables: they share nothing"
        yield Found(group[0].variable, message, names, frames=group[1].frames)


@rule("T6", "name-scope-without-effect", "info", "trace")
def name_scope_without_effect(subject: Subject) -> Iterator[Found]:
    """A `get_variable` within a name scope, which the name of the variable does not have.

    Why: a name scope names ops and no variables of `get_variable`. Two layers in two name scopes ask for one variable.

    Example: `with tf.name_scope("layer1"): get_variable("w", ...)` makes `w`

    Fix: enter a variable scope, which names both.
    """
    trace = _trace(subject)
    seen: set[tuple[str, Frame]] = set()
    for request in trace.variables:
        if request.maker != "get_variable" or request.action != "created" or request.scope == NO_SCOPE:
            continue
        entry = trace.scopes[request.scope]
        if entry.kind == "name_scope" and entry.name and entry.frames and len(seen) < _MOST_FINDINGS:
            if (request.variable, entry.frames[0]) not in seen:
                message = (
                    f"{request.variable} was asked for in the name scope {entry.name!r}, which its name does not have"
                )
                yield Found(request.variable, message, [f"entered at {entry.frames[0]}"], frames=request.frames)
            seen.add((request.variable, entry.frames[0]))


@rule("T7", "traced-often", "warning", "trace")
def traced_often(subject: Subject) -> Iterator[Found]:
    """A `tf.function` that was traced five times or more.

    Why: each tracing builds the graph anew, and takes far longer than a call.

    Example: Python numbers as arguments, batches of changing sizes, a `tf.function` that is made in a loop

    Fix: pass tensors, give an `input_signature`, set `reduce_retracing=True`, or make the function once.
    """
    most: dict[str, FunctionTrace] = {}
    for one in _trace(subject).functions:
        if one.function not in most or one.times >= most[one.function].times:
            most[one.function] = one
    for function in most.values():
        if function.times >= _MANY_TRACINGS:
            message = f"{function.function} was traced {function.times} times"
            yield Found(
                function.function,
                message,
                [f"the last time because {why}" for why in function.changed[:8]],
                frames=function.frames,
            )


def _trace(subject: Subject) -> Trace:
    trace = subject.context.model.trace
    assert trace is not None
    return trace
