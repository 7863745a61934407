"""HDF5: weights as Keras writes them, and every other HDF5 file of numeric datasets; and Keras's archives (.keras).

Keras 2 (`.h5`)          model_weights/LAYER/LAYER/kernel:0, optimizer_weights/...; or LAYER/... alone
Keras 3 (`.weights.h5`)  layers/LAYER/vars/0; the group `vars` may name its layer in an attribute
`.keras`                 a zip with config.json and model.weights.h5
h5py reads the files; it comes with TensorFlow, and is asked for where it is missing.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scopeview.errors import DamagedError, ScopeviewError
from scopeview.model.model import Model
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.storage import opened, status
from scopeview.readers.weights.archive import members
from scopeview.readers.weights.keras_names import keras_names
from scopeview.readers.weights.scan import BLOCK_BYTES, Blocks, Scan, StoredTensor, is_beyond, model_of, no_blocks

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_WEIGHTS = "model.weights.h5"
_MOST_DATASETS = 200_000
_MOST_ARCHIVED = 2 << 30
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
    """Return the datasets of an HDF5 file or Keras archive.

    Raises:
        ScopeviewError: h5py is not installed.
        DamagedError: the file cannot be read.
    """
    notes: list[str] = []
    found: list[StoredTensor] = []
    there = status(path)
    size = there.st_size if there is not None else 0
    with _file(path) as file:
        details = _details(file, path)
        datasets = list(_datasets(file, notes))
        names = keras_names({key: tuple(dataset.shape or ()) for key, dataset, _ in datasets}, _layer_names(datasets))
        for key, dataset, _ in datasets:
            dtype = dataset.dtype
            if dtype.hasobject or dtype.fields is not None or dtype.kind not in "fiubcV":
                notes.append(f"{key[:200]!r} holds no numbers, and is left out")
                continue
            name = names.get(key, key.removesuffix(":0"))
            shape = tuple(int(size) for size in dataset.shape or ())
            blocks = _blocks(path, key)
            if is_beyond(shape, dtype.itemsize, size):
                notes.append(f"{key[:200]!r} is said to be larger than its file can hold; its values are not read")
                blocks = no_blocks
            found.append(StoredTensor(key, dtype.name, shape, blocks, separator="/", name=name))
    return Scan(found, tuple(notes), details)


@contextmanager
def _file(path: Path) -> Iterator[Any]:
    """Open a file with h5py; an archive's weights are opened inside of it.

    Raises:
        ScopeviewError, DamagedError: as `scan` says.
    """
    try:
        import h5py
    except ImportError as error:
        raise ScopeviewError("HDF5 files are read by h5py, which is not installed; pip install h5py") from error
    try:
        handle: Any = opened(path)
    except OSError as error:
        raise DamagedError(f"{path} cannot be read: {error.strerror or error}") from error
    with handle:
        try:
            file = h5py.File(_weights_in(handle, path), "r")
        except (OSError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
            why = str(error)[:150]
            raise DamagedError(f"{path} is an HDF5 file that cannot be read: {why}; fetch it again") from error
        with file:
            yield file


def _weights_in(handle: Any, path: Path) -> Any:
    """Return a file that h5py can open: the file itself, or the weights of an archive in memory."""
    if not _is_archive(handle):
        return handle
    with zipfile.ZipFile(handle) as archive:
        if archive.getinfo(_WEIGHTS).file_size > _MOST_ARCHIVED:
            raise DamagedError(f"the weights in {path} are larger than 2 GB; unpack it and open {_WEIGHTS}")
        return io.BytesIO(archive.read(_WEIGHTS))


def _is_archive(handle: Any) -> bool:
    start = handle.read(4)
    handle.seek(0)
    return bool(start == b"PK\x03\x04")


def _layer_names(datasets: Iterable[tuple[str, Any, Mapping[str, str]]]) -> dict[str, str]:
    """Return the names of layers by the groups that hold them."""
    return {group: name for _, _, layers in datasets for group, name in layers.items()}


def _datasets(file: Any, notes: list[str]) -> Iterator[tuple[str, Any, Mapping[str, str]]]:
    """Yield the key of every dataset, the dataset, and the names of the layers that it belongs to, by their groups.

    A walk of its own: links that lead out of the file, or around in it, are not followed.
    """
    import h5py

    stack: list[tuple[str, Any, Mapping[str, str]]] = [("", file, {})]
    found = 0
    while stack:
        path, group, layers = stack.pop()
        below = []
        layer = _layer(group)
        if layer:
            layers = {**layers, path: layer}
        for name in sorted(group, key=_by_number):
            key = f"{path}/{name}" if path else name
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                notes.append(f"{key[:200]!r} is a link, and is not followed")
                continue
            item = group[name]
            found += 1
            if found > _MOST_DATASETS:
                notes.append(f"more than {_MOST_DATASETS:,} datasets and groups: the rest was left out")
                return
            if isinstance(item, h5py.Dataset):
                yield key, item, layers
            elif isinstance(item, h5py.Group) and key.count("/") < 64:
                below.append((key, item, layers))
        stack += reversed(below)


def _by_number(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdecimal() and len(name) < 10 else (-1, name)


def _layer(group: Any) -> str:
    """Return the name of the layer that Keras 3 writes beside its variables, in the attributes of their group."""
    import h5py

    if not isinstance(group.get("vars", getlink=True), h5py.HardLink):
        return ""
    name = group["vars"].attrs.get("name", "")
    return name if isinstance(name, str) and 0 < len(name) < 500 else ""


def _details(file: Any, path: Path) -> dict[str, str]:
    known = {name: file.attrs.get(name) for name in ("keras_version", "backend")}
    with opened(path) as handle:
        known["layout"] = "archive" if _is_archive(handle) else None
    return {name: str(value)[:100] for name, value in known.items() if value is not None}


def _blocks(path: Path, key: str) -> Blocks:
    def blocks() -> Iterator[Any]:
        import numpy as np

        with _file(path) as file:
            dataset = file[key]
            if not dataset.shape:
                yield np.asarray(dataset[()]).reshape(1)
                return
            row = dataset.dtype.itemsize * int(np.prod(dataset.shape[1:], dtype=np.int64))
            step = max(1, BLOCK_BYTES // max(1, row))
            for first in range(0, dataset.shape[0], step):
                yield np.asarray(dataset[first : first + step]).ravel()

    return blocks
