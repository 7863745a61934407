"""SavedModel: one MetaGraph per tag-set, of which one is read.

message SavedModel { int64 saved_model_schema_version = 1; repeated MetaGraphDef meta_graphs = 2; }
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from shlex import quote

from scopeview.errors import AmbiguousError, DamagedError, NotFoundError
from scopeview.model.model import Model, Origin
from scopeview.model.notes import NotRead
from scopeview.readers.files import read_file
from scopeview.readers.graph.debug_info import debug_info_of_folder
from scopeview.readers.graph.nodes import Span
from scopeview.readers.meta_graph import MetaGraph, build_meta_graph, split_meta_graph
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.decode import DecodeError, parse
from scopeview.readers.protobuf.wire import Buffer
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.sniff import sniff_message, sniff_text
from scopeview.readers.storage import opened
from scopeview.readers.text_format import to_wire

_META_GRAPHS = 2
_MOST_NAMED = 20
"""MetaGraphs that a message names; a hostile file has thousands."""


class SavedModelReader:
    """Reads `saved_model.pb` and `saved_model.pbtxt`."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether the fields are those of a SavedModel."""
        return max(sniff_message(content, "saved_model"), sniff_text(content, "saved_model_text"))

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the SavedModel.

        Raises:
            DamagedError: it has no MetaGraph.
        """
        is_text = sniff_message(content, "saved_model") == Certainty.NO
        if not is_text and not _meta_graphs(content.buffer, []):
            raise DamagedError(
                f"{content.path} is a SavedModel without any MetaGraph; it was cut off or never filled, or it is the "
                "tfhub_module.pb of a TF Hub module: then pass the folder that it lies in"
            )
        kind = "SavedModel (text)" if is_text else "SavedModel"
        yield Artifact(name, kind, content.path, self, content.size, has_tags=True)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read the MetaGraph with these tags; without tags the only one, or the one that has none."""
        buffer, is_text, notes = read_file(artifact.file), artifact.kind.endswith("(text)"), list[str]()
        if is_text:
            buffer, notes = to_wire(buffer, "saved_model_text", path)
        origin = Origin(path, "saved_model", str(artifact.file), text=is_text)
        model = read_saved_model(buffer, origin, tags, fingerprint(artifact.file.parent))
        code_lines = debug_info_of_folder(artifact.file.parent) or model.code_lines
        return replace(model, notes=(*notes, *model.notes), code_lines=code_lines)


def read_saved_model(buffer: Buffer, origin: Origin, tags: Sequence[str] | None, details: dict[str, str]) -> Model:
    """Read the MetaGraph of a SavedModel that has exactly the given tags.

    Without tags it is the only one, or the one that has no tags itself, as the default of a TF Hub module has none.

    Raises:
        AmbiguousError: no tags were given, and there are several MetaGraphs that all have some.
        NotFoundError: no MetaGraph has these tags.
        DamagedError: there is no MetaGraph at all.
    """
    chosen = choose_meta_graph(buffer, tags, origin.path)
    return build_meta_graph(buffer, chosen, replace(origin, details=details))


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
        notes.append(NotRead(f"the SavedModel is damaged at byte {error.offset:,}; what stands before it is shown"))
    return spans


def _choose(found: Sequence[MetaGraph], tags: Sequence[str] | None, path: str) -> MetaGraph:
    if not found:
        raise DamagedError(f"{path} is a SavedModel without any MetaGraph; it was cut off or never filled")
    tag_sets = tuple(tag_text(meta.tags) for meta in found)
    listed = "; ".join(tag_sets[:_MOST_NAMED]) + ("; ..." if len(tag_sets) > _MOST_NAMED else "")
    if tags is None:
        untagged = [meta for meta in found if not meta.tags]
        if len(found) > 1 and len(untagged) != 1:
            choices = " or ".join(f"--tags {quote(','.join(meta.tags))}" for meta in found[:_MOST_NAMED])
            message = f"{path} holds {len(found)} MetaGraphs; choose one: {choices}"
            raise AmbiguousError(message, tuple(",".join(meta.tags) for meta in found), are_tags=True)
        return _with_others(untagged[0] if len(found) > 1 else found[0], found)
    wanted = set(tags)
    for meta in found:
        if set(meta.tags) == wanted:
            return meta
    raise NotFoundError(f"{path} has no MetaGraph with the tags {tag_text(sorted(wanted))}; it has: {listed}")


def _with_others(chosen: MetaGraph, found: Sequence[MetaGraph]) -> MetaGraph:
    """Return a MetaGraph with a note about those that were not chosen."""
    others = [f"--tags {quote(','.join(meta.tags))}" for meta in found if meta is not chosen][:_MOST_NAMED]
    if others:
        chosen.notes.append(f"this is the MetaGraph without tags; the SavedModel holds others: {', '.join(others)}")
    return chosen


def tag_text(tags: Sequence[str]) -> str:
    """Write a tag-set as the `--tags` option takes it."""
    return ",".join(tags) if tags else "(no tags)"


def fingerprint(folder: Path) -> dict[str, str]:
    """Return the facts of a SavedModel folder's fingerprint.pb, if it has one."""
    try:
        with opened(folder / "fingerprint.pb") as file:
            proto = parse("FingerprintDef", file.read())
    except (OSError, DecodeError):
        return {}
    context = {"fingerprint": f"{proto.graph_def_program_hash:016x}"}
    if getattr(proto, "uuid", ""):  # TensorFlow 2.16's message has no such field
        context["uuid"] = proto.uuid
    return context
