"""SavedModel: one MetaGraph per tag-set, of which one is read.

message SavedModel { int64 saved_model_schema_version = 1; repeated MetaGraphDef meta_graphs = 2; }
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote

from scopeview.errors import AmbiguousError, DamagedError, NotFoundError
from scopeview.model.model import Damage, Model, Origin
from scopeview.readers.files import opened
from scopeview.readers.graph.nodes import Span
from scopeview.readers.meta_graph import MetaGraph, build_meta_graph, split_meta_graph
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.messages import message
from scopeview.readers.protobuf.wire import Buffer

_META_GRAPHS = 2


def read_saved_model(buffer: Buffer, origin: Origin, tags: Sequence[str] | None, details: dict[str, str]) -> Model:
    """Read the MetaGraph of a SavedModel that has exactly the given tags; without tags, the only one.

    Raises:
        AmbiguousError: no tags were given and there are several MetaGraphs.
        NotFoundError: no MetaGraph has these tags.
        DamagedError: there is no MetaGraph at all.
    """
    chosen = choose_meta_graph(buffer, tags, origin.path)
    return _with_missing_values(build_meta_graph(buffer, chosen, replace(origin, details=details)))


def _with_missing_values(model: Model) -> Model:
    """Say that the folder `variables/` is not there, where the variables of a SavedModel need it."""
    index = Path(model.origin.file).parent / "variables" / "variables.index"
    if not model.origin.file or index.exists() or all(variable.kind == "frozen" for variable in model.variables):
        return model
    message = (
        f"the values are missing: no variables/variables.index lies beside {Path(model.origin.file).name}, and "
        f"TensorFlow cannot load the {len(model.variables):,} variables without it"
    )
    damage = Damage("index", "variables/variables.index", message)
    return replace(model, damage=(*model.damage, damage), notes=(*model.notes, message))


def choose_meta_graph(buffer: Buffer, tags: Sequence[str] | None, path: str) -> MetaGraph:
    """Locate the MetaGraph with the given tags; the errors are those of `read_saved_model`."""
    notes: list[str] = []
    chosen = _choose([split_meta_graph(buffer, span) for span in _meta_graphs(buffer, notes)], tags, path)
    chosen.notes[:0] = notes
    return chosen


def _meta_graphs(buffer: Buffer, notes: list[str]) -> list[Span]:
    spans: list[Span] = []
    try:
        spans.extend(
            Span(field.start, field.end, field.complete)
            for field in wire.fields(buffer)
            if field.number == _META_GRAPHS and field.wire_type == wire.LENGTH
        )
    except wire.WireError as error:
        notes.append(f"the SavedModel is damaged at byte {error.offset:,}; what stands before it is shown")
    return spans


def _choose(found: Sequence[MetaGraph], tags: Sequence[str] | None, path: str) -> MetaGraph:
    if not found:
        raise DamagedError(f"{path} is a SavedModel without any MetaGraph; it was cut off or never filled")
    tag_sets = tuple(tag_text(meta.tags) for meta in found)
    listed = "; ".join(tag_sets)
    if tags is None:
        if len(found) > 1:
            choices = " or ".join(f"--tags {quote(','.join(meta.tags))}" for meta in found)
            told = f"{path} holds {len(found)} MetaGraphs; choose one: {choices}"
            raise AmbiguousError(told, tuple(",".join(meta.tags) for meta in found), are_tags=True)
        return found[0]
    wanted = set(tags)
    for meta in found:
        if set(meta.tags) == wanted:
            return meta
    raise NotFoundError(f"{path} has no MetaGraph with the tags {tag_text(sorted(wanted))}; it has: {listed}")


def tag_text(tags: Sequence[str]) -> str:
    """Write a tag-set as the `--tags` option takes it."""
    return ",".join(tags) if tags else "(no tags)"


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the facts of a SavedModel folder's fingerprint.pb, if it has one."""
    from google.protobuf.message import DecodeError

    try:
        with opened(folder / "fingerprint.pb") as file:
            proto = message("FingerprintDef").FromString(file.read())
    except (OSError, DecodeError):
        return {}
    context = {"fingerprint": f"{proto.graph_def_program_hash:016x}"}
    if getattr(proto, "uuid", ""):  # TensorFlow 2.16's message has no such field
        context["uuid"] = proto.uuid
    return context
