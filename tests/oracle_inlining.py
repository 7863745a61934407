"""TensorFlow inlines the calls of an entry point: its own function optimizer does it, and no rule of ours."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

PLUMBING = "Func/"
"""Where TensorFlow puts the `Identity` and `NoOp` ops that stand at the border of a body that it has inlined."""

CALLS = ("PartitionedCall", "StatefulPartitionedCall")
BODIES = {
    "If": ("then_branch", "else_branch"),
    "StatelessIf": ("then_branch", "else_branch"),
    "While": ("cond", "body"),
    "StatelessWhile": ("cond", "body"),
    "Case": ("branches",),
    "StatelessCase": ("branches",),
}


def inlined(path: str, tags: list[str] | None, signature: str) -> dict[str, Any]:
    """Inline what a signature of a SavedModel runs; count its ops, how they are wired, and those of bodies."""
    meta = _meta_graph(Path(path), tags)
    fetched = [output.name for output in meta.signature_def[signature].outputs.values() if output.name]
    before = {node.name: node for node in meta.graph_def.node}
    wanted = _needed(before, [name.partition(":")[0] for name in fetched])
    fed = {_producer(info.name) for info in meta.signature_def[signature].inputs.values()}
    wanted |= {name for name in fed if name in before and before[name].op.startswith("Placeholder")}
    calls = tuple(f"{name}/" for name in wanted if before[name].op in CALLS)
    graph = _optimized(meta, fetched)
    after = {node.name: node for node in graph.node}
    kept = [
        node
        for node in graph.node
        if (node.name in wanted or node.name.startswith(calls)) and not _is_plumbing(node, wanted, before)
    ]
    bodies: Counter[str] = Counter()
    library = {function.signature.name: function for function in meta.graph_def.library.function}
    for node in kept:
        for name in _bodies(node):
            bodies += _ops_of(library, name)
    wired = Counter(json.dumps([node.op, _inputs(node, after, before)]) for node in kept if node.op not in BODIES)
    return {"ops": Counter(node.op for node in kept), "wired": wired, "bodies": bodies, "left": _left(kept)}


def _meta_graph(folder: Path, tags: list[str] | None) -> Any:
    from google.protobuf import text_format
    from tensorflow.core.protobuf import saved_model_pb2

    if (folder / "saved_model.pb").is_file():
        saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    else:
        text = (folder / "saved_model.pbtxt").read_text("utf-8")
        saved = text_format.Parse(text, saved_model_pb2.SavedModel())
    return next(meta for meta in saved.meta_graphs if tags is None or set(meta.meta_info_def.tags) == set(tags))


def _optimized(meta: Any, fetched: list[str]) -> Any:
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2, rewriter_config_pb2
    from tensorflow.python.framework.convert_to_constants import disable_lower_using_switch_merge
    from tensorflow.python.grappler import tf_optimizer

    wanted = meta_graph_pb2.MetaGraphDef()
    wanted.CopyFrom(meta)
    wanted.collection_def.clear()
    wanted.graph_def.CopyFrom(disable_lower_using_switch_merge(wanted.graph_def))
    bodies = (node for function in wanted.graph_def.library.function for node in function.node_def)
    for node in (*wanted.graph_def.node, *bodies):
        if node.op in BODIES:  # that function leaves Case out
            node.attr["_lower_using_switch_merge"].b = False
    wanted.collection_def["train_op"].node_list.value.extend(fetched)
    config = config_pb2.ConfigProto()
    rewrite = config.graph_options.rewrite_options
    rewrite.min_graph_nodes = -1
    rewrite.meta_optimizer_iterations = rewriter_config_pb2.RewriterConfig.ONE
    rewrite.function_optimization = rewriter_config_pb2.RewriterConfig.AGGRESSIVE
    rewrite.optimizers.append("function")
    return tf_optimizer.OptimizeGraph(config, wanted)


def _needed(nodes: dict[str, Any], names: list[str]) -> set[str]:
    needed, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name not in needed and name in nodes:
            needed.add(name)
            waiting += [_producer(text) for text in nodes[name].input]
    return needed


def _producer(text: str) -> str:
    return text.removeprefix("^").partition(":")[0]


def _is_plumbing(node: Any, wanted: set[str], before: dict[str, Any]) -> bool:
    """Whether an op stands for a call: at its border, or in its place."""
    return node.name.startswith(PLUMBING) or (node.op == "IdentityN" and _was_call(node, before))


def _was_call(node: Any, before: dict[str, Any]) -> bool:
    return node.name in before and before[node.name].op in CALLS


def _inputs(node: Any, after: dict[str, Any], before: dict[str, Any]) -> list[list[Any]]:
    """Return type and port of what makes each data input, seen through the plumbing."""
    found = []
    for text in node.input:
        if text.startswith("^"):
            continue
        while True:
            name, _, port = text.partition(":")
            source = after[name]
            if not _is_plumbing(source, set(), before):
                break
            text = [one for one in source.input if not one.startswith("^")][int(port or 0)]
        found.append([source.op, int(port or 0)])
    return found


def _bodies(node: Any) -> list[str]:
    values = [node.attr[name] for name in BODIES.get(node.op, ())]
    return [one.name for value in values for one in (value.list.func or [value.func])]


def _ops_of(library: dict[str, Any], name: str) -> Counter[str]:
    """Count the ops of a function, those that it calls in the place of the calls."""
    counted: Counter[str] = Counter()
    for node in library[name].node_def:
        if node.op in CALLS:
            counted += _ops_of(library, node.attr["f"].func.name)
            continue
        counted[node.op] += 1
        for body in _bodies(node):
            counted += _ops_of(library, body)
    return counted


def _left(kept: list[Any]) -> list[str]:
    """Return the calls that TensorFlow did not inline, such as those that XLA is to compile."""
    return sorted(node.name for node in kept if node.op in CALLS)


def build_functions(path: str, names: list[str], width: int, steps: int) -> dict[str, Any]:
    """Save a module whose functions call functions, choose, loop, count and look up; its two methods share a part."""
    import tensorflow as tf

    inner, outer, counter = names

    class Part(tf.Module):
        def __init__(self) -> None:
            super().__init__(name=inner)
            self.kernel = tf.Variable(tf.ones([width, width]), name="kernel")

        @tf.function
        def __call__(self, x: Any) -> Any:
            values, indices = tf.math.top_k(tf.matmul(x, self.kernel), k=2)
            left, right = tf.split(values, 2, axis=1)
            return tf.concat([x[:, 2:], left + right, tf.cast(indices[:, :1], tf.float32)], axis=1)

    class Whole(tf.Module):
        def __init__(self) -> None:
            super().__init__(name=outer)
            self.part, self.other = Part(), Part()
            self.seen = tf.Variable(0, name=counter)
            keys = tf.lookup.KeyValueTensorInitializer([1, 2], [3, 4], tf.int32, tf.int32)
            self.table = tf.lookup.StaticHashTable(keys, 0)

        @tf.function(input_signature=[tf.TensorSpec([None, width], name="x")])
        def encode(self, x: Any) -> Any:
            self.seen.assign_add(1)
            with tf.name_scope(outer):
                x = self.part(self.part(x))
                x = tf.cond(tf.reduce_sum(x) > 0.0, lambda: self.other(x), lambda: x * 2.0)
            number = tf.switch_case(self.seen % 3, [lambda: 1.0, lambda: 2.0, lambda: tf.reduce_max(x)])
            for _ in tf.range(steps):
                x = self.part(x) + number
            return {"code": x, "named": self.table.lookup(tf.cast(x[:, 0], tf.int32)), "same": x}

        @tf.function(input_signature=[tf.TensorSpec([None, width], name="x")])
        def decode(self, x: Any) -> Any:
            return self.other(tf.nn.relu(x))

    whole = Whole()
    tf.saved_model.save(whole, path, signatures={"serving_default": whole.encode, "decode": whole.decode})
    return {}


def build_with_code_lines(path: str) -> dict[str, Any]:
    """Save a module with its debug info; return the line of this file that multiplies."""
    import inspect

    import tensorflow as tf

    class Whole(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 3], name="x")])
        def apply(self, x: Any) -> Any:
            return tf.matmul(x, tf.ones([3, 2]))  # the line

    whole = Whole()
    options = tf.saved_model.SaveOptions(save_debug_info=True)
    tf.saved_model.save(whole, path, signatures=whole.apply, options=options)
    lines, first = inspect.getsourcelines(build_with_code_lines)
    return {"line": first + next(n for n, line in enumerate(lines) if "# the line" in line and "matmul" in line)}


def build_keras3(path: str, units: list[int], dropout: bool) -> dict[str, Any]:
    """Export a net of dense layers with Keras 3; return its parameters, and the shape under each key that loads."""
    import keras
    import tensorflow as tf

    layers = [keras.layers.Input((5,)), *(keras.layers.Dense(width, name=f"fc{width}") for width in units)]
    if dropout:
        layers.insert(2, keras.layers.Dropout(0.5))
    keras.Sequential(layers).export(path, verbose=False)
    loaded = tf.saved_model.load(path)
    trained = sum(variable.shape.num_elements() for variable in loaded.trainable_variables)
    shapes = {f"variables/{number}": variable.shape.as_list() for number, variable in enumerate(loaded.variables)}
    return {"trained": trained, "shapes": shapes}
