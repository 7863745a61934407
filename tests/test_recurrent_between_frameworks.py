"""GRUs of Keras and of PyTorch: weights go from one to the other and back, and the outputs are equal."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from tests.cli.running import Run
from tests.test_between_frameworks import run_apart

pytest.importorskip("tensorflow", reason="Keras runs on it")

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
