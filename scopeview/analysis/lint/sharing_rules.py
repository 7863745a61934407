"""Rules about sharing: what is shared, what should be, and what should not be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.call_sites import CallSite, Relation, match_scope
from scopeview.analysis.lint.reachable import reaches
from scopeview.analysis.lint.rule import Found, Subject, names, owned, rule, these
from scopeview.model.names import is_within, leaf_of, scope_of, split_uniquifier
from scopeview.model.ops import OpRow
from scopeview.model.variables import Variable


@rule("G3", "accidental-sharing", "warning", is_about_lack=True)
def accidental_sharing(subject: Subject) -> Iterator[Found]:
    """A variable that two scopes in a row use, the second on what the first computes.

    Why: two layers of one name in one `AUTO_REUSE` scope get one set of weights: the second layer is the first again.

    Example: `dense(x, 8, name="fc")` twice within `variable_scope("net", reuse=tf.AUTO_REUSE)`

    Fix: give the layers names of their own; three entries or more are taken for the steps of a recurrent cell.
    """
    context = subject.context
    groups: dict[tuple[str, str], list[Variable]] = defaultdict(list)
    for variable in owned(context):
        sites = context.call_sites(variable) if context.uses(variable) == 2 else ()
        if len(sites) == 2 and _are_reentries(sites):
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
        message = f"tf.Variable made {these(found)} anew in {entered}/, beside those of {first}/{also}"
        yield Found(entered, message, names(found), made_twice=names(found))


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
    """Whether `tf.Variable` made a variable, as far as its initial value shows: `get_variable` has an initializer."""
    initializer, handle = variable.initializer, variable.handle_op
    if initializer is None or handle is None or context.model.graph.row(handle) is None:
        return False
    is_made_inside = initializer.op.startswith(f"{handle}/Initializer/")
    return not is_made_inside or initializer.op == f"{handle}/Initializer/initial_value"


def _uses_of(context: AnalysisContext, variable_scope: str, op_scope: str) -> int:
    return sum(is_within(site.scope, op_scope) for site in context.call_sites_of_scope(variable_scope))


@rule("G5", "twin-after-import", "warning", is_about_lack=True)
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


@rule("G25", "name-scope-apart", "warning", is_about_lack=True)
def name_scope_apart(subject: Subject) -> Iterator[Found]:
    """Variables whose users all stand in a name scope that the variables' own names do not have.

    Why: `name_scope` leaves the names of `get_variable` alone: the checkpoint says `encoder/w`, the graph shows
    `model/encoder/MatMul`, and a `w` made in a name scope lies at the root, where the next one collides with it. This
    is a note for variables that are shared (by towers, by the steps of a cell), not trainable or scalars (counters),
    where the scope repeats the variable's own, and where a numbered one (`clone_0`) holds several layers.

    Example: `with tf.name_scope("layer1"): w = tf.get_variable("w", [4, 2])` makes `w`

    Fix: use `variable_scope` where the variable's name should have the prefix; it renames the keys of checkpoints.
    """
    context = subject.context
    groups: dict[tuple[tuple[str, ...], bool], list[Variable]] = defaultdict(list)
    for variable in owned(context):
        scope = scope_of(variable.name)
        prefixes = _prefixes(context, variable, scope)
        is_checked = variable.kind in ("ref", "resource", "partitioned")
        if is_checked and prefixes and all(prefixes) and not is_plain(context, variable):
            outer = tuple(dict.fromkeys(prefixes))
            is_counter = variable.trainable is False or variable.shape == ()
            is_note = is_within(scope, outer[0]) or context.uses(variable) > 1 or is_counter
            groups[outer, is_note].append(variable)
    for (prefixes_of, is_note), found in groups.items():
        listed = ", ".join(f"{prefix}/" for prefix in prefixes_of[:3]) + (", …" if len(prefixes_of) > 3 else "")
        those = "that name scope" if len(prefixes_of) == 1 else "those name scopes"
        yield Found(
            prefixes_of[0],
            f"{these(found)} used in {listed} without {those} in the variable's name",
            [f"{variable.name} used from {context.call_sites(variable)[0].scope}" for variable in found],
            "info" if is_note or _is_tower(prefixes_of, found) else None,
        )


def _is_tower(prefixes: Sequence[str], variables: Sequence[Variable]) -> bool:
    """Whether a numbered name scope holds several layers, as one copy of a model among others does."""
    return leaf_of(prefixes[0])[-1:].isdigit() and len({scope_of(variable.name) for variable in variables}) > 1


def _prefixes(context: AnalysisContext, variable: Variable, scope: str) -> list[str]:
    """Return what stands before a variable's scope at each of its call sites; empty where nothing does."""
    only = context.only_use(variable)
    if only is not None:
        used_in = scope_of(only)
        return [_prefix(scope, used_in, match_scope(scope, used_in).relation)]
    return ["" if site.program else _prefix(scope, site.scope, site.relation) for site in context.call_sites(variable)]


def _prefix(scope: str, used_in: str, relation: Relation) -> str:
    """Return what stands before a variable's scope in the op scope that uses it; empty if nothing does."""
    if relation != "prefixed" or _in_loop(used_in) or _in_branch(used_in):
        return ""
    before, found, _ = f"/{used_in}/".partition(f"/{scope}/" if scope else "//")
    if used_in.startswith(f"{scope}/{scope.partition('/')[0]}/"):
        return scope.partition("/")[0]  # the name scope is called as the variable scope: block1/block1/conv1
    return before.strip("/") if found or not scope else used_in


def _in_branch(scope: str) -> bool:
    """Whether an op scope is one that `tf.cond` made."""
    return any(split_uniquifier(segment)[0] == "cond" for segment in scope.split("/"))


def row_of(context: AnalysisContext, variable: Variable) -> OpRow | None:
    """Return the op of a variable, the first part's for a partitioned one."""
    return context.model.graph.row(variable.handles[0]) if variable.handles else None
