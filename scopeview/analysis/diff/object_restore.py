"""What would `tf.train.Checkpoint(...).restore` do? Objects are matched by their paths, and by nothing else.

The program is seen through what it saved: side B's checkpoint, or its SavedModel. An object of it that the checkpoint
has not keeps its first value, without an error, unless `assert_existing_objects_matched()` is called; a value that no
object takes is only a warning, unless `assert_consumed()` is; another shape ends the restore.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.keys import Mismatch, MissingKey, MissingKind
from scopeview.analysis.diff.optimizers import optimizer_names
from scopeview.analysis.diff.restore import RestoreReport, fits
from scopeview.analysis.diff.verdict import RestoreCause, RestoreVerdict, counted, shown_names
from scopeview.model.object_paths import ATTRIBUTES, SLOTS, object_name
from scopeview.model.variables import Variable


def object_restore(program: AnalysisContext, checkpoint: AnalysisContext) -> RestoreReport:
    """Say what restoring an object-based checkpoint into the objects of a program would do.

    Args:
        program: the object-based checkpoint that the program wrote, or its SavedModel.
        checkpoint: the object-based checkpoint to restore.
    """
    stored = _by_path(checkpoint)
    wanted = {key: variable for variable in program.model.variables for key in _keys(variable)[:1]}
    taken: set[str] = set()
    missing: list[MissingKey] = []
    mismatched: list[Mismatch] = []
    for key, variable in wanted.items():
        entry = next((stored[path] for path in _paths(variable) if path in stored), None)
        if entry is None:
            missing.append(MissingKey(key, variable.name, variable.shape, _missing_kind(program, variable), ""))
            continue
        taken.add(entry.identity)
        if not fits(variable.shape, variable.dtype, entry):
            mismatched.append(
                Mismatch(key, variable.name, variable.shape, variable.dtype, entry.shape, entry.dtype, False)
            )
    known = {key for variable in program.model.variables for key in _keys(variable)}  # equal values may be stored twice
    unused = tuple(
        key for v in checkpoint.model.variables if v.identity not in taken for key in _keys(v)[:1] if key not in known
    )
    return RestoreReport(
        asked_by="objects",
        is_object_based=True,
        found=len(wanted) - len(missing) - len(mismatched),
        missing=tuple(missing),
        mismatched=tuple(mismatched),
        unused=unused,
        verdict=_verdict(program, checkpoint, len(wanted), missing, mismatched, unused),
    )


def _keys(variable: Variable) -> list[str]:
    return [key for key in variable.checkpoint_keys if ATTRIBUTES in key]


def _paths(variable: Variable) -> list[str]:
    """Return the paths to a variable's object, those of the keys first."""
    return [*(key.partition(ATTRIBUTES)[0] for key in _keys(variable)), *variable.object_paths]


def _by_path(context: AnalysisContext) -> Mapping[str, Variable]:
    return {path: v for v in context.model.variables if _keys(v) for path in _paths(v)}


def _missing_kind(program: AnalysisContext, variable: Variable) -> MissingKind:
    auxiliary = program.auxiliary_variables.of(variable)
    if any(SLOTS in key for key in variable.checkpoint_keys) or (auxiliary is not None and auxiliary.kind == "slot"):
        return "slot"
    return "absent"


def _verdict(
    program: AnalysisContext,
    checkpoint: AnalysisContext,
    wanted: int,
    missing: Sequence[MissingKey],
    mismatched: Sequence[Mismatch],
    unused: Sequence[str],
) -> RestoreVerdict:
    causes = [*_shape_causes(mismatched), *_missing_causes(program, checkpoint, missing), *_unused_causes(unused)]
    fitting = wanted - len(missing) - len(mismatched)
    return RestoreVerdict(
        succeeds=not mismatched,
        sentence=_sentence(wanted, fitting, missing, mismatched, unused),
        wanted=wanted,
        fitting=fitting,
        causes=tuple(causes),
    )


def _sentence(
    wanted: int,
    fitting: int,
    missing: Sequence[MissingKey],
    mismatched: Sequence[Mismatch],
    unused: Sequence[str],
) -> str:
    rest = [
        f"{len(missing):,} not in the checkpoint" if missing else "",
        f"{len(unused):,} of the checkpoint unresolved" if unused else "",
    ]
    listed = "; ".join(part for part in (f"{fitting:,} of {counted(wanted, 'object')} fit", *rest) if part)
    if mismatched:
        shapes = f"{counted(len(mismatched), 'object')} of another shape or dtype"
        return f"Restore by object will fail: {shapes} ({listed})"
    if missing:
        return f"Restore by object will succeed in part: {listed}"
    return f"Restore by object will succeed: {listed}"


def _shape_causes(mismatched: Sequence[Mismatch]) -> list[RestoreCause]:
    if not mismatched:
        return []
    changes = [f"{list(m.stored_shape or ())} -> {list(m.shape or ())}" for m in mismatched]
    listed = ", ".join(list(dict.fromkeys(changes))[:3])
    message = f"{_objects([m.key for m in mismatched])}: {listed} (checkpoint -> program)"
    cure = "restore the objects that fit one by one: tf.train.Checkpoint(backbone=model.backbone).restore(...)"
    return [RestoreCause("shape", message, cure, True, tuple(m.key for m in mismatched), ())]


def _missing_causes(
    program: AnalysisContext, checkpoint: AnalysisContext, missing: Sequence[MissingKey]
) -> list[RestoreCause]:
    old, new = ", ".join(optimizer_names(checkpoint)), ", ".join(optimizer_names(program))
    causes = []
    slots = [found.key for found in missing if found.kind == "slot"]
    others = [found.key for found in missing if found.kind != "slot"]
    cure = "they keep their first values; assert_existing_objects_matched() refuses that"
    if slots:
        changed = f"the optimizer changed, {old} -> {new}: " if old and new and old != new else ""
        message = f"{changed}{_objects(slots)}: no such state in the checkpoint"
        causes.append(RestoreCause("optimizer", message, cure, False, tuple(slots), ()))
    if others:
        message = f"{_objects(others)}: not in the checkpoint"
        causes.append(RestoreCause("absent", message, cure, False, tuple(others), ()))
    return causes


def _unused_causes(unused: Sequence[str]) -> list[RestoreCause]:
    if not unused:
        return []
    message = f"Unresolved object in checkpoint: {_objects(unused)}"
    cure = "no object of the program takes them; expect_partial() silences the warning, assert_consumed() refuses it"
    return [RestoreCause("unused", message, cure, False, tuple(unused), ())]


def _objects(keys: Sequence[str]) -> str:
    """Return the templates of some objects, as TensorFlow's errors call them."""
    plain = [key for key in keys if SLOTS not in key]
    by_optimizer: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key in keys:
        path, is_slot, slot = key.partition(ATTRIBUTES)[0].partition(SLOTS)
        if is_slot:
            optimizer, _, name = slot.rpartition("/")
            by_optimizer[optimizer].append((name, path))
    listed = [_dotted(plain)] if plain else []
    for optimizer, slots in by_optimizer.items():
        names = ", ".join(f"'{name}'" for name in sorted({name for name, _ in slots}))
        listed.append(f"{object_name(optimizer)}'s state {names} for {_dotted([path for _, path in slots])}")
    start = f"{len(keys):,} x " if len(keys) > 1 else ""
    return start + "; ".join(listed)


def _dotted(keys: Sequence[str]) -> str:
    return shown_names([object_name(key).replace(".", "/") for key in keys]).replace("/", ".")
