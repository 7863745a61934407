"""Recurrent layers are known by names and shapes; which is which, words and numbers say, else nothing is proposed."""

from __future__ import annotations

import pytest

from scopeview.analysis.diff.matching.entries import Item
from scopeview.analysis.diff.matching.peepholes import reasons_of_peepholes
from scopeview.analysis.diff.matching.recurrent import recurrent_layers, recurrent_pairs
from scopeview.analysis.diff.matching.recurrent_blocks import layer_of

Shapes = dict[str, tuple[int, ...]]


def items(shapes: Shapes) -> list[Item]:
    return [Item(name, shape, "float32") for name, shape in shapes.items()]


def lstm_of_tensorflow_1(scope: str, units: int, inputs: int) -> Shapes:
    return {f"{scope}/kernel": (inputs + units, 4 * units), f"{scope}/bias": (4 * units,)}


def torch(scope: str, gates: int, units: int, inputs: int, end: str = "_l0") -> Shapes:
    wide = gates * units
    weights = {f"{scope}.weight_ih{end}": (wide, inputs), f"{scope}.weight_hh{end}": (wide, units)}
    return weights | {f"{scope}.bias_ih{end}": (wide,), f"{scope}.bias_hh{end}": (wide,)}


def gru_of_tensorflow_1(scope: str, units: int, inputs: int, words: tuple[str, str, str, str, str]) -> Shapes:
    gates, candidate, inner, kernel, bias = words
    return {
        f"{scope}/{gates}{inner}/{kernel}": (inputs + units, 2 * units),
        f"{scope}/{gates}{inner}/{bias}": (2 * units,),
        f"{scope}/{candidate}{inner}/{kernel}": (inputs + units, units),
        f"{scope}/{candidate}{inner}/{bias}": (units,),
    }


def paired(a: Shapes, b: Shapes) -> dict[str, str]:
    return {one.stem: other.stem for one, other in recurrent_pairs(items(a), items(b))}


@pytest.mark.parametrize(
    "words", [("gates", "candidate", "", "kernel", "bias"), ("Gates", "Candidate", "/Linear", "Matrix", "Bias")]
)
def test_a_gru_that_resets_before_the_product_is_none_of_pytorch(words: tuple[str, str, str, str, str]) -> None:
    ours = gru_of_tensorflow_1("RNN/GRUCell", 5, 3, words)
    before: Shapes = {"gru/kernel": (3, 15), "gru/recurrent_kernel": (5, 15), "gru/bias": (15,)}
    after: Shapes = {**before, "gru/bias": (2, 15)}

    (layer,) = recurrent_layers(items(ours))

    assert (layer.framework, layer.signature.kind, layer.names) == ("tf1", "gru", frozenset(ours))
    assert paired(ours, before) == {"RNN/GRUCell": "gru"}
    assert not paired(ours, after)
    assert not paired(ours, torch("rnn", 3, 5, 3))


def test_layers_of_one_size_are_paired_by_words_and_by_numbers() -> None:
    stacked = "rnn/multi_rnn_cell/cell_{}/lstm_cell"
    ours: Shapes = {}
    theirs: Shapes = {}
    for at in (10, 2, 1):
        ours |= lstm_of_tensorflow_1(stacked.format(at), 4, 4)
    for at in (0, 1, 2):
        theirs |= torch("net.rnn", 4, 4, 4, f"_l{at}")

    assert paired(ours, theirs) == {stacked.format(at): f"net.rnn.{n}" for n, at in enumerate((1, 2, 10))}

    named: list[Shapes] = [{}, {}]
    for word in ("encoder", "decoder"):
        named[0] |= lstm_of_tensorflow_1(f"{word}/rnn/lstm_cell", 4, 4)
        named[1] = torch(f"{word}.rnn", 4, 4, 4) | named[1]

    assert paired(*named) == {f"{word}/rnn/lstm_cell": f"{word}.rnn.0" for word in ("encoder", "decoder")}
    assert not paired(named[0], theirs | torch("more.rnn", 4, 4, 4))


def test_both_directions_are_kept_apart() -> None:
    ours = lstm_of_tensorflow_1("bidirectional_rnn/bw/lstm_cell", 4, 6)
    ours |= lstm_of_tensorflow_1("bidirectional_rnn/fw/lstm_cell", 4, 6)
    theirs = torch("rnn", 4, 4, 6) | torch("rnn", 4, 4, 6, "_l0_reverse")

    assert paired(ours, theirs) == {
        "bidirectional_rnn/bw/lstm_cell": "rnn.backward.0",
        "bidirectional_rnn/fw/lstm_cell": "rnn.0",
    }


