"""TensorFlow Lite: the constant tensors of the subgraphs of a model, read without TensorFlow.

A model is a FlatBuffer: subgraphs have tensors, a tensor names a buffer by its number, and a buffer holds its bytes in
the file. A tensor whose buffer is empty is computed, and no weight. Source: `tensorflow/compiler/mlir/lite/schema/
schema.fbs`; a test holds the numbers of the fields equal to TensorFlow's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from scopeview.errors import DamagedError
from scopeview.model.dtypes import NON_NUMERIC, element_bytes
from scopeview.model.model import Model
from scopeview.model.quantization import Quantization
from scopeview.model.shapes import element_count
from scopeview.readers.budget import ITEM_BYTES, budget
from scopeview.readers.checkpoint.values import numpy_dtype
from scopeview.readers.file_pieces import sparse
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.undecodable import text_of_bytes
from scopeview.readers.weights.flat_tables import FlatError, FlatTable, root_table
from scopeview.readers.weights.packed import BITS, packed_bytes, unpacked
from scopeview.readers.weights.scan import Blocks, Scan, StoredTensor, bounded, model_of, no_blocks, raw_blocks

IDENTIFIER = b"TFL3"

FIELDS = {
    "Model": {"subgraphs": 2, "description": 3, "buffers": 4},
    "SubGraph": {"tensors": 0, "name": 4},
    "Tensor": {"shape": 0, "type": 1, "buffer": 2, "name": 3, "quantization": 4, "sparsity": 6},
    "Buffer": {"data": 0, "offset": 1, "size": 2},
    "QuantizationParameters": {"scale": 2, "zero_point": 3, "quantized_dimension": 6},
}
"""Numbers of the fields that are read, by table."""

TYPES = (
    *("float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64"),
    *("complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4", "bfloat16", "int2", "uint4"),
)
"""Names of the numbers of TensorType."""

_MOST_AXES = 254
_LONGEST_NAME = 1 << 16
_MOST_SCALES = 1 << 16

Place = tuple[int, int]
"""Offset and bytes of a buffer in the file."""


class TfliteReader:
    """Reads a TensorFlow Lite model."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether it has the identifier of the format."""
        is_model = content.head[4:8] == IDENTIFIER and content.size == len(content.buffer)  # not packed by gzip
        return Certainty.CERTAIN if is_model else Certainty.NO

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the weights."""
        yield Artifact(
            name, "TensorFlow Lite model", content.path, self, content.size, has_graph=False, has_values=True
        )

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read names, dtypes and shapes."""
        del tags
        return model_of(scan(artifact.file), path, "checkpoint_tflite", artifact.file)


def scan(path: Path) -> Scan:
    """Return the constant tensors of a TensorFlow Lite model.

    Raises:
        DamagedError: its tables lead out of the file, or it holds no constant tensor.
    """
    notes: list[str] = []
    found: dict[str, StoredTensor] = {}
    try:
        model = root_table(sparse(path))
        places = _places(model)
        description = model.text(FIELDS["Model"]["description"], 100)
        for number, subgraph in enumerate(model.tables(FIELDS["Model"]["subgraphs"])):
            if not budget().spend(ITEM_BYTES, "its subgraphs"):
                break
            scope = _text(subgraph, "SubGraph", "name") or f"subgraph_{number}"
            _add_tensors(found, subgraph, scope, places, path, notes)
    except FlatError as error:
        if not found:
            raise DamagedError(
                f"{path} is a TensorFlow Lite model that cannot be read: {error}; fetch it again"
            ) from error
        notes.append(f"it is damaged: {error}; the tensors behind that are left out")
    if not found:
        raise DamagedError(f"{path} is a TensorFlow Lite model without a constant tensor: it holds no weights to show")
    details = {"description": text_of_bytes(description)} if description else {}
    return bounded(Scan([*found.values()], tuple(dict.fromkeys(notes)), details), len(model.buffer))


def _places(model: FlatTable) -> list[Place]:
    """Return where each buffer lies; 0 bytes for those that are empty."""
    found: list[Place] = []
    fields = FIELDS["Buffer"]
    for buffer in model.tables(FIELDS["Model"]["buffers"]):
        if not budget().spend(64, "its buffers"):
            break
        start, size = buffer.vector(fields["data"], 1)
        behind, behind_size = buffer.number(fields["offset"], "Q"), buffer.number(fields["size"], "Q")
        # From 2 GB on, buffers lie behind the FlatBuffer, and their tables say where.
        is_behind = not size and behind > 1 and behind_size > 0
        found.append((behind, behind_size) if is_behind else (start, size))
    return found


