"""Weight norm on one side, folded kernels on the other: the one becomes the other, by names and by values."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.analysis.test_loaders import emitted, npz, run, tf
from tests.cli.running import Run
from tests.test_between_frameworks import run_apart
from tests.writers.test_convert import Arrays

STYLES = {
    "torch": ("{at}.weight_g", "{at}.weight_v", "{at}.bias"),
    "parametrized": (
        "{at}.parametrizations.weight.original0",
        "{at}.parametrizations.weight.original1",
        "{at}.bias",
    ),
    "tensorflow": ("{at}/g", "{at}/v", "{at}/b"),
}


def folded(magnitude: Any, direction: Any) -> Any:
    """Return the kernel as PyTorch defines it, in 64 bits."""
    over = tuple(axis for axis, size in enumerate(magnitude.shape) if size == 1 or size != direction.shape[axis])
    length = np.sqrt((direction.astype(np.float64) ** 2).sum(over, keepdims=True))
    return (direction * (magnitude / length)).astype(np.float32)


def sides(style: str, depth: int, seed: int, names: str) -> tuple[Arrays, Arrays]:
    """Return convolutions and a dense layer with weight norm, and their kernels as Keras has them."""
    rng = np.random.default_rng(seed)
    normed: Arrays = {}
    plain: Arrays = {}
    layers: list[tuple[str, str, tuple[int, ...]]] = [
        (f"net.{i}.conv", f"{names}/block_{i}/conv", (6 + i, 4, 3)) for i in range(depth)
    ]
    layers += [("net.dense", f"{names}/dense", (8, 9)), ("net.out", f"{names}/out", (1, 5, 7))]
    for at, other, shape in layers:
        direction = rng.normal(size=shape).astype(np.float32)
        magnitude = rng.random((shape[0], *[1] * (len(shape) - 1))).astype(np.float32) + 0.5
        bias = rng.normal(size=shape[0]).astype(np.float32)
        plain |= {f"{other}/kernel": folded(magnitude, direction).transpose(), f"{other}/bias": bias}
        held = magnitude, direction, bias
        if style == "tensorflow":
            at, held = at.replace(".", "/"), (magnitude.ravel(), direction.transpose(), bias)
        normed |= {name.format(at=at): array for name, array in zip(STYLES[style], held, strict=True)}
    return normed, plain


def assert_near(found: Arrays, wanted: Arrays) -> None:
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        np.testing.assert_allclose(found[name], array, 1e-6, 1e-6, err_msg=name)


def read(path: Path) -> Arrays:
    return dict(np.load(path))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("by", ["names", "values"])
def test_weight_norm_is_folded_and_unfolded(tmp_path: Path, scopeview: Run, style: str, by: str) -> None:
    normed, plain = sides(style, 3, len(style), "net" if by == "names" else "other")
    a, b = npz(tmp_path / "a.npz", normed), npz(tmp_path / "b.npz", plain)
    options = ["--values"] if by == "values" else []

    forth = scopeview("convert", a, "--like", b, "--to", tmp_path / "forth.npz", *options)
    back = scopeview("convert", b, "--like", a, "--to", tmp_path / "back.npz", *options)

    assert (forth.code, back.code) == (0, 0), (forth.err, back.err)
    assert_near(read(tmp_path / "forth.npz"), plain)
    again = read(tmp_path / "back.npz")
    assert {name: array.shape for name, array in again.items()} == {name: array.shape for name, array in normed.items()}
    kernels = [array for name, array in plain.items() if name.endswith("/kernel")]
    directions = [array for name, array in again.items() if name.endswith(("_v", "original1", "/v"))]
    for kernel, direction in zip(kernels, directions, strict=True):
        np.testing.assert_array_equal(direction, kernel if style == "tensorflow" else kernel.transpose())
    lengths = [array for name, array in again.items() if name.endswith(("_g", "original0", "/g"))]
    for kernel, length in zip(kernels, lengths, strict=True):
        over = tuple(range(kernel.ndim - 1))
        np.testing.assert_allclose(length.ravel(), np.sqrt((kernel.astype(np.float64) ** 2).sum(over)), 1e-6)


def test_the_diff_says_it_and_its_loader_folds(tmp_path: Path, scopeview: Run) -> None:
    normed, plain = sides("torch", 2, 5, "net")
    a, b = npz(tmp_path / "a.npz", normed), npz(tmp_path / "b.npz", plain)
    module: Any = tf.Module()
    module.held = [tf.Variable(np.zeros_like(array), name=name) for name, array in plain.items()]

    shown = {e["b"]: e["evidence"] for e in json.loads(scopeview("diff", a, b, "--json").out)["entries"] if e["b"]}
    new = run(emitted(scopeview, a, b, "tf2"), module, str(a))

    assert "weight norm, folded from net/0/conv/weight_v" in shown["net/block_0/conv/kernel"]
    assert new == []
    assert_near({variable.name.partition(":")[0]: variable.numpy() for variable in module.held}, plain)


def test_a_direction_is_never_proposed_as_a_kernel(tmp_path: Path, scopeview: Run) -> None:
    normed, plain = sides("torch", 1, 6, "net")
    done = scopeview("diff", npz(tmp_path / "a.npz", normed), npz(tmp_path / "b.npz", plain), "--json")

    assert not [e for e in json.loads(done.out)["entries"] if e["proposal"] and "weight_v" in (e["a"] or "")]


NETS = """
import sys, warnings, numpy as np, torch
from torch.nn import Conv1d, Conv2d, ConvTranspose1d, Linear, Module, utils
warnings.filterwarnings("ignore")
folder, step = sys.argv[1], sys.argv[2]
class Net(Module):
    def __init__(self, norm):
        super().__init__()
        self.first, self.second = norm(Conv1d(3, 6, 3)), norm(Conv1d(6, 6, 3))
        self.up, self.last, self.out = norm(ConvTranspose1d(6, 4, 2)), norm(Conv1d(4, 1, 1)), norm(Linear(8, 5))
    def forward(self, x):
        return self.out(torch.tanh(self.last(self.up(torch.tanh(self.second(torch.tanh(self.first(x))))))))
