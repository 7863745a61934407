"""M17-M20 and M25: who shares what, and who should."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from sample_graphs.mechanisms.graphs import dense, fresh_graph, image, v1, vector, write_meta


def gan(*, train: bool = False) -> list[tf.Operation]:
    """A generator, and one discriminator for real and fake; return the training ops if wanted."""
    z, real = vector(3, "z"), vector(4, "real")
    with v1.variable_scope("generator"):
        fake = dense(dense_in("hidden", z, 6), 4, activation="none")
    logits = []
    for sample, reuse in ((real, None), (fake, True)):
        with v1.variable_scope("discriminator", reuse=reuse):
            hidden = dense_in("hidden", sample, 6)
            logits.append(dense_in("logits", hidden, 1))
    if not train:
        return []
    loss_d = tf.reduce_mean(tf.nn.softplus(-logits[0]) + tf.nn.softplus(logits[1]), name="loss_d")
    loss_g = tf.reduce_mean(tf.nn.softplus(-logits[1]), name="loss_g")
    return [
        v1.train.AdamOptimizer(0.01, name=f"Adam_{scope[0]}").minimize(loss, var_list=v1.trainable_variables(scope))
        for loss, scope in ((loss_d, "discriminator"), (loss_g, "generator"))
    ]


def dense_in(scope: str, x: tf.Tensor, units: int) -> tf.Tensor:
    """A dense layer in a scope of its own."""
    with v1.variable_scope(scope):
        return dense(x, units)


def shared_discriminator(folder: Path) -> None:
    with fresh_graph():
        gan(train=True)
        v1.train.Saver()
        write_meta(folder, "m17_gan.meta")


def filter_variables(x: tf.Tensor) -> tf.Tensor:
    for name in ("conv1", "conv2"):
        weights = v1.Variable(v1.random_normal([3, 3, 3, 3]), name=f"{name}_weights")
        biases = v1.Variable(tf.zeros([3]), name=f"{name}_biases")
        x = tf.nn.relu(tf.nn.conv2d(x, weights, 1, "SAME") + biases)
    return x


def missed_sharing(folder: Path) -> None:
    with fresh_graph():
        first, second = image("image1"), image("image2")
        with v1.name_scope("filter"):
            filter_variables(first)
        with v1.name_scope("filter"):
            filter_variables(second)
        write_meta(folder, "m18_missed_sharing.meta")


def _filter_shared(x: tf.Tensor) -> tf.Tensor:
    for name in ("conv1", "conv2"):
        with v1.variable_scope(name):
            weights = v1.get_variable("weights", [3, 3, 3, 3])
            biases = v1.get_variable("biases", [3], initializer=v1.zeros_initializer())
            x = tf.nn.relu(tf.nn.conv2d(x, weights, 1, "SAME") + biases)
    return x


def same_filter_shared(folder: Path) -> None:
    with fresh_graph():
        first, second = image("image1"), image("image2")
        with v1.variable_scope("image_filters") as scope:
            _filter_shared(first)
            scope.reuse_variables()
            _filter_shared(second)
        write_meta(folder, "m19_shared_filter.meta")


def towers(folder: Path) -> None:
    with fresh_graph(resource=True):
        x = vector(4)
        for index in range(2):
            scope = v1.variable_scope(v1.get_variable_scope(), reuse=index > 0)
            with v1.device(f"/GPU:{index}"), v1.name_scope(f"tower_{index}"), scope:
                _tower(x)
        write_meta(folder, "m20_towers.meta")


def _tower(x: tf.Tensor) -> tf.Tensor:
    with v1.variable_scope("net"):
        with v1.device("/CPU:0"):
            weights = v1.get_variable("weights", [4, 3])
        return tf.reduce_sum(tf.matmul(x, weights), name="loss")


def tied_weights(folder: Path) -> None:
    with fresh_graph():
        x = vector(6)
        with v1.variable_scope("encoder"):
            weights = v1.get_variable("weights", [6, 3])
            code = tf.nn.sigmoid(tf.matmul(x, weights))
        with v1.variable_scope("decoder"):
            biases = v1.get_variable("biases", [6], initializer=v1.zeros_initializer())
            tf.add(tf.matmul(code, tf.transpose(weights)), biases)
        write_meta(folder, "m25_tied_weights.meta")


SAMPLES = {
    "M17": shared_discriminator,
    "M18": missed_sharing,
    "M19": same_filter_shared,
    "M20": towers,
    "M25": tied_weights,
}
