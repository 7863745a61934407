"""TensorFlow.js: the weights of a manifest are those that the package tensorflowjs reads."""

from __future__ import annotations

import importlib.util
import json
import struct
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scopeview
from scopeview.errors import ScopeviewError
from scopeview.readers import with_values
from tests.readers.weights.test_weights import Arrays, arrays, assert_equal

KERNEL = np.arange(6, dtype=np.float32).reshape(2, 3)


def weight(name: str, array: np.ndarray[Any, Any], **more: object) -> dict[str, Any]:
    return {"name": name, "shape": list(array.shape), "dtype": array.dtype.name, **more}


def write(folder: Path, groups: Sequence[Mapping[str, Any]], **files: bytes) -> Path:
    for name, raw in files.items():
        (folder / f"{name}.bin").write_bytes(raw)
    path = folder / "model.json"
    topology = {"model_config": {"name": "model", "filler": "x" * 70_000}}
    content = {"format": "layers-model", "generatedBy": "keras v2.15", "modelTopology": topology}
    path.write_text(json.dumps({**content, "weightsManifest": groups}))
    return path


def test_weights_lie_across_files_and_groups(tmp_path: Path) -> None:
    bias, steps = np.arange(3, dtype=np.float32), np.array([7, -7], np.int32)
    raw = KERNEL.tobytes() + bias.tobytes()
    groups = [
        {"paths": ["a.bin", "b.bin"], "weights": [weight("dense/kernel", KERNEL), weight("dense/bias", bias)]},
        {"paths": ["c.bin"], "weights": [weight("step", steps), weight("flag", np.array(True))]},
    ]
    path = write(tmp_path, groups, a=raw[:13], b=raw[13:], c=steps.tobytes() + b"\x01")

    read = scopeview.load(tmp_path)

    assert (read.origin.format, read.origin.details["format"]) == ("checkpoint_tfjs", "layers-model")
    assert sorted(variable.name for variable in read.variables) == ["dense/bias", "dense/kernel", "flag", "step"]
    assert_equal(arrays(path), {"dense/kernel": KERNEL, "dense/bias": bias, "step": steps, "flag": np.array(True)})


def test_the_older_manifest_is_a_list(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(KERNEL.tobytes())
    path = tmp_path / "weights_manifest.json"
    path.write_text(json.dumps([{"paths": ["a.bin"], "weights": [weight("w", KERNEL)]}]))

    assert_equal(arrays(path), {"w": KERNEL})


def test_quantized_weights_are_what_the_numbers_stand_for(tmp_path: Path) -> None:
    numbers = np.array([0, 128, 255], np.uint8)
    affine = {"dtype": "uint8", "scale": 0.5, "min": -3}
    weights = [
        weight("affine", np.zeros(3, np.float32), quantization=affine),
        weight("whole", np.zeros(3, np.int32), quantization=affine),
        weight("half", np.zeros(3, np.float32), quantization={"dtype": "float16"}),
    ]
    half = np.array([0.5, 1.5, -2], np.float16)
    raw = numbers.tobytes() * 2 + half.tobytes()
    path = write(tmp_path, [{"paths": ["a.bin"], "weights": weights}], a=raw)

    found = arrays(path)

    assert {name: array.dtype.name for name, array in found.items()} == {
        "affine": "float32",
        "whole": "int32",
        "half": "float32",
    }
    np.testing.assert_array_equal(found["affine"], [-3, 61, 124.5])
    np.testing.assert_array_equal(found["whole"], [-3, 61, 124])
    np.testing.assert_array_equal(found["half"], half)
    assert "stored as uint8: scale 0.5, min -3" in next(v.note for v in scopeview.load(path).variables)


def test_strings_are_stepped_over(tmp_path: Path) -> None:
    texts = b"".join(struct.pack("<I", len(text)) + text for text in (b"", b"word", b"\xff" * 70))
    entry = {"name": "vocabulary", "shape": [3], "dtype": "string"}
    group = {"paths": ["a.bin"], "weights": [entry, weight("w", KERNEL)]}
    path = write(tmp_path, [group], a=texts + KERNEL.tobytes())

    np.testing.assert_array_equal(arrays_of(scopeview.load(path))["w"], KERNEL.ravel())
    assert {variable.dtype for variable in scopeview.load(path).variables} == {"string", "float32"}


GOOD = weight("good", KERNEL)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"name": "w", "shape": [2**60], "dtype": "float32"}, "no name, shape or dtype that can be right"),
        ({"name": "w", "shape": [-1], "dtype": "float32"}, "no name, shape or dtype that can be right"),
        ({"name": "w", "shape": [True], "dtype": "float32"}, "no name, shape or dtype that can be right"),
        ({"name": "w", "shape": [1] * 300, "dtype": "float32"}, "no name, shape or dtype that can be right"),
        ({"name": "w", "shape": [2], "dtype": []}, "no name, shape or dtype that can be right"),
        ({"name": 3, "shape": [2], "dtype": "float32"}, "no name, shape or dtype that can be right"),
        ([], "no name, shape or dtype that can be right"),
        ({"name": "w", "shape": [2**40], "dtype": "float32"}, "end before the values of 'w'"),
        ({"name": "w", "shape": [2**47, 2**47], "dtype": "float32"}, "end before the values of 'w'"),
        ({"name": "w", "shape": [2**40], "dtype": "string"}, "end before the values of 'w'"),
        (weight("w", KERNEL, quantization={"dtype": "uint8"}), "quantized in a way that is not known"),
        (weight("w", KERNEL, quantization={"dtype": "uint8", "scale": 1e999, "min": 0}), "quantized in a way"),
        (weight("w", KERNEL, quantization={"dtype": "int4"}), "quantized in a way that is not known"),
        (weight("w", KERNEL, quantization=[1]), "quantized in a way that is not known"),
    ],
)
def test_an_entry_that_cannot_be_right_is_noted(tmp_path: Path, entry: Any, said: str) -> None:
    group = {"paths": ["a.bin"], "weights": [GOOD, entry]}
    path = write(tmp_path, [group], a=KERNEL.tobytes() * 2)

    read = scopeview.load(path)

    assert said in " ".join(read.notes)
    np.testing.assert_array_equal(arrays_of(read)["good"], KERNEL.ravel())


