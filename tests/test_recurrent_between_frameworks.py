"""Recurrent layers: weights go from TensorFlow 1, Keras and PyTorch to the others, and the outputs are equal."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.running import Run
from tests.test_between_frameworks import run_apart
from tests.writers.test_convert import Arrays, assert_equal, by_tensorflow, write

tf: Any = pytest.importorskip("tensorflow", reason="Keras runs on it")

UNITS, INPUTS, STEPS = 5, 3, 4

MAKE_KERAS = f"""
import sys, numpy as np, keras
folder, seed = sys.argv[1], int(sys.argv[2])
rng = np.random.default_rng(seed)
inputs = keras.Input(({STEPS}, {INPUTS}))
forward = keras.layers.GRU({UNITS}, return_sequences=True, name="first")(inputs)
output = keras.layers.Bidirectional(keras.layers.GRU({UNITS}, return_sequences=True), name="both")(forward)
model = keras.Model(inputs, output)
model.set_weights([rng.normal(size=w.shape).astype("float32") for w in model.get_weights()])
model.save_weights(f"{{folder}}/keras.weights.h5")
x = rng.normal(size=(2, {STEPS}, {INPUTS})).astype("float32")
np.savez(f"{{folder}}/expected.npz", x=x, y=model.predict(x, verbose=0))
for w in model.weights:
    w.assign(w * 0)
model.save_weights(f"{{folder}}/blank.weights.h5")
"""
USE_TORCH = f"""
import sys, numpy as np, torch
folder = sys.argv[1]
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.GRU({INPUTS}, {UNITS}, batch_first=True)
        self.both = torch.nn.GRU({UNITS}, {UNITS}, batch_first=True, bidirectional=True)
    def forward(self, x):
        return self.both(self.first(x)[0])[0]
net = Net()
if sys.argv[2] == "make":
    np.savez(f"{{folder}}/torch.npz", **{{k: v.numpy() * 0 for k, v in net.state_dict().items()}})
else:
    if sys.argv[2].endswith(".py"):
        names = {{}}
        exec(open(sys.argv[2]).read(), names)
        assert names["load"](net, f"{{folder}}/keras.weights.h5") == []
    else:
        net.load_state_dict({{k: torch.from_numpy(v) for k, v in np.load(sys.argv[2]).items()}})
    held = np.load(f"{{folder}}/expected.npz")
    with torch.no_grad():
        found = net(torch.from_numpy(held["x"])).numpy()
    assert np.allclose(found, held["y"], atol=1e-5), abs(found - held["y"]).max()
