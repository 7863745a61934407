"""Questions about restoring: TensorFlow fills a graph, and what arrives is compared.

As in `oracle_server`, nothing of scopeview is used here.
"""

from __future__ import annotations

from typing import Any


def restore(path: str, checkpoint: str) -> dict[str, str]:
    """Restore a checkpoint into a MetaGraph; return the error and the key that it names, empty if there is none."""
    import re

    import tensorflow as tf

    tf.compat.v1.reset_default_graph()
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        saver = tf.compat.v1.train.import_meta_graph(path)
        try:
            saver.restore(session, checkpoint)
        except Exception as error:  # noqa: BLE001 - what it says is the answer
            named = re.search(r"Key (\S+) not found", str(error))
            return {"error": f"{type(error).__name__}: {error}"[:500], "key": named[1] if named else ""}
    return {"error": "", "key": ""}


def values(path: str) -> dict[str, Any]:
    """Return the values of every numeric entry of a checkpoint, flat."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(path)
    dtypes = reader.get_variable_to_dtype_map()
    numeric = [name for name, dtype in dtypes.items() if dtype != tf.string]
    return {"values": {name: reader.get_tensor(name).ravel().astype(float).tolist() for name in numeric}}


def _target_variables(path: str) -> dict[str, Any]:
    """Make, by get_variable in the default graph, every variable that a MetaGraph lists; return them by name."""
    import tensorflow as tf

    with tf.Graph().as_default():
        tf.compat.v1.train.import_meta_graph(path)
        listed = tf.compat.v1.global_variables()
        parts: dict[str, int] = {}
        variables = {}
        for variable in listed:
            info = variable._save_slice_info
            name = info.full_name if info is not None else variable.op.name
            parts[name] = parts.get(name, 0) + 1
            variables[name] = (list(info.full_shape) if info is not None else variable.shape.as_list(), variable.dtype)
    made = {}
    for name, (shape, dtype) in variables.items():
        partitioner = tf.compat.v1.fixed_size_partitioner(parts[name]) if parts[name] > 1 else None
        made[name] = tf.compat.v1.get_variable(name, shape, dtype.base_dtype, partitioner=partitioner)
    return made


def _unequal(session: Any, made: dict[str, Any], checkpoint: str, pairs: dict[str, str]) -> dict[str, Any]:
    import numpy as np
    import tensorflow as tf

    reader = tf.train.load_checkpoint(checkpoint)
    unequal = [
        target
        for target, source in pairs.items()
        if not np.array_equal(session.run(tf.convert_to_tensor(made[target])), reader.get_tensor(source))
    ]
    return {"compared": len(pairs), "unequal": unequal}


def init_from(path: str, checkpoint: str, mapping: dict[str, str], pairs: dict[str, str]) -> dict[str, Any]:
    """Fill the variables of a MetaGraph by `init_from_checkpoint`; return the pairs whose values are not equal."""
    import tensorflow as tf

    tf.compat.v1.disable_eager_execution()
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        made = _target_variables(path)
        tf.compat.v1.train.init_from_checkpoint(checkpoint, mapping)
        session.run(tf.compat.v1.global_variables_initializer())
        return _unequal(session, made, checkpoint, pairs)


def restore_by(path: str, checkpoint: str, code: str, pairs: dict[str, str]) -> dict[str, Any]:
    """Run Python that makes a Saver, restore with it, and return the pairs whose values are not equal."""
    import tensorflow as tf

    tf.compat.v1.disable_eager_execution()
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        made = _target_variables(path)
        names: dict[str, Any] = {"tf": tf}
        exec(code, names)
        names["saver"].restore(session, checkpoint)
        return _unequal(session, made, checkpoint, pairs)
