"""Every form of output is loaded by the framework that it is for: objects, Keras's files, and what limits forbid."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.analysis.test_value_proof import npz
from tests.cli.running import Run
from tests.writers.test_convert import Arrays, write

tf: Any = pytest.importorskip("tensorflow", reason="TensorFlow restores what is made")


class Layer(tf.Module):  # type: ignore[misc]
    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.kernel = tf.Variable(tf.zeros((rows, columns)))
        self.bias = tf.Variable(tf.zeros(columns))


def network(sizes: list[int]) -> Any:
    root = tf.Module()
    root.layers = [Layer(rows, columns) for rows, columns in pairwise(sizes)]
    return root


@pytest.mark.parametrize("sizes", [[2, 3, 4], [5, 4, 6, 3]])
def test_a_checkpoint_of_objects_is_made_like_another(tmp_path: Path, scopeview: Run, sizes: list[int]) -> None:
    rng = np.random.default_rng(sum(sizes))
    ours: Arrays = {}
    for layer, (rows, columns) in enumerate(pairwise(sizes)):
        ours[f"layer_{layer}/kernel"] = rng.normal(size=(rows, columns)).astype(np.float32)
        ours[f"layer_{layer}/bias"] = rng.normal(size=columns).astype(np.float32)
    root = network(sizes)
    root.extra = tf.Variable([1.0, 2.0, 3.0])
    like = tf.train.Checkpoint(net=root, step=tf.Variable(4, dtype=tf.int64)).write(str(tmp_path / "like"))
    done = scopeview("convert", write(tmp_path / "a.ckpt", ours), "--to", tmp_path / "new", "--like", like)
    assert done.code == 0, done.err

    fresh = network(sizes)
    fresh.extra = tf.Variable([7.0, 8.0, 9.0])
    status = tf.train.Checkpoint(net=fresh).restore(str(tmp_path / "new"))

    status.expect_partial()
    for layer, held in enumerate(fresh.layers):
        np.testing.assert_array_equal(held.kernel.numpy(), ours[f"layer_{layer}/kernel"])
        np.testing.assert_array_equal(held.bias.numpy(), ours[f"layer_{layer}/bias"])
    assert fresh.extra.numpy().tolist() == [7, 8, 9]  # the source has none: it stays new


def test_objects_stay_objects_without_their_optimizer(tmp_path: Path, scopeview: Run) -> None:
    root = network([2, 3])
    root.layers[0].kernel.assign([[1, 2, 3], [4, 5, 6]])
    slots = tf.Module()
    slots.momentum = tf.Variable(tf.ones((2, 3)))
    tf.train.Checkpoint(net=root, unused=slots).write(str(tmp_path / "a"))
    done = scopeview("convert", tmp_path / "a", "--to", tmp_path / "b", "--drop", "unused/*")
    assert done.code == 0, done.err

    fresh = network([2, 3])
    tf.train.Checkpoint(net=fresh).read(str(tmp_path / "b")).assert_consumed()

    assert fresh.layers[0].kernel.numpy().tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras
@pytest.mark.parametrize("saved", ["x.weights.h5", "x.h5"])
def test_keras_loads_the_files_that_are_made(tmp_path: Path, scopeview: Run, saved: str) -> None:
    keras: Any = pytest.importorskip("keras", reason="Keras loads what is made")

    def build() -> Any:
        layers = keras.layers
        return keras.Sequential(
            [
                keras.Input((4,)),
                layers.Dense(5, name="first"),
                layers.BatchNormalization(name="norm"),
                layers.Dense(3, name="last"),
            ]
        )

    model, rng = build(), np.random.default_rng(2)
    (model.save if saved == "x.h5" else model.save_weights)(tmp_path / saved)
    theirs: Arrays = {}
    for name, rows, columns in (("first", 4, 5), ("last", 5, 3)):
        theirs[f"{name}.weight"] = rng.normal(size=(columns, rows)).astype(np.float32)
        theirs[f"{name}.bias"] = rng.normal(size=columns).astype(np.float32)
    for part in ("weight", "bias", "running_mean", "running_var"):
        theirs[f"norm.{part}"] = rng.random(5).astype(np.float32)
    npz(tmp_path / "a.npz", theirs)
    done = scopeview("convert", tmp_path / "a.npz", "--to", tmp_path / f"new_{saved}", "--like", tmp_path / saved)
    assert done.code == 0, done.err

    fresh = build()
    fresh.load_weights(tmp_path / f"new_{saved}")

    first, norm, last = fresh.layers
    for layer in (first, last):
        np.testing.assert_array_equal(np.asarray(layer.kernel), theirs[f"{layer.name}.weight"].T)
        np.testing.assert_array_equal(np.asarray(layer.bias), theirs[f"{layer.name}.bias"])
    for mine, part in zip(norm.weights, ("weight", "bias", "running_mean", "running_var"), strict=True):
        np.testing.assert_array_equal(np.asarray(mine), theirs[f"norm.{part}"])


def test_hdf5_is_written_in_blocks_that_cut_rows(tmp_path: Path) -> None:
    h5py: Any = pytest.importorskip("h5py", reason="h5py reads what is made")
    from scopeview.writers.hdf5 import write_hdf5
    from scopeview.writers.tensors import TensorToWrite

    arrays = {"a/w": np.arange(60.0).reshape(5, 3, 4), "b": np.arange(7), "c": np.array(3.0, np.float32)}
    for size in (1, 5, 13, 100):

        def blocks(array: np.ndarray[Any, Any], size: int = size) -> Any:
            starts = range(0, max(1, array.size), size)
            return lambda: iter([array.ravel()[at : at + size] for at in starts])

        tensors = [TensorToWrite(key, array.dtype.name, array.shape, blocks(array)) for key, array in arrays.items()]
        write_hdf5(tmp_path / "x.h5", tensors)
        with h5py.File(tmp_path / "x.h5") as file:
            for key, array in arrays.items():
                np.testing.assert_array_equal(file[key][()], array)


def test_what_cannot_be_written_is_refused_in_a_sentence(tmp_path: Path, scopeview: Run) -> None:
    source = write(tmp_path / "a.ckpt", {"a": np.array([1], np.float32), "a/b": np.array([2], np.float32)})

    for name, said in {"x.h5": "cannot be a path in an HDF5 file", "x.keras": "are not written"}.items():
        done = scopeview("convert", source, "--to", tmp_path / name)
        assert (done.code, said in done.err) == (2, True), done.err
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith((".x", "x"))]


def test_limits_hold_for_writing(tmp_path: Path, scopeview: Run) -> None:
    rng = np.random.default_rng(1)
    kernel = rng.normal(size=(600, 500)).astype(np.float32)
    source = write(tmp_path / "a.ckpt", {"net/dense/kernel": kernel, "net/out/kernel": kernel[:7]})
    npz(tmp_path / "b.npz", {"net/dense/weight": kernel.T, "net/out/weight": kernel[:7].T})

    out = tmp_path / "x.npz"
    small = scopeview("convert", source, "--to", out, "--like", tmp_path / "b.npz", "--limit-memory", "1")
    slow = scopeview("convert", source, "--to", out, "--limit-seconds", "1e-9")
    merged = scopeview("merge", source, source, "--to", out, "--limit-seconds", "1e-9")

    assert (small.code, "--limit-memory allows more" in small.err) == (2, True), small.err
    assert (slow.code, merged.code) == (2, 2)
    assert not [path.name for path in tmp_path.iterdir() if "x.npz" in path.name]


def test_rules_rename_without_another_side(tmp_path: Path, scopeview: Run) -> None:
    source = write(tmp_path / "a.ckpt", {f"layer_{n}/q/w": np.array([n], np.float32) for n in range(3)})

    done = scopeview("convert", source, "--to", tmp_path / "x.npz", "--rule", "layer_{i}=block{i}", "--rule", "q=query")

    assert done.code == 0, done.err
    assert set(np.load(tmp_path / "x.npz").files) == {f"block{n}/query/w" for n in range(3)}


def test_the_json_of_a_diff_is_a_map(tmp_path: Path, scopeview: Run) -> None:
    source = write(
        tmp_path / "a.ckpt", {"old/w": np.array([1, 2, 3, 4], np.float32), "old/x": np.array([2], np.float32)}
    )
    other = write(tmp_path / "b.ckpt", {"new/w": np.array([1, 2, 3, 4], np.float32)})
    (tmp_path / "map.json").write_text(scopeview("diff", source, other, "--json").out)

    done = scopeview("convert", source, "--to", tmp_path / "x.npz", "--map", tmp_path / "map.json")

    entries = json.loads((tmp_path / "map.json").read_text())["entries"]
    assert done.code == 0, done.err
    assert any(entry["a"] == "old/w" and entry["b"] == "new/w" for entry in entries)
    assert set(np.load(tmp_path / "x.npz").files) == {"new/w", "old/x"}