"""


@pytest.mark.frameworks
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is the other framework")
def test_a_gru_goes_from_keras_to_pytorch_and_back(tmp_path: Path, scopeview: Run) -> None:
    run_apart(MAKE_KERAS, tmp_path, 3)
    run_apart(USE_TORCH, tmp_path, "make")
    keras, blank, torch = (tmp_path / name for name in ("keras.weights.h5", "blank.weights.h5", "torch.npz"))

    forth = scopeview("convert", keras, "--like", torch, "--to", tmp_path / "as_torch.npz", "--accept", "proposed")
    code = scopeview("diff", keras, torch, "--format", "torch", "--accept", "proposed")
    back = scopeview(
        "convert", tmp_path / "as_torch.npz", "--like", blank, "--to", tmp_path / "again.h5", "--accept", "proposed"
    )
    proved = scopeview(
        "convert", keras, "--like", tmp_path / "as_torch.npz", "--to", tmp_path / "proved.npz", "--values"
    )
    returned = scopeview(
        "convert", tmp_path / "as_torch.npz", "--like", keras, "--to", tmp_path / "returned.h5", "--values"
    )

    assert [ran.code for ran in (forth, back, proved, returned)] == [0] * 4, (forth.err, back.err, proved.err)
    run_apart(USE_TORCH, tmp_path, tmp_path / "as_torch.npz")
    (tmp_path / "load.py").write_text(code.out)
    run_apart(USE_TORCH, tmp_path, tmp_path / "load.py")
    assert weights(tmp_path / "again.h5") == weights(keras)
    assert weights(tmp_path / "returned.h5") == weights(keras)
    expected, found = np.load(tmp_path / "as_torch.npz"), np.load(tmp_path / "proved.npz")
    assert {name: found[name].tolist() for name in found} == {name: expected[name].tolist() for name in expected}


def weights(path: Path) -> dict[str, list[float]]:
    """Return what a file of Keras holds."""
    import h5py

    found: dict[str, list[float]] = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.update({name: item[()].tolist()}) if isinstance(item, h5py.Dataset) else None
        )
    return found


def cells(units: int, inputs: int, seed: int) -> Arrays:
    """Return the variables of cells of TensorFlow 1 under the names that `tf.nn.dynamic_rnn` gives them."""
    rng = np.random.default_rng(seed)
    rows = inputs + units
    shapes: dict[str, tuple[int, ...]] = {
        "one/rnn/basic_lstm_cell/kernel": (rows, 4 * units),
        "one/rnn/basic_lstm_cell/bias": (4 * units,),
        "two/rnn/gru_cell/gates/kernel": (rows, 2 * units),
        "two/rnn/gru_cell/gates/bias": (2 * units,),
        "two/rnn/gru_cell/candidate/kernel": (rows, units),
        "two/rnn/gru_cell/candidate/bias": (units,),
        "three/rnn/basic_rnn_cell/kernel": (rows, units),
        "three/rnn/basic_rnn_cell/bias": (units,),
        "four/rnn/cudnn_compatible_gru_cell/gates/kernel": (rows, 2 * units),
        "four/rnn/cudnn_compatible_gru_cell/gates/bias": (2 * units,),
        "four/rnn/cudnn_compatible_gru_cell/candidate/input_projection/kernel": (inputs, units),
        "four/rnn/cudnn_compatible_gru_cell/candidate/input_projection/bias": (units,),
        "four/rnn/cudnn_compatible_gru_cell/candidate/hidden_projection/kernel": (units, units),
        "four/rnn/cudnn_compatible_gru_cell/candidate/hidden_projection/bias": (units,),
    }
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def outputs(held: Arrays, x: Any) -> dict[str, Any]:
    """Return the last states of the cells: by TensorFlow's own ops where it has them, else as `contrib` says."""
    (_, lstm_bias), (gates, gates_bias, last, last_bias), (kernel, bias), after = (
        [array for name, array in held.items() if name.startswith(f"{at}/")] for at in ("one", "two", "three", "four")
    )
    units = len(bias)
    lstm, c, gru, simple, cudnn = (np.zeros((len(x), units), np.float32) for _ in range(5))
    none = np.zeros(units, np.float32)
    for step in range(x.shape[1]):
        row = x[:, step]
        cell = tf.raw_ops.LSTMBlockCell(
            x=row,
            cs_prev=c,
            h_prev=lstm,
            w=held["one/rnn/basic_lstm_cell/kernel"],
            wci=none,
            wcf=none,
            wco=none,
            b=lstm_bias,
            forget_bias=1.0,
            cell_clip=-1.0,
            use_peephole=False,
        )
        c, lstm = cell.cs.numpy(), cell.h.numpy()
        gru = tf.raw_ops.GRUBlockCell(x=row, h_prev=gru, w_ru=gates, w_c=last, b_ru=gates_bias, b_c=last_bias).h.numpy()
        simple = np.tanh(np.concatenate([row, simple], 1) @ kernel + bias)
        both = 1 / (1 + np.exp(-(np.concatenate([row, cudnn], 1) @ after[0] + after[1])))
        r, u = both[:, :units], both[:, units:]
        new = np.tanh(row @ after[2] + after[3] + r * (cudnn @ after[4] + after[5]))
        cudnn = (1 - u) * new + u * cudnn
    return {"one": lstm, "two": gru, "three": simple, "four": cudnn}


