"""Models of the libraries themselves: weights go from TensorFlow to PyTorch and back, and the outputs are equal."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.analysis.test_joined import Nested
from tests.analysis.test_loaders import emitted, run
from tests.analysis.test_value_proof import npz
from tests.cli.running import Run
from tests.writers.test_convert import Arrays, assert_equal, by_tensorflow, write

SIZES = [
    {"hidden_size": 16, "num_hidden_layers": 3, "intermediate_size": 32, "max_position_embeddings": 24},
    {"hidden_size": 8, "num_hidden_layers": 2, "intermediate_size": 8, "max_position_embeddings": 8},  # all is square
]


MAKE = """
import json, sys, numpy as np, torch, transformers
folder, sizes = sys.argv[1], json.loads(sys.argv[2])
torch.manual_seed(sizes["hidden_size"])
config = transformers.BertConfig(vocab_size=61, num_attention_heads=2, **sizes)
model, other = (transformers.BertModel(config).eval() for _ in range(2))
for parameter in model.parameters():
    parameter.data.normal_()
other.save_pretrained(f"{folder}/hf")
np.savez(f"{folder}/state.npz", **{name: tensor.numpy() for name, tensor in model.state_dict().items()})
tokens = torch.randint(0, 61, (2, 7))
with torch.no_grad():
    np.savez(f"{folder}/expected.npz", tokens=tokens, outputs=model(tokens).last_hidden_state)
"""
LOAD = """
import sys, numpy as np, torch, transformers
folder = sys.argv[1]
model, problems = transformers.BertModel.from_pretrained(f"{folder}/hf", output_loading_info=True)
assert not any(problems.values()), problems
expected = np.load(f"{folder}/expected.npz")
with torch.no_grad():
    outputs = model.eval()(torch.from_numpy(expected["tokens"])).last_hidden_state
assert np.array_equal(outputs.numpy(), expected["outputs"])
"""


def run_apart(code: str, *arguments: object) -> None:
    """Run PyTorch in a process of its own: with TensorFlow in one process, the libraries below both may crash."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def bert_of_tensorflow_1(state: Arrays) -> Arrays:
    """Return the weights of a BertModel as Google's TensorFlow 1 code names and lays them out, with Adam's slots."""
    found: Arrays = {}
    for key, array in state.items():
        *scopes, leaf = re.sub(r"layer\.(\d+)", r"layer_\1", key).split(".")
        if scopes[-1] == "LayerNorm":
            leaf = {"weight": "gamma", "bias": "beta"}[leaf]
        elif scopes[-1].endswith("_embeddings"):
            found[f"bert/{'/'.join(scopes)}"] = array
            continue
        elif leaf == "weight":
            leaf, array = "kernel", array.T
        found[f"bert/{'/'.join(scopes)}/{leaf}"] = array
    for name, array in list(found.items()):
        for slot in ("adam_m", "adam_v"):
            found[f"{name}/{slot}"] = np.full_like(array, 0.25)
    return {name: np.ascontiguousarray(array) for name, array in found.items()} | {"global_step": np.array(7)}


@pytest.mark.frameworks
@pytest.mark.skipif(importlib.util.find_spec("transformers") is None, reason="transformers has the model")
@pytest.mark.parametrize("sizes", SIZES)
def test_bert_of_tensorflow_1_is_loaded_by_transformers_and_back(
    tmp_path: Path, scopeview: Run, sizes: dict[str, int]
) -> None:
    run_apart(MAKE, tmp_path, json.dumps(sizes))
    weights = bert_of_tensorflow_1(dict(np.load(tmp_path / "state.npz")))
    source = write(tmp_path / "bert.ckpt", weights)

    target = tmp_path / "hf" / "model.safetensors"
    done = scopeview("convert", source, "--to", tmp_path / "new.safetensors", "--like", target, "--drop", "slots")
    assert done.code == 0, done.err
    (tmp_path / "new.safetensors").replace(target)
    run_apart(LOAD, tmp_path)

    done = scopeview("convert", target, "--to", tmp_path / "back.ckpt", "--like", source)
    assert done.code == 0, done.err
    kept = {name: array for name, array in weights.items() if "adam_" not in name and name != "global_step"}
    assert_equal(by_tensorflow(tmp_path / "back.ckpt"), kept)


