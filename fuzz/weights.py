"""Weights of other frameworks: small files to start from, and numbers in them that change."""

from __future__ import annotations

import json
import random
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np

from fuzz.mutate import NUMBERS, as_bytes

_WEIGHTS = Path(__file__).resolve().parent.parent / "sample_graphs" / "weights"

BESIDE = {
    "small.onnx.data": bytes(range(96)),
    "group1-shard1of2.bin": bytes(50),
    "group1-shard2of2.bin": bytes(66),
}
"""Files that the seeds name, by their names: they lie in the folder of the input, whatever it is."""


def weights_seeds(name: str) -> tuple[bytes, ...]:
    """Return the inputs that a target of weights starts from."""
    files = {"onnx": "small.onnx", "tflite": "small.tflite", "tfjs": "tfjs/model.json"}
    if name in files:
        return ((_WEIGHTS / files[name]).read_bytes(),)
    return ({"safetensors": _safetensors, "npz": _npz, "pytorch": _torch}[name](),)


def mutate_numbers(raw: bytes, chance: random.Random) -> bytes:
    """Return a file of offsets with one to three of its numbers changed, of 1, 2, 4 or 8 bytes; or other bytes."""
    if len(raw) < 8 or chance.random() < 0.2:
        return as_bytes(raw, chance)
    changed = bytearray(raw)
    for _ in range(chance.choice((1, 1, 2, 3))):
        size = chance.choice((1, 2, 4, 4, 4, 8))
        at = chance.randrange(0, len(raw) - size + 1, min(size, 4))
        (there,) = struct.unpack_from({1: "<B", 2: "<H", 4: "<I", 8: "<Q"}[size], raw, at)
        near = there + chance.choice((-8, -4, -1, 1, 4, 8))
        number = chance.choice((*NUMBERS, near, near, near, len(raw), len(raw) - at, chance.randrange(len(raw))))
        changed[at : at + size] = (number % (1 << 8 * size)).to_bytes(size, "little")
    return bytes(changed)


def _safetensors() -> bytes:
    header = {"a.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"format": "pt"}}
    raw = json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + bytes(24)


def _npz() -> bytes:
    file = BytesIO()
    np.savez(file, a_kernel=np.zeros((2, 3), np.float32), b=np.ones(4, np.int64))
    return file.getvalue()


def _torch() -> bytes:
    """A checkpoint of PyTorch with one tensor, its pickle written out by hand."""
    pickle = (
        b"\x80\x02}q\x00X\x08\x00\x00\x00a.weightctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage"
        b"ctorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x06tQK\x00K\x02K\x03\x86K\x03K\x01\x86\x89"
        b"ccollections\nOrderedDict\n)RtRs."
    )
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in {"data.pkl": pickle, "version": b"3\n", "data/0": bytes(24)}.items():
            archive.writestr(f"archive/{name}", content)
    return file.getvalue()