@pytest.mark.filterwarnings("ignore")  # of Keras
@pytest.mark.parametrize(("units", "inputs", "option"), [(5, 3, "--accept proposed"), (4, 4, "--values")])
def test_cells_of_tensorflow_1_become_layers_of_keras_and_back(
    tmp_path: Path, scopeview: Run, units: int, inputs: int, option: str
) -> None:
    keras: Any = pytest.importorskip("keras", reason="Keras has the layers")
    held = cells(units, inputs, units)
    source = write(tmp_path / "cells.ckpt", held)
    x = keras.Input((3, inputs))
    layers = {
        "one": keras.layers.LSTM(units, name="one"),
        "two": keras.layers.GRU(units, reset_after=False, name="two"),
        "three": keras.layers.SimpleRNN(units, name="three"),
        "four": keras.layers.GRU(units, name="four"),
    }
    model = keras.Model(x, {name: layer(x) for name, layer in layers.items()})
    model.save_weights(tmp_path / "like.weights.h5")
    like, made = tmp_path / "like.weights.h5", tmp_path / "made.weights.h5"

    done = scopeview("convert", source, "--like", like, "--to", made, "--accept", "proposed")

    assert done.code == 0, done.err
    model.load_weights(made)
    rows = np.random.default_rng(1).normal(size=(2, 3, inputs)).astype(np.float32)
    expected = outputs(held, rows)
    for name, found in model(rows).items():
        np.testing.assert_allclose(found.numpy(), expected[name], atol=1e-5, err_msg=name)
    done = scopeview("convert", made, "--like", source, "--to", tmp_path / "back.ckpt", *option.split())
    assert done.code == 0, done.err
    assert_equal(rounded(by_tensorflow(tmp_path / "back.ckpt")), rounded(held))


def rounded(arrays: Arrays) -> Arrays:
    """Return arrays without the last digits, which a bias loses when a number is added and taken off again."""
    return {name: np.round(array.astype(np.float64), 5) for name, array in arrays.items()}


RUN_TORCH = """
import sys, numpy as np, torch
folder = sys.argv[1]
held, expected = np.load(f"{folder}/torch.npz"), np.load(f"{folder}/expected.npz")
x = torch.from_numpy(expected["x"])
for name, layer in (("one", torch.nn.LSTM), ("three", torch.nn.RNN), ("four", torch.nn.GRU)):
    net = layer(x.shape[2], expected[name].shape[1], batch_first=True)
    own = {key.partition(".")[2]: torch.from_numpy(held[key]) for key in held if key.startswith(name)}
    net.load_state_dict(own)
    with torch.no_grad():
        found = net(x)[0][:, -1].numpy()
    assert np.allclose(found, expected[name], atol=1e-5), (name, abs(found - expected[name]).max())
"""


@pytest.mark.frameworks
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is the other framework")
def test_cells_of_tensorflow_1_become_layers_of_pytorch_and_back(tmp_path: Path, scopeview: Run) -> None:
    units, inputs = 5, 3
    held = {name: array for name, array in cells(units, inputs, 7).items() if not name.startswith("two/")}
    blank = {
        f"{name}.{leaf}_l0": np.zeros(shape, np.float32)
        for name, gates in (("one", 4), ("three", 1), ("four", 3))
        for leaf, shape in (
            ("weight_ih", (gates * units, inputs)),
            ("weight_hh", (gates * units, units)),
            ("bias_ih", (gates * units,)),
            ("bias_hh", (gates * units,)),
        )
    }
    np.savez(tmp_path / "like.npz", allow_pickle=False, **blank)
    source, like, made = write(tmp_path / "cells.ckpt", held), tmp_path / "like.npz", tmp_path / "torch.npz"
    x = np.random.default_rng(2).normal(size=(2, 4, inputs)).astype(np.float32)
    np.savez(tmp_path / "expected.npz", allow_pickle=False, x=x, **outputs(cells(units, inputs, 7), x))

    forth = scopeview("convert", source, "--like", like, "--to", made, "--accept", "proposed")
    back = scopeview("convert", made, "--like", source, "--to", tmp_path / "back.ckpt", "--accept", "proposed")

    assert (forth.code, back.code) == (0, 0), forth.err + back.err
    run_apart(RUN_TORCH, tmp_path)
    assert_equal(rounded(by_tensorflow(tmp_path / "back.ckpt")), rounded(held))


