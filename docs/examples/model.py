"""A small discriminator, as TF 1 code builds it: a layer, and a network of two."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

tf1: Any = tf.compat.v1


def dense(x: Any, units: int, name: str) -> Any:
    """Return `x` through one dense layer."""
    with tf1.variable_scope(name):
        weights = tf1.get_variable("weights", [x.shape[-1], units])
        biases = tf1.get_variable("biases", [units], initializer=tf1.zeros_initializer())
        return tf1.tanh(tf1.matmul(x, weights) + biases)


def discriminator(image: Any) -> Any:
    """Return the judgment of one batch of images."""
    with tf1.variable_scope("discriminator"):
        return dense(dense(image, 6, "hidden"), 1, "judgment")
