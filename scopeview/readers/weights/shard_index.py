"""The index of weights that lie in several files, as Hugging Face writes it: a JSON object with a `weight_map`.

`model.safetensors.index.json` is beside safetensors files, `pytorch_model.bin.index.json` beside files of PyTorch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from scopeview.errors import DamagedError
from scopeview.readers.files import read_file
from scopeview.readers.protocol import Content
from scopeview.readers.storage import is_file
from scopeview.readers.weights.scan import Scan, StoredTensor

_END = ".index.json"


def is_index(content: Content, kinds: tuple[str, ...]) -> bool:
    """Whether a file is an index of files whose names end as one of `kinds` does, by its own name."""
    name = content.path.name.removesuffix(_END)
    return name != content.path.name and name.endswith(kinds) and content.head.lstrip()[:1] == b"{"


def has_index_name(path: Path) -> bool:
    """Whether a file is called as an index is."""
    return path.name.endswith(_END)


def parts_of(path: Path) -> list[Path]:
    """Return the files beside an index that it names.

    Raises:
        DamagedError: it names none.
    """
    try:
        weights: Mapping[str, object] = json.loads(bytes(read_file(path)[:]))["weight_map"]
        names = sorted({Path(str(name)).name for name in weights.values()})
    except (ValueError, RecursionError, KeyError, AttributeError, TypeError) as error:
        raise DamagedError(f"{path} is no index of weights: it has no weight_map; fetch it again") from error
    return [path.with_name(name) for name in names]


def scan_parts(path: Path, scan: Callable[[Path], Scan]) -> Scan:
    """Return the tensors of all files that an index names.

    Args:
        path: the index.
        scan: reads one of them.

    Raises:
        DamagedError: the index, or one of the files, cannot be read.
    """
    tensors: list[StoredTensor] = []
    notes: list[str] = []
    parts = parts_of(path)
    for part in parts:
        if not is_file(part):
            notes.append(f"{part.name[:200]} is missing beside the index, and with it its tensors; copy it there")
            continue
        if has_index_name(part):
            raise DamagedError(f"{path} names {part.name[:200]}, an index and no file of weights; fetch it again")
        found = scan(part)
        tensors += found.tensors
        notes += found.notes
    return Scan(tensors, tuple(notes), {"files": str(len(parts))})
