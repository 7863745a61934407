"""What is said of one request for a variable and of one scope entry of a trace: the flag in force, and what set it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scopeview.model.shapes import Shape
from scopeview.model.trace import NO_SCOPE, Frame, Reuse, ScopeEntry, Trace, VariableRequest


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


def described(trace: Trace, request: VariableRequest) -> Request:
    """Describe a request for a variable."""
    return Request(
        action=request.action,
        maker=request.maker,
        reuse=request.reuse,
        reuse_origin=reuse_origin(trace, request.scope, request.graph) if request.reuse != "no" else "",
        name_scope=request.name_scope,
        shape=request.shape,
        dtype=request.dtype,
        frames=request.frames,
    )


def scope_line(trace: Trace, entry: ScopeEntry, depth: int) -> ScopeLine:
    """Describe a scope entry, so many scopes below the root."""
    return ScopeLine(
        path=entry.scope if entry.kind == "variable_scope" else entry.name_scope,
        kind=entry.kind,
        depth=depth,
        name=entry.name,
        name_scope=entry.name_scope,
        entered_by=entry.entered_by,
        reuse=entry.reuse,
        reuse_origin=reuse_origin(trace, entry.number, entry.graph),
        settings=dict(entry.settings),
        frames=entry.frames,
        times=1,
    )


def flag_text(reuse: Reuse, origin: str) -> str:
    """Say a reuse flag and where it comes from.

    >>> flag_text("no", ""), flag_text("yes", "entered with reuse=True at a.py:3")
    ('reuse=False', 'entered with reuse=True at a.py:3')
    """
    flag = {"yes": "reuse=True", "auto": "reuse=AUTO_REUSE", "no": "reuse=False"}[reuse]
    if not origin:
        return flag
    return f"reuse {origin}" if origin.startswith(("inherited", "switched")) else origin


def reuse_origin(trace: Trace, number: int, graph: int) -> str:
    """Return what set the flag that is in force in a scope, and where; empty where nothing did.

    Args:
        trace: the record.
        number: the number of the scope entry; -1 for the root.
        graph: the number of the graph, whose root scope may have been switched.
    """
    number = NO_SCOPE if number == NO_SCOPE else trace.variable_scope_around[number]
    if number != NO_SCOPE and trace.scopes[number].reuse == "no":
        return ""
    if number == NO_SCOPE or trace.scopes[number].reuse_from == NO_SCOPE:
        call = trace.root_switches.get(graph)
        inherited = "" if number == NO_SCOPE else "inherited from the root scope, "
        return "" if call is None else f"{inherited}switched by reuse_variables() at {place(call.frames)}"
    source = trace.scopes[trace.scopes[number].reuse_from]
    switch = trace.switches.get(source.number)
    if switch is not None:
        how = f"switched by reuse_variables() at {place(switch.frames)}"
    else:
        flag = {"yes": "True", "auto": "AUTO_REUSE", "no": "False"}[source.reuse_asked or source.reuse]
        how = f"entered with reuse={flag} at {place(source.frames)}"
    name = f"'{source.scope}'" if source.scope else "the root scope"
    return how if source.number == number else f"inherited from {name}, {how}"


def place(frames: Sequence[Frame]) -> str:
    """Say the innermost of the user's lines."""
    return str(frames[0]) if frames else "a line that is not the program's own"
