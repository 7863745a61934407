"""Reads a file that was made and compares it with its plan: keys, dtypes, shapes, and the checksums of a checkpoint."""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

from scopeview.analysis.convert import ConvertPlan
from scopeview.errors import DamagedError
from scopeview.model.object_paths import OBJECT_GRAPH_KEY
from scopeview.writers.safetensors import DTYPES

Found = dict[str, tuple[str, tuple[int, ...]]]


def verify(plan: ConvertPlan, target: Path) -> None:
    """Compare a file with the plan that it was made by.

    Raises:
        DamagedError: it differs; the disk, or a writer, is at fault.
    """
    if target.suffix == ".safetensors":
        found = _safetensors(target)
    elif target.suffix == ".npz":
        found = _npz(target)
    else:
        found = _as_read(target)
        found.pop(OBJECT_GRAPH_KEY, None)
    wanted = {row.key: (row.dtype, row.shape) for row in plan.rows}
    if found != wanted:
        differing = sorted(key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key))
        raise DamagedError(f"{target} was written and reads back otherwise, first at {differing[0]}; do not use it")


def _as_read(target: Path) -> Found:
    from scopeview.readers import read

    model = read(target)
    if model.notes:
        raise DamagedError(f"{target} was written and is damaged: {model.notes[0]}; do not use it")
    return {v.checkpoint_keys[0]: (v.dtype, tuple(size or 0 for size in v.shape or ())) for v in model.variables}


def _safetensors(target: Path) -> Found:
    names = {short: name for name, short in DTYPES.items()}
    with target.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
    if target.stat().st_size != 8 + length + end:
        raise DamagedError(f"{target} was written and has another length than its header says; do not use it")
    return {key: (names[entry["dtype"]], tuple(entry["shape"])) for key, entry in header.items()}


def _npz(target: Path) -> Found:
    import numpy as np

    found: Found = {}
    with zipfile.ZipFile(target) as archive:
        damaged = archive.testzip()
        if damaged is not None:
            raise DamagedError(f"{target} was written and its entry {damaged} is damaged; do not use it")
        for name in archive.namelist():
            with archive.open(name) as member:
                np.lib.format.read_magic(member)
                shape, _, dtype = np.lib.format.read_array_header_2_0(member)
            found[name.removesuffix(".npy")] = (dtype.name, shape)
    return found
