"""The frameworks themselves write random weights and read them back: scopeview reads the same."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from tests.readers.weights.test_weights import arrays, assert_equal
from tests.test_between_frameworks import run_apart

pytestmark = pytest.mark.frameworks


def needs(name: str) -> pytest.MarkDecorator:
    is_missing = importlib.util.find_spec(name) is None
    return pytest.mark.skipif(is_missing, reason=f"{name} is not installed; the extra frameworks brings it")


TORCH = """
import sys, numpy as np, torch
folder, seed = sys.argv[1], int(sys.argv[2])
torch.manual_seed(seed)
layers = [torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.LSTM(5, 6, 2, bidirectional=True)]
model = torch.nn.Sequential(*layers, torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(seed + 2, 7)))
state = dict(model.state_dict())
state["shared"] = state["0.weight"][1:3]
state["turned"] = state["2.weight_ih_l0"].t()
state["stepped"] = torch.arange(40).reshape(4, 10)[:, 1::3]
for dtype in (torch.half, torch.bfloat16, torch.int8, torch.uint8, torch.bool, torch.int64, torch.complex64):
    state[f"of.{str(dtype)[6:]}"] = (torch.randn(3, 2) * 9).to(dtype)
torch.save(state, f"{folder}/new.pt")
torch.save(state, f"{folder}/old.pt", _use_new_zipfile_serialization=False)
read = torch.load(f"{folder}/new.pt", weights_only=True)
wide = {name: tensor.float() if tensor.dtype == torch.bfloat16 else tensor for name, tensor in read.items()}
np.savez(f"{folder}/expected.npz", **{name: tensor.numpy() for name, tensor in wide.items()})
"""


@needs("torch")
@pytest.mark.parametrize("seed", [0, 5])
def test_pytorch(tmp_path: Path, seed: int) -> None:
    run_apart(TORCH, tmp_path, seed)

    for name in ("new.pt", "old.pt"):
        assert_equal(arrays(tmp_path / name), dict(np.load(tmp_path / "expected.npz")))


SAFETENSORS = """
import sys, numpy as np, ml_dtypes
from safetensors.numpy import load_file, save_file
folder, rng = sys.argv[1], np.random.default_rng(int(sys.argv[2]))
names = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool", "bfloat16")
made = {f"of.{n}": (rng.normal(size=(3, 4)) * 9).astype(getattr(ml_dtypes, n, n)) for n in names}
save_file({**made, "empty": np.zeros((0, 3))}, f"{folder}/x.safetensors", {"format": "np"})
read = load_file(f"{folder}/x.safetensors")
np.savez(f"{folder}/expected.npz", **{n: a.astype("float32") if n.endswith("bfloat16") else a for n, a in read.items()})
"""


@needs("safetensors")
@pytest.mark.parametrize("seed", [1, 2])
def test_safetensors(tmp_path: Path, seed: int) -> None:
    run_apart(SAFETENSORS, tmp_path, seed)

    assert_equal(arrays(tmp_path / "x.safetensors"), dict(np.load(tmp_path / "expected.npz")))


ONNX_OF_TORCH = """
import sys, numpy as np, torch, onnx
folder = sys.argv[1]
torch.manual_seed(3)
model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(4 * 36, 5))
torch.onnx.export(model.eval(), (torch.randn(1, 3, 8, 8),), f"{folder}/x.onnx", dynamo=False)
read = {one.name: onnx.numpy_helper.to_array(one) for one in onnx.load(f"{folder}/x.onnx").graph.initializer}
np.savez(f"{folder}/expected.npz", **read)
"""


@needs("onnx")
@needs("torch")
def test_onnx_as_pytorch_exports_it(tmp_path: Path) -> None:
    run_apart(ONNX_OF_TORCH, tmp_path)

    found = arrays(tmp_path / "x.onnx")

    assert "3.weight" in found
    assert_equal(found, dict(np.load(tmp_path / "expected.npz")))
