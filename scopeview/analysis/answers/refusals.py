"""Why TensorFlow refused a variable: the scopes, the flag, what it clashes with, and what to do in the case at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scopeview.analysis.answers.trace_parts import Request, ScopeLine, described, place, reuse_origin, scope_line
from scopeview.analysis.suggestions import spelled_alike
from scopeview.model.names import leaf_of, scope_of
from scopeview.model.trace import NO_SCOPE, ScopeEntry, Trace, VariableRequest

Refusal = Literal["exists", "missing", "shape", "dtype", "partitions", "initializer", "other"]
_MOST_SUGGESTIONS = 5
_MOST_REFUSED = 50
_MEANT = 0.6
"""How alike the ends of two names of one scope are where one may be a misspelling of the other."""

_WORDS: tuple[tuple[str, Refusal], ...] = (
    # what a message of TensorFlow has, and what is wrong; the first that fits
    ("already exists", "exists"),
    ("does not exist", "missing"),
    ("specified shape", "shape"),
    ("specified dtype", "dtype"),
    ("artition", "partitions"),
    ("nitializer", "initializer"),
)
_OTHER: Refusal = "other"


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
class _Case:
    """One refusal, with what was recorded before it in the same graph."""

    trace: Trace
    refused: VariableRequest
    other: VariableRequest | None
    """The request that created the variable of this name."""
    created: Mapping[str, VariableRequest]
    """The requests that created variables, by name."""
    before: Sequence[VariableRequest]
    suggestions: Sequence[str]

    @property
    def stack(self) -> tuple[ScopeEntry, ...]:
        return self.trace.stack(self.refused.scope)

    @property
    def variable_scopes(self) -> list[ScopeEntry]:
        return [entry for entry in self.stack if entry.kind == "variable_scope" and entry.scope]

    def inner_scope(self, request: VariableRequest) -> int:
        """Return the number of the innermost variable scope of a request."""
        return NO_SCOPE if request.scope == NO_SCOPE else self.trace.variable_scope_around[request.scope]


def build_errors(trace: Trace) -> tuple[BuildError, ...]:
    """Explain what TensorFlow refused; the first of many."""
    refused = [request for request in trace.variables if request.action == "refused"]
    return tuple(_build_error(trace, request) for request in refused[:_MOST_REFUSED])


def _build_error(trace: Trace, refused: VariableRequest) -> BuildError:
    asked = trace.of_graph(refused.graph)
    before = [one for one in asked if one.number < refused.number and one.action != "refused"]
    created = {request.variable: request for request in before if request.action == "created"}
    other = created.get(refused.variable) or next(
        (r for r in created.values() if scope_of(r.variable) == refused.variable and "part_" in r.variable), None
    )
    case = _Case(trace, refused, other, created, before, _suggestions(refused.variable, created))
    kind = next((kind for words, kind in _WORDS if words in refused.error), _OTHER)
    return BuildError(
        variable=refused.variable,
        kind=kind,
        message=refused.error,
        request=described(trace, refused),
        scopes=tuple(scope_line(trace, entry, depth) for depth, entry in enumerate(case.stack)),
        other=None if other is None else described(trace, other),
        suggestions=tuple(case.suggestions),
        fix=" ".join(_fix(kind, case)),
    )


def _suggestions(name: str, created: Iterable[str]) -> list[str]:
    """Return similar names: those with the same leaf first, then those of a similar spelling."""
    names = [one for one in created if one != name]
    ranked = sorted((one for one in names if leaf_of(one) == leaf_of(name)), key=lambda one: -_likeness(one, name))
    close = spelled_alike(name, names, _MOST_SUGGESTIONS)
    return list(dict.fromkeys([*ranked[:_MOST_SUGGESTIONS], *close]))[:_MOST_SUGGESTIONS]


def _likeness(one: str, other: str) -> float:
    import difflib  # for refused requests only

    return difflib.SequenceMatcher(None, one, other).ratio()


def _fix(kind: Refusal, case: _Case) -> Iterator[str]:
    """Yield sentences: what is wrong in the case at hand, what to do."""
    if kind == "exists" and case.other is not None:
        yield from _exists(case, case.other)
    elif kind == "missing":
        yield from _missing(case)
    elif kind in ("shape", "dtype") and case.other is not None:
        yield from _differs(kind, case.refused, case.other)
    elif kind == "partitions":
        yield from _partitions(case)
    elif kind == "initializer":
        yield from _initializer(case.refused)
    else:
        yield "Read TensorFlow's message; the scopes and the flag above are those of the request."


def _exists(case: _Case, other: VariableRequest) -> Iterator[str]:
    refused, stack = case.refused, case.stack
    inner = [entry for entry in stack[-1:] if entry.kind == "name_scope" and entry.name]
    for entry in inner:
        yield (
            f"The name scope {entry.name!r} (entered at {place(entry.frames)}) does not reach the names of "
            f"get_variable: to have a second variable, enter variable_scope({entry.name!r}) in its place."
        )
    is_same_line = other.frames[:1] == refused.frames[:1]
    if case.inner_scope(refused) == case.inner_scope(other):
        yield from _twice_in_one_scope(case, other, is_same_line=is_same_line)
        if not inner:
            yield "To have a second variable, give it another name, or enter a scope of its own."
        return
    kept = {entry.number for entry in case.trace.stack(other.scope)}
    changed = next((one for one in case.variable_scopes if one.number not in kept), None)
    if changed is None:  # in the root scope, entered again as an object
        yield "To share the variable, enter the scope with reuse=tf.compat.v1.AUTO_REUSE."
        return
    if is_same_line:
        yield "The same line ran twice."
    how = "with reuse=False, which is not set," if changed.reuse_asked == "no" else "without reuse"
    example = next((r for r in case.before if r.variable == refused.variable and r.action == "reused"), None)
    like = f", as the request at {_outer(example)} did" if example is not None else ""
    yield (
        f"{_named(changed)} was entered {how} at {_chain(changed)}. To share the variable, enter it there with "
        f"reuse=True{like}, or each time with reuse=tf.compat.v1.AUTO_REUSE."
    )
    if not inner:
        yield "To have a second variable, enter a scope of another name."


def _twice_in_one_scope(case: _Case, other: VariableRequest, *, is_same_line: bool) -> Iterator[str]:
    scopes, where = case.variable_scopes, place(other.frames)
    scope = f"{_named(scopes[-1])} (entered at {place(scopes[-1].frames)})" if scopes else "the root scope"
    auto = _with_auto_reuse(scopes)
    if is_same_line:
        yield (
            f"The same line ran twice in {scope}, as in a loop. To share the variable, create it before and keep the "
            f"object, or {auto}."
        )
    else:
        yield f"It was created in {scope} already: use the variable that {where} returned, or {auto}."
    if not scopes and is_same_line:
        yield "To build the graph anew, as in a cell of a notebook, call tf.compat.v1.reset_default_graph() before."


def _with_auto_reuse(scopes: Sequence[ScopeEntry]) -> str:
    if scopes:
        return f"enter {_named(scopes[-1])} with reuse=tf.compat.v1.AUTO_REUSE"
    return "ask within variable_scope(tf.compat.v1.get_variable_scope(), reuse=tf.compat.v1.AUTO_REUSE)"


def _missing(case: _Case) -> Iterator[str]:
    refused, other, trace = case.refused, case.other, case.trace
    if other is not None and other.maker == "tf.Variable":
        yield (
            f"{refused.variable!r} was made by tf.Variable at {place(other.frames)}, and get_variable shares only what "
            "get_variable created. Create it with get_variable."
        )
        return
    origin = reuse_origin(trace, refused.scope, refused.graph)
    if origin:
        yield f"Reuse is in force here: {origin}."
    slot = _slot(case)
    if slot:
        yield (
            f"{leaf_of(slot)!r} is a slot of an optimizer for {scope_of(slot)!r}, and slots are created where "
            "minimize() or apply_gradients() is called: call it where reuse is off."
        )
        yield (
            "reuse_variables() stays on until its scope is left: switch it on in a scope that ends before, such as "
            "variable_scope(tf.compat.v1.get_variable_scope(), reuse=True)."
            if "reuse_variables()" in origin
            else "Leave the scope that reuses first."
        )
        return
    ignored = next((one for one in case.stack if one.reuse_asked == "no" and one.reuse == "yes"), None)
    if ignored is not None:
        yield (
            f"reuse=False at {place(ignored.frames)} does not switch it off: flags are inherited. Build what is new "
            "outside of the scope that reuses."
        )
        return
    meant = next((one for one in case.suggestions if _may_be_meant(refused.variable, one)), None)
    if meant is not None:
        yield f"Did you mean {meant!r}?"
    if "reuse_variables()" in origin:
        yield (
            "Call it after the variable was created once, in a loop after the first step, or enter the scope with "
            "reuse=tf.compat.v1.AUTO_REUSE, which creates what is not there."
        )
    else:
        yield (
            "Create the variable before reuse begins, or enter the scope with reuse=tf.compat.v1.AUTO_REUSE, which "
            "creates what is not there and shares what is."
        )


def _slot(case: _Case) -> str:
    """Return VARIABLE/SLOT where an optimizer asked for the slot of a variable; else nothing."""
    asked = case.stack[-1].name if case.stack and case.stack[-1].entered_by == "default name" else ""
    has_optimizer = any(made.what == "optimizer" for made in case.trace.objects)
    return asked if has_optimizer and scope_of(asked) in case.created else ""


def _may_be_meant(name: str, other: str) -> bool:
    """Whether a name may be a misspelling of another: one end in two scopes, or similar ends in one scope."""
    if leaf_of(name) == leaf_of(other):
        return True
    return scope_of(name) == scope_of(other) and _likeness(leaf_of(name), leaf_of(other)) > _MEANT


def _differs(kind: str, refused: VariableRequest, other: VariableRequest) -> Iterator[str]:
    have, want = (other.shape, refused.shape) if kind == "shape" else (other.dtype, refused.dtype)
    part = f" in its part {leaf_of(other.variable)}" if other.variable != refused.variable else ""
    yield (
        f"It was created with {kind} {_text(have)}{part} at {place(other.frames)}, and {_text(want)} is asked for here."
    )
    yield "Make both calls agree, or put them into scopes of different names."


def _partitions(case: _Case) -> Iterator[str]:
    trace, other = case.trace, case.other
    if other is not None:
        before, now = _partitioner(trace.stack(other.scope)), _partitioner(case.stack)
        yield f"It was created {before} at {place(other.frames)}, and is asked for {now} here."
    yield "A variable is shared only with the partitioner that it was created with: set the same one on both scopes."


def _partitioner(stack: Sequence[ScopeEntry]) -> str:
    for entry in reversed(stack):
        if "partitioner" in entry.settings:
            return f"with the partitioner {entry.settings['partitioner']} (set at {place(entry.frames)})"
    return "without a partitioner of a scope"


def _initializer(refused: VariableRequest) -> Iterator[str]:
    if "constant" in refused.error:
        yield "The initializer is a value, which has a shape: leave `shape` out."
    elif "shape" in refused.error:
        asked = "no shape" if refused.shape is None else _text(refused.shape)
        yield f"A new variable needs a number for every dimension, and {asked} is asked for here: pass shape=[...]."
    else:
        yield f"There is no default initializer for {refused.dtype}: pass initializer=."


def _named(entry: ScopeEntry) -> str:
    return f"variable_scope({entry.name!r})" if entry.entered_by == "name" else f"the scope {entry.scope!r}"


def _chain(entry: ScopeEntry) -> str:
    return " <- ".join(map(str, entry.frames[:3])) or place(())


def _outer(request: VariableRequest) -> str:
    """Return the line that all the others of a request were called from."""
    return str(request.frames[-1]) if request.frames else place(())


def _text(value: object) -> str:
    if not isinstance(value, tuple):
        return str(value)
    return f"[{', '.join('?' if one is None else str(one) for one in value)}]"
