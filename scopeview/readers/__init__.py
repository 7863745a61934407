"""How an artifact is read: what a path holds, and the model of one of the things it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scopeview.errors import AmbiguousError, NotFoundError, QueryError
from scopeview.model.model import Format, Model, Origin
from scopeview.model.variables import VariableTable
from scopeview.readers import text_format
from scopeview.readers.artifacts import FORMATS, Artifact, find_artifacts
from scopeview.readers.checkpoint.reader import read_checkpoint
from scopeview.readers.checkpoint.values import ShardValues, reader_of
from scopeview.readers.event_file import read_event_graph
from scopeview.readers.files import read_file
from scopeview.readers.graph.assemble import MetaGraphParts, assemble
from scopeview.readers.graph.nodes import Span
from scopeview.readers.inspection_json import read_inspection
from scopeview.readers.meta_graph import read_meta_graph
from scopeview.readers.protobuf.wire import Buffer
from scopeview.readers.saved_model import fingerprint, read_saved_model

__all__ = ["Artifact", "find_artifacts", "read", "read_beside", "with_stored_values", "with_values"]


def read(path: str | Path, *, tags: Sequence[str] | None = None, artifact: str | None = None) -> Model:
    """Read one artifact of TensorFlow.

    Args:
        path: a file, a checkpoint prefix, or a folder.
        tags: the tag-set of the MetaGraph to read from a SavedModel that has several.
        artifact: which of several artifacts to read, by its name in `find_artifacts`.

    Raises:
        NotFoundError: there is nothing at the path, or nothing of that name or with these tags.
        UnknownFormatError: what is there is not TensorFlow's.
        AmbiguousError: several artifacts of equal rank are there and none was named.
        DamagedError: nothing of the artifact can be read.
    """
    if not str(path):
        raise NotFoundError("the path is empty; pass a file, a checkpoint prefix or a folder")
    path = Path(path)
    found = find_artifacts(path)
    chosen = _choose(found, artifact, path)
    others = tuple(other.name for other in found if other is not chosen)
    if tags is not None and not chosen.kind.startswith("saved_model"):
        raise QueryError(f"{path} is not a SavedModel: only those have tag-sets to choose from; leave --tags out")
    model = _read(chosen, str(path), tags)
    origin = replace(model.origin, artifact=chosen.name if others else "")
    return replace(model, origin=origin, others=others)


def read_beside(model: Model) -> Model | None:
    """Return the checkpoint that belongs to an artifact: the variables in the folder of a SavedModel."""
    is_folder = model.origin.format == "saved_model" and "variables" in model.others
    return read(model.origin.path, artifact="variables") if is_folder else None


def with_values(model: Model) -> tuple[Model, ShardValues]:
    """Return an artifact whose variables know where their values are stored, and the reader of those.

    Raises:
        QueryError: it holds no values, or those of a V1 checkpoint, which are not read.
    """
    beside = read_beside(model)
    return (model, reader_of(model)) if beside is None else (with_stored_values(model, beside), reader_of(beside))


def with_stored_values(model: Model, beside: Model) -> Model:
    """Return a SavedModel whose variables know where the checkpoint beside it keeps their values."""
    stored = {key: entry for entry in beside.variables for key in entry.checkpoint_keys}
    found = [next((stored[key] for key in v.checkpoint_keys if key in stored), None) for v in model.variables]
    joined = [
        replace(variable, stored=entry.stored) if entry is not None and not variable.parts else variable
        for variable, entry in zip(model.variables, found, strict=True)
    ]
    return replace(model, variables=VariableTable(joined))


def _choose(found: Sequence[Artifact], name: str | None, path: Path) -> Artifact:
    names = tuple(artifact.name for artifact in found)
    if name is not None:
        for artifact in found:
            if artifact.name == name:
                return artifact
        listed = ", ".join(label for label in names if label)
        hint = f"it holds: {listed}" if listed else "it holds a single one, which opens without --artifact"
        raise NotFoundError(f"{path} holds no artifact called {name!r}; {hint}")
    best = [artifact for artifact in found if artifact.rank == found[0].rank]
    if len(best) > 1:
        choices = tuple(artifact.name for artifact in best)
        raise AmbiguousError(
            f"{path} holds {len(best)} artifacts of the same kind; choose one with --artifact: " + ", ".join(choices),
            choices,
        )
    return found[0]


def _read(artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
    if artifact.kind in ("table", "cut_table"):
        return read_checkpoint(artifact.file, Origin(path, "checkpoint_v2", str(artifact.file)))
    buffer = read_file(artifact.file)
    if artifact.event is not None:
        format_name: Format = "meta_graph" if artifact.event.is_meta_graph else "graph_def"
        origin = Origin(path, format_name, str(artifact.file))
        return read_event_graph(buffer, artifact.event, origin, artifact.notes)
    if artifact.kind == "inspection":
        return read_inspection(buffer, path, str(artifact.file))
    is_text = artifact.kind.endswith("_text")
    notes: list[str] = []
    if is_text:
        buffer, notes = text_format.to_wire(buffer, artifact.kind, path)
    origin = Origin(path, FORMATS[artifact.kind], str(artifact.file), text=is_text)
    model = _read_message(buffer, origin, artifact, tags)
    return replace(model, notes=(*notes, *model.notes))


def _read_message(buffer: Buffer, origin: Origin, artifact: Artifact, tags: Sequence[str] | None) -> Model:
    whole = Span(0, len(buffer))
    if origin.format == "saved_model":
        return read_saved_model(buffer, origin, tags, fingerprint(artifact.file.parent))
    if origin.format == "meta_graph":
        return read_meta_graph(buffer, whole, origin)
    return assemble(buffer, [whole], origin, MetaGraphParts())
