"""TensorFlow.js: a JSON manifest (`model.json`, or the older `weights_manifest.json`) and files of bytes beside it.

    weightsManifest   groups: `paths` (files that are read as one) and `weights` (name, shape, dtype) in order
    quantization      `dtype` of the numbers that are stored; a weight is number * scale + min, or a float16

Layers models and graph models have the same manifest. Source: `tfjs-core/src/io/types.ts` and the package tensorflowjs,
`read_weights.py`. Values are given as the weights that the numbers stand for.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scopeview.errors import DamagedError
from scopeview.model.dtypes import element_bytes
from scopeview.model.model import Model
from scopeview.model.shapes import element_count
from scopeview.readers.budget import ITEM_BYTES, budget
from scopeview.readers.checkpoint.values import numpy_dtype
from scopeview.readers.fence import fence, fenced
from scopeview.readers.files import read_file
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.storage import opened, status
from scopeview.readers.weights.beside import beside
from scopeview.readers.weights.scan import BLOCK_BYTES, Blocks, Scan, StoredTensor, bounded, model_of, no_blocks

_DTYPES = frozenset({"float32", "int32", "complex64", "uint8", "uint16", "bool", "string", "float16", "int8", "int64"})
_QUANTIZED = frozenset({"uint8", "uint16", "float16"})
_MOST_AXES = 254
_MOST_FILES = 10_000


class TfjsReader:
    """Reads a manifest of TensorFlow.js and the files that it names."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether it is JSON with the words of a manifest."""
        head = content.head.lstrip()
        is_model = head[:1] == b"{" and (b'"weightsManifest"' in head or b'"modelTopology"' in head)
        is_list = head[:1] == b"[" and b'"paths"' in head and b'"weights"' in head
        return Certainty.CERTAIN if is_model or is_list else Certainty.NO

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the weights."""
        yield Artifact(name, "TensorFlow.js model", content.path, self, content.size, has_graph=False, has_values=True)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read names, dtypes and shapes."""
        del tags
        return model_of(scan(artifact.file), path, "checkpoint_tfjs", artifact.file)


@dataclass(frozen=True, slots=True)
class _Group:
    """Files that are read as one."""

    files: tuple[tuple[Path, int], ...]
    """Each with its bytes."""
    fence: tuple[Path, ...] | None

    @property
    def size(self) -> int:
        return sum(size for _, size in self.files)

    def pieces(self, start: int, size: int) -> Iterator[bytes]:
        """Yield bytes of the group, in pieces."""
        for file, file_size in self.files:
            taken = min(size, file_size - start)
            if start < file_size and taken > 0:
                with fenced(self.fence):
                    handle = opened(file)
                with handle:
                    handle.seek(start)
                    left = taken
                    while left > 0 and (raw := handle.read(min(left, BLOCK_BYTES))):
                        left -= len(raw)
                        yield raw
                size -= taken
                start += taken
            start -= file_size


def scan(path: Path) -> Scan:
    """Return the weights of a manifest.

    Raises:
        DamagedError: it is no manifest, or names no weights.
    """
    manifest, details = _manifest(path)
    notes: list[str] = []
    found: list[StoredTensor] = []
    size = 0
    for number, group in enumerate(manifest):
        if not isinstance(group, dict) or not isinstance(group.get("weights"), list):
            notes.append(f"group {number} of the manifest has no list of weights, and is left out")
            continue
        files = _files(path, group.get("paths"), notes)
        size += sum(dict(files.files).values())  # a file that is named twice counts once
        found += _weights(group["weights"], files, notes)
    if not found:
        raise DamagedError(f"{path} names no weights of a TensorFlow.js model: its weightsManifest is empty")
    return bounded(Scan(found, tuple(dict.fromkeys(notes)), details), size)


def _manifest(path: Path) -> tuple[list[Any], dict[str, str]]:
    try:
        content = json.loads(bytes(read_file(path)[:]))
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{path} is JSON of TensorFlow.js that cannot be read; fetch it again") from error
    manifest = content.get("weightsManifest") if isinstance(content, dict) else content
    if not isinstance(manifest, list):
        raise DamagedError(f"{path} is a TensorFlow.js model without a weightsManifest: only its layers are in it")
    known = {"format": "format", "generatedBy": "generated_by", "convertedBy": "converted_by"}
    texts = {ours: content.get(name) for name, ours in known.items()} if isinstance(content, dict) else {}
    return manifest, {name: text[:100] for name, text in texts.items() if isinstance(text, str)}


def _files(path: Path, names: Any, notes: list[str]) -> _Group:
    """Return the files of a group that are there; what stands behind a missing one cannot be found."""
    found: list[tuple[Path, int]] = []
    for name in names[:_MOST_FILES] if isinstance(names, list) else []:
        file = beside(path, name)
        there = status(file) if file is not None else None
        if file is None or there is None:
            why = "is missing beside the manifest" if file is not None else "is no name that a manifest may have"
            notes.append(f"{str(name)[:200]!r} {why}: its weights are not read; copy it there")
            break
        found.append((file, there.st_size))
    return _Group(tuple(found), fence())


