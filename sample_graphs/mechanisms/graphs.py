"""How a sample starts its graph and writes it down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf

v1 = tf.compat.v1


@contextmanager
def fresh_graph(*, resource: bool = False, control_flow_v2: bool = False) -> Iterator[tf.Graph]:
    """A new graph with fixed seeds, of the TF 1 world unless another is asked for."""
    (v1.enable_resource_variables if resource else v1.disable_resource_variables)()
    (v1.enable_control_flow_v2 if control_flow_v2 else v1.disable_control_flow_v2)()
    with tf.Graph().as_default() as graph:
        v1.set_random_seed(7)
        yield graph


def write_meta(folder: Path, name: str, *, text: bool = False, saver: v1.train.Saver | None = None) -> None:
    """Write the default graph with its collections as a MetaGraphDef."""
    saver_def = saver.saver_def if saver is not None else None
    v1.train.export_meta_graph(str(folder / name), saver_def=saver_def, as_text=text)


def write_graph_def(folder: Path, name: str) -> None:
    """Write the default graph as a bare GraphDef, in text if the name ends in `.pbtxt`."""
    graph_def = v1.get_default_graph().as_graph_def()
    v1.train.write_graph(graph_def, str(folder), name, as_text=name.endswith(".pbtxt"))


def dense(x: tf.Tensor, units: int, activation: str = "relu") -> tf.Tensor:
    """A dense layer as tutorials write it, with `get_variable` in the current scope."""
    weights = v1.get_variable("weights", [x.shape[1], units])
    biases = v1.get_variable("biases", [units], initializer=v1.zeros_initializer())
    y = tf.matmul(x, weights) + biases
    return tf.nn.relu(y) if activation == "relu" else y


def image(name: str = "image") -> tf.Tensor:
    """A batch of small RGB images to be fed."""
    return v1.placeholder(tf.float32, [None, 8, 8, 3], name=name)


def vector(size: int, name: str = "x") -> tf.Tensor:
    """A batch of vectors to be fed."""
    return v1.placeholder(tf.float32, [None, size], name=name)
