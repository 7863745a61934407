"""Weights of other frameworks are read as these frameworks read them; hostile files run nothing and cost little."""

from __future__ import annotations

import io
import json
import pickle
import struct
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scopeview
from scopeview.errors import ScopeviewError
from scopeview.readers import with_values
from tests.cli.running import Run
from tests.places import ROOT

WEIGHTS = ROOT / "sample_graphs" / "weights"
Arrays = dict[str, np.ndarray[Any, Any]]


def arrays(path: Path) -> Arrays:
    """Read every tensor of a file, by key."""
    model, values = with_values(scopeview.load(path))
    found = {}
    for variable in model.variables:
        blocks = list(values.blocks(variable))
        flat = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
        found[variable.checkpoint_keys[0]] = flat.reshape([size or 0 for size in variable.shape or ()])
    return found


def assert_equal(found: Arrays, expected: Arrays) -> None:
    assert found.keys() == expected.keys()
    for key, array in expected.items():
        assert found[key].shape == array.shape
        np.testing.assert_array_equal(found[key].astype(array.dtype), array)


@pytest.mark.parametrize("name", ["state.pt", "legacy.pt", "state.safetensors"])
def test_every_layout_has_the_values_that_pytorch_gives(name: str) -> None:
    assert_equal(arrays(WEIGHTS / name), dict(np.load(WEIGHTS / "expected.npz")))


def test_names_are_a_tree_and_keys_stay() -> None:
    model = scopeview.load(WEIGHTS / "state.pt")

    assert model.origin.format == "checkpoint_torch"
    names = {variable.name: (variable.checkpoint_keys, variable.dtype, variable.shape) for variable in model.variables}
    assert names["2/weight_ih_l0"] == (("2.weight_ih_l0",), "float32", (12, 8))
    assert names["odd/bfloat16"] == (("odd.bfloat16",), "bfloat16", (5,))
    assert model.variable_scopes.find("odd") is not None


def test_a_training_checkpoint_is_flattened() -> None:
    names = {variable.checkpoint_keys[0] for variable in scopeview.load(WEIGHTS / "training.pt").variables}

    assert {"model.0.weight", "optimizer.state.0.exp_avg", "optimizer.state.3.exp_avg_sq"} <= names


def test_a_pickled_module_is_refused_by_name() -> None:
    with pytest.raises(ScopeviewError, match=r"asks for torch\.nn\.modules\.\w+\.\w+.*nothing of it was run"):
        scopeview.load(WEIGHTS / "whole_module.pt")


def test_npz_and_its_odd_arrays(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    expected = {
        "net/kernel": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(12).reshape(3, 4)),
        "scalar": np.array(3, np.float32),
        "empty": np.zeros((0, 2)),
    }
    for save in (np.savez, np.savez_compressed):
        save(path, allow_pickle=False, **expected)
        assert_equal(arrays(path), {name: np.asarray(array) for name, array in expected.items()})
    np.savez(path, allow_pickle=False, **{"layer.0.weight": np.ones(2), "layer.1.weight": np.ones(2)})
    assert [variable.name for variable in scopeview.load(path).variables] == ["layer/0/weight", "layer/1/weight"]
    np.savez(path, objects=np.array([{}], dtype=object), w=np.ones(2))
    model = scopeview.load(path)
    assert [variable.name for variable in model.variables] == ["w"]
    assert "holds Python objects" in model.notes[0]


