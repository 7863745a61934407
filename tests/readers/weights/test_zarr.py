"""Zarr and Orbax: arrays are those that tensorstore and Orbax give; metadata that cannot be right is not acted on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scopeview
from scopeview.errors import ScopeviewError
from scopeview.readers import with_values
from scopeview.readers.fence import fenced
from tests.readers.weights.test_weights import Arrays, arrays, assert_equal

tensorstore: Any = pytest.importorskip("tensorstore", reason="tensorstore reads Zarr; the extra orbax brings it")

pytestmark = pytest.mark.frameworks

KERNEL = np.arange(35, dtype=np.float32).reshape(7, 5)


def write(folder: Path, made: Arrays, version: int = 2, **options: Any) -> Path:
    for name, array in made.items():
        spec = {
            "driver": f"zarr{'' if version == 2 else 3}",
            "kvstore": {"driver": "file", "path": f"{folder / name}/"},
        }
        chunks = [max(1, -(-size // 2)) for size in array.shape]
        layout = {"chunks": chunks, **options}
        if version == 3:
            layout = {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}}, **options}
        opened = tensorstore.open(
            {**spec, "metadata": layout}, create=True, dtype=array.dtype.name, shape=array.shape
        ).result()
        opened.write(array).result()
    return folder


MADE = {
    "net/dense/kernel": KERNEL,
    "net/dense/bias": np.arange(5.0),
    "step": np.array(7),
    "flags": np.array([True, False, True]),
    "net/empty": np.zeros((0, 3), np.float16),
}


@pytest.mark.parametrize("version", [2, 3])
def test_every_array_of_a_folder_is_read(tmp_path: Path, version: int) -> None:
    write(tmp_path, MADE, version)
    known = {".zgroup": {"zarr_format": 2}} if version == 2 else {"zarr.json": {"zarr_format": 3, "node_type": "group"}}
    for name, content in known.items():
        (tmp_path / name).write_text(json.dumps(content))

    read = scopeview.load(tmp_path)

    assert read.origin.format == "checkpoint_zarr"
    assert {variable.name for variable in read.variables} == set(MADE)
    assert_equal(arrays(tmp_path), MADE)
    with fenced([tmp_path]):  # then tensorstore gets bytes and no path
        assert_equal(arrays(tmp_path), MADE)


def test_an_array_alone_has_the_name_of_its_folder(tmp_path: Path) -> None:
    write(tmp_path, {"kernel": KERNEL})

    assert_equal(arrays(tmp_path / "kernel"), {"kernel": KERNEL})


@pytest.mark.parametrize("options", [{"compressor": {"id": "zlib", "level": 3}}, {"order": "F"}, {"compressor": None}])
def test_chunks_in_other_forms(tmp_path: Path, options: dict[str, Any]) -> None:
    write(tmp_path, {"kernel": KERNEL}, 2, **options)

    np.testing.assert_array_equal(arrays(tmp_path / "kernel")["kernel"], KERNEL)


def test_what_lies_outside_of_a_fence_is_not_copied(tmp_path: Path) -> None:
    served, secret = tmp_path / "served", tmp_path / "secret"
    write(secret, {"kernel": KERNEL})
    write(served, {"kernel": np.ones_like(KERNEL)})
    for chunk in ("0.0", "0.1", "1.0", "1.1"):
        (served / "kernel" / chunk).unlink()
        (served / "kernel" / chunk).symlink_to(secret / "kernel" / chunk)

    with fenced([served]):
        assert not arrays(served / "kernel")["kernel"].any()
    np.testing.assert_array_equal(arrays(served / "kernel")["kernel"], KERNEL)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"shape": [2**40, 5]}, "larger than its folder can hold"),
        ({"shape": [2**47, 2**47]}, "larger than its folder can hold"),
        ({"chunks": [2**40, 5]}, "larger than its folder can hold"),
        ({"shape": [-1, 5]}, "its shape cannot be right"),
        ({"shape": [1] * 100}, "its shape cannot be right"),
        ({"shape": "x"}, "its shape cannot be right"),
        ({"shape": [7]}, "its chunks have other axes"),
        ({"dtype": [["a", "<f4"]]}, "its dtype is none of numbers"),
        ({"dtype": "|O"}, "its dtype is none of numbers"),
        ({"dtype": "<x9"}, "its dtype is none of numbers"),
        ({"chunks": None}, "its shape cannot be right"),
    ],
)
def test_metadata_that_cannot_be_right_is_noted(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    write(tmp_path, {"w": KERNEL, "good": KERNEL})
    (tmp_path / ".zgroup").write_text('{"zarr_format": 2}')
    path = tmp_path / "w" / ".zarray"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))

    read = scopeview.load(tmp_path)

    assert said in " ".join(read.notes)
    values = with_values(read)[1]
    assert not any(list(values.blocks(one)) for one in read.variables if one.name == "w")
    np.testing.assert_array_equal(np.concatenate([*values.blocks(read.variables[0])]), KERNEL.ravel())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"shape": 3}', "[" * 100_000, '{"zarr_format": 2}'])
def test_damage_is_a_sentence(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"w": KERNEL})
    (tmp_path / ".zgroup").write_text('{"zarr_format": 2}')
    (tmp_path / "w" / ".zarray").write_text(text)

    with pytest.raises(ScopeviewError, match="holds no array of Zarr"):
        scopeview.load(tmp_path)


def test_a_chunk_that_is_damaged_has_no_values(tmp_path: Path) -> None:
    write(tmp_path, {"w": KERNEL})
    (tmp_path / "w" / "0.0").write_bytes(b"\xff" * 30)
    read = scopeview.load(tmp_path / "w")

    assert list(with_values(read)[1].blocks(read.variables[0])) == []


def test_a_folder_without_a_store_says_what_it_lacks(tmp_path: Path) -> None:
    (tmp_path / "manifest.ocdbt").write_bytes(b"\x0c\xdb\x3a\x2a" + bytes(40))

    with pytest.raises(ScopeviewError, match="a store of Orbax that cannot be read"):
        scopeview.load(tmp_path)


def test_without_tensorstore_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"w": KERNEL})
    monkeypatch.setitem(sys.modules, "tensorstore", None)

    with pytest.raises(ScopeviewError, match=r"pip install 'scopeview\[orbax\]'"):
        scopeview.load(tmp_path / "w")


SAVE = """
import sys, numpy as np, jax.numpy as jnp, orbax.checkpoint as ocp
folder = sys.argv[1]
rng = np.random.default_rng(4)
tree = {
    "params": {f"layers_{n}": {"kernel": jnp.asarray(rng.normal(size=(4, 6)), jnp.float32)} for n in range(3)},
    "half": jnp.arange(5, dtype=jnp.bfloat16),
    "opt": [jnp.zeros(3), {"mu": jnp.full((2, 2), 2.0)}],
    "step": np.int32(7),
}
with ocp.StandardCheckpointer() as saver:
    saver.save(f"{folder}/standard", tree)
