"""M28 and M30-M33: partitions, frozen graphs, savers, checkpoints, renamed models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from sample_graphs.mechanisms.graphs import dense, fresh_graph, v1, vector, write_meta
from sample_graphs.mechanisms.layers import three_layers
from sample_graphs.mechanisms.sharing import gan


def new_session() -> v1.Session:
    """One thread, so that the values of a sample are the same on every machine."""
    config = v1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    session = v1.Session(config=config)
    session.run(v1.global_variables_initializer())
    return session


def save(session: v1.Session, path: Path, **arguments: object) -> None:
    v1.train.Saver(**arguments).save(session, str(path), write_meta_graph=False, write_state=False)


def partitioned(folder: Path) -> None:
    with fresh_graph():
        with v1.variable_scope("p", partitioner=v1.fixed_size_partitioner(3)):
            w = v1.get_variable("w", [10, 4])
        tf.matmul(vector(10), tf.convert_to_tensor(w))
        v1.train.Saver()
        write_meta(folder, "m28_partitioned.meta")
        with new_session() as session:
            save(session, folder / "m28_partitioned.ckpt")


def frozen(folder: Path) -> None:
    for resource, name in ((False, "m30_frozen_ref.pb"), (True, "m30_frozen_resource.pb")):
        with fresh_graph(resource=resource) as graph:
            y = three_layers(vector(4))
            with new_session() as session:
                graph_def = v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), [y.op.name])
            v1.train.write_graph(graph_def, str(folder), name, as_text=False)
    _frozen_v2(folder)


def _frozen_v2(folder: Path) -> None:
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    weights = tf.Variable(np.full([4, 2], 0.5, np.float32), name="dense/kernel")

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    def call(x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(x, weights)

    graph_def = convert_variables_to_constants_v2(call.get_concrete_function()).graph.as_graph_def()
    v1.train.write_graph(graph_def, str(folder), "m30_frozen_v2.pb", as_text=False)


def renaming_savers(folder: Path) -> None:
    with fresh_graph():
        with v1.variable_scope("net"):
            w = v1.get_variable("w", [2])
            b = v1.get_variable("b", [2])
            v1.get_variable("scratch", [2])
        v1.train.Saver({"old/name": w})
        v1.train.Saver({"net/w": w, "net/b": b}, name="second")
        write_meta(folder, "m31_renaming_savers.meta")


def checkpoints(folder: Path) -> None:
    with fresh_graph():
        train = gan(train=True)
        rng = np.random.default_rng(9)  # a batch from which the discriminator learns, and the generator does not
        feed = {"z:0": rng.normal(size=(2, 3)), "real:0": rng.normal(size=(2, 4))}
        with new_session() as session:
            save(session, folder / "m32_before.ckpt")
            session.run(train, feed)
            save(session, folder / "m32_after.ckpt")
            save(session, folder / "m32_v1.ckpt", write_version=v1.train.SaverDef.V1)
            save(session, folder / "m32_v1_sharded.ckpt", write_version=v1.train.SaverDef.V1, sharded=True)
    _sharded(folder)
    _object_based(folder)


def _sharded(folder: Path) -> None:
    """Variables on two devices make two shards."""
    with fresh_graph():
        for index in range(2):
            with v1.device(f"/cpu:{index}"), v1.variable_scope(f"part{index}"):
                dense(vector(3, f"x{index}"), 2)
        config = v1.ConfigProto(device_count={"CPU": 2}, intra_op_parallelism_threads=1)
        with v1.Session(config=config) as session:
            session.run(v1.global_variables_initializer())
            save(session, folder / "m32_sharded.ckpt", sharded=True)
            # With a state file, as a training run leaves it: it names "m32.ckpt-7-?????-of-00002".
            saver = v1.train.Saver(write_version=v1.train.SaverDef.V1, sharded=True)
            (folder / "m32_v1_two_shards").mkdir(exist_ok=True)
            path = folder / "m32_v1_two_shards" / "m32.ckpt"
            saver.save(session, str(path), global_step=7, write_meta_graph=False)
            _without_folder(path.with_name("checkpoint"))


def _without_folder(state_file: Path) -> None:
    """Make the paths of a state file relative, as they are after the folder was moved."""
    text = state_file.read_text("utf-8")
    state_file.write_text(text.replace(f"{state_file.parent}/", ""), "utf-8")


def _object_based(folder: Path) -> None:
    root = tf.train.Checkpoint(
        step=tf.Variable(1, dtype=tf.int64, name="step"),
        net=tf.Module(name="net"),
    )
    root.net.layers = [tf.Variable(tf.ones([2]), name="l0"), tf.Variable(tf.zeros([3]), name="l0")]
    setattr(root.net, "a/b.c", tf.Variable(2.0, name="odd"))
    root.write(str(folder / "m32_object.ckpt"))


def renamed_model(folder: Path) -> None:
    with fresh_graph():
        three_layers(vector(4))
        with new_session() as session:
            save(session, folder / "m33_original.ckpt")
    with fresh_graph():
        x = vector(4)
        with v1.variable_scope("model"):
            for index, units in enumerate((8, 6, 2), start=1):
                with v1.variable_scope(f"layer{index}"):
                    kernel = v1.get_variable("kernel", [x.shape[1], units])
                    biases = v1.get_variable("biases", [units], initializer=v1.zeros_initializer())
                    x = tf.nn.relu(tf.matmul(x, kernel) + biases)
        v1.train.Saver()
        write_meta(folder, "m33_renamed.meta")


SAMPLES = {
    "M28": partitioned,
    "M30": frozen,
    "M31": renaming_savers,
    "M32": checkpoints,
    "M33": renamed_model,
}
