"""The verdict of a restore: one sentence, then its causes, each once, with what to do about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.keys import Mismatch, MissingKey
from scopeview.analysis.diff.optimizers import optimizer_names
from scopeview.analysis.diff.templates import fold_names

CauseKind = Literal["optimizer", "average", "global step", "partition", "renamed", "shape", "dtype", "absent", "unused"]


@dataclass(frozen=True, slots=True)
class RestoreCause:
    """One reason why keys are not restored, with all keys that it explains."""

    kind: CauseKind
    message: str
    cure: str
    """What to do."""
    is_fatal: bool
    """Whether the restore fails because of it."""
    keys: tuple[str, ...]
    """The keys that it explains."""
    near: tuple[str, ...]
    """The keys of the checkpoint that hold the values, where another name is the reason; in the order of `keys`."""
    is_auxiliary: bool = False
    """Whether it is about optimizer state or moving averages alone."""


@dataclass(frozen=True, slots=True)
class RestoreVerdict:
    """Whether a restore will succeed, and what stands in its way."""

    succeeds: bool
    """Whether TensorFlow will raise no error."""
    sentence: str
    """The verdict as a person reads it, with its numbers."""
    wanted: int
    """Keys that are asked for."""
    fitting: int
    """Keys of these that are stored with the right shape and dtype."""
    causes: tuple[RestoreCause, ...]
    """Those that make it fail first."""


_MAPPED = "restore by a map of names: scopeview diff CHECKPOINT GRAPH --format saver prints a Saver that loads"
_LEFT_OUT = "restore the others with a Saver of those variables, and initialize these"


def name_verdict(
    graph: AnalysisContext,
    checkpoint: AnalysisContext,
    wanted: int,
    missing: Sequence[MissingKey],
    mismatched: Sequence[Mismatch],
    unused: Sequence[str],
) -> RestoreVerdict:
    """Return the verdict of a restore by keys.

    Args:
        graph: the model that has variables to fill.
        checkpoint: the checkpoint.
        wanted: how many keys are asked for.
        missing: keys that the checkpoint has not.
        mismatched: keys of another shape or dtype.
        unused: keys of the checkpoint that are not asked for.
    """
    causes = [*_missing_causes(graph, checkpoint, missing), *_mismatch_causes(mismatched)]
    causes.sort(key=lambda cause: (not cause.is_fatal, -len(cause.keys)))
    near = {key for cause in causes for key in cause.near}
    causes += _unused_causes(checkpoint, [key for key in unused if key not in near])
    silent = [found for found in mismatched if found.is_silent]
    fitting = wanted - len(missing) - len(mismatched)
    succeeds = len(silent) == len(missing) + len(mismatched)
    return RestoreVerdict(
        succeeds=succeeds,
        sentence=_sentence(wanted, fitting, missing, mismatched),
        wanted=wanted,
        fitting=fitting,
        causes=tuple(causes),
    )


def _sentence(wanted: int, fitting: int, missing: Sequence[MissingKey], mismatched: Sequence[Mismatch]) -> str:
    if not wanted:
        return "Nothing to restore: the graph asks for no keys of a checkpoint"
    silent = sum(found.is_silent for found in mismatched)
    refused = [found for found in mismatched if not found.is_silent]
    shapes = sum(found.dtype == found.stored_dtype for found in refused)
    reasons = [
        (len(missing), "not in the checkpoint"),
        (shapes, "of another shape"),
        (len(refused) - shapes, "of another dtype"),
    ]
    listed = ", ".join(f"{counted(number)} {what}" for number, what in reasons if number)
    if listed:
        return f"Restore will fail: {listed} ({fitting:,} of {counted(wanted)} fit)"
    if silent:
        return f"Restore will succeed, but loads {counted(silent)} of another shape without a check (of {wanted:,})"
    return f"Restore will succeed: {fitting:,} of {counted(wanted)}"


def counted(number: int, noun: str = "key") -> str:
    """Return a number with its noun: `1 key`, `1,200 keys`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shown_names(names: Sequence[str]) -> str:
    """Return the templates of some names, joined: what is many is cut after the fourth."""
    templates = fold_names(names)
    rest = sum(len(template.names) for template in templates[4:])
    listed = [template.text for template in templates[:4]]
    return ", ".join(listed) + (f", and {rest:,} more" if rest else "")


