"""Which message of TensorFlow a file holds, by its content.

Wrong-type parses succeed (`SavedModel.FromString` takes any GraphDef), so the fields of the outer message decide:

    SavedModel    1 varint (version), 2 message (MetaGraphDef)*
    MetaGraphDef  1 message (MetaInfoDef), 2 message (GraphDef), 3-7 messages
    GraphDef      1 message (NodeDef)*, 2 message (library), 3 varint, 4 message (VersionDef), 5 message
    RunMetadata   1 message (StepStats), 2 message, 3 message (GraphDef)*, 4 message (FunctionGraphs)*
"""

from __future__ import annotations

import re
from typing import Literal

from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.wire import Buffer, WireError
from scopeview.readers.protocol import Certainty, Content
from scopeview.readers.text_format import TextKind, text_kind

MessageKind = Literal["graph_def", "meta_graph", "saved_model", "run_metadata"]

_MAX_FIELDS = 1000
_OP_TYPE = re.compile(r"[A-Za-z_>][\w>.\-/]*\Z")


def sniff_message(content: Content, kind: MessageKind) -> Certainty:
    """Return how sure it is that a file is a message of this kind in wire format."""
    if content.once(message_kind) != kind:
        return Certainty.NO
    return Certainty.LIKELY if content.once(_is_whole) else Certainty.PERHAPS


def sniff_text(content: Content, kind: TextKind) -> Certainty:
    """Return how sure it is that a file is a message of this kind in text format."""
    return Certainty.PERHAPS if content.once(text_message_kind) == kind else Certainty.NO


def text_message_kind(content: Content) -> TextKind | tuple[str, ...]:
    """Return which message a file holds in text format, or its top-level fields if these are of none."""
    return text_kind(content.head)


def why_unknown(content: Content) -> str:
    """Say what speaks against every format that is read."""
    top_level = content.once(text_message_kind)
    if top_level:
        shown = ", ".join(top_level[:4])
        return f"as text its top-level fields are {shown}; a GraphDef has node, library, versions"
    try:
        tags = {(field.number, field.wire_type) for field in wire.fields(content.head)}
    except WireError as error:
        return f"the content is {error}, and it is not protobuf text either"
    if {(1, wire.VARINT), (7, wire.LENGTH)} <= tags and tags & {(2, wire.LENGTH), (8, wire.LENGTH)}:
        return "it looks like an ONNX model whose graph is missing; export it again"
    if {(1, wire.VARINT), (2, wire.VARINT)} <= tags:
        return "it looks like the fingerprint.pb of a SavedModel; pass the folder that it lies in"
    numbers = sorted({number for number, _ in tags})
    return f"it is a protobuf message of another type (fields {', '.join(map(str, numbers))})"


def message_kind(file: Content) -> MessageKind | None:
    """Decide between the messages in wire format, or return None if it is none of them.

    Fields may come in any order: serializers differ, and so do the files of the corpus.
    """
    content = file.buffer
    found: list[wire.Field] = []
    try:
        for field in wire.fields(content):
            found.append(field)
            if len(found) == _MAX_FIELDS:
                break
    except WireError:
        pass  # damaged further on: what came before decides
    tags = {(field.number, field.wire_type) for field in found}
    if tags and tags <= {(1, wire.VARINT), (2, wire.LENGTH)} and _is_saved_model(content, found):
        return "saved_model"
    if not tags or any(number > 7 for number, _ in tags):
        return None
    if any(kind != wire.LENGTH and (number, kind) != (3, wire.VARINT) for number, kind in tags):
        return None
    return "run_metadata" if _is_run_metadata(content, found) else _graph_or_meta_graph(content, found)


def _is_whole(file: Content) -> bool:
    """Whether the outer message is wire format to its end, or as far as is looked at."""
    try:
        return all(field.complete for field, _ in zip(wire.fields(file.buffer), range(_MAX_FIELDS), strict=False))
    except WireError:
        return False


def _is_saved_model(content: Buffer, found: list[wire.Field]) -> bool:
    """A small version number, if any, and nothing but MetaGraphs; fingerprint.pb and ONNX have more."""
    versions = [field.value for field in found if field.number == 1]
    meta_graphs = [field for field in found if field.number == 2]
    if versions:
        is_version = len(versions) == 1 and versions[0] <= 16
        return is_version and all(_is_message(content, field, highest=7) for field in meta_graphs)
    return all(_is_meta_graph(content, field) for field in meta_graphs)


def _is_meta_graph(content: Buffer, field: wire.Field) -> bool:
    """A MetaGraphDef rather than a function library: fields above 3, or a graph with a node in field 2."""
    inside = _fields_of(content, field)
    if any(not 1 <= sub.number <= 7 for sub in inside):
        return False
    graphs = [sub for sub in inside if sub.number == 2]
    return any(sub.number > 3 for sub in inside) or any(
        _is_node(content, node) for graph in graphs for node in _fields_of(content, graph)[:1]
    )