def test_keras_files_of_both_generations(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="h5py reads HDF5")
    rng = np.random.default_rng(1)
    kernel, bias = rng.normal(size=(6, 8)).astype(np.float32), np.zeros(8, np.float32)
    second = tmp_path / "model.h5"
    with h5py.File(second, "w") as file:
        file.create_dataset("model_weights/dense/dense/kernel:0", data=kernel, chunks=(2, 3), compression="gzip")
        file.create_dataset("model_weights/dense/dense/bias:0", data=bias)
        file.create_dataset("optimizer_weights/iteration:0", data=np.int64(4))
        file["loop"] = h5py.SoftLink("/")
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/")
        file.attrs["keras_version"] = "2.15.0"
    model = scopeview.load(second)
    found = arrays(second)
    assert [variable.name for variable in model.variables] == [
        "model_weights/dense/dense/bias",
        "model_weights/dense/dense/kernel",
        "optimizer_weights/iteration",
    ]
    np.testing.assert_array_equal(found["model_weights/dense/dense/kernel:0"], kernel)
    assert sorted(note.split()[0] for note in model.notes) == ["'elsewhere'", "'loop'"]

    third = tmp_path / "model.weights.h5"
    with h5py.File(third, "w") as file:
        for position, value in enumerate((kernel, bias)):
            file.create_dataset(f"layers/dense_1/vars/{position}", data=value)
        file["layers/dense_1/vars"].attrs["name"] = "hidden"
    archive = tmp_path / "model.keras"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.write(third, "model.weights.h5")
        packed.writestr("config.json", "{}")
    for path in (third, archive):
        assert [v.name for v in scopeview.load(path).variables] == ["hidden/bias", "hidden/kernel"]
        np.testing.assert_array_equal(arrays(path)["layers/dense_1/vars/0"], kernel)


@pytest.mark.filterwarnings("ignore")  # of Keras
def test_numbered_weights_get_the_names_that_keras_gives_them(tmp_path: Path) -> None:
    keras: Any = pytest.importorskip("keras", reason="Keras names its weights")
    layers: Any = keras.layers

    class Block(layers.Layer):  # type: ignore[misc]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.attention = layers.MultiHeadAttention(2, 3)
            self.inner = [layers.Dense(8), layers.Dense(4)]
            self.odd = layers.Normalization()
            self.final_layernorm = layers.LayerNormalization()

        def call(self, inputs: Any) -> Any:
            found = self.attention(inputs, inputs)
            for layer in (*self.inner, self.final_layernorm):
                found = layer(found)
            return found

    rows = keras.Input((6,), dtype="int32")
    hidden = Block(name="block")(layers.Embedding(9, 4, name="table")(rows))
    hidden = layers.SeparableConv1D(5, 2, use_bias=False)(layers.Conv1D(4, 2)(hidden))
    hidden = layers.BatchNormalization()(layers.PReLU()(hidden))
    hidden = layers.BatchNormalization(scale=False, name="unscaled")(hidden)
    hidden = layers.Bidirectional(layers.LSTM(3), name="both")(hidden)
    model = keras.Model(rows, layers.Dense(2, use_bias=False)(hidden))
    rng = np.random.default_rng(4)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape))
    model.save_weights(tmp_path / "x.weights.h5")

    read, values = with_values(scopeview.load(tmp_path / "x.weights.h5"))

    found = {
        np.concatenate([*values.blocks(variable), np.zeros(0)]).tobytes(): variable.name for variable in read.variables
    }
    numbered = set()
    for weight in model.weights:
        name = found[np.asarray(weight).astype(np.float64).tobytes()]
        leaf = name.rpartition("/")[2]
        numbered |= {name} if leaf.isdecimal() else set()
        assert leaf.isdecimal() or leaf == weight.path.rpartition("/")[2], (name, weight.path)
    assert {name.partition("/")[0] for name in numbered} == {"unscaled"}  # gamma or beta: nothing says which
    assert "block/attention/query_dense/kernel" in found.values()
    assert "both/forward_layer/cell/recurrent_kernel" in found.values()


