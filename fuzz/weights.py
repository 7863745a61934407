"""Weights of other frameworks: small files to start from, and numbers in them that change."""

from __future__ import annotations

import json
import random
import struct
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from fuzz.mutate import NUMBERS, as_bytes

_REPEATED_UP_TO = 1000
"""Letters of a value that is written 300 times."""

_WEIGHTS = Path(__file__).resolve().parent.parent / "sample_graphs" / "weights"

BESIDE = {
    "small.onnx.data": bytes(range(96)),
    "group1-shard1of2.bin": bytes(50),
    "group1-shard2of2.bin": bytes(66),
    **{name: bytes(range(24)) for name in ("0.0", "0.1", "three/c/0/0")},
}
"""Files that the seeds name, by their names: they lie in the folder of the input, whatever it is."""


_ZARR_2: dict[str, object] = {"zarr_format": 2, "shape": [2, 6], "chunks": [2, 3], "dtype": "<f4", "order": "C"}
_ZARR_2 |= {"compressor": None, "fill_value": None, "filters": None, "dimension_separator": "."}
_ZARR_3: dict[str, object] = {"zarr_format": 3, "node_type": "array", "shape": [2, 3], "data_type": "float32"}
_ZARR_3 |= {
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 3]}},
    "chunk_key_encoding": {"name": "default"},
    "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
    "fill_value": 0,
}


def weights_seeds(name: str) -> tuple[bytes, ...]:
    """Return the inputs that a target of weights starts from."""
    files = {"onnx": "small.onnx", "tflite": "small.tflite", "tfjs": "tfjs/model.json"}
    if name == "zarr":
        return tuple(json.dumps(one).encode() for one in (_ZARR_2, _ZARR_3))
    if name in files:
        return ((_WEIGHTS / files[name]).read_bytes(),)
    if name == "hdf5":
        return _hdf5()
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


def mutate_json(raw: bytes, chance: random.Random) -> bytes:
    """Return JSON with one to three of its values changed; or with other bytes."""
    if chance.random() < 0.25:
        return as_bytes(raw, chance)
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError):
        return as_bytes(raw, chance)
    if not isinstance(content, dict | list):
        return as_bytes(raw, chance)
    for _ in range(chance.choice((1, 1, 2, 3))):
        places = _places(content)
        if not places:
            break
        around, key = chance.choice(places)
        around[key] = _value(around[key], content, chance)
    return json.dumps(content).encode()[: 1 << 20]


def _places(content: Any) -> list[tuple[Any, Any]]:
    """Return every place in JSON that holds a value: a dict or list, and the key in it."""
    found: list[tuple[Any, Any]] = []
    waiting = [content]
    while waiting and len(found) < 10_000:
        around = waiting.pop()
        inside = list(around.items() if isinstance(around, dict) else enumerate(around))
        found += [(around, key) for key, _ in inside]
        waiting += [value for _, value in inside if isinstance(value, dict | list)]
    return found


def _value(value: Any, content: Any, chance: random.Random) -> Any:
    choices = [None, True, -1, 0.5, 1e400, "", "x", "../x", "\ud800", [], {}, [value], {"a": value}]
    if len(written := json.dumps(value)) < _REPEATED_UP_TO:
        choices.append([json.loads(written) for _ in range(300)])  # not one 300 times: a change would be as well
    if isinstance(value, int) and chance.random() < 0.7:
        return chance.choice((*NUMBERS, value + 1, -value))
    if isinstance(value, list) and chance.random() < 0.5:
        return [chance.choice((1, 2, 1 << 40, *NUMBERS)) for _ in range(chance.choice((0, 1, 2, 3, 40)))]
    if isinstance(value, str) and chance.random() < 0.5:
        words = ("float32", "int32", "complex64", "string", "bool", "bfloat16", "<f8", ">i4", "|b1", "uint8", "float16")
        return chance.choice(words)
    return chance.choice([*choices, json.loads(json.dumps(chance.choice([content, value])))])


def _safetensors() -> bytes:
    header = {"a.weight": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"format": "pt"}}
    raw = json.dumps(header).encode()
    return len(raw).to_bytes(8, "little") + raw + bytes(24)


def _hdf5() -> tuple[bytes, ...]:
    """Files of both layouts of HDF5: groups as tables of symbols, and as lists of links."""
    import h5py

    made = []
    for version in ("earliest", "latest"):
        raw = BytesIO()
        with h5py.File(raw, "w", libver=version) as file:
            options = {"chunks": (2, 3), "compression": "gzip", "shuffle": True, "fletcher32": True}
            file.create_dataset("m/d/kernel:0", data=np.zeros((3, 4), np.float32), **options)
            file["layers/a/vars/0"] = np.ones(2)
            file["layers/a/vars"].attrs["name"] = "hidden"
            file["link"] = h5py.SoftLink("/m")
            file["elsewhere"] = h5py.ExternalLink("other.h5", "/")
            file.attrs["keras_version"] = "2.15.0"
        made.append(raw.getvalue())
    return tuple(made)


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
