"""M38-M40: repeated layers under other names, a saver that asks for averages, clipped gradients."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from sample_graphs.mechanisms.graphs import dense, fresh_graph, v1, vector, write_meta
from sample_graphs.mechanisms.storage import new_session, save


def _attention(scope: str, parts: tuple[str, str, str]) -> None:
    """Three layers of query, key and value, all of one shape."""
    x = vector(4)
    for index in range(3):
        with v1.variable_scope(scope.format(i=index)):
            made = []
            for part in parts:
                with v1.variable_scope(part):
                    kernel = v1.get_variable("kernel", [4, 4])
                    bias = v1.get_variable("bias", [4], initializer=v1.zeros_initializer())
                    made.append(tf.matmul(x, kernel) + bias)
            query, key, value = made
            x = tf.matmul(tf.nn.softmax(tf.matmul(query, key, transpose_b=True)), value)


def repeated_layers_renamed(folder: Path) -> None:
    with fresh_graph():
        _attention("layer_{i}", ("q", "k", "v"))
        with new_session() as session:
            save(session, folder / "m38_original.ckpt")
    with fresh_graph():
        _attention("block{i}", ("query", "key", "value"))
        v1.train.Saver()
        write_meta(folder, "m38_renamed.meta")


def saver_of_averages(folder: Path) -> None:
    with fresh_graph():
        with v1.variable_scope("net"):
            dense(vector(4), 3)
        with new_session() as session:
            save(session, folder / "m39_without_averages.ckpt")
    with fresh_graph():
        with v1.variable_scope("net"):
            dense(vector(4), 3)
        average = tf.train.ExponentialMovingAverage(0.9)
        average.apply(v1.trainable_variables())
        saver = v1.train.Saver(average.variables_to_restore())
        write_meta(folder, "m39_asks_for_averages.meta", saver=saver)


def clipped_gradients(folder: Path) -> None:
    with fresh_graph():
        with v1.variable_scope("net"):
            loss = tf.reduce_mean(tf.square(dense(vector(4), 3)), name="loss")
        optimizer = v1.train.GradientDescentOptimizer(0.1)
        gradients, variables = zip(*optimizer.compute_gradients(loss), strict=True)
        clipped, _ = tf.clip_by_global_norm(gradients, 1.0)
        optimizer.apply_gradients(zip(clipped, variables, strict=True))
        write_meta(folder, "m40_clipped_gradients.meta")


SAMPLES = {
    "M38": repeated_layers_renamed,
    "M39": saver_of_averages,
    "M40": clipped_gradients,
}