def _weights(entries: Sequence[Any], group: _Group, notes: list[str]) -> Iterator[StoredTensor]:
    """Yield the weights of a group, as far as it can be said where each begins."""
    start, size = 0, group.size
    for entry in entries:
        found = entry if isinstance(entry, dict) else {}
        name, shape, dtype = found.get("name"), _shape(found.get("shape")), found.get("dtype")
        if not isinstance(name, str) or shape is None or not isinstance(dtype, str) or dtype not in _DTYPES:
            notes.append("an entry of the manifest has no name, shape or dtype that can be right: the rest is left out")
            return
        if not budget().spend(ITEM_BYTES + 2 * len(name) + 40 * len(shape), "its weights"):
            return
        how = _quantization(found.get("quantization"), dtype)
        if how is None:
            notes.append(f"{name[:200]!r} is quantized in a way that is not known: what follows it is left out")
            return
        elements = element_count(shape)
        length = _strings(group, start, elements) if dtype == "string" else _bytes(elements, how.get("dtype", dtype))
        if length is None or start + length > size:
            notes.append(f"the files of the manifest end before the values of {name[:200]!r}; fetch them again")
        blocks = _blocks(group, start, length or 0, dtype, how)
        yield StoredTensor(name, dtype, shape, blocks, start, separator="/", note=_note(how))
        start += size if length is None else length


def _shape(found: Any) -> tuple[int, ...] | None:
    is_right = isinstance(found, list) and len(found) <= _MOST_AXES
    return tuple(found) if is_right and all(type(size) is int and 0 <= size < 1 << 48 for size in found) else None


def _quantization(found: Any, dtype: str) -> Mapping[str, Any] | None:
    """Return how a weight is stored, checked: `dtype`, `scale`, `min`; empty if as it is, None if it cannot be said."""
    if found is None:
        return {}
    stored = found.get("dtype") if isinstance(found, dict) else None
    if not isinstance(stored, str) or stored not in _QUANTIZED or dtype not in ("float32", "int32"):
        return None
    if stored == "float16":
        return {"dtype": stored}
    numbers = [found.get(name) for name in ("scale", "min")]
    is_right = all(type(number) in (int, float) and math.isfinite(number) for number in numbers)
    return {"dtype": stored, "scale": float(numbers[0]), "min": float(numbers[1])} if is_right else None


def _note(how: Mapping[str, Any]) -> str:
    if not how:
        return ""
    affine = f": scale {how['scale']:.6g}, min {how['min']:.6g}" if "scale" in how else ""
    return f"stored as {how['dtype']}{affine}; values are as TensorFlow.js computes them from that"


def _bytes(elements: int | None, dtype: str) -> int | None:
    return None if elements is None else elements * (element_bytes(dtype) or 0)


def _strings(group: _Group, start: int, elements: int | None) -> int | None:
    """Return the bytes of so many strings, each behind its length (u32); None where the files end before.

    The files are read forward once, however many strings there are.
    """
    held, left = b"", elements or 0
    place = start  # of the next length
    read_to = start
    pieces = group.pieces(start, group.size - start)
    while left:
        if place + 4 > read_to:
            piece = next(pieces, b"")
            if not piece:
                return None
            held = held[max(0, place - read_to + len(held)) :] + piece
            read_to += len(piece)
            continue
        if not budget().spend(ITEM_BYTES, "its strings"):
            return None
        at = place - read_to + len(held)
        place += 4 + int(struct.unpack_from("<I", held, at)[0])
        left -= 1
    return place - start


def _blocks(group: _Group, start: int, size: int, dtype: str, how: Mapping[str, Any]) -> Blocks:
    stored, wanted = numpy_dtype(how.get("dtype", dtype)), numpy_dtype(dtype)
    if stored is None or wanted is None:
        return no_blocks

    def blocks() -> Iterator[Any]:
        import numpy as np

        held = b""
        for piece in group.pieces(start, size):
            raw = held + piece
            count = len(raw) // stored.itemsize
            held = raw[count * stored.itemsize :]
            numbers = np.frombuffer(raw, stored, count=count)
            yield _weight(numbers, wanted, how)

    return blocks


def _weight(numbers: Any, wanted: Any, how: Mapping[str, Any]) -> Any:
    """Return the weights that stored numbers stand for."""
    import numpy as np

    if "scale" not in how:
        return numbers.astype(wanted, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):  # a scale of a damaged file may be any number
        found = numbers * how["scale"] + how["min"]
        return (np.round(found) if wanted.kind == "i" else found).astype(wanted)
