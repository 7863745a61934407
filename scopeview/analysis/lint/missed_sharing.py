"""G2: equal sub-networks that share no variable, found by structure and never by names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.equal_networks import (
    DataSource,
    computes_with_variables,
    data_source,
    equal_networks,
)
from scopeview.analysis.derive.gradient_scopes import gradient_rows
from scopeview.analysis.derive.reach import Flags, downstream, per_type, takes_data, upstream
from scopeview.analysis.derive.structure import are_equal, group_by_hash
from scopeview.analysis.derive.writers import variables_read
from scopeview.analysis.lint.reachable import reaches
from scopeview.analysis.lint.rule import Found, Related, Subject, names, rule, these
from scopeview.model.names import common_scope, natural_key, scope_of, split_uniquifier
from scopeview.model.op_types import LAYERS, LOOKUP
from scopeview.model.ops import OpRow
from scopeview.model.scopes import ScopeId
from scopeview.model.variables import Variable

_FAMILY_MEMBERS_WALKED = 8
"""A stack of equal blocks shows in its first members; every further walk costs as much as the graph is large."""

_USES_WALKED = 4
_PLACES_NAMED = 3
_LEVELS = 64
"""Scopes around a use that are looked at."""


@dataclass(frozen=True)
class _Family:
    """Equal sub-networks, each with variables of its own in the same order."""

    places: tuple[str, ...]
    """The scope of each, or the name of its first variable where it has none of its own."""
    variables: tuple[tuple[Variable, ...], ...]
    rows: tuple[tuple[OpRow, ...], ...]
    """Ops of each: all of the scope, or the last one."""
    has_same_input: bool


@rule("G2", "missed-sharing", "warning")
def missed_sharing(subject: Subject) -> Iterator[Found]:
    """Sub-networks that are equal op by op, each with variables of its own, side by side and not stacked.

    Why: code that was called twice and was meant to share its weights trains two sets of them, and nothing says so.
    Names do not matter: `conv1_weights` and `conv1_weights_1`, `left/w` and `right/w`. Where the two differ on purpose,
    this is a note: one is a copy of the other (a target network), they take the same input (heads, an ensemble), or
    each is trained by itself, on a device of its own, or shared by itself.

    Example: `for image in (left, right): with tf.name_scope("filter"): w = tf.Variable(...)`

    Fix: use `get_variable` and enter the scope with `reuse=tf.AUTO_REUSE`, or keep the layer object and call it twice.
    """
    context = subject.context
    for family in _families(context):
        sets = family.variables
        pairs = [Related(names(same), "=") for same in zip(*sets, strict=True)]
        more = ", …" if len(family.places) > _PLACES_NAMED else ""
        listed = ", ".join(family.places[:_PLACES_NAMED]) + more
        each = f"have {these(sets[0])} each" if len(pairs) > 1 else f"have a variable each ({pairs[0]})"
        purpose = _purpose(context, family)
        message = f"{len(sets)} equal sub-networks, {listed}, {each} and share none"
        message += f": {purpose}" if purpose else ""
        twice = [variable.name for variables in sets for variable in variables]
        yield Found(family.places[0], message, pairs, "info" if purpose else None, made_twice=twice)


def _families(context: AnalysisContext) -> Iterator[_Family]:
    """Yield equal sub-networks by the computation behind them, then equal scopes that take any input."""
    taken: set[str] = set()
    for family in (*_equal_computations(context), *_equal_scopes(context)):
        names_of = {variable.name for variables in family.variables for variable in variables}
        if names_of & taken:
            continue
        taken |= names_of
        if any(variable.trainable is not False for variables in family.variables for variable in variables):
            yield family  # counters of metrics are never meant to be shared


def _equal_scopes(context: AnalysisContext) -> Iterator[_Family]:
    graph, tree = context.model.graph, context.model.op_scopes
    own = _own_variables(context)
    path_of = {found: path for path in own if (found := tree.find(path)) is not None}
    groups = [sorted(found, key=lambda scope: natural_key(path_of[scope])) for found in group_by_hash(graph, path_of)]
    taken: set[str] = set()
    for group in sorted(groups, key=lambda found: min(path_of[scope].count("/") for scope in found)):
        free = [scope for scope in group if taken.isdisjoint(_around(path_of[scope]))]
        alike = [scope for scope in free if _are_alike(own[path_of[free[0]]], own[path_of[scope]])]
        members = [scope for scope in alike if scope == alike[0] or are_equal(graph, alike[0], scope)]
        paths = [path_of[scope] for scope in members]
        sets = [own[path] for path in paths]
        if len(members) < 2 or not (_are_numbered(paths) or _has_layer(context, members[0], sets[0])):
            continue
        taken.update(paths)
        if _are_stacked(context, paths):
            continue
        rows = tuple(tuple(map(OpRow, tree.rows(scope))) for scope in members)
        same = len({_outside(context, tree.rows(scope)) for scope in members}) == 1 or (
            _has_loop(context, members[0]) and len({_origins(context, tree.rows(scope)) for scope in members}) == 1
        )
        yield _Family(tuple(paths), tuple(tuple(own[path]) for path in paths), rows, same)


def _own_variables(context: AnalysisContext) -> dict[str, list[Variable]]:
    """Return the variables that only one op scope uses, for each scope around the use, in the order of their uses."""
    found: dict[str, list[tuple[str, Variable]]] = defaultdict(list)
    for variable in context.model.variables:
        if variable in context.auxiliary_variables or variable.kind == "frozen" or not context.uses(variable):
            continue
        used = _first_use(context, variable)
        if used is None:
            continue
        scope, op = used
        for path in _around(scope):
            found[path].append((op[len(path) :], variable))
    return {path: [variable for _, variable in sorted(uses, key=lambda use: use[0])] for path, uses in found.items()}


def _first_use(context: AnalysisContext, variable: Variable) -> tuple[str, str] | None:
    """Return the scope that holds all uses of a variable, and the op of the first; None for uses in functions."""
    only = context.only_use(variable)
    if only is not None:
        return scope_of(only), only
    sites = context.call_sites(variable)
    if any(site.program for site in sites):
        return None
    reads = sorted(access.works_for for access in context.accesses(variable).forward)
    return common_scope([*(site.scope for site in sites), *map(scope_of, reads)]), reads[0]


def _around(scope: str) -> Iterator[str]:
    """Yield a scope and those around it, from the inside out; names of thousands of levels are no sub-networks."""
    for _ in range(_LEVELS):
        if not scope:
            return
        yield scope
        scope = scope_of(scope)


def _are_alike(one: Sequence[Variable], other: Sequence[Variable]) -> bool:
    return [(v.shape, v.dtype) for v in one] == [(v.shape, v.dtype) for v in other]


def _are_numbered(paths: Sequence[str]) -> bool:
    """Whether scopes are siblings that differ by the number that TensorFlow adds."""
    return len({(scope_of(path), split_uniquifier(path.rpartition("/")[2])[0]) for path in paths}) == 1


def _has_layer(context: AnalysisContext, scope: ScopeId, variables: Sequence[Variable]) -> bool:
    """Whether a scope is more than a lookup in one table: columns of features have a table each on purpose."""
    types = context.model.graph.type_counts(context.model.op_scopes.rows(scope))
    layers = [name for name in types if LAYERS.fullmatch(name)]
    return bool(layers) and (len(variables) > 1 or any(LOOKUP.fullmatch(name) is None for name in layers))


def _are_stacked(context: AnalysisContext, scopes: Sequence[str]) -> bool:
    """Whether one of several scopes computes with what another has computed."""
    return any(
        reaches(context, one, [other for other in scopes if other != one]) for one in scopes[:_FAMILY_MEMBERS_WALKED]
    )


def _outside(context: AnalysisContext, rows: range) -> frozenset[DataSource]:
    """Return what data the layers of a scope compute with, from where it comes and how it was prepared."""
    graph = context.model.graph
    source, target = context.forward_edges
    behind = context.cached("computes with variables", lambda: computes_with_variables(graph, context.is_forward))
    inside = (target >= rows.start) & (target < rows.stop) & behind[target]
    is_outer = ~((source >= rows.start) & (source < rows.stop)) | ~behind[source]
    entering = np.unique(source[inside & is_outer]).tolist()
    data = takes_data(graph)
    return frozenset(data_source(graph, OpRow(row), behind) for row in entering if data[row])


def _has_loop(context: AnalysisContext, scope: ScopeId) -> bool:
    """Whether a scope is a loop or a part of one, into which data comes by arrays that are made for it."""
    path = context.model.op_scopes.path(scope)
    types = context.model.graph.type_counts(context.model.op_scopes.rows(scope))
    return "LoopCond" in types or "while" in path.split("/") or any("TensorArray" in name for name in types)


def _origins(context: AnalysisContext, rows: range) -> frozenset[OpRow]:
    """Return what the data of a scope comes from in the end: what is fed or read, variables left out."""
    graph = context.model.graph
    starts = np.zeros(len(graph), dtype=bool)
    starts[rows.start : rows.stop] = True
    behind = upstream(graph, starts, np.ones(len(graph), dtype=bool))
    is_source = behind & per_type(graph, lambda name: name.startswith("Placeholder") or "Iterator" in name)
    return frozenset(map(OpRow, np.flatnonzero(is_source & ~starts).tolist()))


def _equal_computations(context: AnalysisContext) -> Iterator[_Family]:
    """Yield equal sub-networks of at least a layer; single layers with one input (heads; q, k and v)
    and single lookups (columns of features) say nothing."""
    graph = context.model.graph
    by_handle = {handle: variable for variable in context.model.variables for handle in variable.handles}
    for found in equal_networks(graph, context.is_forward):
        if found.layers < 2 and (found.has_same_input or found.is_lookup):
            continue
        sets = [tuple(by_handle.get(graph.name(row)) for row in rows) for rows in found.variables]
        known = tuple(tuple(v for v in variables if v is not None) for variables in sets)
        if any(None in variables for variables in sets) or any(
            v in context.auxiliary_variables for variables in known for v in variables
        ):
            continue
        order = sorted(range(len(known)), key=lambda index: natural_key(known[index][0].name))
        known = tuple(known[index] for index in order)
        rows = tuple((found.roots[index],) for index in order)
        yield _Family(_places(known), _in_order(known), rows, found.has_same_input)


def _places(sets: Sequence[Sequence[Variable]]) -> tuple[str, ...]:
    """Name each set by the scope that holds its variables and none of another set's, or by its first variable."""
    scopes = [common_scope([scope_of(variable.name) for variable in variables]) for variables in sets]
    is_own = len(set(scopes)) == len(scopes) and all(scopes)
    return tuple(scopes) if is_own else tuple(min(names(v), key=natural_key) for v in sets)


