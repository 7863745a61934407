"""Everything about one scope of ops or of variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from scopeview.analysis.answers.inspect import VariableRecord, record_of
from scopeview.analysis.answers.trace_parts import ScopeLine
from scopeview.analysis.answers.traced import entries_of
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.call_sites import CallSite
from scopeview.analysis.derive.roles import Role
from scopeview.analysis.variable_row import VariableRow
from scopeview.model.names import is_within
from scopeview.model.ops import OpTable
from scopeview.model.scopes import ScopeId

FUNCTION_SEPARATOR = ": "
"""Between the name of a function and an op of its body, as in `__inference_call_42: dense/MatMul`."""


@dataclass(frozen=True, slots=True)
class ScopeDetail:
    """One scope of the op tree."""

    path: str
    ops: int
    op_types: Mapping[str, int]
    roles: Mapping[Role, int]
    variables: tuple[str, ...]
    """Variables that its computation uses, those of other scopes included."""
    total_variables: int
    shared: int
    """How many of these are used at several places."""
    parameters: int
    """Elements of these."""
    edges_in: int
    """Data and control edges that come from outside."""
    edges_out: int
    devices: tuple[str, ...]
    child_scopes: tuple[str, ...]
    total_child_scopes: int
    entries: tuple[ScopeLine, ...]
    """The times that it was entered, with the lines that did; empty where no trace says it."""


@dataclass(frozen=True, slots=True)
class VariableScopeDetail:
    """One scope of the variable tree."""

    path: str
    call_sites: tuple[CallSite, ...]
    """The op scopes whose computation uses any of its variables."""
    variables: tuple[VariableRecord, ...]
    total_variables: int
    attached: int
    """How many of these exist for another: slots and averages, which the numbers below leave out."""
    parameters: int
    size_bytes: int
    entries: tuple[ScopeLine, ...]
    """The times that it was entered, with the reuse flag of each; empty where no trace says it."""


def op_scopes_called(context: AnalysisContext, path: str, limit: int) -> Iterator[ScopeDetail]:
    """Yield the scope of ops of a path, in the main graph or in a function (`function: path`)."""
    model = context.model
    function, separator, inner = path.partition(FUNCTION_SEPARATOR)
    is_inside = bool(separator) and function in model.functions
    table = model.functions[function].body if is_inside else model.graph
    path, tree = inner if is_inside else path, table.scopes
    scope = tree.find(path)
    if scope is None or not path:
        return
    children = [tree.path(child) for child in tree.children(scope)]
    rows = tree.rows(scope)
    columns = table.columns
    devices = {columns.devices[number] for number in columns.device_id[rows.start : rows.stop].tolist()}
    variables = () if is_inside else model.variables
    read = (v for v in variables if context.uses(v))  # most of a training graph are slots: none is walked
    used = [v for v in read if any(is_within(site.scope, path) for site in context.call_sites(v))]
    comes_in, goes_out = _crossing(table, rows)
    yield ScopeDetail(
        path,
        len(rows),
        table.type_counts(rows),
        context.roles.counts(rows, function if is_inside else ""),
        tuple(v.name for v in used[:limit]),
        len(used),
        sum(context.uses(v) > 1 for v in used),
        sum(v.parameters or 0 for v in used),
        comes_in,
        goes_out,
        tuple(sorted(device for device in devices if device)),
        tuple(children[:limit]),
        len(children),
        () if is_inside else entries_of(context, "name_scope", path),
    )


def _crossing(table: OpTable, rows: range) -> tuple[int, int]:
    """Count the edges that come into a scope, and those that leave it."""
    source, target = table.columns.source, table.targets
    starts_inside = (source >= rows.start) & (source < rows.stop)
    ends_inside = (target >= rows.start) & (target < rows.stop)
    return int((ends_inside & ~starts_inside & (source >= 0)).sum()), int((starts_inside & ~ends_inside).sum())


def variable_scopes_called(context: AnalysisContext, path: str, limit: int) -> Iterator[VariableScopeDetail]:
    """Yield the variable scope of a path."""
    model, tree = context.model, context.model.variable_scopes
    scope: ScopeId | None = tree.find(path)
    if scope is None or not path:
        return
    inside = [model.variables[row] for row in tree.rows(scope)]
    own = [variable for variable in inside if variable not in context.auxiliary_variables]
    attached = [variable for variable in inside if variable in context.auxiliary_variables]
    yield VariableScopeDetail(
        path,
        context.call_sites_of_scope(path),
        tuple(record_of(VariableRow(context, variable)) for variable in (own + attached)[:limit]),
        len(inside),
        len(attached),
        sum(variable.parameters or 0 for variable in own),
        sum(variable.size_bytes or 0 for variable in own),
        entries_of(context, "variable_scope", path),
    )