ocp.PyTreeCheckpointer(use_ocdbt=False).save(f"{folder}/plain", tree)
ocp.PyTreeCheckpointer(use_ocdbt=True, use_zarr3=True).save(f"{folder}/zarr3", tree)
with ocp.CheckpointManager(f"{folder}/run") as manager:
    manager.save(3, args=ocp.args.StandardSave(tree))
with ocp.StandardCheckpointer() as saver:
    read = saver.restore(f"{folder}/standard")
flat = {f"params.layers_{n}.kernel": read["params"][f"layers_{n}"]["kernel"] for n in range(3)}
flat |= {"half": read["half"].astype("float32"), "step": read["step"]}
flat |= {"opt.0": read["opt"][0], "opt.1.mu": read["opt"][1]["mu"]}
np.savez(f"{folder}/expected.npz", **{name: np.asarray(array) for name, array in flat.items()})
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints that Orbax wrote, in a process of its own: JAX and TensorFlow share no process here."""
    pytest.importorskip("orbax.checkpoint", reason="Orbax writes the checkpoints; the extra frameworks brings it")
    folder = tmp_path_factory.mktemp("orbax")
    done = subprocess.run([sys.executable, "-c", SAVE, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.filterwarnings("ignore")  # of what Orbax imports
@pytest.mark.parametrize("name", ["standard", "plain", "zarr3", "run/3"])
def test_orbax_restores_the_same_values(saved: Path, name: str) -> None:
    expected = dict(np.load(saved / "expected.npz"))

    assert_equal(arrays(saved / name), expected)
    with fenced([saved]):
        assert_equal(arrays(saved / name), expected)
    assert "params/layers_1/kernel" in {variable.name for variable in scopeview.load(saved / name).variables}


@pytest.mark.filterwarnings("ignore")
def test_a_run_of_orbax_names_its_steps(saved: Path) -> None:
    with pytest.raises(ScopeviewError, match="below it are: 3"):
        scopeview.load(saved / "run")


@pytest.mark.filterwarnings("ignore")
def test_a_store_that_lacks_its_data_is_a_sentence(saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved / "standard", tmp_path / "x")
    for file in (tmp_path / "x" / "d").iterdir():
        raw = file.read_bytes()
        file.write_bytes(raw[: len(raw) // 2])
    for file in (tmp_path / "x").glob("ocdbt.process_0/d/*"):
        file.unlink()
    try:
        read = scopeview.load(tmp_path / "x")
    except ScopeviewError as error:
        assert "\n" not in str(error)
    else:
        values = with_values(read)[1]
        for variable in read.variables:
            list(values.blocks(variable))