KINDS = {"old": utils.weight_norm, "new": utils.parametrizations.weight_norm, "plain": lambda layer: layer}
x = torch.from_numpy(np.random.default_rng(1).normal(size=(2, 3, 11)).astype("float32"))
def outputs(net):
    with torch.no_grad():
        return net(x).numpy()
if step == "make":
    for seed, (kind, norm) in enumerate(KINDS.items()):
        torch.manual_seed(seed)
        net = Net(norm)
        for parameter in net.parameters():
            parameter.data.normal_()
        torch.save(net.state_dict(), f"{folder}/{kind}.pt")
        np.savez(f"{folder}/{kind}_expected.npz", outputs=outputs(net))
else:
    source, target = step.split(",")
    state = {k: torch.from_numpy(v) for k, v in np.load(f"{folder}/{source}_as_{target}.npz").items()}
    for load in ("convert", "loader"):
        net = Net(KINDS[target])
        if load == "convert":
            net.load_state_dict(state)
        else:
            names = {}
            exec(open(f"{folder}/{source}_as_{target}.py").read(), names)
            assert names["load"](net, f"{folder}/{source}.pt") == []
        expected = np.load(f"{folder}/{source}_expected.npz")["outputs"]
        assert np.allclose(outputs(net), expected, atol=1e-5), (load, abs(outputs(net) - expected).max())
"""


@pytest.mark.frameworks
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch has the layers")
def test_networks_of_pytorch_compute_the_same_with_and_without(tmp_path: Path, scopeview: Run) -> None:
    run_apart(NETS, tmp_path, "make")
    for source, target in (("old", "plain"), ("new", "plain"), ("plain", "old"), ("plain", "new"), ("old", "new")):
        a, b, made = tmp_path / f"{source}.pt", tmp_path / f"{target}.pt", tmp_path / f"{source}_as_{target}"

        done = scopeview("convert", a, "--like", b, "--to", made.with_suffix(".npz"))
        made.with_suffix(".py").write_text(emitted(scopeview, a, b, "torch"))

        assert done.code == 0, done.err
        run_apart(NETS, tmp_path, f"{source},{target}")
