"""MetaGraphDef (`.meta`, and inside SavedModels and event files): the graph and what stands beside it.

message MetaGraphDef { MetaInfoDef meta_info_def = 1; GraphDef graph_def = 2; SaverDef saver_def = 3;
                       map<string, CollectionDef> collection_def = 4; map<string, SignatureDef> signature_def = 5;
                       repeated AssetFileDef asset_file_def = 6; SavedObjectGraph object_graph_def = 7; }
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from scopeview.model.model import Model, Origin
from scopeview.model.notes import NotRead
from scopeview.readers.graph.assemble import MetaGraphParts, assemble
from scopeview.readers.graph.functions import argument_type
from scopeview.readers.graph.nodes import Span
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.decode import DecodeError, merge
from scopeview.readers.protobuf.types import message_type
from scopeview.readers.protobuf.wire import Buffer

_GRAPH_DEF = 2


@dataclass
class MetaGraph:
    """A MetaGraphDef, its graph located and the rest decoded."""

    span: Span
    graphs: list[Span] = field(default_factory=list)
    header: Any = None
    """The MetaGraphDef without its graph."""
    notes: list[str] = field(default_factory=list)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tag-set, sorted."""
        return tuple(sorted(self.header.meta_info_def.tags))


def split_meta_graph(buffer: Buffer, span: Span) -> MetaGraph:
    """Locate the graph of a MetaGraphDef and decode everything else, field by field."""
    found = MetaGraph(span, header=message_type("MetaGraphDef")())
    position = span.start
    try:
        for item in wire.fields(buffer, span.start, span.end):
            if item.number == _GRAPH_DEF and item.wire_type == wire.LENGTH:
                found.graphs.append(Span(item.start, item.end, item.complete))
            elif item.complete:
                _merge(found, bytes(buffer[position : item.end]), item.number)
            if not item.complete and item.number != _GRAPH_DEF:
                where = f"field {item.number} of the MetaGraph"
                found.notes.append(NotRead(f"the file is truncated: it ends at byte {item.end:,} inside {where}"))
            position = item.end
    except wire.WireError as error:
        where = f"at byte {error.offset:,}"
        found.notes.append(NotRead(f"the MetaGraph is damaged {where}; what stands before it is shown"))
    return found


def _merge(found: MetaGraph, raw: bytes, number: int) -> None:
    try:
        merge(found.header, raw)
    except DecodeError as error:
        names = {field.number: name for name, field in found.header.FIELDS.items()}
        name = names.get(number, f"field {number}")
        found.notes.append(NotRead(f"{name} of the MetaGraph could not be decoded: {error}"))


def read_meta_graph(buffer: Buffer, span: Span, origin: Origin) -> Model:
    """Read a MetaGraphDef that lies in `buffer[span.start:span.end]`."""
    return build_meta_graph(buffer, split_meta_graph(buffer, span), origin)


def build_meta_graph(buffer: Buffer, found: MetaGraph, origin: Origin) -> Model:
    """Build the model of a MetaGraph that was split before."""
    info = found.header.meta_info_def
    details = {**origin.details}
    if info.tensorflow_git_version:
        details["git_version"] = info.tensorflow_git_version
    assets = [asset.filename for asset in found.header.asset_file_def]
    if assets:
        details["assets"] = ", ".join(assets)
    objects = found.header.object_graph_def
    parts = MetaGraphParts(
        collections=found.header.collection_def,
        signatures=found.header.signature_def,
        object_graph=objects if len(objects.nodes) else None,
        span=found.span,
        notes=found.notes,
    )
    filled = replace(origin, tensorflow_version=info.tensorflow_version, tags=found.tags, details=details)
    model = assemble(buffer, found.graphs, filled, parts)
    outputs = {op.name: tuple(map(argument_type, op.output_arg)) for op in info.stripped_op_list.op}
    names = {op.name: tuple(arg.name for arg in op.output_arg) for op in info.stripped_op_list.op}
    return replace(model, op_outputs=outputs, op_output_names=names)
