"""Rules about a graph and the checkpoint that is to be restored into it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from scopeview.analysis.diff.restore import Mismatch, MissingKey, RestoreReport, restore
from scopeview.analysis.lint.rule import Found, Subject, rule
from scopeview.model.names import scope_of

_MEANING = {
    "slot": "the state of an optimizer that the checkpoint was saved without",
    "beta power": "the state of an optimizer that the checkpoint was saved without",
    "average": "moving averages that the checkpoint was saved without",
    "global step": "the step counter",
    "prefix": "stored under another scope",
    "leaf": "stored under another name of the same thing",
    "number": "stored under a name with another number",
    "case": "stored in another case of letters",
    "shape": "stored in another shape",
    "absent": "the checkpoint has nothing like it",
}


def _report(subject: Subject) -> RestoreReport | None:
    if subject.checkpoint is None:
        return None
    return restore(subject.context, subject.checkpoint)


@rule("GC1", "key-not-found", "error", "pair")
def key_not_found(subject: Subject) -> Iterator[Found]:
    """Keys that the graph asks for and the checkpoint has not: "Key X not found in checkpoint".

    Why: `Saver.restore` ends at the first of them and restores nothing. What probably happened is told for each.

    Example: a model whose `weights` the library now calls `kernel`; an optimizer that was added after the save

    Fix: `scopeview diff` proposes the assignment map; a `Saver` of the variables that are there leaves the others out.
    """
    report = _report(subject)
    groups: dict[tuple[str, str, bool], list[MissingKey]] = defaultdict(list)
    for missing in report.missing if report else ():
        groups[missing.kind, scope_of(missing.key), bool(missing.near)].append(missing)
    for (kind, scope, is_near), found in groups.items():
        what = found[0].key if len(found) == 1 else f"{len(found)} keys of {scope or 'the root'}"
        near = f" ({found[0].near})" if is_near and len(found) == 1 else ""
        evidence = [f"{m.key} <- {m.near}" if m.near else m.key for m in found]
        yield Found(found[0].key if len(found) == 1 else scope, f"{what} not found: {_MEANING[kind]}{near}", evidence)


@rule("GC2", "shape-or-dtype-differs", "error", "pair")
def shape_or_dtype_differs(subject: Subject) -> Iterator[Found]:
    """Keys that both have, in another shape or dtype.

    Why: a ref variable refuses it; a resource variable takes any shape of its dtype without a word, and then has the
    wrong one (measured with TensorFlow 2.21).

    Example: a classifier with 1,000 classes restored into one with 10

    Fix: restore without these variables, and train them anew.
    """
    report = _report(subject)
    for found in report.mismatched if report else ():
        silent = "; TensorFlow 1 restores it without a word" if found.is_silent else ""
        yield Found(
            found.variable,
            f"{found.key} is {_stored(found)} in the checkpoint, {_wanted(found)} in the graph{silent}",
            (found.key, found.variable),
        )


def _stored(found: Mismatch) -> str:
    return f"{found.stored_dtype}{list(found.stored_shape or ())}"


def _wanted(found: Mismatch) -> str:
    return f"{found.dtype}{list(found.shape) if found.shape is not None else '[...]'}"


@rule("GC3", "unused-key", "warning", "pair")
def unused_key(subject: Subject) -> Iterator[Found]:
    """Keys of the checkpoint that the graph does not ask for.

    Why: beside keys that are not found they tell what was renamed; alone, that a part of the model is left behind.

    Example: optimizer slots, when a training checkpoint is restored for inference

    Fix: where the graph should have them, look for what was renamed: `scopeview diff CHECKPOINT GRAPH`.
    """
    report = _report(subject)
    if report is None or subject.checkpoint is None:
        return
    auxiliary_variables = subject.checkpoint.auxiliary_variables
    slots = [key for key in report.unused if key in auxiliary_variables]
    others = [key for key in report.unused if key not in auxiliary_variables]
    if slots:
        yield Found(slots[0], f"{len(slots):,} keys of optimizers and averages are not asked for", slots, "info")
    groups: dict[str, list[str]] = defaultdict(list)
    for key in others:
        groups[scope_of(key)].append(key)
    for scope, found in groups.items():
        what = found[0] if len(found) == 1 else f"{len(found)} keys of {scope or 'the root'}"
        yield Found(found[0] if len(found) == 1 else scope, f"{what} not asked for", found)


@rule("GC4", "object-based-checkpoint", "warning", "pair")
def object_based_checkpoint(subject: Subject) -> Iterator[Found]:
    """A graph that restores by name, and a checkpoint that is object-based.

    Why: `tf.compat.v1.train.Saver` then matches the full names that the object graph keeps, which are not unique; the
    error it gives when one is missing is about `_CHECKPOINTABLE_OBJECT_GRAPH` and hides the cause.

    Example: a TF 1 graph and the checkpoint of `tf.train.Checkpoint(model=model).save(...)`

    Fix: restore through `tf.train.Checkpoint`, or map the full names with `init_from_checkpoint`.
    """
    report = _report(subject)
    is_named = not subject.context.model.has_objects
    if report is not None and report.is_object_based and is_named and report.missing:
        yield Found(
            subject.checkpoint.model.origin.path if subject.checkpoint else "",
            f"the checkpoint is object-based: {report.found} keys found by full name, {len(report.missing)} not",
            [missing.key for missing in report.missing],
        )
