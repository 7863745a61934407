"""HDF5: weights as Keras writes them, and every other HDF5 file of numeric datasets; and Keras's archives (.keras).

Keras 2 (`.h5`)          model_weights/LAYER/LAYER/kernel:0, optimizer_weights/...; or LAYER/... alone
Keras 3 (`.weights.h5`)  layers/LAYER/vars/0; the group `vars` may name its layer in an attribute
`.keras`                 a zip with config.json and model.weights.h5
h5py reads the files, in a process of its own (`hdf5_process`); it comes with TensorFlow, and is asked for where it is
missing.
"""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scopeview.errors import DamagedError, ScopeviewError
from scopeview.model.model import Model
from scopeview.readers.budget import ITEM_BYTES, allowed_bytes, budget
from scopeview.readers.fence import fence, fenced
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.storage import opened, positioned
from scopeview.readers.undecodable import text_of_bytes
from scopeview.readers.weights.archive import archive_at, data_offset, members, unpacked
from scopeview.readers.weights.hdf5_process import Message, Source, ask
from scopeview.readers.weights.keras_names import keras_names
from scopeview.readers.weights.scan import (
    BLOCK_BYTES,
    Blocks,
    Scan,
    StoredTensor,
    bounded,
    is_beyond,
    model_of,
    no_blocks,
)

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_WEIGHTS = "model.weights.h5"
_MOST_TEXT = 1 << 28
"""Letters of all keys together: a file may link one group a thousandfold."""
_MOST_UNPACKED = 2 << 30
"""Bytes of the weights in a .keras archive, which are unpacked into memory if they are compressed."""


class Hdf5Reader:
    """Reads HDF5 files and Keras archives."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether it begins with HDF5's signature, or is a zip with Keras's weights."""
        is_archive = _WEIGHTS in members(content)
        return Certainty.CERTAIN if content.head.startswith(_SIGNATURE) or is_archive else Certainty.NO

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the weights."""
        kind = "HDF5 file" if content.head.startswith(_SIGNATURE) else "Keras archive"
        yield Artifact(name, kind, content.path, self, content.size, has_graph=False, has_values=True)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read names, dtypes and shapes."""
        del tags
        return model_of(scan(artifact.file), path, "checkpoint_hdf5", artifact.file)


def scan(path: Path) -> Scan:
    """Return the datasets of an HDF5 file or Keras archive; work in proportion to its objects, links counted.

    Raises:
        ScopeviewError: h5py is not installed.
        DamagedError: the file cannot be read.
    """
    source = _source(path)
    notes: list[str] = []
    datasets: list[_Dataset] = []
    details = {"layout": "archive"} if source.is_archive else {}
    wanted = {"do": "list", "most": min(_MOST_TEXT, allowed_bytes(source.size))}
    for message, _ in source.answers(wanted):
        if "dataset" in message:
            if not budget().spend(ITEM_BYTES + 2 * len(message["dataset"]["key"]), "its datasets"):
                break
            datasets.append(_Dataset(**message["dataset"]))
        elif "note" in message:
            notes.append(text_of(message["note"]))
        else:
            details |= message.get("details", {})
    layers = {text_of(group): name for one in datasets for group, name in one.layers.items()}
    names = keras_names({text_of(one.key): tuple(one.shape) for one in datasets}, layers)
    found = [_tensor(one, names, source, notes) for one in datasets]
    return bounded(Scan([one for one in found if one is not None], tuple(notes), details), source.size)


@dataclass(frozen=True)
class _Dataset:
    """What the process that reads HDF5 says of a dataset."""

    key: str
    shape: Sequence[int]
    dtype: str
    """Of numpy; empty for one that is not of numbers."""
    itemsize: int
    elsewhere: bool
    """Whether its values lie in other files, which no file of weights may name."""
    layers: Mapping[str, str]
    """Names of the layers that it belongs to, by their groups."""