def _missing_causes(
    graph: AnalysisContext, checkpoint: AnalysisContext, missing: Sequence[MissingKey]
) -> Iterator[RestoreCause]:
    groups: dict[str, list[MissingKey]] = defaultdict(list)
    for found in missing:
        groups[_GROUPS.get(found.kind, "renamed")].append(found)
    for group, held in groups.items():
        if group == "optimizer":
            yield _optimizer_cause(graph, checkpoint, held)
        else:
            yield from _CAUSES[group](held)


def _optimizer_cause(graph: AnalysisContext, checkpoint: AnalysisContext, held: Sequence[MissingKey]) -> RestoreCause:
    old, new = ", ".join(optimizer_names(checkpoint)), ", ".join(optimizer_names(graph))
    what = f"{counted(len(held))} of its state are not in the checkpoint ({shown_names([m.key for m in held])})"
    if old and new and old != new:
        reason = f"the optimizer changed, {old} -> {new}: {what}"
    elif old == new and old:
        reason = f"{new} has new variables: {what}"
    else:
        reason = f"the checkpoint has no optimizer state, the graph has {new or 'an optimizer'}: {what}"
    return _cause("optimizer", reason, _LEFT_OUT, held)


def _average_causes(held: Sequence[MissingKey]) -> Iterator[RestoreCause]:
    stored, gone = [m for m in held if m.near], [m for m in held if not m.near]
    if stored:
        reason = f"{_listed(stored)}: the checkpoint has these variables under their own names, and no moving averages"
        cure = "restore by the variables' own names (Saver(), not Saver(ema.variables_to_restore()))"
        yield _cause("average", reason, f"{cure}, or take a checkpoint that was saved with averages", stored)
    if gone:
        yield _cause("average", f"{_listed(gone)}: moving averages that are not in the checkpoint", _LEFT_OUT, gone)


def _variable_causes(held: Sequence[MissingKey]) -> Iterator[RestoreCause]:
    reason = f"{_listed(held)}: the checkpoint has the moving averages of these variables, and not their own values"
    cure = "restore the averages: Saver(ema.variables_to_restore()), or scopeview diff --averages --format saver"
    yield _cause("average", reason, cure, held)


def _part_causes(held: Sequence[MissingKey]) -> Iterator[RestoreCause]:
    whole = list(dict.fromkeys(found.near for found in held))
    reason = f"{_listed(held)}: the checkpoint stores {shown_names(whole)} whole, and not by its parts"
    cure = "make the Saver from the variables and not from their parts: Saver(), or scopeview diff --format saver"
    yield _cause("partition", reason, cure, held)


def _whole_causes(held: Sequence[MissingKey]) -> Iterator[RestoreCause]:
    reason = f"{_listed(held)}: the checkpoint stores every part under a key of its own ({held[0].near}, ...)"
    yield _cause("partition", reason, "read the parts, join them along their axis, and assign the result", held)


def _step_causes(held: Sequence[MissingKey]) -> Iterator[RestoreCause]:
    yield _cause("global step", f"{_listed(held)}: the step counter is not in the checkpoint", _LEFT_OUT, held)


def _renamed_causes(held: Sequence[MissingKey]) -> Iterator[RestoreCause]:
    reason = f"{_listed(held)}: stored as {shown_names([m.near for m in held])}"
    yield _cause("renamed", reason, _MAPPED, held)


def _reshaped_causes(held: Sequence[MissingKey]) -> Iterator[RestoreCause]:
    reason = f"{_listed(held)}: stored as {shown_names([m.near for m in held])}, with another shape"
    yield _cause("shape", reason, _LEFT_OUT, held)


