"""M21-M24: initializers, collections, fine-tuning, optimizer state."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from sample_graphs.mechanisms.graphs import dense, fresh_graph, v1, vector, write_meta
from sample_graphs.mechanisms.layers import three_layers


def initializers(folder: Path) -> None:
    kinds = {
        "constant": v1.constant_initializer(0.5),
        "uniform": v1.random_uniform_initializer(-0.1, 0.1, seed=3),
        "normal": v1.random_normal_initializer(1.0, 0.2, seed=3),
        "truncated": v1.truncated_normal_initializer(stddev=0.05, seed=3),
        "glorot": v1.glorot_uniform_initializer(seed=3),
        "zeros": v1.zeros_initializer(),
        "ones": v1.ones_initializer(),
        "orthogonal": v1.orthogonal_initializer(seed=3),
    }
    for resource, name in ((False, "m21_initializers.meta"), (True, "m21_initializers_resource.meta")):
        with fresh_graph(resource=resource):
            for kind, initializer in kinds.items():
                v1.get_variable(kind, [4, 6], initializer=initializer)
            v1.get_variable("from_value", initializer=tf.constant([1.0, 2.0, 3.0]))
            v1.get_variable("gain", [4, 6], initializer=v1.orthogonal_initializer(gain=2.0, seed=3))
            v1.get_variable("scaled", initializer=v1.random_normal([2, 3], seed=3) * 0.01)
            v1.get_variable("shifted", initializer=v1.truncated_normal([2, 3], stddev=0.1, seed=3) + 5.0)
            v1.get_variable("rooted", initializer=tf.sqrt(v1.random_uniform([2, 3], 1.0, 2.0, seed=3)))
            v1.get_variable("mixed", initializer=tf.constant([0.0] * 10 + [1.0] * 10))
            v1.get_variable("integers", initializer=v1.random_uniform([3], 2, 9, tf.int32, seed=3))
            v1.get_variable("many_zeros", [40, 60], initializer=v1.zeros_initializer())
            write_meta(folder, name)


def collections(folder: Path) -> None:
    with fresh_graph():
        x = vector(4)
        with v1.variable_scope("net"):
            frozen = v1.get_variable("frozen", [4, 3])
            weights = v1.get_variable("weights", [4, 3])
            v1.get_variable("counter", [], dtype=tf.int32, initializer=v1.zeros_initializer(), trainable=False)
            local = v1.get_variable("local", [], collections=[v1.GraphKeys.LOCAL_VARIABLES], trainable=False)
        y = tf.matmul(x, weights + frozen, name="y")
        v1.add_to_collection("FROZEN_VARS", frozen)
        v1.add_to_collection("endpoints", y)
        v1.add_to_collection("endpoints", y.op)
        v1.add_to_collection("notes", "a plain string")
        v1.add_to_collection("numbers", 42)
        v1.losses.add_loss(tf.reduce_mean(y, name="loss"))
        v1.summary.scalar("mean", tf.reduce_mean(y))
        v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, v1.assign_add(local, 1.0, name="update"))
        v1.train.get_or_create_global_step()
        write_meta(folder, "m22_collections.meta")


def fine_tuning(folder: Path) -> None:
    with fresh_graph():
        y = three_layers(vector(4))
        top = v1.trainable_variables("layer3")
        v1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(y), var_list=top)
        write_meta(folder, "m23_fine_tuning.meta")


def optimizer_state(folder: Path) -> None:
    optimizers = {
        "adam": lambda: v1.train.AdamOptimizer(0.01),
        "momentum": lambda: v1.train.MomentumOptimizer(0.01, 0.9),
        "rmsprop": lambda: v1.train.RMSPropOptimizer(0.01, centered=True),
    }
    for name, make in optimizers.items():
        for resource in (False, True):
            with fresh_graph(resource=resource):
                with v1.variable_scope("dense"):
                    loss = tf.reduce_mean(dense(vector(4), 2))
                train = make().minimize(loss, v1.train.get_or_create_global_step())
                v1.add_to_collection("train_op", train)
                v1.train.Saver()
                suffix = "_resource" if resource else ""
                write_meta(folder, f"m24_{name}{suffix}.meta")
    with fresh_graph():
        with v1.variable_scope("dense"):
            dense(vector(4), 2)
        averages = v1.train.ExponentialMovingAverage(0.9)
        averages.apply(v1.trainable_variables())
        v1.train.Saver(averages.variables_to_restore())
        write_meta(folder, "m24_moving_average.meta")


SAMPLES = {"M21": initializers, "M22": collections, "M23": fine_tuning, "M24": optimizer_state}
