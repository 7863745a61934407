"""Rules about the life of a variable: initialized, used, trained, saved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scopeview.analysis.answers.totals import is_trained
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.roles import TRAINING
from scopeview.analysis.lint.rule import Found, Severity, Subject, by_scope, names, owned, rule, these
from scopeview.model.names import leaf_of
from scopeview.model.object_paths import GENERATED
from scopeview.model.op_types import APPLY
from scopeview.model.variables import Variable

_TEMPORARY = re.compile(r"temp|tmp|local|cache|scratch", re.IGNORECASE)
_FROZEN = re.compile(r"frozen|fixed|not?_?train", re.IGNORECASE)
_COUNTER = "global_step"


@rule("G7", "trainable-not-global", "warning", is_about_lack=True)
def trainable_not_global(subject: Subject) -> Iterator[Found]:
    """Trainable variables that are not among the global variables.

    Why: `collections=[LOCAL_VARIABLES]` or `collections=[]` takes a variable out of what is initialized and saved, and
    leaves it among the trainable ones: it is trained, and lost.

    Example: `tf.get_variable("w", [3], collections=[])`

    Fix: pass `trainable=False` as well, or add `tf.GraphKeys.GLOBAL_VARIABLES`.
    """
    if subject.context.model.collection("trainable_variables") is None:
        return
    lost = [
        variable
        for variable in owned(subject.context)
        if "trainable_variables" in variable.collections and "variables" not in variable.collections
    ]
    for where, found in by_scope(lost):
        yield Found(where, f"{these(found)}: trainable, and not among the global variables", names(found))


@rule("G8", "not-initialized", "error", is_about_lack=True)
def not_initialized(subject: Subject) -> Iterator[Found]:
    """A variable that no initializing group of the graph reaches, and no saver restores.

    Why: `global_variables_initializer` lists the variables of the moment it is called; one that is made later keeps no
    value, and the session ends with "Attempting to use uninitialized value".

    Example: `init = tf.global_variables_initializer(); w = tf.get_variable("w", [3]); sess.run(init)`

    Fix: make the initializer after everything else, optimizers included.
    """
    context = subject.context
    reached = _initialized(context)
    if not reached or all(reached.isdisjoint(_assigns(context, variable)) for variable in context.model.variables):
        return  # no group initializes anything: a graph that is restored, or a part of one
    restored = {entry.handle_op for entry in context.model.savers if entry.restores}
    missed = [
        variable
        for variable in context.model.variables
        if variable.kind in ("ref", "resource", "partitioned")
        and not restored & {*variable.handles}
        and not _assigns(context, variable) & reached
        and not _is_set_otherwise(context, variable)
        and context.uses(variable)
    ]
    for where, found in by_scope(missed):
        evidence = [name for variable in found for name in (variable.name, *sorted(_assigns(context, variable)))]
        yield Found(where, f"{these(found)}: no initializing op of the graph reaches it", evidence)


def _initialized(context: AnalysisContext) -> set[str]:
    """Return the ops that the initializing groups of a graph run."""
    graph = context.model.graph
    found: set[str] = set()
    for row in graph.rows_of_type("NoOp"):
        if context.roles.of(row) in ("init", "bookkeeping"):
            found.update(graph.name(edge.source) for edge in graph.inputs(row) if edge.source >= 0)
    return found


def _is_set_otherwise(context: AnalysisContext, variable: Variable) -> bool:
    """Whether the computation itself assigns a variable: then no initializer has to."""
    return any(access.role == "forward" for access in context.accesses(variable).writers)


def _assigns(context: AnalysisContext, variable: Variable) -> set[str]:
    return {access.op for access in context.accesses(variable).writers if access.role == "init"}


@rule("G9", "never-saved", "warning", is_about_lack=True)
def never_saved(subject: Subject) -> Iterator[Found]:
    """Variables that no saver of the graph stores.

    Why: their values are lost with the process, and a restore leaves them as their initializer made them.

    Example: `saver = tf.train.Saver(tf.trainable_variables())` leaves the moving averages of batch normalization out

    Fix: save `tf.global_variables()`; local and temporary variables, and strings that are constants of the graph, such
    as the file name of an asset, are shown as information only.
    """
    context = subject.context
    unsaved = set(context.saving.never_saved)
    missed = [
        v for v in context.model.variables if v.name in unsaved and (v.object_paths or not context.model.has_objects)
    ]
    kept = [variable for variable in missed if variable in context.auxiliary_variables]
    if kept:
        yield Found(kept[0].name, f"{these(kept)} of optimizers and averages: no saver stores them", names(kept))
    for where, found in by_scope(variable for variable in missed if variable not in context.auxiliary_variables):
        is_meant = all(
            "local_variables" in v.collections or _TEMPORARY.search(v.name) or holds_text(context, v) for v in found
        )
        severity: Severity = "info" if is_meant else "warning"
        yield Found(where, f"{these(found)}: no saver stores it", names(found), severity)


def holds_text(context: AnalysisContext, variable: Variable) -> bool:
    """Whether a variable of strings gets constants of the graph and nothing else: then there is nothing to lose.

    File names of assets are held so. A number that starts as a constant may be one that somebody means to restore.
    """
    graph, writers = context.model.graph, context.accesses(variable).writers
    if variable.dtype != "string" or any(access.program or access.function for access in writers):
        return False
    rows = [graph.row(access.op) for access in writers]
    values = [graph.input(row, 1) if row is not None else None for row in rows]
    return bool(values) and all(
        edge is not None and edge.source >= 0 and graph.op_type(edge.source) == "Const" for edge in values
    )


@rule("G10", "dead-variable", "warning", is_about_lack=True)
def dead_variable(subject: Subject) -> Iterator[Found]:
    """Variables that nothing computes with: only their own initializer and savers touch them.

    Why: a variable that nothing reads takes memory and a place in every checkpoint, and often is what is left of a
    layer that was meant to be used.

    Example: `w = tf.get_variable("w", [3])`, and no op takes `w`

    Fix: remove it, or use it.
    """
    context = subject.context
    dead = [
        variable
        for variable in owned(context)
        if variable.kind in ("ref", "resource", "partitioned")
        and not context.uses(variable)
        and _is_a_users(context, variable)
        and leaf_of(variable.name) != _COUNTER
        and not _is_random_state(variable)
        and not _decides(context, variable)
        and not _is_set_otherwise(context, variable)
        and not _roles(context, variable) & (TRAINING | {"summary"})
    ]
    for where, found in by_scope(dead):
        yield Found(where, f"{these(found)}: nothing computes with it", names(found))


def _is_random_state(variable: Variable) -> bool:
    """Whether a variable is the state of a random generator, which only training draws from."""
    is_counter = variable.dtype in ("int64", "uint64", "uint32") and variable.shape in ((2,), (3,))
    return is_counter and not variable.trainable


def _decides(context: AnalysisContext, variable: Variable) -> bool:
    """Whether a variable chooses which branch runs."""
    return any(access.no_use == "predicate" for access in context.accesses(variable).readers)


def _is_a_users(context: AnalysisContext, variable: Variable) -> bool:
    """Whether a user's code holds a variable: Keras saves counters of metrics and copies of weights of its own.

    A SavedModel without functions computes nothing: then nothing is shown.
    """
    if not context.model.has_objects:
        return True
    return bool(context.model.bindings) and any(not path.startswith(GENERATED) for path in variable.object_paths)


def _roles(context: AnalysisContext, variable: Variable) -> set[str]:
    both = context.accesses(variable)
    return {access.role for access in (*both.readers, *both.writers)}


@rule("G11", "trainable-not-updated", "warning", is_about_lack=True)
def trainable_not_updated(subject: Subject) -> Iterator[Found]:
    """Trainable variables that no optimizer of the graph updates.

    Why: either the optimizer was given a `var_list`, as in fine-tuning, or no gradient arrives: the loss does not
    depend on them, or a `stop_gradient` or an integer stands between.

    Example: `optimizer.minimize(loss, var_list=tf.trainable_variables("top"))`

    Fix: where it is meant, make them with `trainable=False`; otherwise look at what lies between them and the loss.
    """
    context = subject.context
    trained = {variable.name for variable in context.model.variables if is_trained(context, variable)}
    if not trained:
        return
    left = [v for v in owned(context) if "trainable_variables" in v.collections and v.name not in trained]
    for where, found in by_scope(left):
        is_meant = all(any(_FROZEN.search(name) for name in v.collections) for v in found)
        yield Found(
            where, f"{these(found)}: trainable, and no optimizer updates it", names(found), "info" if is_meant else None
        )


@rule("G12", "frozen-is-updated", "error")
def frozen_is_updated(subject: Subject) -> Iterator[Found]:
    """A variable that is not trainable, or listed as frozen, and that an optimizer updates.

    Why: it changes in training although the code says that it must not.

    Example: `minimize(loss, var_list=tf.global_variables())` beside `tf.get_variable("w", [3], trainable=False)`

    Fix: take it out of the `var_list`.
    """
    context = subject.context
    for variable in owned(context):
        frozen_in = [name for name in variable.collections if _FROZEN.search(name)]
        if variable.trainable is not False and not frozen_in:
            continue
        updates = [a.op for a in context.accesses(variable).writers if APPLY.fullmatch(a.op_type)]
        if updates and context.model.collection("trainable_variables") is not None:
            why = f"a member of {frozen_in[0]}" if frozen_in else "not trainable"
            yield Found(variable.name, f"{variable.name} is {why}, and {updates[0]} updates it", updates)
