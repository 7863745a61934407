"""Rules about sharing: what is shared, what should be, and what should not be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.call_sites import CallSite
from scopeview.analysis.derive.structure import Twins
from scopeview.analysis.lint.reachable import reaches
from scopeview.analysis.lint.rule import Found, Subject, names, rule, these
from scopeview.model.names import is_within, leaf_of, scope_of, split_uniquifier
from scopeview.model.ops import OpRow
from scopeview.model.variables import Variable


@rule("G1", "shared-variable", "info")
def shared_variable(subject: Subject) -> Iterator[Found]:
    """Variables that the computation uses at several places.

    Why: sharing is what variable scopes are for, and no name shows it: reuse leaves `cell_1/` ops that read `cell/w`.

    Example: `with tf.variable_scope("cell", reuse=True): ...`

    Fix: see `scopeview sharing`, which lists the call sites of each.
    """
    context = subject.context
    groups: dict[tuple[object, ...], list[Variable]] = defaultdict(list)
    for variable in owned(context):
        if context.uses(variable) > 1:
            sites = tuple((site.program, site.scope, site.times) for site in context.call_sites(variable))
            groups[scope_of(variable.name), sites].append(variable)
    for found in groups.values():
        sites_of = context.call_sites(found[0])
        where = scope_of(found[0].name) or found[0].name
        uses = context.uses(found[0])
        listed = ", ".join(_site(site) for site in sites_of[:4]) + (", …" if len(sites_of) > 4 else "")
        yield Found(where, f"{these(found)} used at {uses} places: {listed}", names(found))


def _site(site: CallSite) -> str:
    times = f" ×{site.times}" if site.times > 1 else ""
    return (f"{site.program}: " if site.program else "") + (site.scope or "(root)") + times


@rule("G2", "missed-sharing", "warning")
def missed_sharing(subject: Subject) -> Iterator[Found]:
    """Scopes that are equal op by op, each with variables of its own, side by side and not stacked.

    Why: code that was called twice and was meant to share its weights trains two sets of them, and nothing says so.

    Example: `for image in (left, right): with tf.name_scope("filter"): w = tf.Variable(...)`

    Fix: use `get_variable` and enter the scope with `reuse=tf.AUTO_REUSE`, or keep the layer object and call it twice.
    """
    context = subject.context
    for twins, sets in twins_with_variables(context):
        if _are_stacked(context, twins.scopes):
            continue
        pairs = [" = ".join(names(same)) for same in zip(*sets.values(), strict=True)]
        count = f"{len(twins.scopes)} equal scopes, {', '.join(twins.scopes[:3])}{', …' if len(sets) > 3 else ''},"
        each = f"have {these(sets[twins.scopes[0]])} each" if len(pairs) > 1 else f"have a variable each ({pairs[0]})"
        yield Found(twins.scopes[0], f"{count} {each} and share none", pairs)


def twins_with_variables(context: AnalysisContext) -> Iterator[tuple[Twins, dict[str, list[Variable]]]]:
    """Yield the outermost families of equal scopes whose computation uses variables of their own."""
    taken: list[str] = []
    for twins in sorted(context.twins, key=lambda found: found.scopes[0].count("/")):
        if any(is_within(twins.scopes[0], scope) for scope in taken):
            continue
        sets = {scope: _used_inside(context, scope) for scope in twins.scopes}
        counts = {len(found) for found in sets.values()}
        if len(counts) == 1 and counts != {0}:
            taken += twins.scopes
            if any(variable.trainable is not False for found in sets.values() for variable in found):
                yield twins, sets  # counters of metrics are never meant to be shared


def _used_inside(context: AnalysisContext, scope: str) -> list[Variable]:
    """Return the variables that stand in a scope and that only its own computation uses."""
    found = []
    for variable in _held_below(context, scope):
        sites = context.call_sites(variable)
        if sites and all(is_within(site.scope, scope) for site in sites):
            found.append(variable)
    return found


def _held_below(context: AnalysisContext, scope: str) -> Iterable[Variable]:
    tree, table = context.model.variable_scopes, context.model.variables
    found = tree.find(scope)
    rows = tree.rows(found) if found is not None else range(0)
    return (
        table[row] for row in rows if table[row].name not in context.auxiliary_variables and table[row].kind != "frozen"
    )


def _are_stacked(context: AnalysisContext, scopes: Sequence[str]) -> bool:
    """Whether one of several scopes computes with what another has computed."""
    return any(
        reaches(context, one, [other for other in scopes if other != one]) for one in scopes[:_FAMILY_MEMBERS_WALKED]
    )


_FAMILY_MEMBERS_WALKED = 8
"""A stack of equal blocks shows in its first members; every further walk costs as much as the graph is large."""


@rule("G3", "accidental-sharing", "warning")
def accidental_sharing(subject: Subject) -> Iterator[Found]:
    """A variable that two scopes in a row use, the second on what the first computes.

    Why: two layers of one name in one `AUTO_REUSE` scope get one set of weights: the second layer is the first again.

    Example: `dense(x, 8, name="fc")` twice within `variable_scope("net", reuse=tf.AUTO_REUSE)`

    Fix: give the layers names of their own; three entries or more are taken for the steps of a recurrent cell.
    """
    context = subject.context
    groups: dict[tuple[str, str], list[Variable]] = defaultdict(list)
    for variable in owned(context):
        sites = context.call_sites(variable)
        if len(sites) == 2 and context.uses(variable) == 2 and _are_reentries(sites):
            first, second = sites
            if scope_of(first.scope) == scope_of(second.scope) and not _in_loop(first.scope):
                groups[first.scope, second.scope].append(variable)
    for (first_scope, second_scope), found in groups.items():
        if reaches(context, first_scope, [second_scope], most_steps=6):
            yield Found(
                first_scope,
                f"{second_scope} computes on the result of {first_scope} with the same {these(found)}",
                (*names(found), *(read for v in found for site in context.call_sites(v) for read in site.reads)),
            )


def _are_reentries(sites: Sequence[CallSite]) -> bool:
    return not any(site.program for site in sites) and sites[1].relation == "re-entry"


def _in_loop(scope: str) -> bool:
    return "while" in scope.split("/")


@rule("G4", "reuse-ignored", "warning")
def reuse_ignored(subject: Subject) -> Iterator[Found]:
    """A `tf.Variable` in a scope that was entered again, beside an equal one of the first entry.

    Why: `reuse` concerns `get_variable` alone; `tf.Variable` makes a new variable each time, named after the op scope.

    Example: `with tf.variable_scope("s", reuse=True): v = tf.Variable(0., name="v")` makes `s_1/v`

    Fix: make it with `get_variable`, or make it once and pass it on.
    """
    context = subject.context
    groups: dict[tuple[str, str], list[Variable]] = defaultdict(list)
    for variable in owned(context):
        twin = _twin_in_first_entry(context, variable)
        if twin is not None and is_plain(context, variable):
            groups[scope_of(twin.name), scope_of(variable.name)].append(variable)
    for (first, entered), found in groups.items():
        also = (
            "" if _uses_of(context, first, entered) == 0 else f", although {entered}/ uses other variables of {first}/"
        )
        yield Found(
            entered, f"tf.Variable made {these(found)} anew in {entered}/, beside those of {first}/{also}", names(found)
        )


def _twin_in_first_entry(context: AnalysisContext, variable: Variable) -> Variable | None:
    scope, leaf = scope_of(variable.name), leaf_of(variable.name)
    base, number = split_uniquifier(leaf_of(scope)) if scope else ("", 0)
    if not number:
        return None
    first = "/".join(filter(None, (scope_of(scope), base, leaf)))
    for twin in context.model.variables.named(first):
        if (twin.shape, twin.dtype) == (variable.shape, variable.dtype) and is_plain(context, twin):
            return twin
    return None


def is_plain(context: AnalysisContext, variable: Variable) -> bool:
    """Whether `tf.Variable` made a variable, as far as its initial value tells: `get_variable` has an initializer."""
    initializer, handle = variable.initializer, variable.handle_op
    if initializer is None or handle is None or context.model.graph.row(handle) is None:
        return False
    is_made_inside = initializer.op.startswith(f"{handle}/Initializer/")
    return not is_made_inside or initializer.op == f"{handle}/Initializer/initial_value"


def _uses_of(context: AnalysisContext, variable_scope: str, op_scope: str) -> int:
    return sum(is_within(site.scope, op_scope) for site in context.call_sites_of_scope(variable_scope))


@rule("G5", "twin-after-import", "warning")
def twin_after_import(subject: Subject) -> Iterator[Found]:
    """A variable `x_1` that nothing saves, beside an equal `x` that a saver stores.

    Why: `import_meta_graph` does not fill the store of `get_variable`: building the model again makes a second set of
    variables, and the restored values stay in the first.

    Example: `tf.train.import_meta_graph("m.meta"); w = tf.get_variable("w", [3])` makes `w_1`

    Fix: fetch tensors of the imported graph by name, or build the model and restore into it without importing.
    """
    context = subject.context
    unsaved = set(context.saving.never_saved)
    for variable in owned(context):
        base, number = split_uniquifier(leaf_of(variable.name))
        first = "/".join(filter(None, (scope_of(variable.name), base)))
        for twin in context.model.variables.named(first) if number else ():
            is_equal = (twin.shape, twin.dtype) == (variable.shape, variable.dtype)
            if is_equal and variable.name in unsaved and twin.name not in unsaved:
                yield Found(
                    variable.name,
                    f"{variable.name} is not saved, and its equal {twin.name} is: an imported model was built again",
                    (variable.name, twin.name),
                )


@rule("G25", "name-scope-apart", "info")
def name_scope_apart(subject: Subject) -> Iterator[Found]:
    """Variables whose users all stand in a name scope that the variables' own names do not have.

    Why: `name_scope` leaves the names of `get_variable` alone: the checkpoint says `encoder/w`, the graph shows
    `model/encoder/MatMul`, and a `w` made in a name scope lies at the root, where the next one collides with it.

    Example: `with tf.name_scope("layer1"): w = tf.get_variable("w", [4, 2])` makes `w`

    Fix: use `variable_scope` where the variable's name should have the prefix.
    """
    context = subject.context
    groups: dict[tuple[str, ...], list[Variable]] = defaultdict(list)
    for variable in owned(context):
        sites = context.call_sites(variable)
        prefixes = [_prefix(scope_of(variable.name), site) for site in sites]
        is_checked = variable.kind in ("ref", "resource", "partitioned") and not is_plain(context, variable)
        if is_checked and prefixes and all(prefixes):
            groups[tuple(dict.fromkeys(prefixes))].append(variable)
    for prefixes_of, found in groups.items():
        listed = ", ".join(f"{prefix}/" for prefix in prefixes_of[:3]) + (", …" if len(prefixes_of) > 3 else "")
        yield Found(
            prefixes_of[0],
            f"{these(found)} used in {listed} without {'it' if len(prefixes_of) == 1 else 'them'} in the name",
            [f"{variable.name} used from {context.call_sites(variable)[0].scope}" for variable in found],
        )


def _prefix(scope: str, site: CallSite) -> str:
    """Return what stands before a variable's scope in the op scope of a call site; empty if nothing does."""
    if site.relation != "prefixed" or site.program or _in_loop(site.scope):
        return ""
    before, found, _ = f"/{site.scope}/".partition(f"/{scope}/" if scope else "//")
    if site.scope.startswith(f"{scope}/{scope.partition('/')[0]}/"):
        return scope.partition("/")[0]  # the name scope is called as the variable scope: block1/block1/conv1
    return before.strip("/") if found or not scope else site.scope


def owned(context: AnalysisContext) -> Iterator[Variable]:
    """Yield the variables that exist for themselves: no slots, averages, replicas, scalars of optimizers."""
    return (variable for variable in context.model.variables if variable.name not in context.auxiliary_variables)


def row_of(context: AnalysisContext, variable: Variable) -> OpRow | None:
    """Return the op of a variable, the first part's for a partitioned one."""
    return context.model.graph.row(variable.handles[0]) if variable.handles else None
