"""Rules about the life of a variable: initialised, used, trained, saved."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scopeview.analyses.facts import Facts
from scopeview.analyses.lint.object_rules import GENERATED
from scopeview.analyses.lint.rule import Found, Severity, Subject, by_scope, names, rule, these
from scopeview.analyses.lint.sharing_rules import owned
from scopeview.analyses.membership import is_trained
from scopeview.analyses.roles import TRAINING
from scopeview.analyses.writing import APPLY
from scopeview.model.names import leaf_of
from scopeview.model.variables import Variable

_TEMPORARY = re.compile(r"temp|tmp|local|cache|scratch", re.IGNORECASE)
_FROZEN = re.compile(r"frozen|fixed|not?_?train", re.IGNORECASE)
_COUNTER = "global_step"


@rule("G7", "trainable-not-global", "warning")
def trainable_not_global(subject: Subject) -> Iterator[Found]:
    """Trainable variables that are not among the global variables.

    Why: `collections=[LOCAL_VARIABLES]` or `collections=[]` takes a variable out of what is initialised and saved, and
    leaves it among the trainable ones: it is trained, and lost.

    Example: `tf.get_variable("w", [3], collections=[])`

    Fix: pass `trainable=False` as well, or add `tf.GraphKeys.GLOBAL_VARIABLES`.
    """
    if subject.facts.model.collection("trainable_variables") is None:
        return
    lost = [
        variable
        for variable in owned(subject.facts)
        if "trainable_variables" in variable.collections and "variables" not in variable.collections
    ]
    for where, found in by_scope(lost):
        yield Found(where, f"{these(found)}: trainable, and not among the global variables", names(found))


@rule("G8", "not-initialised", "error")
def not_initialised(subject: Subject) -> Iterator[Found]:
    """A variable that no initialising group of the graph reaches, and no saver restores.

    Why: `global_variables_initializer` lists the variables of the moment it is called; one that is made later keeps no
    value, and the session ends with "Attempting to use uninitialized value".

    Example: `init = tf.global_variables_initializer(); w = tf.get_variable("w", [3]); sess.run(init)`

    Fix: make the initialiser after everything else, optimisers included.
    """
    facts = subject.facts
    reached = _initialised(facts)
    if not reached:
        return  # no group initialises anything: a graph that is restored, or a part of one
    restored = {entry.handle_op for entry in facts.model.savers if entry.restores}
    missed = [
        variable
        for variable in facts.model.variables
        if variable.kind in ("ref", "resource", "partitioned")
        and not restored & {*variable.handles}
        and not _assigns(facts, variable) & reached
        and not _is_set_otherwise(facts, variable)
        and facts.uses(variable)
    ]
    for where, found in by_scope(missed):
        evidence = [name for variable in found for name in (variable.name, *sorted(_assigns(facts, variable)))]
        yield Found(where, f"{these(found)}: no initialising op of the graph reaches it", evidence)


def _initialised(facts: Facts) -> set[str]:
    """Return the assignments that the initialising groups of a graph run."""
    graph = facts.model.graph
    found: set[str] = set()
    for row in graph.rows_of_type("NoOp"):
        if facts.roles.of(row) in ("init", "bookkeeping"):
            found.update(graph.name(edge.source) for edge in graph.inputs(row) if edge.source >= 0)
    assigned = {w.op for v in facts.model.variables for w in facts.accesses(v).writers if w.role == "init"}
    return found & assigned


def _is_set_otherwise(facts: Facts, variable: Variable) -> bool:
    """Whether the computation itself assigns a variable: then no initialiser has to."""
    return any(access.role == "forward" for access in facts.accesses(variable).writers)


def _assigns(facts: Facts, variable: Variable) -> set[str]:
    return {access.op for access in facts.accesses(variable).writers if access.role == "init"}


@rule("G9", "never-saved", "warning")
def never_saved(subject: Subject) -> Iterator[Found]:
    """Variables that no saver of the graph stores.

    Why: their values are lost with the process, and a restore leaves them as their initialiser made them.

    Example: `saver = tf.train.Saver(tf.trainable_variables())` leaves the moving averages of batch normalisation out

    Fix: save `tf.global_variables()`; local and temporary variables are told as information only.
    """
    facts = subject.facts
    unsaved = set(facts.saving.never_saved)
    missed = [v for v in facts.model.variables if v.name in unsaved and (v.object_paths or not facts.model.has_objects)]
    kept = [variable for variable in missed if variable.name in facts.attachments]
    if kept:
        yield Found(kept[0].name, f"{these(kept)} of optimisers and averages: no saver stores them", names(kept))
    for where, found in by_scope(variable for variable in missed if variable.name not in facts.attachments):
        is_meant = all("local_variables" in v.collections or _TEMPORARY.search(v.name) for v in found)
        severity: Severity = "info" if is_meant else "warning"
        yield Found(where, f"{these(found)}: no saver stores it", names(found), severity)


@rule("G10", "dead-variable", "warning")
def dead_variable(subject: Subject) -> Iterator[Found]:
    """Variables that nothing computes with: only their own initialiser and savers touch them.

    Why: a variable that nothing reads takes memory and a place in every checkpoint, and often is what is left of a
    layer that was meant to be used.

    Example: `w = tf.get_variable("w", [3])`, and no op takes `w`

    Fix: remove it, or use it.
    """
    facts = subject.facts
    dead = [
        variable
        for variable in owned(facts)
        if variable.kind in ("ref", "resource", "partitioned")
        and not facts.uses(variable)
        and _is_a_users(facts, variable)
        and leaf_of(variable.name) != _COUNTER
        and not _is_set_otherwise(facts, variable)
        and not _roles(facts, variable) & (TRAINING | {"summary"})
    ]
    for where, found in by_scope(dead):
        yield Found(where, f"{these(found)}: nothing computes with it", names(found))


def _is_a_users(facts: Facts, variable: Variable) -> bool:
    """Whether a user's code holds a variable: Keras saves counters of metrics and copies of weights of its own.

    A SavedModel without functions computes nothing: then nothing is told.
    """
    if not facts.model.has_objects:
        return True
    return bool(facts.model.bindings) and any(not path.startswith(GENERATED) for path in variable.object_paths)


def _roles(facts: Facts, variable: Variable) -> set[str]:
    both = facts.accesses(variable)
    return {access.role for access in (*both.readers, *both.writers)}


@rule("G11", "trainable-not-updated", "warning")
def trainable_not_updated(subject: Subject) -> Iterator[Found]:
    """Trainable variables that no optimiser of the graph updates.

    Why: either the optimiser was given a `var_list`, as in fine-tuning, or no gradient arrives: the loss does not
    depend on them, or a `stop_gradient` or an integer stands between.

    Example: `optimizer.minimize(loss, var_list=tf.trainable_variables("top"))`

    Fix: where it is meant, make them with `trainable=False`; otherwise look at what lies between them and the loss.
    """
    facts = subject.facts
    trained = {variable.name for variable in facts.model.variables if is_trained(facts, variable)}
    if not trained:
        return
    left = [v for v in owned(facts) if "trainable_variables" in v.collections and v.name not in trained]
    for where, found in by_scope(left):
        is_meant = all(any(_FROZEN.search(name) for name in v.collections) for v in found)
        yield Found(
            where, f"{these(found)}: trainable, and no optimiser updates it", names(found), "info" if is_meant else None
        )


@rule("G12", "frozen-is-updated", "error")
def frozen_is_updated(subject: Subject) -> Iterator[Found]:
    """A variable that is not trainable, or listed as frozen, and that an optimiser updates.

    Why: it changes in training although the code says that it must not.

    Example: `minimize(loss, var_list=tf.global_variables())` beside `tf.get_variable("w", [3], trainable=False)`

    Fix: take it out of the `var_list`.
    """
    facts = subject.facts
    for variable in owned(facts):
        frozen_in = [name for name in variable.collections if _FROZEN.search(name)]
        if variable.trainable is not False and not frozen_in:
            continue
        updates = [a.op for a in facts.accesses(variable).writers if APPLY.fullmatch(a.op_type)]
        if updates and facts.model.collection("trainable_variables") is not None:
            why = f"a member of {frozen_in[0]}" if frozen_in else "not trainable"
            yield Found(variable.name, f"{variable.name} is {why}, and {updates[0]} updates it", updates)
