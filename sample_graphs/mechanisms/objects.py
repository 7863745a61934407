"""M29: SavedModels of TF 2, and one of TF 1 with two tag-sets; an event file."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from sample_graphs.mechanisms.graphs import dense, fresh_graph, v1, vector

SIGNATURE = [tf.TensorSpec([None, 3], tf.float32, name="x")]


class TwoLayers(tf.Module):
    """Two variables of one name, used by two functions."""

    def __init__(self) -> None:
        super().__init__(name="two_layers")
        self.layers = [
            tf.Variable(tf.ones([3, 4]), name="l0"),
            tf.Variable(tf.zeros([4, 2]), name="l0", trainable=False),
        ]

    @tf.function(input_signature=SIGNATURE)
    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.encode(x) @ self.layers[1]

    @tf.function(input_signature=SIGNATURE)
    def encode(self, x: tf.Tensor) -> tf.Tensor:
        with tf.name_scope("enc"):
            return x @ self.layers[0]


def saved_models(folder: Path) -> None:
    module = TwoLayers()
    tf.saved_model.save(module, str(folder / "m29_module"), signatures={"serving_default": module.call})
    _keras(folder)
    _two_tag_sets(folder)
    _events(folder)


def _keras(folder: Path) -> None:
    """A Keras model (tf_keras) in which one layer is used twice."""
    import tf_keras

    shared = tf_keras.layers.Dense(3, name="shared")
    inputs = tf_keras.Input([3], name="x")
    outputs = tf_keras.layers.Dense(2, name="head")(shared(shared(inputs)))
    tf.saved_model.save(tf_keras.Model(inputs, outputs), str(folder / "m29_keras"))


def _two_tag_sets(folder: Path) -> None:
    path = folder / "m29_two_tag_sets"
    builder = v1.saved_model.Builder(str(path))
    for tags, training in ((["train"], True), (["serve"], False)):
        with fresh_graph():
            x = vector(3)
            with v1.variable_scope("net"):
                y = dense(x, 2)
            if training:
                v1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(y))
            signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
            with v1.Session() as session:
                session.run(v1.global_variables_initializer())
                if training:
                    builder.add_meta_graph_and_variables(session, tags, {"serving_default": signature})
                else:
                    builder.add_meta_graph(tags, {"serving_default": signature})
    builder.save()


def _events(folder: Path) -> None:
    """A logdir of two runs: a TF 1 graph, and a traced function of TF 2."""
    with fresh_graph() as graph:
        with v1.variable_scope("net"):
            dense(vector(3), 2)
        v1.summary.FileWriter(str(folder / "m29_logdir" / "v1"), graph, filename_suffix=".sample").close()
    module = TwoLayers()
    writer = tf.summary.create_file_writer(str(folder / "m29_logdir" / "v2"), filename_suffix=".sample")
    with writer.as_default():
        tf.summary.trace_on(graph=True)
        module.call(tf.ones([1, 3]))
        tf.summary.trace_export("call", step=0)
    writer.close()
    for file in (folder / "m29_logdir").glob("*/*"):  # drop the host name and the time
        file.rename(file.with_name("events.out.tfevents.sample"))


SAMPLES = {"M29": saved_models}