def safetensors(header: object, data: bytes = b"") -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}, "has 4 bytes where its shape needs 8"),
        ({"dtype": "F32", "shape": [2**60], "data_offsets": [0, 8]}, "no shape or place"),
        ({"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}, "no shape or place"),
        ({"dtype": "F32", "shape": [1] * 300, "data_offsets": [0, 4]}, "no shape or place"),
        ({"dtype": "F32", "shape": "x", "data_offsets": [0, 4]}, "no shape or place"),
        ([], "no shape or place"),
        ({"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}, "behind the end of the file"),
    ],
)
def test_an_entry_that_cannot_be_right_is_noted(tmp_path: Path, entry: object, said: str) -> None:
    path = tmp_path / "x.safetensors"
    good = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    path.write_bytes(safetensors({"a": entry, "good": good}, bytes(8)))

    model = scopeview.load(path)

    assert said in " ".join(model.notes)
    assert "good" in {variable.name for variable in model.variables}


def test_an_index_of_several_files(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
    for number in (1, 2):
        part = safetensors({f"w{number}": entry}, np.array([number, 0], np.float32).tobytes())
        (tmp_path / f"model-0000{number}-of-00002.safetensors").write_bytes(part)
    names = {"w1": "model-00001-of-00002.safetensors", "w2": "../model-00002-of-00002.safetensors", "w3": "gone"}
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": names}))

    assert_equal(arrays(index), {"w1": np.array([1, 0], np.float32), "w2": np.array([2, 0], np.float32)})
    assert "gone is missing beside the index" in scopeview.load(index).notes[0]
    assert scopeview.load(tmp_path).origin.file == str(index), "the files that it names are parts of it"


class Danger:
    """Would run code if it were unpickled."""

    def __init__(self, function: object, *arguments: object) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> Any:
        return self._call


def archive(raw: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("x/data.pkl", raw)
        file.writestr("x/data/0", bytes(16))
    return packed.getvalue()


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("where", ["alone", "in a list", "as a key"])
def test_nothing_of_a_pickle_is_ever_run(tmp_path: Path, protocol: int, where: str) -> None:
    marker = tmp_path / "ran"
    danger = Danger(exec, f"open({str(marker)!r}, 'w')")
    wrapped: object = {"alone": danger, "in a list": {"w": [danger]}, "as a key": {danger: 1}}[where]
    path = tmp_path / "x.pt"
    path.write_bytes(archive(pickle.dumps(wrapped, protocol=protocol)))

    with pytest.raises(ScopeviewError, match=r"asks for builtins\.exec|asks for __builtin__\.exec"):
        scopeview.load(path)
    assert not marker.exists()


def torch_module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Modules whose functions pickle under PyTorch's names."""
    made = {name: types.ModuleType(name) for name in ("torch", "torch._utils")}
    for name, module in made.items():
        monkeypatch.setitem(sys.modules, name, module)

    def rebuild(*_arguments: object) -> None:
        return None

    rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    made["torch._utils"]._rebuild_tensor_v2 = rebuild  # type: ignore[attr-defined]
    return rebuild


@pytest.mark.parametrize(
    ("view", "values"),
    [
        ((1, (2,), (1,)), [1, 2]),
        ((0, (2, 2), (1, 2)), [[0, 2], [1, 3]]),
        ((0, (9,), (1,)), None),
        ((2**40, (1,), (1,)), None),
        ((0, (2, 3), (0, 0)), [[0, 0, 0], [0, 0, 0]]),
    ],
)
def test_views_stay_within_their_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, view: tuple[Any, ...], values: object
) -> None:
    rebuild = torch_module(monkeypatch)

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: object) -> object:
            return obj if isinstance(obj, tuple) and obj[:1] == ("storage",) else None

    raw = io.BytesIO()
    storage = ("storage", None, "0", "cpu", 4)
    Pickler(raw, protocol=2).dump({"w": Danger(rebuild, storage, *view, False, None)})
    content = raw.getvalue().replace(b"N", b"ctorch\nFloatStorage\n", 1)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("x/data.pkl", content)
        file.writestr("x/data/0", np.arange(4, dtype=np.float32).tobytes())
    path = tmp_path / "x.pt"
    path.write_bytes(packed.getvalue())

    model, reader = with_values(scopeview.load(path))

    blocks = list(reader.blocks(model.variables[0]))
    if values is None:
        assert (blocks, len(model.notes)) == ([], 1)
    else:
        np.testing.assert_array_equal(np.concatenate(blocks).reshape(view[1]), values)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["state.pt", "legacy.pt", "state.safetensors", "expected.npz"]), st.data())