def test_a_cell_of_pytorch_has_no_number() -> None:
    assert paired(lstm_of_tensorflow_1("rnn/lstm_cell", 3, 2), torch("cell", 4, 3, 2, "")) == {"rnn/lstm_cell": "cell"}


@pytest.mark.parametrize(
    "more",
    [
        {"rnn/lstm_cell/w_f_diag": (4,)},
        {"rnn/lstm_cell/projection/kernel": (4, 2), "rnn/lstm_cell/w_f_diag": (4,)},
        {"rnn/lstm_cell/input/gamma": (4,), "rnn/lstm_cell/input/beta": (4,)},
    ],
)
def test_cells_that_compute_more_are_no_plain_ones(more: Shapes) -> None:
    assert not recurrent_layers(items(lstm_of_tensorflow_1("rnn/lstm_cell", 4, 3) | more))


def test_a_dense_layer_of_the_size_of_a_cell_is_none() -> None:
    dense: Shapes = {"layer/intermediate/kernel": (7, 16), "layer/intermediate/bias": (16,)}

    assert not recurrent_layers(items(dense))


def test_nothing_becomes_a_layer_of_keras_for_cudnn() -> None:
    cudnn: Shapes = {"rnn/kernel": (3, 16), "rnn/recurrent_kernel": (4, 16), "rnn/bias": (32,)}
    plain: Shapes = {**cudnn, "rnn/bias": (16,)}

    ((one, other),) = recurrent_pairs(items(cudnn), items(plain))

    assert (one.framework, other.framework) == ("cudnn", "keras")
    assert layer_of(other, one)
    assert not layer_of(one, other)


def projected(scope: str, units: int, inputs: int, size: int) -> tuple[Shapes, Shapes]:
    """Return an LSTM whose state is projected, as TensorFlow 1 and as PyTorch keeps it."""
    ours: Shapes = {
        f"{scope}/lstm_cell/kernel": (inputs + size, 4 * units),
        f"{scope}/lstm_cell/bias": (4 * units,),
        f"{scope}/lstm_cell/projection/kernel": (units, size),
    }
    theirs = torch(scope, 4, units, inputs)
    return ours, {**theirs, f"{scope}.weight_hh_l0": (4 * units, size), f"{scope}.weight_hr_l0": (size, units)}


@pytest.mark.parametrize(("units", "inputs", "size"), [(5, 3, 2), (4, 4, 3), (6, 2, 1)])
def test_a_projected_state_is_no_plain_one(units: int, inputs: int, size: int) -> None:
    ours, theirs = projected("rnn", units, inputs, size)
    plain = torch("rnn", 4, units, inputs + size - units) if inputs + size > units else {}

    ((one, other),) = recurrent_pairs(items(ours), items(theirs))
    made = {each.target: [part.source for part in each.pieces] for each in layer_of(other, one)}
    back = {each.target: [part.source for part in each.pieces] for each in layer_of(one, other)}

    assert made.keys() == theirs.keys()
    assert made["rnn.weight_hr_l0"] == ["rnn/lstm_cell/projection/kernel"]
    assert back.keys() == ours.keys()
    assert not plain or not recurrent_pairs(items(ours), items(plain))
    assert not recurrent_pairs(items(ours), items(torch("rnn", 4, units, inputs)))


@pytest.mark.parametrize("leaf", ["w_f_diag", "W_F_diag"])
def test_why_peepholes_have_no_counterpart_is_said(leaf: str) -> None:
    ours = items({**lstm_of_tensorflow_1("rnn/lstm_cell", 4, 3), f"rnn/lstm_cell/{leaf}": (4,), "out/kernel": (4, 2)})
    theirs = items(torch("rnn", 4, 4, 3))

    for sides in ((ours, theirs), (theirs, ours)):
        reasons = reasons_of_peepholes(*sides)

        assert reasons.keys() == {item.name for item in ours if item.name.startswith("rnn/")}
        assert "peepholes" in reasons["rnn/lstm_cell/kernel"]
    assert not reasons_of_peepholes(ours, ours)
    assert not reasons_of_peepholes(ours, items({"dense/kernel": (3, 4)}))
