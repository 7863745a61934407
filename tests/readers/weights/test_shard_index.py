"""Weights in several files are one artifact, by their index."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import scopeview
from scopeview.errors import ScopeviewError
from scopeview.readers.artifacts import find_artifacts
from tests.readers.weights.test_weights import WEIGHTS, arrays, assert_equal


def test_an_index_of_files_of_pytorch(tmp_path: Path) -> None:
    """Each file of the samples has its own tensors: zip and legacy, beside a file that the index does not name."""
    for name in ("state.pt", "training.pt", "legacy.pt"):
        shutil.copy(WEIGHTS / name, tmp_path / f"{name.removesuffix('.pt')}.bin")
    index = tmp_path / "pytorch_model.bin.index.json"
    index.write_text(
        json.dumps({"metadata": {}, "weight_map": {"2.weight_ih_l0": "state.bin", "model": "training.bin"}})
    )

    model = scopeview.load(index)

    assert (model.origin.format, dict(model.origin.details)) == ("checkpoint_torch", {"files": "2"})
    assert_equal(arrays(index), arrays(WEIGHTS / "training.pt") | arrays(WEIGHTS / "state.pt"))
    assert [artifact.name for artifact in find_artifacts(tmp_path)] == ["legacy.bin", index.name]
    index.write_text(json.dumps({"weight_map": {"a": index.name}}))
    with pytest.raises(ScopeviewError, match="an index and no file of weights"):
        scopeview.load(index)
