"""Values from shards equal what TensorFlow reads."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import scopeview
from scopeview.errors import DamagedError
from scopeview.readers.checkpoint import values
from scopeview.readers.checkpoint.values import ShardValues, numpy_dtype
from tests.oracle import Oracle
from tests.places import SAMPLES


@pytest.mark.parametrize("name", ["m32_after.ckpt", "m32_sharded.ckpt", "m28_partitioned.ckpt", "m32_object.ckpt"])
def test_values_equal_tensorflows(name: str, oracle: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "BLOCK_BYTES", 16)  # many blocks, where a sample would be one
    model = scopeview.load(SAMPLES / name)
    truth = oracle.ask("values", SAMPLES / name)

    read = {
        variable.checkpoint_keys[0]: [
            float(number) for block in ShardValues(model).blocks(variable) for number in block
        ]
        for variable in model.variables
        if variable.dtype != "string"
    }

    assert {key: sorted(numbers) for key, numbers in read.items()} == {k: sorted(v) for k, v in truth["values"].items()}


def test_what_cannot_be_read_gives_no_values() -> None:
    v1 = scopeview.load(SAMPLES / "m32_v1.ckpt")
    objects = scopeview.load(SAMPLES / "m32_object.ckpt")
    (graph,) = objects.variables.named("_CHECKPOINTABLE_OBJECT_GRAPH")

    assert list(ShardValues(v1).blocks(v1.variables[0])) == []
    assert list(ShardValues(objects).blocks(graph)) == []


def test_every_dtype_of_a_checkpoint_has_one_of_numpys() -> None:
    names = ["float32", "float64", "half", "bfloat16", "int8", "uint16", "bool", "complex64", "qint8", "float8_e5m2"]

    assert {name: numpy_dtype("float16" if name == "half" else name) is not None for name in names} == dict.fromkeys(
        names, True
    )
    assert numpy_dtype("string") is None
    assert numpy_dtype("no such type") is None
    assert numpy_dtype("bfloat16") != np.dtype("float16")


def test_a_data_file_that_changes_between_two_reads_is_refused(tmp_path: Path) -> None:
    for part in ("index", "data-00000-of-00001"):
        shutil.copy(SAMPLES / f"m33_original.ckpt.{part}", tmp_path)
    model = scopeview.load(tmp_path / "m33_original.ckpt")
    values = ShardValues(model)
    assert list(values.blocks(model.variables[0]))

    os.utime(tmp_path / "m33_original.ckpt.data-00000-of-00001", ns=(1, 1))

    with pytest.raises(DamagedError, match="has changed since it was opened; reload it"):
        list(values.blocks(model.variables[0]))
