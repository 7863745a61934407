"""V1 checkpoints: one table whose empty key describes every tensor; the other entries hold the values.

message SavedTensorSlices { SavedTensorSliceMeta meta = 1; SavedSlice data = 2; }
message SavedSliceMeta { string name = 1; TensorShapeProto shape = 2; DataType type = 3; TensorSliceProto slice = 4; }
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scopeview.errors import DamagedError
from scopeview.model.dtypes import dtype_name
from scopeview.model.shapes import Shape
from scopeview.model.variables import Part, Variable
from scopeview.readers.checkpoint import table
from scopeview.readers.graph.attributes import shape_of
from scopeview.readers.protobuf.decode import DecodeError, parse
from scopeview.readers.protobuf.wire import Buffer


def read_v1(buffers: Iterable[Buffer], path: str, notes: list[str]) -> tuple[list[Variable], int | None]:
    """Return the variables of all shards of a V1 checkpoint, and the producer version.

    Raises:
        DamagedError: a shard's description cannot be read.
    """
    pieces: dict[str, list[Any]] = {}
    producer: int | None = None
    for buffer in buffers:
        meta = _description(buffer, path, notes)
        producer = meta.versions.producer
        for tensor in meta.tensor:
            pieces.setdefault(tensor.name, []).append(tensor)
    return [_variable(name, tensors) for name, tensors in pieces.items()], producer


def _description(buffer: Buffer, path: str, notes: list[str]) -> Any:
    # The description is the first entry; the values after it may be gigabytes and are not read.
    first = next(table.entries(buffer, notes), None)
    if first is None or first.key != b"":
        raise DamagedError(f"{path} is a table, but not a checkpoint: its first key is not empty")
    try:
        return parse("SavedTensorSlices", first.value).meta
    except DecodeError as error:
        raise DamagedError(f"{path} is a V1 checkpoint whose description is damaged: {error}") from error


def _variable(name: str, tensors: list[Any]) -> Variable:
    shape = shape_of(tensors[0].shape)
    slices = [piece for tensor in tensors for piece in tensor.slice]
    parts = tuple(sorted((_part(name, number, piece, shape) for number, piece in enumerate(slices)), key=_offset))
    partitioned = len(parts) > 1
    return Variable(
        name=name,
        kind="partitioned" if partitioned else "checkpoint",
        shape=shape,
        dtype=dtype_name(tensors[0].type),
        checkpoint_keys=(name,),
        parts=parts if partitioned else (),
    )


def _offset(part: Part) -> tuple[int, ...]:
    return part.offset


def _part(name: str, number: int, piece: Any, shape: Shape) -> Part:
    sizes = [size or 0 for size in shape or ()]
    extents = list(piece.extent)
    lengths = [e.length if e.HasField("length") else size for e, size in zip(extents, sizes, strict=False)]
    return Part(f"{name}/part_{number}", tuple(e.start for e in extents), tuple(lengths))