def _in_order(sets: Sequence[Sequence[Variable]]) -> tuple[tuple[Variable, ...], ...]:
    """Return sets in which the variables of the first stand in the order of their names."""
    order = sorted(range(len(sets[0])), key=lambda index: natural_key(sets[0][index].name))
    return tuple(tuple(variables[index] for index in order) for variables in sets)


def _purpose(context: AnalysisContext, family: _Family) -> str:
    """Say why variables of their own are meant, or return an empty string."""
    if _is_copied(context, family):
        return "one is assigned from the other, as a target network is"
    if family.has_same_input:
        return "they take the same input, as heads and ensembles do"
    graph = context.model.graph
    devices = [{graph.device(row) for row in rows} - {""} for rows in family.rows]
    if all(devices) and len(set.union(*devices)) == sum(map(len, devices)):
        return "each is on a device of its own"
    if _are_trained_apart(context, family):
        return "each is trained by itself"
    return "each is used for several inputs as it is" if _are_shared_by_themselves(context, family) else ""


def _are_shared_by_themselves(context: AnalysisContext, family: _Family) -> bool:
    """Whether every set is used at several places that do not follow each other, as the discriminators of a GAN are."""
    return all(_is_used_side_by_side(context, variables[0]) for variables in family.variables)


def _is_used_side_by_side(context: AnalysisContext, variable: Variable) -> bool:
    if context.uses(variable) < 2:
        return False
    graph = context.model.graph
    known = (graph.row(a.works_for or a.op) for a in context.accesses(variable).forward if not a.function)
    rows = list(dict.fromkeys(row for row in known if row is not None))[:_USES_WALKED]
    forward = context.is_forward & ~per_type(graph, lambda n: n == "NoOp")
    after = [_after(context, (row,), forward) for row in rows]
    return any(
        not after[one][rows[other]] and not after[other][rows[one]] for one in range(len(rows)) for other in range(one)
    )


