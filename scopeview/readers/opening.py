"""An artifact as it is opened: the model, and the checkpoint with the values of its variables, joined here alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scopeview.errors import AmbiguousError, NotFoundError, QueryError, ScopeviewError
from scopeview.model.model import AlsoHere, Damage, Model, Origin
from scopeview.model.notes import NotRead
from scopeview.model.variables import Variable, VariableTable
from scopeview.readers.artifacts import find_artifacts
from scopeview.readers.budget import budget_for
from scopeview.readers.fence import fence, fenced
from scopeview.readers.paths import is_remote, path_of
from scopeview.readers.protocol import Artifact
from scopeview.readers.storage import is_file, looking, status
from scopeview.readers.stored_values import StoredValues, reader_of

_MOST_NOTES = 100
_MOST_NAMED = 20
"""Artifacts that a message names; a folder may hold thousands."""

VALUES_MISSING = (
    "the values of its variables are missing: the folder variables/ is not beside saved_model.pb; "
    "copy the whole folder of the SavedModel"
)


def read(path: str | Path, *, tags: Sequence[str] | None = None, artifact: str | None = None) -> Model:
    """Read one artifact of TensorFlow.

    Args:
        path: a file, a checkpoint prefix, or a folder; or the URL of one, as fsspec takes it.
        tags: the tag-set of the MetaGraph to read from a SavedModel that has several.
        artifact: which of several artifacts to read, by its name in `find_artifacts`.

    Raises:
        NotFoundError: there is nothing at the path, or nothing of that name or with these tags.
        UnknownFormatError: what is there is not TensorFlow's.
        AmbiguousError: several artifacts of equal rank are there and none was named.
        DamagedError: nothing of the artifact can be read.
        RemoteError: it lies elsewhere, and cannot be reached.
    """
    if not str(path):
        raise NotFoundError("the path is empty; pass a file, a checkpoint prefix or a folder")
    path = path_of(path)
    with looking(path):
        return _read(path, tags, artifact)


def _read(path: Path, tags: Sequence[str] | None, artifact: str | None) -> Model:
    found = find_artifacts(path)
    chosen = _choose(found, artifact, path)
    if tags is not None and not chosen.has_tags:
        raise QueryError(f"{path} is not a SavedModel: only those have tag-sets to choose from; leave --tags out")
    with budget_for(chosen.size_bytes) as budget:
        model = chosen.reader.read(chosen, str(path), tags)
    others = tuple(AlsoHere(other.name, other.kind, other.size_bytes) for other in found if other is not chosen)
    checkpoint = str(chosen.checkpoint) if chosen.checkpoint is not None else ""
    origin = replace(model.origin, artifact=chosen.name if others else "", checkpoint=checkpoint)
    notes = tuple(dict.fromkeys((*chosen.notes, *map(NotRead, budget.cuts), *model.notes)))
    model = replace(model, origin=origin, also_here=others, notes=_shortened(notes))
    return _checked(replace(model, read_graph_beside=_graph_beside(chosen)), chosen)


def _shortened(notes: tuple[str, ...]) -> tuple[str, ...]:
    if len(notes) <= _MOST_NOTES:
        return notes
    more = f"{len(notes) - _MOST_NOTES:,} more notes of this kind were left out"
    is_partial = any(isinstance(note, NotRead) for note in notes)
    return (*notes[:_MOST_NOTES], NotRead(more) if is_partial else more)


def _checked(model: Model, artifact: Artifact) -> Model:
    """Return a model that says so if it is a SavedModel whose values were not copied with it."""
    is_lacking = artifact.has_tags and artifact.checkpoint is None and artifact.file.name.startswith("saved_model.pb")
    if not is_lacking or not any(variable.handle_op for variable in model.variables if variable.kind != "frozen"):
        return model
    damage = Damage("values", "variables/", VALUES_MISSING)
    return replace(model, damage=(*model.damage, damage), notes=(*model.notes, VALUES_MISSING))


def read_beside(model: Model) -> Model | None:
    """Return the checkpoint with the values of an artifact's variables; None if it is one itself, or has none.

    It is the `variables` of a SavedModel, the checkpoint beside a `.meta`, or the newest one of the folder of a run.
    A checkpoint of a folder counts only if it stores one of the graph's variables.
    """
    if not model.origin.checkpoint:
        return None

    table = path_of(model.origin.checkpoint)
    with looking(table):
        return _read_table(model, table)


def _read_table(model: Model, table: Path) -> Model | None:
    from scopeview.readers.checkpoint.reader import read_checkpoint

    found = status(table)
    with budget_for(found.st_size if found is not None else 0) as budget:
        is_within = model.origin.format == "saved_model"  # then it has no path of its own that anyone would name
        path = model.origin.path if is_within else str(table).removesuffix(".index")
        artifact = "variables" if is_within else ""
        beside = read_checkpoint(table, Origin(path, "checkpoint_v2", str(table), artifact=artifact))
    beside = replace(beside, notes=(*budget.cuts, *beside.notes))
    if is_within:
        return beside
    stored = {key for entry in beside.variables for key in entry.checkpoint_keys}
    return beside if any(key in stored for variable in model.variables for key in _keys(variable)) else None


def _graph_beside(artifact: Artifact) -> Callable[[], Model | None] | None:
    """Return what reads the `.meta` that a saver wrote with a checkpoint; None where no such file is near."""
    path = artifact.file.with_name(f"{artifact.file.name.removesuffix('.index')}.meta")
    if not artifact.has_values or artifact.has_graph or is_remote(path) or not is_file(path):
        return None
    roots = fence()

    def graph() -> Model | None:
        with fenced(roots), suppress(ScopeviewError):
            return read(path)
        return None

    return graph


def is_named_as_one(model: Model) -> bool:
    """Return whether a graph was opened together with its checkpoint: as a SavedModel, or as the folder of a run.

    A `.meta` that is named itself is a graph: a diff compares it without the values that happen to lie beside it.
    """
    return model.origin.format == "saved_model" or model.origin.path != model.origin.file


def with_values(model: Model) -> tuple[Model, StoredValues]:
    """Return an artifact whose variables know where their values are stored, and the reader of those.

    Raises:
        QueryError: it holds no values, or those of a V1 checkpoint, which are not read.
    """
    if any(damage.kind == "values" for damage in model.damage):
        raise QueryError(f"{model.origin.path} is a SavedModel, and {VALUES_MISSING}")
    beside = read_beside(model)
    return (model, reader_of(model)) if beside is None else (with_stored_values(model, beside), reader_of(beside))


def with_stored_values(model: Model, beside: Model) -> Model:
    """Return a graph whose variables know where the checkpoint beside it keeps their values."""
    stored = {key: entry for entry in beside.variables for key in entry.checkpoint_keys}
    joined = []
    for variable in model.variables:
        entry = next((stored[key] for key in _keys(variable) if key in stored), None)
        joined.append(variable if entry is None else _joined(variable, entry))
    return replace(model, variables=VariableTable(joined))


def _joined(variable: Variable, entry: Variable) -> Variable:
    if not variable.parts and not entry.parts:
        return replace(variable, stored=entry.stored)
    at = {(part.offset, part.shape): part.stored for part in entry.parts}
    parts = tuple(replace(part, stored=at.get((part.offset, part.shape))) for part in variable.parts)
    return replace(variable, parts=parts)


def _keys(variable: Variable) -> tuple[str, ...]:
    """Return the keys under which a checkpoint may store a variable: a graph without savers goes by its names."""
    return variable.checkpoint_keys or (variable.name,)


def _choose(found: Sequence[Artifact], name: str | None, path: Path) -> Artifact:
    if name is not None:
        for artifact in found:
            if artifact.name == name:
                return artifact
        listed = _listed([artifact for artifact in found if artifact.name])
        hint = f"it holds: {listed}" if listed else "it holds a single one, which opens without --artifact"
        raise NotFoundError(f"{path} holds no artifact called {name!r}; {hint}")
    best = [artifact for artifact in found if artifact.rank == found[0].rank]
    if len(best) > 1:
        choices = tuple(artifact.name for artifact in best)
        raise AmbiguousError(
            f"{path} holds {len(best)} artifacts of the same kind; choose one with --artifact: {_listed(best)}", choices
        )
    return found[0]


def _listed(artifacts: Sequence[Artifact]) -> str:
    more = f" and {len(artifacts) - _MOST_NAMED:,} more" if len(artifacts) > _MOST_NAMED else ""
    return ", ".join(artifact.name for artifact in artifacts[:_MOST_NAMED]) + more
