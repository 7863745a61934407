"""Rules about a graph and the checkpoint that is to be restored into it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scopeview.analysis.lint.rule import Found, Related, Severity, Subject, rule

if TYPE_CHECKING:
    from scopeview.analysis.diff.restore import RestoreReport
    from scopeview.analysis.diff.verdict import RestoreCause


def report_of(subject: Subject) -> RestoreReport | None:
    """Return what a restore would do; None where there is no graph with a checkpoint of TensorFlow's own."""
    checkpoint = subject.checkpoint
    if checkpoint is None or not checkpoint.model.is_restorable:
        return None
    from scopeview.analysis.diff.comparison import restore_report  # most graphs are examined without a checkpoint

    return subject.context.cached(("restore", checkpoint), lambda: restore_report(subject.context, checkpoint))


def _causes(subject: Subject) -> tuple[RestoreCause, ...]:
    report = report_of(subject)
    return report.verdict.causes if report is not None else ()


def _found(cause: RestoreCause, severity: Severity | None = None) -> Found:
    arrows = zip(cause.keys, cause.near, strict=False) if cause.near else ()
    evidence = [Related((key, near), "<-") if near else key for key, near in arrows] or list(cause.keys)
    return Found(cause.keys[0], cause.message, evidence, severity, cause.cure)


@rule("GC1", "key-not-found", "error", "pair")
def key_not_found(subject: Subject) -> Iterator[Found]:
    """Keys that the graph asks for and the checkpoint has not: "Key X not found in checkpoint".

    Why: `Saver.restore` ends at the first of them and restores nothing. Keys of one cause are one finding. Objects
    that `tf.train.Checkpoint` does not find keep their first values, without an error.

    Example: a model whose `weights` the library now calls `kernel`; an optimizer that was added after the save

    Fix: `scopeview diff CHECKPOINT GRAPH --format saver` prints a `Saver` of what can be restored.
    """
    for cause in _causes(subject):
        if cause.kind not in ("shape", "dtype", "unused") or (cause.kind == "shape" and cause.near):
            yield _found(cause, None if cause.is_fatal else "warning")


@rule("GC2", "shape-or-dtype-differs", "error", "pair")
def shape_or_dtype_differs(subject: Subject) -> Iterator[Found]:
    """Keys that both have, in another shape or dtype.

    Why: a ref variable refuses it; a resource variable takes any shape of its dtype without a word, and then has the
    wrong one (measured with TensorFlow 2.21).

    Example: a classifier with 1,000 classes restored into one with 10

    Fix: restore without these variables, and train them anew.
    """
    for cause in _causes(subject):
        if cause.kind in ("shape", "dtype") and not cause.near:
            yield _found(cause)


@rule("GC3", "unused-key", "warning", "pair", is_about_lack=True)
def unused_key(subject: Subject) -> Iterator[Found]:
    """Keys of the checkpoint that the graph does not ask for.

    Why: beside keys that are not found they show what was renamed; alone, that a part of the model is left behind.

    Example: optimizer slots, when a training checkpoint is restored for inference

    Fix: add the missing part to the graph, or leave the keys where they are: a restore does not need them.
    """
    for cause in _causes(subject):
        if cause.kind == "unused":
            yield _found(cause, "info" if cause.is_auxiliary else None)


@rule("GC4", "object-based-checkpoint", "warning", "pair")
def object_based_checkpoint(subject: Subject) -> Iterator[Found]:
    """A graph that restores by name, and a checkpoint that is object-based.

    Why: `tf.compat.v1.train.Saver` then matches the full names that the object graph keeps, which are not unique; the
    error it gives when one is missing is about `_CHECKPOINTABLE_OBJECT_GRAPH` and hides the cause.

    Example: a TF 1 graph and the checkpoint of `tf.train.Checkpoint(model=model).save(...)`

    Fix: restore through `tf.train.Checkpoint`, or map the full names with `init_from_checkpoint`.
    """
    report = report_of(subject)
    is_named = not subject.context.model.has_objects
    if report is not None and report.is_object_based and is_named and report.missing:
        yield Found(
            subject.checkpoint.model.origin.path if subject.checkpoint else "",
            f"the checkpoint is object-based: {report.found} keys found by full name, {len(report.missing)} not",
            [missing.key for missing in report.missing],
        )
