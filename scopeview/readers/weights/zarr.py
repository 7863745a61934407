"""Zarr (versions 2 and 3) and Orbax, which writes Zarr into folders or into one key-value store (OCDBT).

    FOLDER/NAME/.zarray, FOLDER/NAME/zarr.json   an array; its chunks lie beside it
    FOLDER/manifest.ocdbt, FOLDER/d/...          the same keys, in a store of Orbax
    FOLDER/_METADATA                             the tree of a PyTree that Orbax saved; its names have dots
    FOLDER/_CHECKPOINT_METADATA                  a step with items, each a folder of its own

tensorstore reads the store and the chunks; it is asked for where it is missing. Within a fence, and of a
folder elsewhere, it gets the bytes of the files, which are opened as all files are, and no path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from scopeview.errors import DamagedError, ScopeviewError
from scopeview.model.model import Model
from scopeview.readers.budget import ITEM_BYTES, budget
from scopeview.readers.checkpoint.values import numpy_dtype
from scopeview.readers.fence import fence
from scopeview.readers.paths import is_remote
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.storage import children, files_below, is_dir, is_file, opened, status
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

_STORE = "manifest.ocdbt"
_TREE = "_METADATA"
_STEP = "_CHECKPOINT_METADATA"
_ARRAYS = (".zarray", "zarr.json")
NAMES = frozenset({_STORE, _TREE, _STEP, ".zgroup", *_ARRAYS})
"""Names of files by which a folder is known."""

_MOST_KEYS = 200_000
_MOST_COPIED = 2 << 30
"""Bytes of a folder within a fence, which is read whole."""
_BY_NAME = "pass it to scopeview itself"
_MOST_CHUNK = 1 << 30
_MOST_AXES = 32
_NUMBERS = re.compile(r"[<>|][fiubc]\d{1,2}")
"""Dtypes of numbers as version 2 writes them; numpy itself would take records."""


class ZarrReader:
    """Reads the arrays of a folder of Zarr or Orbax."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether a file is the one by which its folder is known."""
        name, folder = content.path.name, content.path.parent
        if name == _STORE:
            return Certainty.CERTAIN
        if name not in NAMES or content.head.lstrip()[:1] != b"{" or is_file(folder / _STORE):
            return Certainty.NO
        if name == _STEP:
            return Certainty.CERTAIN if not is_file(folder / _TREE) and _items(folder) else Certainty.NO
        is_known = name == _TREE or b'"zarr_format"' in content.head
        return Certainty.CERTAIN if is_known else Certainty.NO

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the folder; of a step, each of its items."""
        folder = content.path.parent
        items = _items(folder) if content.path.name == _STEP else [folder]
        for item in items:
            label = item.name if len(items) > 1 else name
            kind = "Orbax checkpoint" if is_file(item / _STORE) or is_file(item / _TREE) else "Zarr arrays"
            file = next(item / known for known in (_STORE, _TREE, content.path.name) if is_file(item / known))
            yield Artifact(label, kind, file, self, content.size, has_graph=False, has_values=True)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read names, dtypes and shapes."""
        del tags
        return model_of(scan(artifact.file), path, "checkpoint_zarr", artifact.file)


def scan(path: Path) -> Scan:
    """Return the arrays of the folder that a file lies in.

    Raises:
        ScopeviewError: tensorstore is not installed, or the folder is too large to be read within a fence.
        DamagedError: it holds no array that can be read.
    """
    store = _opened(path.parent)
    notes: list[str] = []
    tensors = []
    for key in store.arrays(path):
        text = key or path.parent.absolute().name
        if not budget().spend(ITEM_BYTES + 2 * len(text), "its arrays"):
            break
        tensor = _tensor(store, key, text, notes)
        if tensor is not None:
            tensors.append(tensor)
    if not tensors:
        raise DamagedError(f"{path.parent} holds no array of Zarr that can be read; copy the whole folder again")
    layout = {"layout": "OCDBT" if store.is_ocdbt else "Zarr"}
    return bounded(Scan(sorted(tensors, key=lambda one: one.key), tuple(notes), layout), store.size)


