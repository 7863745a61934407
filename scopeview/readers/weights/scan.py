"""What a file of weights holds: tensors by key, and how the values of each are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import Any

from scopeview.model.builder import OpTableBuilder
from scopeview.model.dtypes import element_bytes
from scopeview.model.model import Format, Model, Origin
from scopeview.model.quantization import Quantization
from scopeview.model.shapes import byte_count
from scopeview.model.variables import StoredSlice, Variable, VariableTable
from scopeview.readers.budget import allowed_bytes
from scopeview.readers.fence import fence, fenced
from scopeview.readers.graph.attributes import decode_node
from scopeview.readers.storage import opened, status

BLOCK_BYTES = 1 << 24

Blocks = Callable[[], Iterator[Any]]
"""Gives values as flat numpy arrays, row-major."""


@dataclass(frozen=True)
class StoredTensor:
    """One tensor of a file."""

    key: str
    dtype: str
    """TensorFlow's name of it; `unknown` for one that TensorFlow lacks."""
    shape: tuple[int, ...]
    blocks: Blocks
    offset: int = 0
    """Where its bytes begin in the file, where they lie in one piece."""
    separator: str = "."
    """What parts the scopes of its key."""
    name: str = ""
    """Its name where it has a better one than its key."""
    note: str = ""
    """What its numbers stand for, where they are not the weights themselves."""
    quantization: Quantization | None = None
    """The same, to compute with."""


@dataclass(frozen=True)
class Scan:
    """What a file of weights holds."""

    tensors: Sequence[StoredTensor]
    notes: tuple[str, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


def model_of(scan: Scan, path: str, format_name: Format, file: Path) -> Model:
    """Return a scan as a model without ops: every tensor a variable, in the tree of its scopes."""
    variables = []
    names: dict[str, int] = {}
    for tensor in scan.tensors:
        name = _free_name(tensor.name or tensor.key.replace(tensor.separator, "/"), names)
        size = byte_count(tensor.shape, tensor.dtype) or 0
        variables.append(
            Variable(
                name=name,
                kind="checkpoint",
                shape=tensor.shape,
                dtype=tensor.dtype,
                checkpoint_keys=(tensor.key,),
                stored=StoredSlice(0, tensor.offset, size, None),
                note=tensor.note,
            )
        )
    graph, _ = OpTableBuilder(b"", decode_node).freeze()
    origin = Origin(path, format_name, str(file), details=dict(scan.details))
    return Model(origin, graph, {}, VariableTable(variables), notes=scan.notes)


def _free_name(name: str, names: dict[str, int]) -> str:
    """Return a name that no tensor before has: marked, and from the third of a name on numbered.

    Args:
        name: the name that a tensor should have.
        names: those that are taken, with the number that was last tried behind each.
    """
    if name not in names:
        names[name] = 0
        return name
    number, free = names[name], name
    while free in names:
        number += 1
        free = f"{name}'" if number == 1 else f"{name}'{number}"
    names[name] = number
    names[free] = 0
    return free


def no_blocks() -> Iterator[Any]:
    """Give the values of a tensor of which none are read."""
    return iter(())


def is_beyond(shape: tuple[int, ...], element: int, file_bytes: int) -> bool:
    """Whether a tensor is said to be so large that its file cannot hold it, even packed: its values cost too much.

    Args:
        shape: as the file says it.
        element: bytes of an element.
        file_bytes: bytes of the file, or of all files that belong to it.
    """
    return 0 not in shape and prod(shape) * element > allowed_bytes(file_bytes)


def bounded(scan: Scan, file_bytes: int) -> Scan:
    """Return a scan in which all tensors together have no more values than a file of so many bytes may cost.

    Many tensors may claim the same bytes of a file, chunks that are not there, or what unpacks a thousandfold: those
    beyond are named, with a note, and their values are not read.
    """
    left: dict[Path | None, int] = {None: allowed_bytes(file_bytes)}
    tensors, beyond = [], []
    for tensor in scan.tensors:
        place = tensor.blocks.path if isinstance(tensor.blocks, RawBlocks) else None
        if place not in left:
            found = status(place) if place is not None else None
            left[place] = allowed_bytes(found.st_size if found is not None else 0)
        left[place] -= prod(tensor.shape) * (element_bytes(tensor.dtype) or 1) if tensor.blocks is not no_blocks else 0
        is_within = left[place] >= 0
        tensors.append(tensor if is_within else replace(tensor, blocks=no_blocks))
        beyond += [] if is_within else [tensor.key]
    if not beyond:
        return scan
    more = f" and of {len(beyond) - 1:,} more" if len(beyond) > 1 else ""
    note = f"the values of {beyond[0][:200]!r}{more} are more than a file of this size may cost, and are not read"
    return replace(scan, tensors=tensors, notes=(*scan.notes, f"{note}; --limit-memory allows more"))


@dataclass(frozen=True)
class RawBlocks:
    """Values that lie in a file as they are: little-endian, row-major, without a gap.

    The file may be one that another names: the fence of the moment when it was found holds when it is opened.
    """

    path: Path
    offset: int
    size: int
    dtype: Any
    roots: tuple[Path, ...] | None

    @property
    def count(self) -> int:
        """In how many blocks they are read; 1 if the file does not hold them, whatever it claims."""
        with fenced(self.roots):
            found = status(self.path)
        is_there = found is not None and self.offset + self.size <= found.st_size
        return -(-self.size // BLOCK_BYTES) if is_there else 1

    def __call__(self) -> Iterator[Any]:
        """Give the values as flat numpy arrays."""
        return self.between(0, -(-self.size // BLOCK_BYTES))

    def between(self, first: int, last: int) -> Iterator[Any]:
        """Give the values of some of the blocks."""
        import numpy as np

        with fenced(self.roots):
            handle = opened(self.path)
        with handle as file:
            file.seek(self.offset + first * BLOCK_BYTES)
            left = min(self.size, last * BLOCK_BYTES) - first * BLOCK_BYTES
            while left > 0:
                raw = file.read(min(left, BLOCK_BYTES))
                if not raw:
                    return
                left -= len(raw)
                yield np.frombuffer(raw, self.dtype, count=len(raw) // self.dtype.itemsize)


def raw_blocks(path: Path, offset: int, size: int, dtype: Any) -> RawBlocks:
    """Return what reads values that lie in a file as they are."""
    return RawBlocks(path, offset, size, dtype, fence())
