"""Faulty programs of tutorials on variable scopes; `is_mended` applies the fix that scopeview names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

tf1: Any = tf.compat.v1
get, scope = tf1.get_variable, tf1.variable_scope
AUTO = tf1.AUTO_REUSE


def twice_in_one_scope(is_mended: bool) -> None:
    with scope("foo", reuse=AUTO if is_mended else None):
        get("v", [1])
        get("v", [1])


def image_filter_twice(is_mended: bool) -> None:
    def image_filter(image: Any) -> Any:
        with scope("conv1", reuse=AUTO if is_mended else None):
            return image * get("weights", [3])

    image_filter(tf.zeros([3]))
    image_filter(tf.ones([3]))


def third_call_without_reuse(is_mended: bool) -> None:
    def embed(image: Any, reuse: bool | None = None) -> Any:
        with scope("embed", reuse=reuse), scope("conv1"):
            return image * get("kernel", [3])

    embed(tf.zeros([3]))
    embed(tf.zeros([3]), reuse=True)
    embed(tf.zeros([3]), reuse=True if is_mended else None)


def loop_in_one_scope(is_mended: bool) -> None:
    with scope("rnn", reuse=AUTO if is_mended else None):
        for _ in range(3):
            get("w", [2, 2])


def name_scopes_for_two_layers(is_mended: bool) -> None:
    for layer in ("layer1", "layer2"):
        with scope(layer) if is_mended else tf1.name_scope(layer):
            get("w", [2])


def reuse_false_below_true(is_mended: bool) -> None:
    with scope("net"):
        get("w", [2])
    with scope("net", reuse=None if is_mended else True), scope("head", reuse=False):
        get("b", [2])


def reuse_false_for_the_second(is_mended: bool) -> None:
    with scope("net", reuse=False):
        get("w", [2])
    with scope("net", reuse=bool(is_mended)):
        get("w", [2])


def optimizer_after_reuse(is_mended: bool) -> None:
    weight = get("w", [3])
    if is_mended:
        with scope(tf1.get_variable_scope(), reuse=True):
            get("w", [3])
    else:
        tf1.get_variable_scope().reuse_variables()
    tf1.train.AdamOptimizer().minimize(tf.reduce_sum(weight))


def optimizer_in_a_scope_that_reuses(is_mended: bool) -> None:
    with scope("net"):
        weight = get("w", [3])
    with scope("" if is_mended else "net", reuse=None if is_mended else True):
        tf1.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(weight))


def reuse_in_a_loop(is_mended: bool) -> None:
    with scope("rnn") as rnn:
        for step in range(3):
            if step > 0 or not is_mended:
                rnn.reuse_variables()
            get("w", [2])


def reuse_on_a_scope_that_was_left(is_mended: bool) -> None:
    with scope("net") as net:
        get("w", [2])
    net.reuse_variables()
    with scope("net" if is_mended else net):
        get("b", [2])


def misspelled(is_mended: bool) -> None:
    with scope("encoder"):
        get("kernel", [3])
        get("bias", [3])
    with scope("encoder", reuse=True):
        get("kernel" if is_mended else "kernal", [3])


def constant_and_shape(is_mended: bool) -> None:
    get("w", None if is_mended else [2], initializer=tf.constant([1.0, 2.0]))


def unknown_dimension(is_mended: bool) -> None:
    features = tf1.placeholder(tf.float32, [None, 4 if is_mended else None])
    get("w", [features.shape[1], 3])


def partitioner_for_the_second(is_mended: bool) -> None:
    split = tf1.fixed_size_partitioner(2)
    with scope("emb", partitioner=split if is_mended else None):
        get("t", [8, 2])
    with scope("emb", reuse=True, partitioner=split):
        get("t", [8, 2])


def another_shape_of_parts(is_mended: bool) -> None:
    with scope("emb", reuse=AUTO, partitioner=tf1.fixed_size_partitioner(2)):
        get("t", [8, 2])
        get("t", [8, 2 if is_mended else 3])


FAULTY: dict[str, Callable[[bool], None]] = {
    function.__name__: function
    for function in (
        twice_in_one_scope,
        image_filter_twice,
        third_call_without_reuse,
        loop_in_one_scope,
        name_scopes_for_two_layers,
        reuse_false_below_true,
        reuse_false_for_the_second,
        optimizer_after_reuse,
        optimizer_in_a_scope_that_reuses,
        reuse_in_a_loop,
        reuse_on_a_scope_that_was_left,
        misspelled,
        constant_and_shape,
        unknown_dimension,
        partitioner_for_the_second,
        another_shape_of_parts,
    )
}
