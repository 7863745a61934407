"""M07-M09 and M26: layers, cells, blocks."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from sample_graphs.mechanisms.graphs import dense, fresh_graph, image, v1, vector, write_meta


def three_layers(x: tf.Tensor) -> tf.Tensor:
    """Three dense layers, one variable scope each."""
    for index, units in enumerate((8, 6, 2), start=1):
        with v1.variable_scope(f"layer{index}"):
            x = dense(x, units)
    return x


def one_scope_per_layer(folder: Path) -> None:
    with fresh_graph():
        three_layers(vector(4))
        saver = v1.train.Saver()
        write_meta(folder, "m07_layers.meta", saver=saver)


def _cell(x: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
    with v1.variable_scope("cell"):
        w = v1.get_variable("w", [7, 4])
        b = v1.get_variable("b", [4], initializer=v1.zeros_initializer())
        return tf.tanh(tf.matmul(tf.concat([x, state], 1), w) + b)


def cell_by_reentry(folder: Path) -> None:
    with fresh_graph():
        x, state = vector(3), tf.zeros([1, 4])
        with v1.variable_scope("rnn_cell"):
            _cell(x, state)
        with v1.variable_scope("rnn_cell", reuse=True):
            _cell(x, state)
        write_meta(folder, "m08_cell_reentry.meta")


def unrolled(folder: Path) -> None:
    from tf_keras.src.layers.rnn.legacy_cells import BasicLSTMCell

    with fresh_graph():
        cell = BasicLSTMCell(4)
        x, state = vector(3), cell.zero_state(2, tf.float32)
        for step in range(10):
            with v1.name_scope(f"step_{step}"):
                _, state = cell(tf.reshape(x, [2, 3]), state)
        write_meta(folder, "m09_lstm_unrolled.meta")
    with fresh_graph():
        x, state = vector(3), tf.zeros([1, 4])
        with v1.variable_scope("rnn") as scope:
            for step in range(10):
                if step:
                    scope.reuse_variables()
                state = _cell(x, state)
        write_meta(folder, "m09_loop_unrolled.meta")


def blocks(folder: Path) -> None:
    from tf_keras.src.legacy_tf_layers import core

    with fresh_graph():
        x = image()
        for block in ("block1", "block2"):
            with v1.name_scope(block), v1.variable_scope(f"{block}/conv1"):
                kernel = v1.get_variable("kernel", [3, 3, 3, 3])
                x = tf.nn.conv2d(x, kernel, 1, "SAME")
        core.dense(core.flatten(x), 2, name="logits")
        write_meta(folder, "m26_blocks.meta")


SAMPLES = {"M07": one_scope_per_layer, "M08": cell_by_reentry, "M09": unrolled, "M26": blocks}
