"""The formats that are read, and which of them a file is in.

A new format is a module with a reader, and a line here.
"""

from __future__ import annotations

from scopeview.errors import UnknownFormatError
from scopeview.readers.checkpoint.reader import CheckpointReader
from scopeview.readers.checkpoint.state_file import StateFileReader
from scopeview.readers.event_file import EventFileReader
from scopeview.readers.foreign import foreign_name, foreign_text_name
from scopeview.readers.graph_def import GraphDefReader
from scopeview.readers.inspection_json import InspectionReader
from scopeview.readers.meta_graph_file import MetaGraphReader
from scopeview.readers.protocol import Certainty, Content, Reader
from scopeview.readers.run_metadata import RunMetadataReader
from scopeview.readers.saved_model import SavedModelReader
from scopeview.readers.sniff import why_unknown
from scopeview.readers.trace_reader import TraceReader
from scopeview.readers.weights.hdf5 import Hdf5Reader
from scopeview.readers.weights.npz import NpzReader
from scopeview.readers.weights.safetensors import SafetensorsReader
from scopeview.readers.weights.torch import TorchReader

READERS: tuple[Reader, ...] = (
    CheckpointReader(),
    EventFileReader(),
    SafetensorsReader(),
    TorchReader(),
    Hdf5Reader(),
    NpzReader(),
    InspectionReader(),
    TraceReader(),
    SavedModelReader(),
    RunMetadataReader(),
    MetaGraphReader(),
    GraphDefReader(),
    StateFileReader(),
)


def reader_for(content: Content) -> Reader:
    """Return the reader of a file's format.

    Raises:
        UnknownFormatError: none reads it; the message says what the file is.
        NotFoundError, DamagedError: it cannot be read, or is empty.
    """
    certainty, chosen = Certainty.NO, READERS[0]
    for reader in READERS:
        found = reader.sniff(content)
        if found == Certainty.CERTAIN:
            return reader
        if found > certainty:
            certainty, chosen = found, reader
    _refuse(content, foreign_name(content.head))
    # A graph may hold pieces of JSON, or of text that was damaged long before it: its own structure counts first.
    if certainty < Certainty.LIKELY:
        _refuse(content, foreign_text_name(content.head))
    if certainty == Certainty.NO:
        _refuse(
            content, f"not a TensorFlow graph, MetaGraph, SavedModel, checkpoint or event file: {why_unknown(content)}"
        )
    return chosen


def _refuse(content: Content, what: str | None) -> None:
    if what is not None:
        raise UnknownFormatError(f"{content.path} is {what}")