def resnet_names() -> list[tuple[str, str, str, tuple[int, ...]]]:
    """Return the layers of ResNet-50 as slim, Keras and torchvision call them, and the shapes of their kernels."""
    found: list[tuple[str, str, str, tuple[int, ...]]] = [("conv1", "conv1", "conv1", (7, 7, 3, 4))]
    for block, units in enumerate((3, 4, 6, 3), start=1):
        width = 2**block
        for unit in range(1, units + 1):
            slim = f"block{block}/unit_{unit}/bottleneck_v1"
            keras, torch = f"conv{block + 1}_block{unit}", f"layer{block}.{unit - 1}"
            rows = 4 * width if unit > 1 else 4 if block == 1 else 2 * width
            if unit == 1:
                found.append((f"{slim}/shortcut", f"{keras}_0", f"{torch}.downsample", (1, 1, rows, 4 * width)))
            for number, shape in enumerate(
                ((1, 1, rows, width), (3, 3, width, width), (1, 1, width, 4 * width)), start=1
            ):
                found.append((f"{slim}/conv{number}", f"{keras}_{number}", f"{torch}.conv{number}", shape))
    return found


def resnets(seed: int) -> tuple[Arrays, Arrays, Arrays]:
    """Return the weights of one ResNet-50 of small width in three code bases."""
    rng = np.random.default_rng(seed)
    slim: Arrays = {}
    keras: Arrays = {}
    torch: Arrays = {}
    for of_slim, of_keras, of_torch, shape in resnet_names():
        kernel = rng.normal(size=shape).astype(np.float32)
        is_shortcut = of_torch.endswith("downsample")
        slim[f"resnet_v1_50/{of_slim}/weights"] = keras[f"{of_keras}_conv/kernel"] = kernel
        torch[f"{of_torch}{'.0' if is_shortcut else ''}.weight"] = kernel.transpose(3, 2, 0, 1)
        norm = f"{of_torch}.1" if is_shortcut else re.sub(r"conv(\d)$", r"bn\1", of_torch)
        for ours, theirs in (
            ("gamma", "weight"),
            ("beta", "bias"),
            ("moving_mean", "running_mean"),
            ("moving_variance", "running_var"),
        ):
            array = rng.random(shape[-1]).astype(np.float32)
            slim[f"resnet_v1_50/{of_slim}/BatchNorm/{ours}"] = array
            keras[f"{of_keras}_bn/{ours}"] = array
            torch[f"{norm}.{theirs}"] = array
    kernel, bias = rng.normal(size=(64, 10)).astype(np.float32), rng.random(10).astype(np.float32)
    slim["resnet_v1_50/logits/weights"], slim["resnet_v1_50/logits/biases"] = kernel.reshape(1, 1, 64, 10), bias
    keras["predictions/kernel"], keras["predictions/bias"] = kernel, bias
    torch["fc.weight"], torch["fc.bias"] = kernel.T, bias
    return slim, keras, torch


def test_resnet_goes_from_slim_to_keras_to_torchvision(tmp_path: Path, scopeview: Run) -> None:
    slim, keras, torch = resnets(1)
    npz(tmp_path / "torch.npz", torch)
    other = {name: np.zeros_like(array) for name, array in keras.items()}
    steps = (
        (write(tmp_path / "slim.ckpt", slim), write(tmp_path / "keras.ckpt", other), tmp_path / "as_keras.ckpt"),
        (tmp_path / "as_keras.ckpt", tmp_path / "torch.npz", tmp_path / "as_torch.npz"),
        (tmp_path / "as_torch.npz", tmp_path / "slim.ckpt", tmp_path / "as_slim.ckpt"),
    )
    for source, like, target in steps:
        done = scopeview("convert", source, "--to", target, "--like", like, "--accept", "proposed")
        assert done.code == 0, done.err  # proposed: the head, which all three call otherwise

    assert_equal(by_tensorflow(tmp_path / "as_keras.ckpt"), keras)
    assert_equal(dict(np.load(tmp_path / "as_torch.npz")), dict(np.load(tmp_path / "torch.npz")))
    assert_equal(by_tensorflow(tmp_path / "as_slim.ckpt"), slim)


