"""Safetensors: the length of a JSON header (u64), the header, the bytes of every tensor.

Format: https://huggingface.co/docs/safetensors. Its package wants all tensors in memory.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterable
from pathlib import Path

from scopeview.model.dtypes import element_bytes
from scopeview.model.shapes import element_count
from scopeview.writers.tensors import TensorToWrite, new_file, no_such_dtype

DTYPES = {
    "float64": "F64",
    "float32": "F32",
    "float16": "F16",
    "bfloat16": "BF16",
    "int64": "I64",
    "int32": "I32",
    "int16": "I16",
    "int8": "I8",
    "uint64": "U64",
    "uint32": "U32",
    "uint16": "U16",
    "uint8": "U8",
    "bool": "BOOL",
    "float8_e5m2": "F8_E5M2",
    "float8_e4m3fn": "F8_E4M3",
}
"""TensorFlow's names of the dtypes that the format has."""


def write_safetensors(
    path: Path, tensors: Iterable[TensorToWrite], on_written: Callable[[int], None] = lambda _size: None
) -> None:
    """Write a safetensors file, the tensors sorted by key.

    Raises:
        QueryError: a tensor has a dtype that the format lacks.
        ScopeviewError: the file cannot be written, or values are missing.
    """
    ordered = sorted(tensors, key=lambda tensor: tensor.key)
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for tensor in ordered:
        if tensor.dtype not in DTYPES:
            raise no_such_dtype("safetensors", tensor)
        size = (element_count(tensor.shape) or 0) * (element_bytes(tensor.dtype) or 0)
        shape = list(tensor.shape)
        header[tensor.key] = {"dtype": DTYPES[tensor.dtype], "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    raw = json.dumps(header, separators=(",", ":")).encode()
    raw += b" " * (-len(raw) % 8)
    with new_file(path) as file:
        file.write(struct.pack("<Q", len(raw)) + raw)
        for tensor in ordered:
            for block in tensor.raw_blocks():
                file.write(block)
                on_written(len(block))
