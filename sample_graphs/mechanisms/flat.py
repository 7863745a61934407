"""M35-M37: sharing and missed sharing without scopes, and between scopes of other names."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from sample_graphs.mechanisms.graphs import dense, fresh_graph, image, v1, vector, write_meta
from sample_graphs.mechanisms.sharing import filter_variables


def shared_at_the_root(folder: Path) -> None:
    with fresh_graph():
        for name in ("first", "second", "third"):
            x = vector(4, name)
            with v1.variable_scope("shared", reuse=v1.AUTO_REUSE):
                weights = v1.get_variable("weights", [4, 3])
            tf.matmul(x, weights)  # outside of the scope: the op stands at the root
        write_meta(folder, "m35_shared_at_the_root.meta")


def missed_sharing_flat(folder: Path) -> None:
    with fresh_graph():
        filter_variables(image("image1"))
        filter_variables(image("image2"))
        write_meta(folder, "m36_missed_sharing_flat.meta")


def missed_sharing_named(folder: Path) -> None:
    with fresh_graph():
        outputs = []
        for side in ("left", "right"):
            with v1.variable_scope(side):
                outputs.append(_two_layers(vector(4, f"{side}_input")))
        tf.reduce_sum(tf.square(outputs[0] - outputs[1]), name="distance")
        write_meta(folder, "m37_missed_sharing_named.meta")


def _two_layers(x: tf.Tensor) -> tf.Tensor:
    for layer, units in (("hidden", 6), ("out", 3)):
        with v1.variable_scope(layer):
            x = dense(x, units)
    return x


SAMPLES = {
    "M35": shared_at_the_root,
    "M36": missed_sharing_flat,
    "M37": missed_sharing_named,
}
