"""Graphs built by code, as people build them, and the Python that scopeview prints run on them.

As in `oracle_server`, nothing of scopeview is used here. A recipe lists variables as `[maker, name, shape, parts]`.
"""

from __future__ import annotations

from typing import Any

Recipe = list[list[Any]]


def _build(recipe: Recipe, style: str) -> None:
    """Make every variable of a recipe in the default graph; `style` is `ref` or `resource`."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    (tf1.enable_resource_variables if style == "resource" else tf1.disable_resource_variables)()
    for maker, name, shape, parts in recipe:
        if maker == "get_variable":
            tf1.get_variable(name, shape, initializer=tf1.random_normal_initializer())
        elif maker == "partitioned":
            slices = tf1.fixed_size_partitioner(parts)
            tf1.get_variable(name, shape, initializer=tf1.random_normal_initializer(), partitioner=slices)
        elif maker == "variable":
            tf1.Variable(tf1.random_normal(shape), name=name)
        elif maker == "keras":
            _keras_dense(name, shape)
        elif maker == "adam":
            _adam()
        else:
            raise ValueError(maker)


def _keras_dense(name: str, shape: list[int]) -> None:
    """Make `name/kernel` and `name/bias` as a Keras layer of that name does."""
    import tensorflow as tf
    import tf_keras

    scope, _, leaf = name.rpartition("/")
    normal = tf.compat.v1.random_normal_initializer()
    with tf.compat.v1.name_scope(f"{scope}/" if scope else None):
        layer = tf_keras.layers.Dense(shape[1], name=leaf, kernel_initializer=normal, bias_initializer=normal)
        layer(tf.compat.v1.placeholder(tf.float32, [None, shape[0]]))


def _adam() -> None:
    """Train all that is there by Adam, so that slots and powers of beta are there too, none of them zero."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    loss = tf.add_n([tf.reduce_sum(tf.square(v)) for v in tf1.trainable_variables()])
    tf1.train.AdamOptimizer().minimize(loss)


def build(path: str, recipe: Recipe, style: str, save: bool) -> dict[str, Any]:
    """Build a graph; write its checkpoint (after a step of training, if it trains) and .meta, or the .meta alone."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    tf1.disable_eager_execution()
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        tf1.set_random_seed(hash(path) % 1000)
        _build(recipe, style)
        saver = tf1.train.Saver()
        if not save:
            tf1.train.export_meta_graph(f"{path}.meta", saver_def=saver.as_saver_def())
            return {"variables": [v.op.name for v in tf1.global_variables()]}
        session.run(tf1.global_variables_initializer())
        steps = [op for op in graph.get_operations() if op.name == "Adam"]
        session.run(steps)
        saver.save(session, path, write_state=False)
    return {"keys": tf.train.load_checkpoint(path).get_variable_to_shape_map()}


def run_code(
    path: str, recipe: Recipe, style: str, checkpoint: str, printed: str, pairs: dict[str, str]
) -> dict[str, Any]:
    """Run what scopeview printed and say which variables do not hold the values of their keys.

    Args:
        path: a .meta to import; the graph is built by code where it is empty.
        recipe: what the graph is built of.
        style: `ref` or `resource`.
        checkpoint: where the values are.
        printed: a map of names for `init_from_checkpoint`, or Python.
        pairs: the right key for each variable.
    """
    import ast

    import tensorflow as tf

    tf1 = tf.compat.v1
    tf1.disable_eager_execution()
    with tf.Graph().as_default(), tf1.Session() as session:
        if path:
            tf1.train.import_meta_graph(path)
        else:
            _build(recipe, style)
        names: dict[str, Any] = {"tf": tf, "checkpoint": checkpoint}
        try:
            mapping = ast.literal_eval(printed)
        except (SyntaxError, ValueError):
            exec(printed, names)
        else:
            tf1.train.init_from_checkpoint(checkpoint, mapping)
        session.run(tf1.global_variables_initializer())
        if "saver" in names:
            names["saver"].restore(session, checkpoint)
        return {"compared": len(pairs), "unequal": _unequal(session, checkpoint, pairs)}


def _unequal(session: Any, checkpoint: str, pairs: dict[str, str]) -> list[str]:
    import numpy as np
    import tensorflow as tf

    reader = tf.train.load_checkpoint(checkpoint)
    held: dict[str, list[Any]] = {}
    for variable in tf.compat.v1.global_variables():
        info = variable._save_slice_info
        held.setdefault(info.full_name if info is not None else variable.op.name, []).append(variable)
    return [
        name
        for name, key in pairs.items()
        if not np.array_equal(
            np.concatenate([np.atleast_1d(session.run(v)) for v in held[name]]), np.atleast_1d(reader.get_tensor(key))
        )
    ]