def test_damage_is_a_sentence_and_never_a_traceback(tmp_path: Path, name: str, data: st.DataObject) -> None:
    raw = bytearray((WEIGHTS / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    raw = raw[: data.draw(st.integers(1, len(raw)))]
    path = tmp_path / name
    path.write_bytes(raw)

    try:
        arrays(path)
    except (ScopeviewError, ValueError) as error:  # ValueError: values that are not all there cannot be shaped here
        assert isinstance(error, ScopeviewError) or "reshape" in str(error)


def test_weights_are_a_side_of_a_diff_and_of_a_conversion(tmp_path: Path, scopeview: Run) -> None:
    same = scopeview("diff", WEIGHTS / "state.pt", WEIGHTS / "state.safetensors", "--values")
    values = scopeview("values", WEIGHTS / "state.pt", "name:0/*", "--json")
    done = scopeview("convert", WEIGHTS / "state.safetensors", "--to", tmp_path / "x.ckpt", "--drop", "odd/*")

    assert (same.code, same.err) == (0, "")
    assert [found["variable"] for found in json.loads(values.out)["variables"]] == ["0/bias", "0/weight"]
    assert done.code == 0, done.err
    expected = dict(np.load(WEIGHTS / "expected.npz"))
    wanted = {key: array for key, array in expected.items() if not key.startswith("odd.")}
    assert_equal(arrays(tmp_path / "x.ckpt"), wanted)


def test_what_no_file_can_hold_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset without chunks and a tensor that is one number expanded: values that nobody stored, without end."""
    h5py = pytest.importorskip("h5py", reason="h5py reads HDF5")
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("claims", shape=(10**12,), dtype="f4", chunks=(1000,))
        file.create_dataset("good", data=np.ones(3, np.float32))
    rebuild = torch_module(monkeypatch)
    raw = io.BytesIO()

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: object) -> object:
            return obj if isinstance(obj, tuple) and obj[:1] == ("storage",) else None

    storage = ("storage", None, "0", "cpu", 4)
    tensors = {"claims": (10**6, 10**6), "good": (3,)}
    Pickler(raw, protocol=2).dump(
        {name: Danger(rebuild, storage, 0, shape, (0,) * len(shape), False, None) for name, shape in tensors.items()}
    )
    (tmp_path / "x.pt").write_bytes(archive(raw.getvalue().replace(b"N", b"ctorch\nFloatStorage\n", 1)))

    for file in (path, tmp_path / "x.pt"):
        model, values = with_values(scopeview.load(file))
        assert "larger than its file can hold" in " ".join(model.notes)
        assert [sum(map(len, values.blocks(variable))) for variable in model.variables] == [0, 3]


@pytest.mark.parametrize("name", ["small.tflite", "small.onnx", "tfjs"])
def test_every_question_takes_the_samples(tmp_path: Path, scopeview: Run, name: str) -> None:
    path, copy = WEIGHTS / name, tmp_path / "x.npz"

    first = json.loads(scopeview("values", path, "--json").out)["variables"][0]["variable"]
    found = scopeview("find", path, first)
    done = scopeview("convert", path, "--to", copy, "--drop", "small")  # int4, which npz has not

    assert (found.code, done.code, done.err) == (0, 0, "")
    manifest = json.loads((tmp_path / "x.npz.manifest.json").read_text())["tensors"]
    notes = {one["note"].split()[0].rstrip(":") for one in manifest.values() if "note" in one}
    assert notes == {"small.tflite": {"quantized"}, "small.onnx": set(), "tfjs": {"stored"}}[name]
    assert scopeview("inspect", path).code == scopeview("diff", path, path, "--values").code == 0
    kept = {key: array for key, array in arrays(path).items() if key != "small"}
    assert_equal(arrays(copy), kept)


@pytest.mark.parametrize("target", ["x.npz", "x.safetensors", "x.weights.h5"])
def test_a_dtype_that_a_format_lacks_is_refused_before_anything_is_left(
    tmp_path: Path, scopeview: Run, target: str
) -> None:
    done = scopeview("convert", WEIGHTS / "small.onnx", "--to", tmp_path / target)

    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "no dtype int4, which small has; leave it out with --drop" in done.err
    assert not list(tmp_path.iterdir())
