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


def keras3_export(path: str, widths: list[int], dropout: bool) -> dict[str, Any]:
    """Export a Keras 3 model; return the variables that it has when it is loaded, by name, with shape and value."""
    import keras
    import tensorflow as tf

    layers: list[Any] = [keras.layers.Input((widths[0],))]
    for width in widths[1:]:
        layers.append(keras.layers.Dense(width, bias_initializer="random_normal"))
        layers += [keras.layers.Dropout(0.5)] if dropout else []
    keras.Sequential(layers).export(path, verbose=False)
    loaded = tf.saved_model.load(path)
    return {v.name.partition(":")[0]: [v.shape.as_list(), v.numpy().ravel().tolist()] for v in loaded.variables}


def weights_of_one_name(path: str, name: str, widths: list[int]) -> dict[str, Any]:
    """Write eager weights that all have one name, with the state of an optimizer; return the value of every key."""
    import tensorflow as tf

    weights = [tf.Variable(tf.ones((2, width)), name=name) for width in widths]
    optimizer = tf.compat.v1.train.AdamOptimizer(0.1)
    optimizer.apply_gradients([(tf.ones_like(weight), weight) for weight in weights])
    root = tf.Module()
    root.layers = [_layer(weight) for weight in weights]
    tf.train.Checkpoint(root=root, optimizer=optimizer).write(path)
    return {key: shape for key, shape in tf.train.list_variables(path) if not key.startswith("_")}


def _layer(weight: Any) -> Any:
    import tensorflow as tf

    layer = tf.Module()
    layer.w = weight
    return layer


def load_saved_model(path: str) -> dict[str, Any]:
    """Load a SavedModel; a refusal is the answer where TensorFlow refuses."""
    import tensorflow as tf

    tf.saved_model.load(path)
    return {}


def _program(spec: dict[str, Any]) -> Any:
    """Return a tf.train.Checkpoint of modules with variables at the given paths, and slots of an optimizer."""
    import tensorflow as tf
    import tf_keras

    root = tf.Module()
    variables = []
    for path, shape in spec["variables"].items():
        *scopes, leaf = path.split("/")
        owner = root
        for scope in scopes:
            if not hasattr(owner, scope):
                setattr(owner, scope, tf.Module())
            owner = getattr(owner, scope)
        variables.append(tf.Variable(tf.random.normal(shape), name=leaf))
        setattr(owner, leaf, variables[-1])
    made = tf_keras.optimizers.legacy
    optimizer = made.Adam(0.1) if spec["optimizer"] == "Adam" else made.SGD(0.1, momentum=0.9)
    optimizer.apply_gradients([(tf.ones_like(v), v) for v in variables])
    children = {name: value for name, value in vars(root).items() if isinstance(value, tf.Module)}
    return tf.train.Checkpoint(optimizer=optimizer, **children)


def object_restore(path: str, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Write both programs, restore the old one into the new; return the error and what TensorFlow's texts name."""
    import tensorflow as tf

    tf.random.set_seed(1)
    _program(old).write(f"{path}/old.ckpt")
    program = _program(new)
    program.write(f"{path}/new.ckpt")
    error = ""
    try:
        program.restore(f"{path}/old.ckpt")
    except ValueError as refused:
        error = str(refused)
    return {"error": error, "unresolved": _names_alone(path, "old", "new"), "missing": _names_alone(path, "new", "old")}


def _names_alone(path: str, one: str, other: str) -> list[str]:
    """Return what TensorFlow's printer calls the objects with values of one checkpoint that the other has not."""
    import tensorflow as tf
    from tensorflow.core.protobuf import trackable_object_graph_pb2
    from tensorflow.python.checkpoint.checkpoint import ObjectGraphProtoPrettyPrinter

    named = []
    for name in (one, other):
        raw = tf.train.load_checkpoint(f"{path}/{name}.ckpt").get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH")
        proto = trackable_object_graph_pb2.TrackableObjectGraph.FromString(raw)
        names = ObjectGraphProtoPrettyPrinter(proto).node_names
        named.append({names[index] for index, node in enumerate(proto.nodes) if node.attributes})
    return sorted(named[0] - named[1])


def _projection(h: Any, names: dict[str, str], part: str) -> Any:
    import tensorflow as tf

    tf1 = tf.compat.v1
    with tf1.variable_scope(names[part]):
        kernel = tf1.get_variable(names["kernel"], [6, 6])
        bias = tf1.get_variable(names["bias"], [6], initializer=tf1.zeros_initializer())
        return tf.nn.bias_add(tf.matmul(h, kernel), bias)


def named_net(path: str, names: dict[str, str], depth: int, train: bool) -> dict[str, Any]:
    """Write the .meta of a network whose scopes have the given names; return its ops in the order they were made.

    Two networks of one depth are the same code, so that equal positions are one op.
    """
    import tensorflow as tf

    tf1 = tf.compat.v1
    tf1.disable_resource_variables()
    with tf.Graph().as_default() as graph:
        h = tf1.placeholder(tf.float32, [None, 6], "x")
        for layer in range(depth):
            with tf1.variable_scope(f"{names['root']}/{names['layer']}_{layer + int(names['first'])}"):
                parts = [_projection(h, names, part) for part in ("q", "k", "v")]
                with tf1.name_scope(names["mix"]):
                    h = tf.nn.relu(parts[0] * parts[1] + parts[2]) + h
        with tf1.variable_scope(names["head"]):
            y = tf.matmul(h, tf1.get_variable(names["kernel"], [6, 2]))
        if train:
            tf1.train.AdamOptimizer().minimize(tf.reduce_mean(tf.square(y)), var_list=tf1.trainable_variables())
        tf1.train.export_meta_graph(path)
        return {"ops": [op.name for op in graph.get_operations()]}


def _module(shapes: dict[str, list[int]]) -> Any:
    """Return an object that has a variable of each name."""
    import tensorflow as tf

    module = tf.Module()
    module.held = [tf.Variable(tf.random.normal(shape), name=name) for name, shape in shapes.items()]
    return module


def write_module(path: str, shapes: dict[str, list[int]]) -> dict[str, Any]:
    """Write an object-based checkpoint of variables of these names."""
    import tensorflow as tf

    tf.train.Checkpoint(model=_module(shapes)).write(path)
    return {}


def assign_by(path: str, shapes: dict[str, list[int]], printed: str, pairs: dict[str, str]) -> dict[str, Any]:
    """Run Python that fills a new object of these variables; return those that do not hold the values of their keys."""
    import numpy as np
    import tensorflow as tf

    model = _module(shapes)
    exec(printed, {"tf": tf, "model": model, "checkpoint": path})
    reader = tf.train.load_checkpoint(path)
    held = {variable.name.partition(":")[0]: variable.numpy() for variable in model.variables}
    return {"unequal": [n for n, key in pairs.items() if not np.array_equal(held[n], reader.get_tensor(key))]}