@dataclass(frozen=True, slots=True)
class _Store:
    """A folder as tensorstore reads it."""

    base: Any
    """The specification of the key-value store."""
    context: Any
    folder: Path
    size: int
    """Bytes of its files."""
    is_ocdbt: bool
    separator: str
    """What parts the scopes of a name."""

    def arrays(self, path: Path) -> Iterator[str]:
        """Yield the keys of arrays: what stands before their metadata.

        Raises:
            DamagedError: the store cannot be read.
        """
        seen: set[str] = set()
        for name in self._keys(path):
            array, _, last = name.rpartition("/")
            if last in _ARRAYS and array not in seen:
                seen.add(array)
                yield array

    def _keys(self, path: Path) -> Iterable[str]:
        if not self.is_ocdbt:
            return [
                file.relative_to(self.folder).as_posix() for file in files_below(self.folder) if file.name in _ARRAYS
            ]
        try:
            keys = self.open().list().result()
        except (ValueError, OSError, RuntimeError) as error:
            raise DamagedError(f"{path} is a store of Orbax that cannot be read: {_short(error)}") from error
        return [bytes(key).decode("utf-8", "replace") for key in keys[:_MOST_KEYS]]

    def open(self) -> Any:
        """Return the store."""
        import tensorstore

        return tensorstore.KvStore.open(self.base, context=self.context).result()

    def metadata(self, key: str) -> tuple[str, Any]:
        """Return the driver of an array and its metadata.

        Raises:
            ValueError: it is no JSON, or not there.
        """
        store = self.open()
        for name, driver in zip(_ARRAYS, ("zarr", "zarr3"), strict=True):
            found = store.read(f"{key}/{name}" if key else name).result()
            if found.state == "value":
                return driver, json.loads(bytes(found.value))
        raise ValueError("it has no metadata")

    def array(self, key: str, driver: str) -> Any:
        """Return an array, opened."""
        import tensorstore

        kvstore = dict(self.base)
        kvstore["path"] = f"{kvstore.get('path', '')}{key}/" if key else kvstore.get("path", "")
        spec = {"driver": driver, "kvstore": kvstore}
        return tensorstore.open(spec, open=True, read=True, context=self.context).result()


def _opened(folder: Path) -> _Store:
    """Return the store of a folder: its path, or within a fence the bytes of its files.

    Raises:
        ScopeviewError: as `scan` says.
    """
    try:
        import tensorstore
    except ImportError as error:
        raise ScopeviewError(
            "Zarr and Orbax are read by tensorstore, which is not installed; pip install 'scopeview[orbax]'"
        ) from error
    context = tensorstore.Context({"cache_pool": {"total_bytes_limit": 0}, "file_io_concurrency": {"limit": 4}})
    is_ocdbt = is_file(folder / _STORE)
    files = files_below(folder)
    size = sum(found.st_size for file in files if (found := status(file)) is not None)
    base: dict[str, Any] = {"driver": "file", "path": f"{folder.absolute()}/"}
    if fence() is not None or is_remote(folder):
        if size > _MOST_COPIED:
            where, what = ("elsewhere", "download it") if is_remote(folder) else ("in a served folder", _BY_NAME)
            raise ScopeviewError(f"{folder} is larger than 2 GB: {where} it is not read; {what}")
        base = {"driver": "memory", "path": ""}
        _copy(files, folder, tensorstore.KvStore.open(base, context=context).result())
    separator = "." if is_ocdbt or is_file(folder / _TREE) else "/"
    if is_ocdbt:
        base = {"driver": "ocdbt", "base": base}
    return _Store(base, context, folder, size, is_ocdbt, separator)


