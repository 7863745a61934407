"""HDF5 files like one of Keras: it loads them whole, with what the source has no values for as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.analysis.test_loaders import npz
from tests.cli.running import Run
from tests.writers.test_convert import Arrays

keras: Any = pytest.importorskip("keras", reason="Keras loads what is written")

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation", "ignore::UserWarning:keras")  # of Keras


def network(seed: int) -> Any:
    """Return a network with biases, statistics, and a layer that keeps the state of its random numbers."""
    inputs = keras.Input((5,))
    inner = keras.layers.Dropout(0.5, name="drop")(keras.layers.Dense(4, name="first")(inputs))
    inner = keras.layers.BatchNormalization(name="norm")(inner)
    model = keras.Model(inputs, keras.layers.Dense(3, name="last")(inner))
    model.compile("adam", "mse")
    rng = np.random.default_rng(seed)
    model.set_weights([rng.random(weight.shape).astype(np.float32) for weight in model.get_weights()])
    model.optimizer.build(model.trainable_variables)
    return model


def weights(model: Any) -> Arrays:
    return {weight.path: np.asarray(weight) for weight in model.weights}


@pytest.mark.parametrize("saved", ["like.weights.h5", "like.keras", "like.h5"])
def test_keras_loads_what_lacks_biases_in_the_source(tmp_path: Path, scopeview: Run, saved: str) -> None:
    model = network(1)
    like = tmp_path / saved
    model.save_weights(like) if saved == "like.weights.h5" else model.save(like)
    kernels = {
        "first.weight": np.full((4, 5), 2, np.float32),
        "last.weight": np.full((3, 4), 3, np.float32),
        "last.more": np.ones(9, np.float32),
    }
    target = tmp_path / ("new.h5" if saved == "like.h5" else "new.weights.h5")

    done = scopeview("convert", npz(tmp_path / "a.npz", kernels), "--like", like, "--to", target)

    assert done.code == 0, done.err
    assert "not from the source: " in done.out
    expected = weights(model) | {"first/kernel": kernels["first.weight"].T, "last/kernel": kernels["last.weight"].T}
    other = network(2)
    if saved == "like.h5":
        other = keras.models.load_model(target, compile=False)
    else:
        other.load_weights(target)
    found = weights(other)
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)
