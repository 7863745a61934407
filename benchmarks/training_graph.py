"""Write the MetaGraph of a residual network with its loss, Adam, summaries and a saver, in the manner of TF-Slim.

python benchmarks/training_graph.py --ops 10000 OUT.meta
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

v1 = tf.compat.v1
OPS_OF_A_UNIT = 405  # measured: forward, gradients, Adam and saver of one residual unit


def convolution(x: tf.Tensor, width: int, scope: str, *, active: bool = True) -> tf.Tensor:
    with v1.variable_scope(scope):
        kernel = v1.get_variable("weights", [3, 3, x.shape[-1], width], initializer=v1.glorot_uniform_initializer())
        x = tf.nn.conv2d(x, kernel, 1, "SAME", name="Conv2D")
        with v1.variable_scope("BatchNorm"):
            gamma = v1.get_variable("gamma", [width], initializer=v1.ones_initializer())
            beta = v1.get_variable("beta", [width], initializer=v1.zeros_initializer())
            mean, variance = tf.nn.moments(x, [0, 1, 2], name="moments")
            x = tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3)
        return tf.nn.relu(x, name="Relu") if active else x


def unit(x: tf.Tensor, width: int, scope: str) -> tf.Tensor:
    with v1.variable_scope(scope):
        residual = convolution(convolution(x, width, "conv1"), width, "conv2", active=False)
        return tf.nn.relu(x + residual, name="out")


def network(units: int) -> None:
    images = v1.placeholder(tf.float32, [None, 64, 64, 3], name="images")
    labels = v1.placeholder(tf.int64, [None], name="labels")
    with v1.variable_scope("resnet"):
        x = convolution(images, 16, "stem")
        blocks = max(1, min(4, units))
        for block in range(blocks):
            with v1.variable_scope(f"block{block + 1}"):
                for number in range(units // blocks + (block < units % blocks)):
                    x = unit(x, 16, f"unit_{number + 1}")
                x = tf.nn.max_pool2d(x, 2, 2, "SAME", name="pool")
        x = tf.reduce_mean(x, [1, 2], name="global_pool")
        with v1.variable_scope("logits"):
            kernel = v1.get_variable("weights", [16, 10], initializer=v1.glorot_uniform_initializer())
            logits = tf.matmul(x, kernel) + v1.get_variable("biases", [10], initializer=v1.zeros_initializer())
    with v1.name_scope("loss"):
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits), name="loss")
    v1.summary.scalar("training_loss", loss)
    v1.train.AdamOptimizer(1e-3).minimize(loss, global_step=v1.train.get_or_create_global_step())
    v1.summary.merge_all()
    v1.train.Saver()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path")
    parser.add_argument("--ops", type=int, default=10_000)
    arguments = parser.parse_args()
    with tf.Graph().as_default() as graph:
        network(max(1, arguments.ops // OPS_OF_A_UNIT))
        v1.train.export_meta_graph(arguments.path)
        print(f"{len(graph.get_operations()):,} ops in {arguments.path}")


if __name__ == "__main__":
    main()
