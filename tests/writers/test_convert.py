"""Files that are made: TensorFlow and numpy read them, and find the values of the source, bit for bit."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scopeview
from scopeview.errors import DamagedError, QueryError
from scopeview.readers import read, with_values
from scopeview.writers.checkpoint import write_checkpoint
from scopeview.writers.convert import resized
from scopeview.writers.merge import weights_of
from scopeview.writers.tensors import TensorToWrite
from tests.cli.running import Run
from tests.places import SAMPLES

tf: Any = pytest.importorskip("tensorflow", reason="TensorFlow reads the files that are made")

ORIGINAL = SAMPLES / "m33_original.ckpt"
Arrays = dict[str, np.ndarray[Any, Any]]


def by_tensorflow(prefix: Path) -> Arrays:
    reader = tf.train.load_checkpoint(str(prefix))
    return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}


def by_header(path: Path) -> Arrays:
    """Read a safetensors file by its format's description, apart from the writer."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    dtypes = {"F32": "<f4", "I64": "<i8", "BF16": tf.bfloat16.as_numpy_dtype, "F16": "<f2"}
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            data = raw[8 + length + start : 8 + length + end]
            found[name] = np.frombuffer(data, dtypes[entry["dtype"]]).reshape(entry["shape"])
    return found


def assert_equal(found: Arrays, expected: Arrays) -> None:
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def write(prefix: Path, arrays: Arrays, block: int = 1 << 20) -> Path:
    def blocks(array: np.ndarray[Any, Any]) -> Any:
        flat = array.ravel()
        return lambda: iter(np.array_split(flat, max(1, -(-flat.size // block))))

    tensors = [TensorToWrite(name, array.dtype.name, array.shape, blocks(array)) for name, array in arrays.items()]
    write_checkpoint(prefix, tensors)
    return prefix


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.text(st.characters(codec="ascii", min_codepoint=33), min_size=1, max_size=30),
        st.tuples(st.lists(st.integers(0, 5), max_size=3), st.sampled_from(["float32", "int64", "bool", "float16"])),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 7),
)
def test_tensorflow_reads_what_is_written(tmp_path: Path, named: dict[str, tuple[list[int], str]], block: int) -> None:
    rng = np.random.default_rng(len(named))
    arrays = {name: rng.integers(0, 9, shape).astype(dtype) for name, (shape, dtype) in named.items()}

    assert_equal(by_tensorflow(write(tmp_path / "x.ckpt", arrays, block)), arrays)


def test_a_table_of_many_blocks_is_read(tmp_path: Path) -> None:
    arrays = {f"layer_{number}/{'x' * 90}/kernel": np.array([number], np.float32) for number in range(9000)}

    assert_equal(by_tensorflow(write(tmp_path / "x.ckpt", arrays)), arrays)
    assert not read(tmp_path / "x.ckpt").notes  # every checksum of every block holds


def test_a_checkpoint_without_its_optimizer_is_restored(tmp_path: Path, scopeview: Run) -> None:
    done = scopeview("convert", SAMPLES / "m32_after.ckpt", "--to", tmp_path / "small.ckpt", "--drop", "slots")

    everything = by_tensorflow(SAMPLES / "m32_after.ckpt")
    kept = {name: array for name, array in everything.items() if "Adam" not in name and "_power" not in name}
    assert done.code == 0, done.err
    assert 0 < len(kept) < len(everything)
    assert_equal(by_tensorflow(tmp_path / "small.ckpt"), kept)


def test_names_of_the_other_side_are_taken_and_its_graph_restores_them(tmp_path: Path, scopeview: Run) -> None:
    target = tmp_path / "renamed.ckpt"
    done = scopeview("convert", ORIGINAL, "--to", target, "--like", SAMPLES / "m33_renamed.meta")

    assert done.code == 0, done.err
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        saver = tf.compat.v1.train.import_meta_graph(str(SAMPLES / "m33_renamed.meta"))
        saver.restore(session, str(target))
        restored = {v.op.name: session.run(v) for v in tf.compat.v1.global_variables()}
    original = by_tensorflow(ORIGINAL)
    expected = {f"model/{name.replace('/weights', '/kernel')}": array for name, array in original.items()}
    assert_equal(restored, expected)


def test_the_manifest_says_what_came_from_where(tmp_path: Path, scopeview: Run) -> None:
    scopeview("convert", ORIGINAL, "--to", tmp_path / "x.npz", "--like", SAMPLES / "m33_renamed.meta")

    manifest = json.loads((tmp_path / "x.npz.manifest.json").read_text())
    assert manifest["source"] == str(ORIGINAL)
    assert manifest["tensors"]["model/layer1/kernel"]["from"] == "layer1/weights"
    assert len(np.load(tmp_path / "x.npz").files) == len(manifest["tensors"]) == 6


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_safetensors_hold_the_cast_values(tmp_path: Path, scopeview: Run, dtype: str) -> None:
    scopeview("convert", ORIGINAL, "--to", tmp_path / "x.safetensors", "--cast", dtype)

    wanted = tf.as_dtype(dtype).as_numpy_dtype
    expected = {name: array.astype(wanted) for name, array in by_tensorflow(ORIGINAL).items()}
    assert_equal(by_header(tmp_path / "x.safetensors"), expected)


def test_partitioned_variables_become_whole(tmp_path: Path, scopeview: Run) -> None:
    source = SAMPLES / "m28_partitioned.ckpt"
    scopeview("convert", source, "--to", tmp_path / "x.ckpt")

    assert_equal(by_tensorflow(tmp_path / "x.ckpt"), by_tensorflow(source))
    assert not any(variable.parts for variable in read(tmp_path / "x.ckpt").variables)


def test_rows_are_added_and_cut(tmp_path: Path, scopeview: Run) -> None:
    old = write(tmp_path / "old.ckpt", {"emb/table": np.arange(12, dtype=np.float32).reshape(4, 3)})
    new = write(tmp_path / "new.ckpt", {"emb/table": np.zeros((6, 3), np.float32)})

    plan = scopeview("convert", old, "--to", tmp_path / "x.ckpt", "--like", new)
    done = scopeview("convert", old, "--to", tmp_path / "x.ckpt", "--like", new, "--resize", "emb/table=copy")

    assert (plan.code, done.code) == (2, 0)
    assert "nothing is left to write" in plan.err
    table = by_tensorflow(tmp_path / "x.ckpt")["emb/table"]
    np.testing.assert_array_equal(table, np.arange(12).reshape(4, 3)[[0, 1, 2, 3, 0, 1]])
    mean = resized(np.array([[1.0], [3.0]]), (4, 1), "mean")
    np.testing.assert_array_equal(mean, [[1], [3], [2], [2]])


def test_the_source_is_never_written_over(tmp_path: Path, scopeview: Run) -> None:
    source = write(tmp_path / "a.ckpt", {"w": np.array([1, 2], np.float32)})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    for target in (source, tmp_path / "a.ckpt.index"):
        done = scopeview("convert", source, "--to", target)
        assert (done.code, "is the source itself" in done.err) == (2, True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_missing_values_leave_nothing_behind(tmp_path: Path) -> None:
    tensor = TensorToWrite("w", "float32", (3,), lambda: iter([np.zeros(2, np.float32)]))

    with pytest.raises(DamagedError, match="w has 2 values where its shape"):
        write_checkpoint(tmp_path / "x.ckpt", [tensor])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "weights"),
    [([], [1 / 3] * 3), (["--weights", "1,1,2"], [0.25, 0.25, 0.5]), (["--ema", "0.9"], [0.81, 0.09, 0.1])],
)
def test_checkpoints_are_averaged(tmp_path: Path, scopeview: Run, options: list[str], weights: list[float]) -> None:
    rng = np.random.default_rng(3)
    series: list[Arrays] = [
        {"net/w": rng.normal(size=(50, 7)).astype(np.float32), "step": np.array(n)} for n in (10, 20, 30)
    ]
    paths = [write(tmp_path / f"{n}.ckpt", arrays, block=13) for n, arrays in enumerate(series)]

    done = scopeview("merge", *paths, "--to", tmp_path / "mean.ckpt", *options)

    found = by_tensorflow(tmp_path / "mean.ckpt")
    expected = sum(weight * arrays["net/w"].astype(np.float64) for weight, arrays in zip(weights, series, strict=True))
    assert done.code == 0, done.err
    np.testing.assert_allclose(found["net/w"], expected, rtol=2e-7)  # rounded once, to float32
    assert (found["net/w"].dtype, int(found["step"])) == (np.dtype(np.float32), 30)


def test_other_namespaces_are_not_averaged(tmp_path: Path, scopeview: Run) -> None:
    a = write(tmp_path / "a.ckpt", {"w": np.array([1], np.float32)})
    b = write(tmp_path / "b.ckpt", {"w": np.array([1, 2], np.float32)})

    done = scopeview("merge", a, b, "--to", tmp_path / "c.ckpt")

    assert (done.code, "w is [2] float32 in" in done.err) == (2, True)
    assert not (tmp_path / "c.ckpt.index").exists()


def test_weights_add_up() -> None:
    assert weights_of(4, (), None) == (0.25,) * 4
    assert sum(weights_of(9, (), 0.99)) == pytest.approx(1)
    for wrong in ((1.0,), (1.0, -1.0)):
        with pytest.raises(QueryError):
            weights_of(2, wrong, None)


def test_a_value_stays_what_it_was(tmp_path: Path) -> None:
    """NaN, infinities and negative zero come through, bit for bit."""
    odd = np.array([np.nan, np.inf, -np.inf, -0.0], np.float32)
    model, values = with_values(scopeview.load(write(tmp_path / "x.ckpt", {"w": odd})))

    (block,) = values.blocks(model.variables[0])
    assert block.tobytes() == odd.tobytes()


def test_kernels_are_turned_between_frameworks_square_ones_too(tmp_path: Path, scopeview: Run) -> None:
    """PyTorch keeps dense kernels as (out, in) and convolutions as OIHW; TensorFlow as (in, out) and HWIO."""
    rng = np.random.default_rng(5)
    ours: Arrays = {"conv/kernel": rng.normal(size=(2, 4, 3, 5)).astype(np.float32)}
    theirs: Arrays = {"conv.weight": ours["conv/kernel"].transpose(3, 2, 0, 1)}
    ours["embedding/embeddings"] = theirs["embedding.weight"] = rng.normal(size=(11, 8)).astype(np.float32)
    for layer in range(3):
        for part, sizes in {"query": (8, 8), "key": (8, 8), "dense": (8, 16), "output": (16, 8)}.items():
            kernel, bias = rng.normal(size=sizes).astype(np.float32), rng.normal(size=sizes[1]).astype(np.float32)
            ours[f"model/layer_{layer}/{part}/kernel"] = kernel
            ours[f"model/layer_{layer}/{part}/bias"] = bias
            theirs[f"layer.{layer}.{part}.weight"] = kernel.T
            theirs[f"layer.{layer}.{part}.bias"] = bias
    sides = {"a.npz": ours, "b.npz": {name.replace(".", "/"): array for name, array in theirs.items()}}
    for name, arrays in sides.items():
        np.savez(
            tmp_path / name, allow_pickle=False, **{key: np.ascontiguousarray(array) for key, array in arrays.items()}
        )

    for source, target in (("a.npz", "b.npz"), ("b.npz", "a.npz")):
        done = scopeview("convert", tmp_path / source, "--to", tmp_path / "out.npz", "--like", tmp_path / target)
        assert done.code == 0, done.err
        assert_equal(dict(np.load(tmp_path / "out.npz")), dict(np.load(tmp_path / target)))
