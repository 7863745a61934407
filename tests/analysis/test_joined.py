"""Layers that frameworks write in other parts: weight norm and recurrent layers are matched, joined ones proposed."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from scopeview.analysis.diff.matching.core import match_items
from scopeview.analysis.diff.matching.entries import Item, Result
from scopeview.analysis.diff.matching.joined import JoinedProposal, joined_proposals
from tests.analysis.test_loaders import emitted, npz, run
from tests.cli.running import Run
from tests.writers.test_convert import Arrays

Shapes = Mapping[str, tuple[int, ...]]


def items(side: Shapes) -> list[Item]:
    return [Item(name, shape, "float32") for name, shape in side.items()]


def matched(a: Shapes, b: Shapes) -> tuple[dict[str, str], Result, tuple[JoinedProposal, ...]]:
    result = match_items(items(a), items(b))
    pairs = {match.a: match.b for match in result.matches}
    return pairs, result, joined_proposals(items(a), items(b), pairs)


NORMED = {
    "torch": ("net.{i}.{part}.weight_g", "net.{i}.{part}.weight_v", "net.{i}.{part}.bias"),
    "parametrized": (
        "net.{i}.{part}.parametrizations.weight.original0",
        "net.{i}.{part}.parametrizations.weight.original1",
        "net.{i}.{part}.bias",
    ),
    "tf": ("net/block_{i}/{part}/g", "net/block_{i}/{part}/v", "net/block_{i}/{part}/b"),
    "tf_upper": ("model/net_{i}/{part}/g", "model/net_{i}/{part}/V", "model/net_{i}/{part}/bias"),
}


def normed(style: str, depth: int, width: int) -> Shapes:
    found: dict[str, tuple[int, ...]] = {}
    for i in range(depth):
        for part, outputs in (("conv", 2 * width), ("skip", width)):
            names = [name.format(i=i, part=part) for name in NORMED[style]]
            of_tensorflow = style.startswith("tf")
            magnitude = (outputs,) if of_tensorflow else (outputs, 1, 1)
            direction = (3, width, outputs) if of_tensorflow else (outputs, width, 3)
            found |= dict(zip(names, (magnitude, direction, (outputs,)), strict=True))
    return found


@pytest.mark.parametrize("a", NORMED)
@pytest.mark.parametrize("b", NORMED)
def test_weight_norm_is_matched_in_all_spellings(a: str, b: str) -> None:
    for depth, width in ((2, 5), (7, 6)):
        ours, theirs = normed(a, depth, width), normed(b, depth, width)

        pairs, _, joined = matched(ours, theirs)

        assert pairs == dict(zip(ours, theirs, strict=True))
        assert not joined


def test_g_and_v_that_are_no_weight_norm_stay_what_they_are() -> None:
    ours = {f"layer_{i}/attention/{part}": (8, 8) for i in range(3) for part in ("q", "k", "v", "g")}
    theirs = {f"block.{i}.attn.{part}.weight": (8, 8) for i in range(3) for part in ("query", "key", "value", "gate")}

    pairs, _, _ = matched(ours, theirs)

    right = {"q": "query", "k": "key", "v": "value", "g": "gate"}
    for one, other in pairs.items():
        layer, part = one.split("/")[0].removeprefix("layer_"), one.rpartition("/")[2]
        assert other == f"block.{layer}.attn.{right[part]}.weight"


def recurrent(units: int, inputs: int, depth: int, gates: int = 4) -> tuple[Shapes, Shapes]:
    ours: dict[str, tuple[int, ...]] = {}
    theirs: dict[str, tuple[int, ...]] = {}
    for layer in range(depth):
        rows = inputs if not layer else units
        scope = f"lstm{f'_{layer}' if layer else ''}/lstm_cell"
        ours |= {f"{scope}/kernel": (rows, gates * units), f"{scope}/recurrent_kernel": (units, gates * units)}
        ours[f"{scope}/bias"] = (gates * units,)
        theirs |= {
            f"lstm.weight_ih_l{layer}": (gates * units, rows),
            f"lstm.weight_hh_l{layer}": (gates * units, units),
        }
        theirs |= {f"lstm.bias_{half}_l{layer}": (gates * units,) for half in ("ih", "hh")}
    return ours | {"head/kernel": (units, 3)}, theirs | {"head.weight": (3, units)}


@pytest.mark.parametrize(("units", "inputs", "depth"), [(5, 3, 2), (4, 4, 3), (7, 2, 1)])
@pytest.mark.parametrize("is_torch_first", [True, False])
def test_recurrent_layers_are_matched_and_their_biases_are_a_sum(
    units: int, inputs: int, depth: int, is_torch_first: bool
) -> None:
    keras, torch = recurrent(units, inputs, depth)

    pairs, _, joined = matched(torch, keras) if is_torch_first else matched(keras, torch)

    pairs = pairs if is_torch_first else {other: one for one, other in pairs.items()}
    for layer in range(depth):
        scope = f"lstm{f'_{layer}' if layer else ''}/lstm_cell"
        assert pairs[f"lstm.weight_ih_l{layer}"] == f"{scope}/kernel"
        assert pairs[f"lstm.weight_hh_l{layer}"] == f"{scope}/recurrent_kernel"
        halves = f"lstm.bias_ih_l{layer}", f"lstm.bias_hh_l{layer}"
        assert JoinedProposal(f"{scope}/bias", halves, "summed", 0, not is_torch_first) in joined
        assert not pairs.keys() & set(halves)
    assert len(joined) == depth


def test_gates_of_another_number_of_biases_are_not_matched() -> None:
    keras, torch = recurrent(5, 3, 2, gates=3)  # one bias: not `reset_after`, which PyTorch does not compute

    pairs, _, joined = matched(torch, keras)

    assert not any(name.startswith("lstm") for name in pairs)
    assert not joined


def grus(seed: int, units: int, sizes: tuple[int, ...]) -> tuple[Arrays, Arrays]:
    """Return GRUs as Keras keeps them (z, r, h; two biases in one), and as PyTorch does (r, z, n)."""
    rng = np.random.default_rng(seed)
    keras: Arrays = {}
    torch: Arrays = {}
    for layer, rows in enumerate(sizes):
        scope = f"gru{f'_{layer}' if layer else ''}/gru_cell"
        for leaf, half, inputs in (("kernel", "ih", rows), ("recurrent_kernel", "hh", units)):
            gates = rng.normal(size=(3, units, inputs)).astype(np.float32)
            torch[f"rnn.weight_{half}_l{layer}"] = gates.reshape(3 * units, inputs)
            keras[f"{scope}/{leaf}"] = gates[[1, 0, 2]].reshape(3 * units, inputs).T.copy()
        biases = rng.normal(size=(2, 3, units)).astype(np.float32)
        torch |= {f"rnn.bias_{half}_l{layer}": biases[row].ravel() for row, half in enumerate(("ih", "hh"))}
        keras[f"{scope}/bias"] = biases[:, [1, 0, 2]].reshape(2, 3 * units)
    return keras, torch


@pytest.mark.parametrize("option", [("--accept", "proposed"), ("--values",)])
def test_gates_go_to_their_places_between_keras_and_pytorch(
    tmp_path: Path, scopeview: Run, option: tuple[str, ...]
) -> None:
    for seed, (units, sizes) in enumerate([(4, (3, 4)), (2, (5,))]):
        made = grus(seed, units, sizes)
        files = [npz(tmp_path / f"{name}.npz", arrays) for name, arrays in zip(("keras", "torch"), made, strict=True)]
        for (source, like), arrays in ((files, made[1]), (files[::-1], made[0])):
            done = scopeview("convert", source, "--like", like, "--to", tmp_path / "out.npz", *option)

            assert done.code == 0, done.err
            found = np.load(tmp_path / "out.npz")
            assert sorted(found) == sorted(arrays)
            for name, array in arrays.items():
                np.testing.assert_array_equal(found[name], array)


SPLIT = ("layer_{i}/attention/{part}/kernel", "h.{i}.attn.{part}_proj.weight", "encoder/layer_{i}/self/{part}/w")
FUSED = (
    "blocks.{i}.attn.qkv.weight",
    "h.{i}.attn.c_attn.weight",
    "layers.{i}.self_attn.in_proj_weight",
    "block_{i}/attention/query_key_value/kernel",
    "blk_{i}/Wqkv/kernel",
)


@pytest.mark.parametrize("split", SPLIT)
@pytest.mark.parametrize("fused", FUSED)
def test_fused_projections_are_proposed_and_never_matched(split: str, fused: str) -> None:
    choice = random.Random(f"{split} {fused}")
    width, depth, first = choice.choice([6, 8]), choice.randint(1, 5), choice.randint(0, 1)
    axis = choice.randint(0, 1)
    words = choice.choice([("query", "key", "value"), ("q", "k", "v")])
    apart = {split.format(i=i, part=word): (width, width) for i in range(depth) for word in words}
    whole = {fused.format(i=i + first): (3 * width, width) if not axis else (width, 3 * width) for i in range(depth)}
    whole |= {f"{name}_other/kernel": (3 * width, width) for name in list(whole)[:1]}  # no name says that it is fused

    for a, b in ((apart, whole), (whole, apart)):
        pairs, _, joined = matched(a, b)

        assert not pairs
        assert joined == tuple(
            JoinedProposal(
                fused.format(i=i + first),
                tuple(split.format(i=i, part=word) for word in words),
                "joined",
                axis,
                a is whole,
            )
            for i in range(depth)
        )


def test_self_and_cross_attention_of_a_layer_are_kept_apart() -> None:
    words = ("query", "key", "value")
    ours = {f"layer_{i}/{at}_attention/{w}/kernel": (6, 6) for i in range(2) for at in ("self", "cross") for w in words}
    theirs = {f"layer.{i}.{at}_attn.in_proj_weight": (18, 6) for i in range(2) for at in ("cross", "self")}

    _, _, joined = matched(ours, theirs)

    assert {(one.whole, one.parts[0]) for one in joined} == {
        (f"layer.{i}.{at}_attn.in_proj_weight", f"layer_{i}/{at}_attention/query/kernel")
        for i in range(2)
        for at in ("self", "cross")
    }


def test_layers_of_other_numbers_are_not_proposed() -> None:
    words = ("query", "key", "value")
    ours = {f"layer_{i}/attention/{w}/kernel": (6, 6) for i in range(4) for w in words}
    theirs = {f"layer.{i}.attn.qkv.weight": (18, 6) for i in range(3)}

    assert matched(ours, theirs)[2] == ()


def both_sides(seed: int) -> tuple[Arrays, Arrays]:
    """Return a model with attention and an LSTM as Keras keeps it, and as PyTorch does."""
    rng = np.random.default_rng(seed)
    h, units = 6 + seed, 5
    ours: Arrays = {}
    theirs: Arrays = {}
    for i in range(2):
        kernels, biases = rng.normal(size=(3, h, h)).astype(np.float32), rng.normal(size=(3, h)).astype(np.float32)
        for word, kernel, bias in zip(("query", "key", "value"), kernels, biases, strict=True):
            ours |= {f"layer_{i}/attention/{word}/kernel": kernel, f"layer_{i}/attention/{word}/bias": bias}
        theirs[f"layer.{i}.attention.qkv.weight"] = np.concatenate([kernel.T for kernel in kernels])
        theirs[f"layer.{i}.attention.qkv.bias"] = biases.ravel()
        up = rng.normal(size=(h, 4 * h)).astype(np.float32)
        ours[f"layer_{i}/up/kernel"], theirs[f"layer.{i}.up.weight"] = up, up.T
    for name, rows in (("kernel", h), ("recurrent_kernel", units)):
        array = rng.normal(size=(rows, 4 * units)).astype(np.float32)
        ours[f"lstm/lstm_cell/{name}"] = array
        theirs[f"lstm.weight_{'ih' if name == 'kernel' else 'hh'}_l0"] = array.T
    halves = rng.normal(size=(2, 4 * units)).astype(np.float32)
    ours["lstm/lstm_cell/bias"] = halves[0] + halves[1]
    theirs |= {"lstm.bias_ih_l0": halves[0], "lstm.bias_hh_l0": halves[1]}
    return ours, theirs


@pytest.mark.parametrize("seed", [0, 2])
def test_what_is_proposed_is_said_and_written_when_it_is_accepted(tmp_path: Path, scopeview: Run, seed: int) -> None:
    ours, theirs = both_sides(seed)
    a, b = npz(tmp_path / "a.npz", theirs), npz(tmp_path / "b.npz", ours)

    said = scopeview("diff", a, b, "--all").out
    plain = scopeview("convert", a, "--like", b, "--to", tmp_path / "plain.npz")
    done = scopeview("convert", a, "--like", b, "--to", tmp_path / "full.npz", "--accept", "proposed")
    back = scopeview("convert", b, "--like", a, "--to", tmp_path / "back.npz", "--accept", "proposed")

    assert "perhaps a part of layer/1/attention/qkv/weight" in said
    assert "perhaps lstm/bias_{ih, hh}_l0 added up" in said
    assert (plain.code, done.code, back.code) == (0, 0, 0), done.err
    found = dict(np.load(tmp_path / "full.npz"))
    assert found.keys() == ours.keys()
    for name, array in ours.items():
        np.testing.assert_array_equal(found[name], array)
    assert not any("query" in name or name.endswith("cell/bias") for name in np.load(tmp_path / "plain.npz"))
    found = dict(np.load(tmp_path / "back.npz"))
    assert found.keys() == {name for name in theirs if "bias_" not in name}  # no sum says what its summands are
    for name, array in found.items():
        np.testing.assert_array_equal(array, theirs[name])


@pytest.mark.parametrize("seed", [3, 4])
def test_values_prove_what_is_joined_and_what_is_summed(tmp_path: Path, scopeview: Run, seed: int) -> None:
    ours, theirs = both_sides(seed)
    a, b = npz(tmp_path / "a.npz", theirs), npz(tmp_path / "b.npz", ours)

    said = scopeview("diff", a, b, "--values", "--all", "--json").out
    done = scopeview("convert", a, "--like", b, "--to", tmp_path / "full.npz", "--values")

    evidence = {entry["b"]: entry["evidence"] for entry in json.loads(said)["entries"] if entry["b"]}
    assert evidence["lstm/lstm_cell/bias"].startswith("equal values, summed from ")
    assert done.code == 0, done.err
    found = dict(np.load(tmp_path / "full.npz"))
    assert found.keys() == ours.keys()
    for name, array in ours.items():
        np.testing.assert_array_equal(found[name], array)


class Nested:
    """Variables by their names, as a Keras model has them."""

    def __init__(self, shapes: Shapes) -> None:
        self.weights = [Weight(name, np.zeros(shape, np.float32)) for name, shape in shapes.items()]


class Weight:
    def __init__(self, path: str, value: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
        self.path, self.name, self.value = path, path, value

    def assign(self, value: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
        assert value.shape == self.value.shape
        self.value = value


def test_loaders_add_and_cut(tmp_path: Path, scopeview: Run) -> None:
    ours, theirs = both_sides(1)
    a, b = npz(tmp_path / "a.npz", theirs), npz(tmp_path / "b.npz", ours)
    model = Nested({name: array.shape for name, array in ours.items()})

    assert run(emitted(scopeview, a, b, "keras", "--accept", "proposed"), model, str(a)) == []

    for weight in model.weights:
        np.testing.assert_array_equal(weight.value, ours[weight.path])


def test_heads_that_have_an_axis_of_their_own_go_where_they_belong(tmp_path: Path, scopeview: Run) -> None:
    """Keras's MultiHeadAttention and PyTorch's; all is square, so that frameworks say what is turned."""
    rng = np.random.default_rng(8)
    count, size = 2, 4
    width = count * size
    ours: Arrays = {}
    theirs: Arrays = {}
    for i in range(2):
        kernels = rng.normal(size=(3, width, count, size)).astype(np.float32)
        biases = rng.normal(size=(3, count, size)).astype(np.float32)
        for word, kernel, bias in zip(("query", "key", "value"), kernels, biases, strict=True):
            ours |= {f"block_{i}/attention/{word}/kernel": kernel, f"block_{i}/attention/{word}/bias": bias}
        theirs[f"block.{i}.attention.in_proj_weight"] = np.concatenate([k.reshape(width, width).T for k in kernels])
        theirs[f"block.{i}.attention.in_proj_bias"] = biases.ravel()
        out, up = (rng.normal(size=shape).astype(np.float32) for shape in ((count, size, width), (width, 3 * width)))
        ours[f"block_{i}/attention/out_proj/kernel"] = out
        theirs[f"block.{i}.attention.out_proj.weight"] = out.reshape(width, width).T
        ours[f"block_{i}/up/kernel"], theirs[f"block.{i}.up.weight"] = up, up.T
        for one, columns in (("attention/out_proj", width), ("up", 3 * width)):
            bias = rng.normal(size=columns).astype(np.float32)
            ours[f"block_{i}/{one}/bias"] = theirs[f"block.{i}.{one.replace('/', '.')}.bias"] = bias
    files = npz(tmp_path / "a.npz", ours), npz(tmp_path / "b.npz", theirs)

    for (source, like), wanted in ((files, theirs), (files[::-1], ours)):
        done = scopeview("convert", source, "--like", like, "--to", tmp_path / "c.npz", "--accept", "proposed")

        assert done.code == 0, done.err
        found = dict(np.load(tmp_path / "c.npz"))
        assert found.keys() == wanted.keys()
        for name, array in wanted.items():
            np.testing.assert_array_equal(found[name], array, err_msg=name)