def _tensor(one: _Dataset, names: Mapping[str, str], source: _Source, notes: list[str]) -> StoredTensor | None:
    key = text_of(one.key)
    if not one.dtype:
        notes.append(f"{key[:200]!r} holds no numbers, and is left out")
        return None
    shape = tuple(one.shape)
    blocks = _blocks(source, one.key)
    if one.elsewhere:
        notes.append(f"the values of {key[:200]!r} should be in other files, which no file may name; they are not read")
        blocks = no_blocks
    elif is_beyond(shape, one.itemsize, source.size):
        notes.append(f"{key[:200]!r} is said to be larger than its file can hold; its values are not read")
        blocks = no_blocks
    return StoredTensor(key, one.dtype, shape, blocks, separator="/", name=names.get(key, key.removesuffix(":0")))


def _blocks(source: _Source, key: str) -> Blocks:
    def blocks() -> Iterator[Any]:
        import numpy as np

        for message, raw in source.answers({"do": "values", "key": key, "block": BLOCK_BYTES}):
            yield np.frombuffer(raw, message["block"])

    return blocks


def attributes(path: Path, groups: Sequence[str]) -> Iterator[tuple[str, str, Any]]:
    """Yield the attributes of groups, and of those that hold nothing else: the group, the name and the value.

    Raises:
        DamagedError: the file cannot be read.
    """
    for message, _ in _source(path).answers({"do": "attributes", "groups": list(groups)}):
        group, name, kind, value = message["attribute"]
        if kind:
            yield group, name, _value(kind, value)


def _value(kind: str, value: Any) -> Any:
    import numpy as np

    if kind == "text":
        return value
    if kind == "bytes":
        return np.bytes_(bytes.fromhex(value))
    shape, content = value
    if kind == "list of bytes":
        return np.array([bytes.fromhex(one) for one in content] or b"").reshape(shape)
    if kind == "list of texts":
        return np.array([bytes.fromhex(one).decode() for one in content], dtype=object).reshape(shape)
    return np.frombuffer(bytes.fromhex(content), kind).reshape(shape)


@dataclass(frozen=True)
class _Source:
    """The bytes of an HDF5 file: a file, a stored entry of an archive, or an entry that was unpacked."""

    path: Path
    offset: int
    size: int
    is_archive: bool
    content: bytes | None = None
    fence: tuple[Path, ...] | None = None

    def answers(self, wanted: Mapping[str, Any]) -> Iterator[Message]:
        """Yield what HDF5 answers of it.

        Raises:
            DamagedError: it cannot be read.
        """
        reader, identity = self._reader()
        name = f"{self.path} {self.offset} {identity}"
        try:
            yield from ask({**wanted, "file": name, "size": self.size}, reader)
        except DamagedError as error:
            raise DamagedError(f"{self.path} is an HDF5 file that cannot be read: {error}; fetch it again") from error

    def _reader(self) -> tuple[Source, object]:
        """Return what gives its bytes, and what tells them from others."""
        content = self.content
        if content is not None:
            return (lambda position, size: content[position : position + size]), (len(content), hash(content))
        with fenced(self.fence):
            file = positioned(self.path)
        return (lambda position, size: file.read(self.offset + position, size)), file.identity


def _source(path: Path) -> _Source:
    """Return where the bytes of a file, or of the weights in an archive, are.

    Raises:
        ScopeviewError: h5py is not installed.
        DamagedError: they cannot be read.
    """
    if importlib.util.find_spec("h5py") is None:
        raise ScopeviewError("HDF5 files are read by h5py, which is not installed; pip install h5py")
    try:
        with opened(path) as handle:
            is_archive = handle.read(4) == b"PK\x03\x04"
            size = handle.seek(0, io.SEEK_END)
    except OSError as error:
        raise DamagedError(f"{path} cannot be read: {error.strerror or error}") from error
    if not is_archive:
        return _Source(path, 0, size, is_archive, fence=fence())
    with archive_at(path) as (archive, file):
        entry = archive.getinfo(_WEIGHTS)
        if entry.compress_type == zipfile.ZIP_STORED and not entry.flag_bits & 1:
            return _Source(path, data_offset(file, entry), entry.file_size, is_archive, fence=fence())
        return _Source(path, 0, entry.file_size, is_archive, content=unpacked(archive, entry, _MOST_UNPACKED))


def text_of(name: str) -> str:
    """Return a name as text: bytes that are no UTF-8 as `\\xNN`."""
    return text_of_bytes(name.encode("utf-8", "surrogateescape"))
