"""Networks of chance names, depths and wiring, with what TensorFlow says of them by running: `python -m ... OUT SEED`.

Writes OUT/<kind>_<n>.meta, and OUT/truth.json with what was measured in a session: which outputs change when the value
of a variable does, which ops a result depends on (its gradient exists), what a training step changes, and what initial
values are drawn.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
WORDS = ("tower", "enc", "block", "unit", "left", "w", "net", "part", "head", "stem")
GRAPHS = 6


class Chance:
    """Names and numbers of one graph."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._made = 0

    def name(self) -> str:
        self._made += 1
        return f"{self.random.choice(WORDS)}{self._made}"

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)


def as_it_is(weight: Any, chance: Chance) -> Any:
    return weight


def normalized(weight: Any, chance: Chance) -> Any:
    return tf.nn.l2_normalize(weight, 0, name=chance.name())


def weight_norm(weight: Any, chance: Chance) -> Any:
    return weight / tf.norm(weight, axis=0, keepdims=True, name=chance.name())


def masked(weight: Any, chance: Chance) -> Any:
    return weight * tf.constant(np.eye(4, dtype=np.float32) + 1, name=chance.name())


PREPARED: tuple[Callable[[Any, Chance], Any], ...] = (as_it_is, as_it_is, normalized, weight_norm, masked)


def apply(x: Any, weight: Any, chance: Chance, prepare: Callable[[Any, Chance], Any]) -> Any:
    """Return one layer: the weight, prepared, applied once."""
    return tf.nn.tanh(tf.matmul(x, prepare(weight, chance)))


def sharing(chance: Chance, path: str) -> dict[str, Any]:
    """Layers that are applied to inputs of their own, each with an output, so that outputs that change are uses."""
    resource = chance.pick(True, False)
    outputs = []
    for _ in range(3):
        scope, inside = chance.name(), chance.pick(True, False)
        prepare = chance.pick(*PREPARED)
        for _ in range(chance.random.randint(1, 4)):
            x = v1.placeholder(tf.float32, [2, 4], chance.name())
            with v1.variable_scope(scope, reuse=v1.AUTO_REUSE, use_resource=resource):
                weight = v1.get_variable("v", [4, 4])
                made = apply(x, weight, chance, prepare) if inside else None
            with v1.name_scope(chance.name() if chance.pick(True, False) else None):
                made = apply(x, weight, chance, prepare) if made is None else made
            outputs.append(made)
        if chance.pick(True, False):  # what only a penalty, a copy or a choice takes is no use
            total = tf.add_n([tf.reduce_sum(out) for out in outputs])
            tf.add(total, 0.01 * tf.reduce_sum(tf.square(weight)), name=chance.name())
        if chance.pick(True, False):
            copy = v1.get_variable(chance.name(), [4, 4], trainable=False)
            v1.assign(copy, weight)
    v1.train.export_meta_graph(path)
    changed: dict[str, int] = {}
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        feeds = {op.outputs[0]: np.random.rand(2, 4) for op in _placeholders()}
        before = session.run(outputs, feeds)
        for variable in v1.global_variables():
            value = session.run(variable)
            variable.load(value + np.random.rand(*value.shape), session)
            after = session.run(outputs, feeds)
            changed[variable.op.name] = sum(not np.allclose(a, b) for a, b in zip(before, after, strict=True))
            variable.load(value, session)
    return {"uses": changed}


def _placeholders() -> list[Any]:
    return [op for op in v1.get_default_graph().get_operations() if op.type == "Placeholder"]


OPTIMIZERS: tuple[Callable[[], Any], ...] = (
    lambda: v1.train.GradientDescentOptimizer(0.1),
    lambda: v1.train.MomentumOptimizer(0.1, 0.9),
    lambda: v1.train.AdamOptimizer(0.1),
    lambda: v1.train.RMSPropOptimizer(0.1),
    lambda: v1.train.AdagradOptimizer(0.1),
)