def _is_run_metadata(content: Buffer, found: list[wire.Field]) -> bool:
    """Fields 1 to 4, one of which only RunMetadata has: devices in field 1, a graph in 3, graphs of a function in 4."""
    if any(field.number > 4 or field.wire_type != wire.LENGTH for field in found):
        return False
    return (
        any(_is_step_stats(content, field) for field in found if field.number == 1)
        or any(_is_graph(content, field) for field in found if field.number == 3)
        or any(
            sub.number in (1, 2, 3) and _is_graph(content, sub)
            for field in found
            if field.number == 4
            for sub in _fields_of(content, field)
        )
    )


def _is_step_stats(content: Buffer, field: wire.Field) -> bool:
    """StepStats {dev_stats (1) {device (1): "/job:localhost/...", node_stats (2)}}."""
    if not _begins_with_a_device(content, field):  # which most messages do not; few are read to their end
        return False
    devices = _fields_of(content, field)
    first = _fields_of(content, devices[0])[:1] if devices else []
    is_device = bool(first) and first[0].number == 1 and wire.text_of(content, first[0]).startswith("/")
    return is_device and all(device.number == 1 and device.wire_type == wire.LENGTH for device in devices)


def _begins_with_a_device(content: Buffer, field: wire.Field) -> bool:
    """Whether the first field of the first field is a text that begins with a slash."""
    try:
        device = next(wire.fields(content, field.start, field.end))
        name = next(wire.fields(content, device.start, device.end))
    except (WireError, StopIteration):
        return False
    return bytes(content[name.start : min(name.start + 1, name.end)]) == b"/"


def _is_graph(content: Buffer, field: wire.Field) -> bool:
    """A GraphDef with a node that has both a name and an op."""
    first = _fields_of(content, field)[:1]
    if not first or first[0].number != 1 or not _is_node(content, first[0]):
        return False
    return {1, 2} <= {sub.number for sub in _fields_of(content, first[0])}


def _graph_or_meta_graph(content: Buffer, found: list[wire.Field]) -> MessageKind | None:
    first = [field for field in found if field.number == 1]
    numbers = {field.number for field in found}
    if first and _is_node(content, first[0]):
        return "graph_def" if max(numbers) <= 5 else None
    if first and not _is_message(content, first[0], highest=7):
        return None
    if len(first) > 1 and not _holds_nodes(content, found):  # messages of which there is one may be written in pieces
        return None
    if first or numbers & {6, 7}:
        return "meta_graph"
    return _without_first_field(content, found)


def _without_first_field(content: Buffer, found: list[wire.Field]) -> MessageKind | None:
    """A graph that has only functions or versions, or a MetaGraph without MetaInfoDef."""
    second = [field for field in found if field.number == 2]
    if _holds_nodes(content, found):
        return "meta_graph"
    versions = [field for field in found if field.number == 4]
    if versions and all(_is_versions(content, field) for field in versions):
        return "graph_def"
    if versions or any(field.number in (3, 5) for field in found):
        return "meta_graph"
    return "graph_def" if all(_is_message(content, field, highest=3) for field in second) else None


def _holds_nodes(content: Buffer, found: list[wire.Field]) -> bool:
    """Whether field 2 is a graph that begins with a node."""
    return any(_is_node(content, sub) for field in found if field.number == 2 for sub in _fields_of(content, field)[:1])


def _is_versions(content: Buffer, field: wire.Field) -> bool:
    return all(sub.wire_type == wire.VARINT for sub in _fields_of(content, field))


def _is_node(content: Buffer, field: wire.Field) -> bool:
    """A NodeDef: a name (1) of printable text, or none, and an op (2) that is an identifier."""
    subfields = _fields_of(content, field)
    texts = {sub.number: wire.text_of(content, sub) for sub in subfields if sub.number in (1, 2)}
    if any(sub.number > 7 for sub in subfields) or not texts:
        return False
    name, op_type = texts.get(1, ""), texts.get(2)
    if op_type is not None and not _OP_TYPE.match(op_type):
        return not field.complete and op_type == "" and _is_text(name)
    return _is_text(name) and (op_type is not None or not field.complete or len(texts) == 1)


def _is_text(name: str) -> bool:
    return not any(ord(character) < 32 for character in name)


def _is_message(content: Buffer, field: wire.Field, highest: int) -> bool:
    subfields = _fields_of(content, field)
    if field.start == field.end:
        return True
    return bool(subfields) and all(sub.number <= highest for sub in subfields)


def _fields_of(content: Buffer, field: wire.Field) -> list[wire.Field]:
    if field.wire_type != wire.LENGTH:
        return []
    try:
        return list(wire.fields(content, field.start, field.end))
    except WireError:
        return []