def _absent_causes(held: Sequence[MissingKey]) -> Iterator[RestoreCause]:
    for template in fold_names([found.key for found in held])[:_MOST_ABSENT]:
        keys = {*template.names}
        yield _absent(template.text, [found for found in held if found.key in keys])
    rest = [name for template in fold_names([m.key for m in held])[_MOST_ABSENT:] for name in template.names]
    if rest:
        yield _absent(f"{rest[0]} and others", [found for found in held if found.key in {*rest}])


def _absent(text: str, held: Sequence[MissingKey]) -> RestoreCause:
    start = f"{len(held):,} x " if len(held) > 1 else ""
    return _cause("absent", f"{start}{text}: not in the checkpoint", _LEFT_OUT, held)


_MOST_ABSENT = 6

_GROUPS: Mapping[str, str] = {
    "slot": "optimizer",
    "beta power": "optimizer",
    "average": "average",
    "variable": "variable",
    "global step": "global step",
    "part": "part",
    "whole": "whole",
    "shape": "shape",
    "absent": "absent",
}

_CAUSES: Mapping[str, Callable[[Sequence[MissingKey]], Iterator[RestoreCause]]] = {
    "average": _average_causes,
    "variable": _variable_causes,
    "global step": _step_causes,
    "part": _part_causes,
    "whole": _whole_causes,
    "renamed": _renamed_causes,
    "shape": _reshaped_causes,
    "absent": _absent_causes,
}


def _listed(held: Sequence[MissingKey]) -> str:
    start = f"{len(held):,} x " if len(held) > 1 else ""
    return start + shown_names([found.key for found in held])


def _cause(kind: CauseKind, message: str, cure: str, held: Sequence[MissingKey]) -> RestoreCause:
    near = tuple(found.near for found in held) if any(found.near for found in held) else ()
    return RestoreCause(kind, message, cure, True, tuple(found.key for found in held), near)


def _mismatch_causes(mismatched: Sequence[Mismatch]) -> Iterator[RestoreCause]:
    groups: dict[tuple[bool, bool], list[Mismatch]] = defaultdict(list)
    for found in mismatched:
        groups[found.dtype == found.stored_dtype, found.is_silent].append(found)
    for (is_shape, is_silent), held in groups.items():
        changes = list(dict.fromkeys(_change(found, is_shape) for found in held))
        listed = ", ".join(changes[:3]) + (", ..." if len(changes) > 3 else "")
        start = f"{len(held):,} x " if len(held) > 1 else ""
        message = f"{start}{shown_names([m.key for m in held])}: {listed} (checkpoint -> graph)"
        cure = _LEFT_OUT
        if is_silent:
            message += "; TensorFlow 1 loads it without a check, and the variable then has the other shape"
            cure = "leave these out of the Saver, or build the graph with the shapes of the checkpoint"
        yield RestoreCause(
            "shape" if is_shape else "dtype", message, cure, not is_silent, tuple(m.key for m in held), ()
        )


def _change(found: Mismatch, is_shape: bool) -> str:
    if not is_shape:
        return f"{found.stored_dtype} -> {found.dtype}"
    sides = (list(shape) if shape is not None else "unknown" for shape in (found.stored_shape, found.shape))
    return " -> ".join(map(str, sides))


def _unused_causes(checkpoint: AnalysisContext, unused: Sequence[str]) -> Iterator[RestoreCause]:
    groups: dict[str, list[str]] = defaultdict(list)
    for key in unused:
        auxiliary = checkpoint.auxiliary_variables.named(key)
        groups[auxiliary.kind if auxiliary is not None else ""].append(key)
    for kind, held in groups.items():
        start = f"{len(held):,} x " if len(held) > 1 else ""
        what = {"": "", "average": "moving averages, ", "replica": "replicas, "}.get(kind, "optimizer state, ")
        message = f"{start}{shown_names(held)}: {what}in the checkpoint and not asked for"
        cure = "restore them with --averages of scopeview diff, if they are wanted" if kind == "average" else ""
        yield RestoreCause("unused", message, cure, False, tuple(held), (), bool(kind))