@pytest.mark.filterwarnings("ignore")  # of tf_keras
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_layers_of_keras_for_cudnn_become_plain_ones(tmp_path: Path, scopeview: Run, kind: str) -> None:
    """They are what Keras 2 itself makes of them when it loads such a file."""
    keras: Any = pytest.importorskip("tf_keras", reason="tf_keras has the conversion")
    convert: Any = importlib.import_module("tf_keras.src.saving.legacy.hdf5_format")._convert_rnn_weights
    units, inputs, gates = 4, 4, {"LSTM": 4, "GRU": 3}[kind]
    rng = np.random.default_rng(gates)
    shapes = {
        "kernel": (inputs, gates * units),
        "recurrent_kernel": (units, gates * units),
        "bias": (2 * gates * units,),
    }
    held = {f"rnn/{name}": rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    layer = getattr(keras.layers, kind)(units)
    layer.build((None, None, inputs))
    expected = convert(layer, list(held.values()))
    np.savez(tmp_path / "a.npz", allow_pickle=False, **held)
    np.savez(
        tmp_path / "b.npz", allow_pickle=False, **{n: np.zeros_like(w) for n, w in zip(held, expected, strict=True)}
    )

    done = scopeview(
        "convert", tmp_path / "a.npz", "--like", tmp_path / "b.npz", "--to", tmp_path / "c.npz", "--accept", "proposed"
    )

    assert done.code == 0, done.err
    found = np.load(tmp_path / "c.npz")
    for name, array in zip(held, expected, strict=True):
        np.testing.assert_allclose(found[name], array, atol=1e-6, err_msg=name)


MAKE_PROJECTED = """
import sys, numpy as np, tensorflow as tf
folder, units, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
v1, x = tf.compat.v1, np.random.default_rng(units).normal(size=(2, 4, 3)).astype("float32")
with tf.Graph().as_default(), v1.Session() as session:
    cell = v1.nn.rnn_cell.LSTMCell(units, num_proj=size)
    outputs, _ = v1.nn.dynamic_rnn(cell, tf.constant(x), dtype=tf.float32)
    for variable in v1.global_variables():
        session.run(v1.assign(variable, tf.random.stateless_normal(variable.shape, [len(variable.name), units])))
    np.savez(f"{folder}/expected.npz", x=x, y=session.run(outputs))
    v1.train.Saver().save(session, f"{folder}/cell.ckpt", write_meta_graph=False)
"""
USE_PROJECTED = """
import sys, numpy as np, torch
folder, units, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
net, held = torch.nn.LSTM(3, units, batch_first=True, proj_size=size), np.load(f"{folder}/expected.npz")
if len(sys.argv) > 4:
    np.savez(f"{folder}/like.npz", **{f"rnn.{k}": v.detach().numpy() for k, v in net.state_dict().items()})
else:
    made = np.load(f"{folder}/made.npz")
    net.load_state_dict({key.removeprefix("rnn."): torch.from_numpy(made[key]) for key in made})
    with torch.no_grad():
        found = net(torch.from_numpy(held["x"]))[0].numpy()
    assert np.allclose(found, held["y"], atol=1e-5), abs(found - held["y"]).max()
"""


@pytest.mark.frameworks
@pytest.mark.skipif(
    importlib.util.find_spec("torch") is None or importlib.util.find_spec("tf_keras") is None,
    reason="PyTorch has the layer, tf_keras the cell",
)
@pytest.mark.parametrize(("units", "size", "option"), [(5, 2, "--accept proposed"), (6, 3, "--values")])
def test_a_projected_state_goes_from_tensorflow_1_to_pytorch_and_back(
    tmp_path: Path, scopeview: Run, monkeypatch: pytest.MonkeyPatch, units: int, size: int, option: str
) -> None:
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    run_apart(MAKE_PROJECTED, tmp_path, units, size)
    run_apart(USE_PROJECTED, tmp_path, units, size, "make")
    source, made, back = tmp_path / "cell.ckpt", tmp_path / "made.npz", tmp_path / "back.ckpt"

    forth = scopeview("convert", source, "--like", tmp_path / "like.npz", "--to", made, "--accept", "proposed")
    returned = scopeview("convert", made, "--like", source, "--to", back, *option.split())

    assert (forth.code, returned.code) == (0, 0), forth.err + returned.err
    run_apart(USE_PROJECTED, tmp_path, units, size)
    assert_equal(rounded(by_tensorflow(back)), rounded(by_tensorflow(source)))