def arrays_of(read: scopeview.Model) -> Arrays:
    values = with_values(read)[1]
    blocks = {variable.name: list(values.blocks(variable)) for variable in read.variables}
    return {name: np.concatenate(pieces) if pieces else np.zeros(0) for name, pieces in blocks.items()}


@pytest.mark.parametrize(
    "name", ["../secret.bin", "/etc/hosts", "", 3, "a/../../secret.bin", "C:\\x", "x" * 5000, "\ud800"]
)
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: Any) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(KERNEL.tobytes())
    read = scopeview.load(write(folder, [{"paths": [name], "weights": [GOOD]}]))

    assert "is no name that a manifest may have" in " ".join(read.notes)
    assert not len(arrays_of(read)["good"])


def test_a_file_that_is_missing_or_short_is_said(tmp_path: Path) -> None:
    read = scopeview.load(write(tmp_path, [{"paths": ["a.bin", "gone.bin"], "weights": [GOOD]}], a=bytes(9)))

    assert "'gone.bin' is missing beside the manifest" in read.notes[0]
    assert "end before the values of 'good'" in read.notes[1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"modelTopology": {}}', "without a weightsManifest"),
        ('{"modelTopology": {}, "weightsManifest": []}', "names no weights"),
        ('{"modelTopology": {}, "weightsManifest": [3, {"weights": 3}]}', "names no weights"),
        ('{"modelTopology": {}, "weightsManifest": ', "cannot be read"),
        ('{"modelTopology": ' + "[" * 100_000, "cannot be read"),
    ],
)
def test_what_is_no_manifest_is_refused_in_a_sentence(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(content)

    with pytest.raises(ScopeviewError, match=said):
        scopeview.load(path)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The package tensorflowjs without its converters, which need the libraries of all that they convert."""
    spec = importlib.util.find_spec("tensorflowjs")
    if spec is None or spec.submodule_search_locations is None:
        pytest.skip("tensorflowjs writes and reads the weights; install it without its dependencies")
    pytest.importorskip("tensorflow", reason="tensorflowjs asks for TensorFlow")
    bare: Any = types.ModuleType("tensorflowjs")
    bare.__path__ = list(spec.submodule_search_locations)
    monkeypatch.setitem(sys.modules, "tensorflowjs", bare)
    for name in ("quantization", "read_weights", "write_weights"):
        setattr(bare, name, importlib.import_module(f"tensorflowjs.{name}"))
    return bare


@pytest.mark.frameworks
@pytest.mark.filterwarnings("ignore")  # of what the package asks of numpy
@pytest.mark.parametrize("stored", ["", "uint8", "uint16", "float16"])
def test_the_package_tensorflowjs_reads_the_same_weights(tmp_path: Path, package: Any, stored: str) -> None:
    rng = np.random.default_rng(2)
    made = {
        "net/kernel": rng.normal(size=(30, 40)).astype(np.float32),
        "net/same": np.full(7, 0.25, np.float32),
        "net/empty": np.zeros((0, 3), np.float32),
        "net/counts": rng.integers(-9, 9, 11).astype(np.int32),
        "net/words": np.array([b"a", b"", b"word"], object),
        "net/flags": np.array([True, False]),
        "net/scalar": np.array(2.5, np.float32),
    }
    group = [{"name": name, "data": array} for name, array in made.items()]
    quantization = {stored: ["net/kernel", "net/same"]} if stored else None
    manifest = package.write_weights.write_weights(
        [group], str(tmp_path), shard_size_bytes=1000, write_manifest=True, quantization_dtype_map=quantization
    )
    expected = package.read_weights.read_weights(manifest, str(tmp_path), flatten=True)

    read = scopeview.load(tmp_path / "weights_manifest.json")
    found = arrays_of(read)
    shapes = {variable.name: variable.shape for variable in read.variables}

    assert len(list(tmp_path.glob("*.bin"))) > 1
    assert found.keys() == {one["name"] for one in expected}
    for one in expected:
        array = one["data"]
        if array.dtype != object:
            assert shapes[one["name"]] == array.shape
            assert found[one["name"]].dtype == array.dtype or not array.size
            np.testing.assert_array_equal(found[one["name"]], array.ravel())
