"""The formats that are read, and which of them a file is in.

A new format is a module with a reader, and a line here. The module of a format is imported when a file may be of it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from scopeview.errors import UnknownFormatError
from scopeview.readers.checkpoint.table import looks_like_cut_table, looks_like_table
from scopeview.readers.foreign import foreign_name, foreign_text_name
from scopeview.readers.protocol import Certainty, Content, Reader
from scopeview.readers.records import header_is_valid
from scopeview.readers.sniff import MessageKind, message_kind, text_message_kind, why_unknown
from scopeview.readers.text_format import TextKind

_ZIP = b"PK\x03\x04"
_OF_ZARR = frozenset({".zgroup", ".zarray", "zarr.json", "manifest.ocdbt", "_METADATA", "_CHECKPOINT_METADATA"})
"""Names of files by which a folder of arrays is known."""


def _is_table(content: Content) -> bool:
    return looks_like_table(bytes(content.buffer[-48:])) or looks_like_cut_table(content.head)


def _is_json(content: Content) -> bool:
    return content.head.lstrip()[:1] == b"{"


def _may_be_torch(content: Content) -> bool:
    return content.head.startswith((_ZIP, b"\x80\x02")) or content.path.name.endswith(".index.json")


def _may_be_onnx(content: Content) -> bool:
    """Whether it begins with a version, as a SavedModel does too."""
    return content.head[:1] == b"\x08" and content.once(message_kind) != "saved_model"


def _message_of(*kinds: MessageKind | TextKind) -> Callable[[Content], bool]:
    return lambda content: content.once(message_kind) in kinds or content.once(text_message_kind) in kinds


@dataclass(frozen=True)
class Format:
    """One format: where its reader is, and what a file of it has, as far as that is seen without the reader."""

    module: str
    reader_class: str
    may_be: Callable[[Content], bool] = lambda content: True

    @cached_property
    def reader(self) -> Reader:
        """The reader."""
        reader: Reader = getattr(importlib.import_module(f"scopeview.readers.{self.module}"), self.reader_class)()
        return reader


FORMATS = (
    Format("checkpoint.reader", "CheckpointReader", _is_table),
    Format("event_file", "EventFileReader", lambda content: header_is_valid(content.head)),
    Format("weights.safetensors", "SafetensorsReader", lambda content: content.head[8:9] == b"{" or _is_json(content)),
    Format("weights.torch", "TorchReader", _may_be_torch),
    Format("weights.hdf5", "Hdf5Reader", lambda content: content.head.startswith((_ZIP, b"\x89HDF"))),
    Format("weights.npz", "NpzReader", lambda content: content.head.startswith(_ZIP)),
    Format("weights.onnx", "OnnxReader", _may_be_onnx),
    Format("weights.tflite", "TfliteReader", lambda content: content.head[4:8] == b"TFL3"),
    Format("weights.tfjs", "TfjsReader", lambda content: content.head.lstrip()[:1] in (b"{", b"[")),
    Format("weights.zarr", "ZarrReader", lambda content: content.path.name in _OF_ZARR),
    Format("inspection_json", "InspectionReader", _is_json),
    Format("trace_reader", "TraceReader", _is_json),
    Format("saved_model", "SavedModelReader", _message_of("saved_model", "saved_model_text")),
    Format("run_metadata", "RunMetadataReader", _message_of("run_metadata")),
    Format("meta_graph_file", "MetaGraphReader", _message_of("meta_graph", "meta_graph_text")),
    Format("graph_def", "GraphDefReader", _message_of("graph_def", "graph_def_text")),
    Format("checkpoint.state_file", "StateFileReader", _message_of("checkpoint_state")),
)


def reader_for(content: Content) -> Reader:
    """Return the reader of a file's format.

    Raises:
        UnknownFormatError: none reads it; the message says what the file is.
        NotFoundError, DamagedError: it cannot be read, or is empty.
    """
    certainty, chosen = Certainty.NO, FORMATS[0]
    for format in FORMATS:
        found = format.reader.sniff(content) if format.may_be(content) else Certainty.NO
        if found == Certainty.CERTAIN:
            return format.reader
        if found > certainty:
            certainty, chosen = found, format
    _refuse(content, foreign_name(content.head))
    # A graph may hold pieces of JSON, or of text that was damaged long before it: its own structure counts first.
    if certainty < Certainty.LIKELY:
        _refuse(content, foreign_text_name(content.head))
    if certainty == Certainty.NO:
        _refuse(
            content, f"not a TensorFlow graph, MetaGraph, SavedModel, checkpoint or event file: {why_unknown(content)}"
        )
    return chosen.reader


def _refuse(content: Content, what: str | None) -> None:
    if what is not None:
        raise UnknownFormatError(f"{content.path} is {what}")
