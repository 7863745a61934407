"""What a step costs, as TensorFlow itself records and counts it.

As in `oracle_server`, nothing of scopeview is used here.
"""

from __future__ import annotations

from typing import Any


def recorded(path: str, batch: int) -> dict[str, Any]:
    """Run a graph twice under a full trace, write both steps to an event file in a folder; return what they cost.

    `flops` are those of TensorFlow's profiler; `times` microseconds, bytes and executions by op, of the second step.
    """
    import numpy as np
    import tensorflow as tf
    from tensorflow.python.framework import ops
    from tensorflow.python.profiler.internal import flops_registry  # noqa: F401 - registers them

    tf1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        image = tf1.placeholder(tf.float32, [batch, 8, 6, 3], "image")
        loss = _network(image)
        gradients = tf1.gradients(loss, tf1.trainable_variables())
        writer = tf1.summary.FileWriter(path, graph)
        times: dict[str, list[float]] = {}
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            for step in range(2):
                run = tf1.RunMetadata()
                options = tf1.RunOptions(trace_level=tf1.RunOptions.FULL_TRACE)
                fed = {image: np.ones([batch, 8, 6, 3], np.float32)}
                session.run([loss, *gradients], fed, options=options, run_metadata=run)
                writer.add_run_metadata(run, f"step{step}")
                times = _times(run)
        writer.close()
        counted = {node.name: _flops(ops, graph, node) for node in graph.as_graph_def().node}
    return {"flops": {name: number for name, number in counted.items() if number is not None}, "times": times}


def _network(image: Any) -> Any:
    import tensorflow as tf

    tf1 = tf.compat.v1
    tf1.disable_resource_variables()
    with tf1.variable_scope("conv"):
        kernel = tf1.get_variable("kernel", [3, 2, 3, 5])
        found = tf1.nn.conv2d(image, kernel, [1, 2, 1, 1], "SAME")
        found = tf.nn.bias_add(found, tf1.get_variable("bias", [5]))
    with tf1.variable_scope("deep"):
        found = tf1.nn.depthwise_conv2d(found, tf1.get_variable("kernel", [2, 2, 5, 2]), [1, 1, 1, 1], "VALID")
        found = tf.nn.max_pool2d(found, [1, 2, 2, 1], [1, 1, 1, 1], "SAME")
        found = tf.nn.avg_pool2d(tf.nn.relu(found), [1, 2, 1, 1], [1, 1, 1, 1], "SAME")
    with tf1.variable_scope("dense"):
        flat = tf.reshape(found, [found.shape[0], -1])
        scores = tf.matmul(flat, tf1.get_variable("kernel", [flat.shape[1], 7]))
        scores = tf.add_n([scores, scores, tf.nn.softmax(scores)])
        pairs = tf.matmul(tf.stack([scores, scores]), tf.stack([scores, scores]), transpose_b=True)
    return tf.reduce_mean(tf.math.squared_difference(pairs, 1.0)) + tf.nn.l2_loss(
        tf.math.rsqrt(tf.square(scores) + 1.0)
    )


def _times(run: Any) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for device in run.step_stats.dev_stats:
        for node in device.node_stats:
            entry = found.setdefault(node.node_name.split(":")[0], [0.0, 0, 0])
            nanos = node.op_end_rel_nanos - node.op_start_rel_nanos
            entry[0] += max(0.0, nanos / 1000 if nanos > 0 else node.op_end_rel_micros - node.op_start_rel_micros)
            entry[1] += sum(used.total_bytes for used in node.memory)
            entry[2] += 1
    return found


def _flops(ops: Any, graph: Any, node: Any) -> float | None:
    try:
        found = ops.get_stats_for_node_def(graph, node, "flops").value
    except ValueError:
        return None  # a shape is not known
    return None if found is None else float(found)
