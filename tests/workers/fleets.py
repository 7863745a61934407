"""Fleets of small checkpoints for the tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[np.float32]]


def write_safetensors(path: Path, arrays: Arrays) -> None:
    """Write a file of weights by hand."""
    header: dict[str, Any] = {}
    body = b""
    for name, array in arrays.items():
        places = [len(body), len(body) + array.nbytes]
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": places}
        body += array.astype("<f4").tobytes()
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


def training(folder: Path, steps: range, nan_from: int | None = None, *, growth: float = 1.0) -> dict[int, Arrays]:
    """Write the checkpoints of a run, of which one variable grows, and turns to NaN at some step."""
    written: dict[int, Arrays] = {}
    for count, step in enumerate(steps):
        random = np.random.default_rng(step)
        still = np.ones((7, 3), np.float32)
        grown = np.float32(growth**count) * random.normal(size=4099).astype(np.float32)
        if nan_from is not None and step >= nan_from:
            grown[:5] = np.nan
        written[step] = {"layer.still": still, "layer.grown": grown}
        write_safetensors(folder / f"model-{step}.safetensors", written[step])
    return written