def _is_copied(context: AnalysisContext, family: _Family) -> bool:
    """Whether a variable of one set is written with the value of its equal in another."""
    graph = context.model.graph
    gradients = gradient_rows(graph)
    for same in zip(*family.variables, strict=True):
        handles = [set(variable.handles) for variable in same]
        for variable, own in zip(same, handles, strict=True):
            others = set().union(*handles) - own
            rows = (row for row in context.writers(variable) if context.roles.of(row) != "save")
            if any(variables_read(graph, row, gradients) & others for row in rows):
                return True
    return False


def _are_trained_apart(context: AnalysisContext, family: _Family) -> bool:
    """Whether an optimizer updates every set, and no op of the computation takes results of two of them."""
    for variables in family.variables:
        if not any(a.role == "update" for variable in variables for a in context.accesses(variable).writers):
            return False
    graph = context.model.graph
    forward = context.is_forward & ~per_type(graph, lambda n: n == "NoOp")
    after = [_after(context, rows, forward) for rows in family.rows]
    return not np.any(np.sum(after, axis=0) > 1)


def _after(context: AnalysisContext, rows: Sequence[OpRow], forward: Flags) -> Flags:
    starts = np.zeros(len(forward), dtype=bool)
    starts[list(rows)] = True
    return starts | downstream(context.model.graph, starts, forward)