def _copy(files: Sequence[Path], folder: Path, target: Any) -> None:
    """Copy the files that lie within the fence; others are not there for tensorstore."""
    for file in files:
        if is_file(file):
            with opened(file) as source:
                target.write(file.relative_to(folder).as_posix(), source.read()).result()


def _tensor(store: _Store, key: str, text: str, notes: list[str]) -> StoredTensor | None:
    """Return an array, its metadata checked before tensorstore acts on it."""
    try:
        driver, metadata = store.metadata(key)
        if metadata.get("node_type", "array") != "array":  # a group
            return None
        shape, dtype = _shape(metadata.get("shape")), _dtype(metadata.get("dtype", metadata.get("data_type")))
        chunk = _shape(metadata["chunks"] if driver == "zarr" else _chunk_shape(metadata))
        if len(chunk) != len(shape):
            raise ValueError("its chunks have other axes than its shape")
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        notes.append(f"{text[:200]!r} is no array that can be read, and is left out: {_short(error)}")
        return None
    kind = numpy_dtype(dtype)
    nothing = StoredTensor(text, dtype, shape, no_blocks, separator=store.separator)
    if kind is None:
        return nothing
    if prod(chunk) * kind.itemsize > _MOST_CHUNK or is_beyond(shape, kind.itemsize, store.size):
        notes.append(f"{text[:200]!r} is said to be larger than its folder can hold; its values are not read")
        return nothing
    return StoredTensor(text, dtype, shape, _blocks(store, key, driver, chunk), separator=store.separator)


def _chunk_shape(metadata: Mapping[str, Any]) -> Any:
    grid = metadata["chunk_grid"]
    if grid.get("name") != "regular":
        raise ValueError("its grid of chunks is not regular")
    return grid["configuration"]["chunk_shape"]


def _shape(found: Any) -> tuple[int, ...]:
    """Return sizes.

    Raises:
        ValueError: it is no list of sizes.
    """
    is_right = isinstance(found, list) and len(found) <= _MOST_AXES
    if not is_right or not all(type(size) is int and 0 <= size < 1 << 48 for size in found):
        raise ValueError("its shape cannot be right")
    return tuple(found)


def _dtype(found: Any) -> str:
    """Return TensorFlow's name of a dtype as Zarr writes it: `<f4`, `float32`, `bfloat16`.

    Raises:
        ValueError: it is no dtype of numbers.
    """
    import numpy as np

    if not isinstance(found, str) or len(found) > 40:
        raise ValueError("its dtype is none of numbers")
    if found[:1] not in ("<", ">", "|"):
        return found if numpy_dtype(found) is not None else "unknown"
    try:
        if _NUMBERS.fullmatch(found):
            return np.dtype(found).name
    except TypeError:  # `<f3`
        pass
    raise ValueError("its dtype is none of numbers")


def _blocks(store: _Store, key: str, driver: str, chunk: Sequence[int]) -> Blocks:
    def blocks() -> Iterator[Any]:
        import numpy as np

        try:
            array = store.array(key, driver)
            if not array.shape:
                yield np.asarray(array.read().result()).reshape(1)
                return
            row = array.dtype.numpy_dtype.itemsize * int(prod(array.shape[1:]))
            rows = max(1, chunk[0])
            step = max(rows, BLOCK_BYTES // max(1, row) // rows * rows)
            for first in range(0, array.shape[0], step):
                last = min(first + step, array.shape[0])
                yield np.asarray(array[first:last].read().result()).ravel()
        except ValueError as error:
            raise DamagedError(f"the values of {key[:200]} cannot be read: {_short(error)}") from error

    return blocks


def _items(folder: Path) -> list[Path]:
    """Return the folders of a step that Orbax wrote trees into."""
    inside = [child for child in children(folder)[:1000] if is_dir(child)]
    return [child for child in inside if is_file(child / _TREE) or is_file(child / _STORE)]


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:150]