def _add_tensors(
    found: dict[str, StoredTensor],
    subgraph: FlatTable,
    scope: str,
    places: Sequence[Place],
    path: Path,
    notes: list[str],
) -> None:
    """Add the constant tensors of a subgraph; one that another subgraph has too, under its name, is there once."""
    fields = FIELDS["Tensor"]
    for number, tensor in enumerate(subgraph.tables(FIELDS["SubGraph"]["tensors"])):
        buffer = tensor.number(fields["buffer"], "I")
        place = places[buffer] if buffer < len(places) else (0, 0)
        name = _text(tensor, "Tensor", "name") or f"tensor_{number}"
        if not budget().spend(ITEM_BYTES + 2 * len(name), "its tensors"):
            return
        if not place[1]:
            continue
        if name in found and found[name].offset == place[0]:
            continue
        key = name if name not in found else f"{scope}/{name}"
        key = key if key not in found else f"{key}:{number}"
        stored = _tensor(key, tensor, place, path, notes)
        if stored is not None:
            found[key] = stored


def _tensor(key: str, tensor: FlatTable, place: Place, path: Path, notes: list[str]) -> StoredTensor | None:
    fields = FIELDS["Tensor"]
    shape = tuple(int(size) for size in tensor.numbers(fields["shape"], "i", _MOST_AXES + 1))
    if len(shape) > _MOST_AXES or any(size < 0 for size in shape):
        notes.append(f"{key[:200]!r} has a shape that cannot be right, and is left out")
        return None
    number = tensor.number(fields["type"], "b")
    dtype = TYPES[number] if 0 <= number < len(TYPES) else "unknown"
    blocks: Blocks = no_blocks
    if tensor.table(fields["sparsity"]) is not None:
        notes.append(f"{key[:200]!r} is stored sparse, and its values are not read")
    elif dtype not in NON_NUMERIC and dtype != "unknown":
        blocks = _blocks(key, dtype, shape, place, (path, len(tensor.buffer)), notes)
    quantization = _quantization(tensor)
    note = str(quantization) if quantization is not None else ""
    return StoredTensor(key, dtype, shape, blocks, place[0], "/", _name(key), note, quantization)


def _name(key: str) -> str:
    """Return one name for a tensor that was fused from several ops (`Relu;add;add/ReadVariableOp`): the variable's."""
    parts = [part for part in key.split(";") if part]
    return next((part for part in parts if part.endswith("/ReadVariableOp")), parts[0] if parts else key)


def _blocks(
    key: str, dtype: str, shape: tuple[int, ...], place: Place, file: tuple[Path, int], notes: list[str]
) -> Blocks:
    """Return what reads the values of a tensor; nothing where they are not as many as its shape needs."""
    elements = element_count(shape) or 0
    needed = packed_bytes(elements, dtype) if dtype in BITS else elements * (element_bytes(dtype) or 0)
    numpy = numpy_dtype("uint8" if dtype in BITS else dtype)
    full = numpy_dtype(dtype)
    if numpy is None or full is None or needed != place[1]:
        if needed != place[1]:
            notes.append(f"{key[:200]!r} has {place[1]:,} bytes where its shape needs {needed:,}; they are not read")
        return no_blocks
    if place[0] + place[1] > file[1]:
        notes.append(f"the values of {key[:200]!r} end behind the end of the file: it was cut off; fetch it again")
    raw = raw_blocks(file[0], *place, numpy)
    return unpacked(raw, dtype, full, elements) if dtype in BITS else raw


def _quantization(tensor: FlatTable) -> Quantization | None:
    """Return what the numbers of a quantized tensor stand for."""
    fields = FIELDS["QuantizationParameters"]
    table = tensor.table(FIELDS["Tensor"]["quantization"])
    scales = table.numbers(fields["scale"], "f", _MOST_SCALES) if table is not None else ()
    if table is None or not scales:
        return None
    zeros = tuple(int(zero) for zero in table.numbers(fields["zero_point"], "q", _MOST_SCALES))
    return Quantization(tuple(map(float, scales)), zeros, table.number(fields["quantized_dimension"], "i"))


def _text(table: FlatTable, kind: str, field: str) -> str:
    return text_of_bytes(table.text(FIELDS[kind][field], _LONGEST_NAME))
