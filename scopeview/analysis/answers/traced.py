"""What the trace of a model says of its variables and scopes; nothing where it was not opened from a trace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from scopeview.analysis.context import AnalysisContext
from scopeview.model.variables import Variable

if TYPE_CHECKING:
    from scopeview.analysis.answers.trace import VariableHistory
    from scopeview.analysis.answers.trace_parts import ScopeLine
    from scopeview.model.trace import Frame, ScopeKind

_MOST_ENTRIES = 50


def history_of(context: AnalysisContext, variable: Variable) -> VariableHistory | None:
    """Return where a variable was created and reused, or None where nothing is recorded of it."""
    names = (variable.name, *(part.name for part in variable.parts))
    known = _histories(context)
    return next((known[name] for name in names if name in known), None)


def entries_of(context: AnalysisContext, kind: ScopeKind, path: str) -> tuple[ScopeLine, ...]:
    """Return the times that a scope was entered, entries in a row that are alike once; the first of them.

    Args:
        context: the model, analyzed.
        kind: of which tree the scope is; ops get their scope from entries of either kind.
        path: the path of the variable scope, or of the op scope.
    """
    return _entries(context).get((kind, path), ())[:_MOST_ENTRIES]


def flags_of(context: AnalysisContext, path: str) -> tuple[str, ...]:
    """Return the reuse flags with which a variable scope was entered and where they come from, each once, in order."""
    if context.model.trace is None:
        return ()
    from scopeview.analysis.answers.trace_parts import flag_text

    found = entries_of(context, "variable_scope", path)
    return tuple(dict.fromkeys(flag_text(line.reuse, line.reuse_origin) for line in found))


def lines_about(context: AnalysisContext, names: Iterable[str]) -> tuple[Frame, ...]:
    """Return the lines that made the first of some names of which a trace knows any: a variable, an op, a scope."""
    if context.model.trace is None:
        return ()
    from scopeview.model.trace import Frame

    for name in names:
        history = _histories(context).get(name)
        if history is not None:
            return history.requests[0].frames
        stack = context.model.code_lines.of(name) if context.model.code_lines is not None else ()
        if stack:
            return tuple(Frame(line.file, line.line, line.function) for line in stack)
        entries = entries_of(context, "variable_scope", name) or entries_of(context, "name_scope", name)
        if entries:
            return entries[0].frames
    return ()


def _histories(context: AnalysisContext) -> Mapping[str, VariableHistory]:
    trace, graph = context.model.trace, context.model.trace_graph
    if trace is None:
        return {}

    def gathered() -> Mapping[str, VariableHistory]:
        from scopeview.analysis.answers.trace import variable_histories

        return {one.name: one for one in variable_histories(trace) if graph < 0 or one.graph == graph}

    return context.cached("histories of a trace", gathered)


def _entries(context: AnalysisContext) -> Mapping[tuple[ScopeKind, str], tuple[ScopeLine, ...]]:
    trace, graph = context.model.trace, context.model.trace_graph
    if trace is None:
        return {}

    def gathered() -> Mapping[tuple[ScopeKind, str], tuple[ScopeLine, ...]]:
        from scopeview.analysis.answers.trace import scope_lines

        found: dict[tuple[ScopeKind, str], list[ScopeLine]] = defaultdict(list)
        for line in scope_lines(trace, graph):
            if line.kind == "variable_scope":
                found["variable_scope", line.path].append(line)
            found["name_scope", line.name_scope].append(line)
        return {key: tuple(lines) for key, lines in found.items()}

    return context.cached("scope entries of a trace", gathered)