@pytest.mark.frameworks
@pytest.mark.skipif(importlib.util.find_spec("torchvision") is None, reason="torchvision has the model")
def test_the_names_of_resnet_are_those_of_torchvision(tmp_path: Path) -> None:
    code = "import sys, torchvision; open(sys.argv[1], 'w').write(' '.join(torchvision.models.resnet50().state_dict()))"
    run_apart(code, tmp_path / "names")

    names = {name for name in (tmp_path / "names").read_text().split() if "num_batches" not in name}

    assert names == set(resnets(2)[2])


ATTENTION = """
import os, sys
os.environ["KERAS_BACKEND"] = "torch"
import numpy as np, keras, torch
folder, step, width, heads = sys.argv[1], sys.argv[2], 12, 3
inputs = keras.Input((5, width))
attended = keras.layers.MultiHeadAttention(heads, width // heads, name="attention")(inputs, inputs)
model = keras.Model(inputs, keras.layers.Dense(3, name="out")(attended))
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = torch.nn.MultiheadAttention(width, heads, batch_first=True)
        self.out = torch.nn.Linear(width, 3)
    def forward(self, x):
        return self.out(self.attention(x, x, x)[0])
net, x = Net().eval(), np.random.default_rng(1).normal(size=(2, 5, width)).astype("float32")
def outputs():
    with torch.no_grad():
        return net(torch.from_numpy(x)).numpy()
if step == "make":
    rng = np.random.default_rng(2)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    model.save_weights(f"{folder}/keras.weights.h5")
    torch.save(net.state_dict(), f"{folder}/like.pt")
    np.savez(f"{folder}/expected.npz", outputs=model.predict(x, verbose=0))
else:
    expected = np.load(f"{folder}/expected.npz")["outputs"]
    net.load_state_dict({k: torch.from_numpy(v) for k, v in np.load(f"{folder}/torch.npz").items()})
    assert np.allclose(outputs(), expected, atol=1e-4), abs(outputs() - expected).max()
    names, net = {}, Net().eval()
    exec(open(f"{folder}/load.py").read(), names)
    assert names["load"](net, f"{folder}/keras.weights.h5") == []
    assert np.allclose(outputs(), expected, atol=1e-4)
    model.load_weights(f"{folder}/back.weights.h5")
    assert np.allclose(model.predict(x, verbose=0), expected, atol=1e-4)
"""


@pytest.mark.frameworks
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is the other framework")
def test_attention_of_keras_becomes_that_of_pytorch_and_back(tmp_path: Path, scopeview: Run) -> None:
    run_apart(ATTENTION, tmp_path, "make")
    source, like, made = (tmp_path / name for name in ("keras.weights.h5", "like.pt", "torch.npz"))

    forth = scopeview("convert", source, "--like", like, "--to", made, "--accept", "proposed")
    back = scopeview("convert", made, "--like", source, "--to", tmp_path / "back.weights.h5", "--accept", "proposed")
    code = scopeview("diff", source, like, "--format", "torch", "--accept", "proposed")

    assert (forth.code, back.code) == (0, 0), forth.err + back.err
    (tmp_path / "load.py").write_text(code.out)
    run_apart(ATTENTION, tmp_path, "check")


@pytest.mark.parametrize("prefix", ["", "model_weights/"])
def test_a_loader_finds_the_weights_of_keras_2(tmp_path: Path, scopeview: Run, prefix: str) -> None:
    """Its files put each weight below its layer once more, whether they hold weights alone or a whole model."""
    h5py = pytest.importorskip("h5py", reason="h5py writes the file")
    rng = np.random.default_rng(len(prefix))
    shapes = {"first/kernel": (3, 5), "first/bias": (5,), "second/kernel": (5, 2), "second/bias": (2,)}
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        for name, shape in shapes.items():
            file.create_dataset(f"{prefix}{name.partition('/')[0]}/{name}:0", data=rng.normal(size=shape))
    values = {f"net/{name}": rng.normal(size=shape) for name, shape in shapes.items()}
    source = npz(tmp_path / "a.npz", values)
    model = Nested(shapes)

    code = emitted(scopeview, source, tmp_path / "b.h5", "keras", "--accept", "proposed")

    assert run(code, model, str(source)) == []
    for weight in model.weights:
        np.testing.assert_array_equal(weight.value, values[f"net/{weight.path}"])
