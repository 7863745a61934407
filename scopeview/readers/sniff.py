"""Which format a file is in, by its content.

Wrong-type parses succeed (`SavedModel.FromString` takes any GraphDef), so the fields of the outer message decide:

    SavedModel    1 varint (version), 2 message (MetaGraphDef)*
    MetaGraphDef  1 message (MetaInfoDef), 2 message (GraphDef), 3-7 messages
    GraphDef      1 message (NodeDef)*, 2 message (library), 3 varint, 4 message (VersionDef), 5 message
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from scopeview.errors import UnknownFormatError
from scopeview.readers.checkpoint.table import looks_like_cut_table, looks_like_table
from scopeview.readers.files import read_file
from scopeview.readers.foreign import foreign_name, foreign_text_name
from scopeview.readers.inspection_json import looks_like_inspection
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.wire import Buffer, WireError
from scopeview.readers.records import header_is_valid
from scopeview.readers.text_format import text_kind

Kind = Literal[
    "graph_def",
    "graph_def_text",
    "meta_graph",
    "meta_graph_text",
    "saved_model",
    "saved_model_text",
    "table",
    "cut_table",
    "events",
    "checkpoint_state",
    "inspection",
]

_HEAD = 65536
_MAX_FIELDS = 1000
_OP_TYPE = re.compile(r"[A-Za-z_>][\w>.\-/]*\Z")


def sniff(path: Path) -> Kind:
    """Return the format of a file; one packed by gzip is looked into.

    Raises:
        UnknownFormatError: it is none that scopeview reads; the message says what it is.
        NotFoundError, DamagedError: it cannot be read, or is empty.
    """
    content = read_file(path)
    start = bytes(content[:_HEAD])
    if looks_like_table(bytes(content[-48:])):
        return "table"
    if header_is_valid(start):
        return "events"
    if looks_like_inspection(start):
        return "inspection"
    foreign = foreign_name(start)
    if foreign is not None:
        raise UnknownFormatError(f"{path} is {foreign}")
    binary = _binary_kind(content)
    if binary is not None and _is_whole(content):
        return binary
    # Only now: a graph may hold pieces of JSON, or of text that was damaged long before it.
    foreign = foreign_text_name(start)
    if foreign is not None:
        raise UnknownFormatError(f"{path} is {foreign}")
    if binary is not None:
        return binary
    text = text_kind(start)
    if isinstance(text, str):
        return text
    if looks_like_cut_table(start):
        return "cut_table"
    raise UnknownFormatError(
        f"{path} is not a TensorFlow graph, MetaGraph, SavedModel, checkpoint or event file: {_why(start, text)}"
    )


def _why(start: bytes, top_level: tuple[str, ...]) -> str:
    if top_level:
        shown = ", ".join(top_level[:4])
        return f"as text its top-level fields are {shown}; a GraphDef has node, library, versions"
    try:
        tags = {(field.number, field.wire_type) for field in wire.fields(start)}
    except WireError as error:
        return f"the content is {error}, and it is not protobuf text either"
    if {(1, wire.VARINT), (7, wire.LENGTH)} <= tags and tags & {(2, wire.LENGTH), (8, wire.LENGTH)}:
        return "it looks like an ONNX model; convert it, or open the SavedModel it came from"
    if {(1, wire.VARINT), (2, wire.VARINT)} <= tags:
        return "it looks like the fingerprint.pb of a SavedModel; pass the folder that it lies in"
    numbers = sorted({number for number, _ in tags})
    return f"it is a protobuf message of another type (fields {', '.join(map(str, numbers))})"


def _binary_kind(content: Buffer) -> Kind | None:
    """Decide between the three binary messages, or return None if it is none of them.

    Fields may come in any order: serializers differ, and so do the files of the corpus.
    """
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
    return _graph_or_meta_graph(content, found)


def _is_whole(content: Buffer) -> bool:
    """Whether the outer message is wire format to its end, or as far as is looked at."""
    try:
        return all(field.complete for field, _ in zip(wire.fields(content), range(_MAX_FIELDS), strict=False))
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


def _graph_or_meta_graph(content: Buffer, found: list[wire.Field]) -> Kind | None:
    first = [field for field in found if field.number == 1]
    numbers = {field.number for field in found}
    if first and _is_node(content, first[0]):
        return "graph_def" if max(numbers) <= 5 else None
    if len(first) > 1 or (first and not _is_message(content, first[0], highest=7)):
        return None
    if first or numbers & {6, 7}:
        return "meta_graph"
    return _without_first_field(content, found)


def _without_first_field(content: Buffer, found: list[wire.Field]) -> Kind | None:
    """A graph that has only functions or versions, or a MetaGraph without MetaInfoDef."""
    second = [field for field in found if field.number == 2]
    if any(_is_node(content, sub) for field in second for sub in _fields_of(content, field)[:1]):
        return "meta_graph"
    versions = [field for field in found if field.number == 4]
    if versions and all(_is_versions(content, field) for field in versions):
        return "graph_def"
    if versions or any(field.number in (3, 5) for field in found):
        return "meta_graph"
    return "graph_def" if all(_is_message(content, field, highest=3) for field in second) else None


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