def training(chance: Chance, path: str) -> dict[str, Any]:
    """A net that is trained with clipping, loss scaling and gathered gradients, as chance has it."""
    resource = chance.pick(True, False)
    x = v1.placeholder(tf.float32, [4, 4], chance.name())
    h, weights = x, []
    for _ in range(chance.random.randint(1, 4)):
        with v1.variable_scope(chance.name(), use_resource=resource):
            weights += [v1.get_variable("w", [4, 4]), v1.get_variable("b", [4])]
            h = tf.nn.tanh(tf.matmul(h, weights[-2]) + weights[-1])
    frozen = v1.get_variable(chance.name(), [4, 4], trainable=False, use_resource=resource)
    result = tf.matmul(h, frozen, name="result")
    loss = tf.reduce_mean(tf.square(result), name="loss")
    gradients = tf.gradients(loss, weights, name=chance.pick("gradients", chance.name()))
    if chance.pick(True, False):
        norm = tf.linalg.global_norm(gradients, name=chance.name())
        gradients, _ = tf.clip_by_global_norm(gradients, 1.0, use_norm=norm, name=chance.name())
        tf.reduce_all(tf.math.is_finite(norm), name=chance.name())
    elif chance.pick(True, False):
        gradients = [tf.clip_by_value(gradient, -1.0, 1.0) for gradient in gradients]
    before = []
    if chance.pick(True, False):
        gathered = [v1.Variable(tf.zeros(w.shape), trainable=False, name=chance.name()) for w in weights]
        before = [v1.assign_add(sum_, gradient) for sum_, gradient in zip(gathered, gradients, strict=True)]
        gradients = [sum_ / 2.0 for sum_ in gathered]
    with tf.control_dependencies(before):
        step = chance.pick(*OPTIMIZERS)().apply_gradients(zip(gradients, weights, strict=True))
    v1.train.export_meta_graph(path)
    floats = [op for op in v1.get_default_graph().get_operations() if op.outputs and op.outputs[0].dtype == tf.float32]
    connected = [op.name for op in floats if tf.gradients(loss, op.outputs[0])[0] is not None]
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        feed = {x: np.random.rand(4, 4)}
        values = session.run(v1.global_variables())
        session.run([*before, step], feed)
        moved = [not np.array_equal(a, b) for a, b in zip(values, session.run(v1.global_variables()), strict=True)]
        state = [variable.op.name for variable, m in zip(v1.global_variables(), moved, strict=True) if m]
    return {
        "floats": [op.name for op in floats],
        "connected": connected,
        "weights": [weight.op.name for weight in weights],
        "moved": state,
        "trained": sum(int(np.prod(weight.shape)) for weight in weights),
    }


def initial(chance: Chance, path: str) -> dict[str, Any]:
    """Variables whose first values are drawn, scaled and moved in ways of chance."""
    resource, shape = chance.pick(True, False), [chance.pick(150, 200), chance.pick(150, 220)]
    draws: list[Callable[[], Any]] = [
        lambda: v1.random_normal(shape, chance.pick(0.0, 1.0), chance.pick(0.5, 2.0)),
        lambda: v1.random_uniform(shape, chance.pick(-1.0, 0.0), chance.pick(1.0, 3.0)),
        lambda: v1.truncated_normal(shape, stddev=chance.pick(0.1, 1.0)),
        lambda: tf.eye(shape[0], shape[1]),
        lambda: tf.ones(shape),
    ]
    alone: list[Any] = [
        v1.initializers.identity(gain=chance.pick(1.0, 2.0, 0.5)),
        v1.initializers.lecun_normal(),
        v1.initializers.variance_scaling(scale=chance.pick(1.0, 2.0), distribution="untruncated_normal"),
    ]
    for initializer in alone:
        v1.get_variable(chance.name(), shape, initializer=initializer, use_resource=resource)
    for draw in draws:
        value = draw() * chance.pick(1.0, 0.01, -3.0) + chance.pick(0.0, 2.0)
        v1.get_variable(chance.name(), initializer=value, use_resource=resource)
    v1.train.export_meta_graph(path)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        found = {v.op.name: session.run(v) for v in v1.global_variables()}
    return {
        "drawn": {
            name: [float(value.mean()), float(value.std()), float(value.min()), float(value.max()), float(value[0, 0])]
            for name, value in found.items()
        }
    }


def main(folder: Path, seed: int) -> None:
    """Build every kind of graph several times, and write what TensorFlow says of each."""
    v1.logging.set_verbosity(v1.logging.ERROR)
    v1.disable_resource_variables()
    truth = {}
    for number in range(GRAPHS):
        for build in (sharing, training, initial):
            (v1.enable_control_flow_v2 if number % 2 else v1.disable_control_flow_v2)()
            with tf.Graph().as_default():
                name = f"{build.__name__}_{number}.meta"
                truth[name] = build(Chance(seed * 100 + number), str(folder / name))
    (folder / "truth.json").write_text(json.dumps(truth), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
