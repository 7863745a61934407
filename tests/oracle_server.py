"""The oracle's process: reads a question per line, forks, answers with what `tf.compat.v1` says.

Nothing of scopeview is used here: this is the independent truth that its answers are held against.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests import oracle_building, oracle_costs, oracle_inlining, oracle_ops, oracle_restoring

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

SECONDS = 120


def main() -> None:
    import tensorflow as tf  # noqa: F401 - before forking, so that every child has it

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.write(json.dumps(_in_child(json.loads(line))) + "\n")
        answers.flush()


def _in_child(request: dict[str, Any]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "answer.json"
        child = os.fork()
        if child == 0:
            signal.alarm(SECONDS)
            target.write_text(json.dumps(_answer(request)), "utf-8")
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status or not target.is_file():
            return {"refused": f"TensorFlow's process ended with status {status}"}
        return json.loads(target.read_text("utf-8"))


def _answer(request: dict[str, Any]) -> Any:
    try:
        return QUESTIONS[request.pop("question")](**request)
    except Exception as error:  # noqa: BLE001 - a refusal, whatever its class, is an answer
        return {"refused": f"{type(error).__name__}: {error}"[:500]}


def _read(path: str) -> bytes:
    raw = Path(path).read_bytes()
    return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw


def _parsed(proto: Any, raw: bytes, *, text: bool) -> Any:
    from google.protobuf import text_format

    return text_format.Parse(raw, proto) if text else proto.FromString(raw)


def graph_def(path: str, text: bool) -> dict[str, Any]:
    """Import a GraphDef and describe the graph."""
    import tensorflow as tf

    proto = _parsed(tf.compat.v1.GraphDef(), _read(path), text=text)
    return _describe_graph_def(proto)


def _describe_graph_def(proto: Any) -> dict[str, Any]:
    import tensorflow as tf

    answer = _library(proto)
    with tf.Graph().as_default() as graph:
        try:
            tf.compat.v1.import_graph_def(proto, name="")
        except Exception as error:  # noqa: BLE001
            return {**answer, "refused": f"{type(error).__name__}: {error}"[:500]}
    return {**answer, **_ops(graph)}


def meta_graph(path: str, text: bool) -> dict[str, Any]:
    """Import a MetaGraphDef and describe graph, variables and collections."""
    import tensorflow as tf

    return _describe_meta_graph(_parsed(tf.compat.v1.MetaGraphDef(), _read(path), text=text))


def _describe_meta_graph(proto: Any) -> dict[str, Any]:
    import tensorflow as tf
    from tensorflow.python.framework.meta_graph import import_scoped_meta_graph

    answer = _library(proto.graph_def)
    with tf.Graph().as_default() as graph:
        try:
            # What tf.compat.v1.train.import_meta_graph calls, before it adds save ops where there is no saver.
            import_scoped_meta_graph(proto)
        except Exception as error:  # noqa: BLE001
            return {**answer, "refused": f"{type(error).__name__}: {error}"[:500]}
        return {**answer, **_ops(graph), **_collections(graph)}


def saved_model(path: str, tags: list[str] | None = None) -> dict[str, Any]:
    """Import the MetaGraph of a SavedModel with the given tags, or its only one."""
    from tensorflow.python.saved_model import loader_impl

    file = Path(path)
    if file.is_dir():
        proto = loader_impl.parse_saved_model(path)
    else:
        from tensorflow.core.protobuf import saved_model_pb2

        proto = _parsed(saved_model_pb2.SavedModel(), _read(path), text=file.suffix == ".pbtxt")
    found = [m for m in proto.meta_graphs if tags is None or set(m.meta_info_def.tags) == set(tags)]
    return {**_describe_meta_graph(found[0]), "meta_graphs": len(proto.meta_graphs)}


def _library(proto: Any) -> dict[str, Any]:
    """Names, types and functions as the message says them, before any import."""
    return {
        "nodes": sorted([node.name, node.op] for node in proto.node),
        "functions": {f.signature.name: len(f.node_def) for f in proto.library.function},
    }


def _is_op(graph: Any, name: str) -> bool:
    return any(op.name == name for op in graph.get_operations()) if name else False


def _accesses(variable: Any) -> list[str]:
    """Follow the consumers of a variable op through what hands it on; return the ops where that ends.

    Ops that call functions are left out: what happens in their bodies, a graph traversal does not see. Where a branch
    may return the variable, what takes its result stands behind a "?".
    """
    passes = {"Identity", "RefIdentity", "Enter", "RefEnter", "Switch", "RefSwitch", "Merge", "RefMerge"}
    calls = {"If", "StatelessIf", "While", "StatelessWhile", "Case", "StatelessCase"}
    calls |= {"PartitionedCall", "StatefulPartitionedCall"}
    waiting, seen, ends = [("", tensor) for tensor in variable.outputs], set(), set()
    while waiting:
        mark, tensor = waiting.pop(0)
        for consumer in tensor.consumers():
            if consumer.name in seen:
                continue
            seen.add(consumer.name)
            is_own = consumer.type in ("Identity", "ReadVariableOp") and consumer.name.startswith(f"{variable.name}/")
            # Below the name of an op (`S/MatMul/ReadVariableOp`) it is a part of that op; elsewhere it hands on.
            scope = consumer.name.rpartition("/")[0]
            hands_on = consumer.type == "ReadVariableOp" and not _is_op(variable.graph, scope)
            joins_parts = consumer.name.endswith("/ConcatPartitions/concat") and "/part_" in variable.name
            if consumer.type in passes or is_own or hands_on or joins_parts:
                waiting += [(mark, output) for output in consumer.outputs]
                if not is_own and not any(output.consumers() for output in consumer.outputs):
                    ends.add(f"{mark}{consumer.name}")
            elif consumer.type in calls:
                waiting += [("?", output) for output in consumer.outputs]
            else:
                ends.add(f"{mark}{consumer.name}")
    return sorted(ends)


def _ops(graph: Any) -> dict[str, Any]:
    import tensorflow as tf

    types = ("VariableV2", "Variable", "VarHandleOp", "TemporaryVariable", "AutoReloadVariable")
    operations = graph.get_operations()
    return {
        "ops": {
            op.name: [op.type, [t.name for t in op.inputs], sorted(c.name for c in op.control_inputs)]
            for op in operations
        },
        "variable_ops": {
            op.name: [tf.as_dtype(op.get_attr("dtype")).name, _sizes(tf.TensorShape(op.get_attr("shape")))]
            for op in operations
            if op.type in types
        },
        "outputs": {
            op.name: [[out.dtype.base_dtype.name, _sizes(out.shape)] for out in op.outputs] for op in operations
        },
        "accesses": {op.name: _accesses(op) for op in operations if op.type in types},
        "consumers": {
            op.name: sorted({c.name for out in op.outputs for c in out.consumers()})
            for op in operations
            if op.type in types
        },
    }


def _collections(graph: Any) -> dict[str, Any]:
    import tensorflow as tf
    from tensorflow.python.framework import ops

    found: dict[str, Any] = {}
    variables: dict[str, Any] = {}
    for key in graph.get_all_collection_keys():
        members = graph.get_collection(key)
        found[key] = [_member(member) for member in members]
        for member in members:
            if isinstance(member, tf.Variable):
                variables[member.op.name] = [member.dtype.base_dtype.name, _sizes(member.shape)]
    trainable = graph.get_collection(tf.compat.v1.GraphKeys.TRAINABLE_VARIABLES)
    return {
        "collections": found,
        # TensorFlow makes variables of the bytes of a collection that has a reader for its name, and keeps the others
        "readable": [key for key in found if ops.get_from_proto_function(key) is not None],
        "variables": variables,
        "flags": {
            member.op.name: bool(member.trainable)
            for key in graph.get_all_collection_keys()
            for member in graph.get_collection(key)
            if isinstance(member, tf.Variable)
        },
        "trainable": sorted(v.op.name for v in trainable if isinstance(v, tf.Variable)),
    }


def _member(member: Any) -> str:
    if hasattr(member, "name"):
        return str(member.name)
    if not isinstance(member, bytes):
        return str(member)
    try:
        return member.decode("utf-8")
    except UnicodeDecodeError:
        return f"{len(member)} bytes"


def _sizes(shape: Any) -> list[int | None] | None:
    return None if shape.rank is None else shape.as_list()


def checkpoint(path: str) -> dict[str, Any]:
    """List the entries of a checkpoint."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(path)
    dtypes = reader.get_variable_to_dtype_map()
    shapes = reader.get_variable_to_shape_map()
    return {"entries": {name: [dtypes[name].name, list(shape)] for name, shape in shapes.items()}}


def full_names(path: str) -> dict[str, str]:
    """Return the full name of each key of an object-based checkpoint."""
    import tensorflow as tf
    from tensorflow.core.protobuf import trackable_object_graph_pb2

    raw = tf.train.load_checkpoint(path).get_tensor("_CHECKPOINTABLE_OBJECT_GRAPH")
    graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(raw)
    return {a.checkpoint_key: a.full_name for node in graph.nodes for a in node.attributes}


def events(path: str) -> dict[str, Any]:
    """Describe the last MetaGraph of an event file, or its last graph."""
    import tensorflow as tf
    from tensorflow.python.summary.summary_iterator import summary_iterator

    meta_graph_def = graph_def_ = None
    for event in summary_iterator(path):
        if event.HasField("meta_graph_def"):
            meta_graph_def = event.meta_graph_def
        elif event.HasField("graph_def"):
            graph_def_ = event.graph_def
    if meta_graph_def is not None:
        return _describe_meta_graph(tf.compat.v1.MetaGraphDef.FromString(meta_graph_def))
    if graph_def_ is None:
        return {"refused": "no graph in it"}
    return _describe_graph_def(tf.compat.v1.GraphDef.FromString(graph_def_))


def bound_values(path: str) -> dict[str, Any]:
    """Load a TF 2 SavedModel and say shape and trainability of each variable by its object path."""
    import tensorflow as tf

    loaded = tf.saved_model.load(path)
    return {f"layers/{index}": [layer.shape.as_list(), layer.trainable] for index, layer in enumerate(loaded.layers)}


def saver_keys(path: str) -> dict[str, Any]:
    """Restore with every saver of a MetaGraph's ops and say which variable took the value of which key.

    Every key is given a value of its own in a checkpoint that is written for this; the values that arrive in the
    variables tell the map without reading the graph.
    """
    import numpy as np
    import tensorflow as tf

    answer: dict[str, list[str]] = {}
    tf.compat.v1.reset_default_graph()
    with tf.Graph().as_default() as graph:
        tf.compat.v1.train.import_meta_graph(path)
        restores = [op for op in graph.get_operations() if op.type == "NoOp" and op.name.endswith("restore_all")]
        variables = tf.compat.v1.global_variables()
        shapes: dict[str, Any] = {}
        for op in graph.get_operations():
            if op.type == "SaveV2":
                names = tf.make_ndarray(op.inputs[1].op.get_attr("value")).tolist()
                shapes |= {n.decode(): t.shape.as_list() for n, t in zip(names, op.inputs[3:], strict=True)}
        values = {key: float(number + 1) for number, key in enumerate(sorted(shapes))}
        with tempfile.TemporaryDirectory() as folder, tf.compat.v1.Session() as session:
            prefix = f"{folder}/marked"
            _write_marked(prefix, values, shapes)
            for restore in restores:
                session.run([v.initializer for v in variables])
                session.run(restore, {f"{restore.name.rpartition('/')[0]}/Const:0": prefix})
                for variable in variables:
                    got = np.ravel(session.run(variable))
                    keys = [key for key, value in values.items() if got.size and (got == value).all()]
                    answer.setdefault(variable.op.name, []).extend(keys)
    return {name: sorted(set(keys)) for name, keys in answer.items()}


def _write_marked(prefix: str, values: dict[str, float], shapes: dict[str, Any]) -> None:
    import numpy as np
    import tensorflow as tf

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        marked = {key: tf.compat.v1.Variable(np.full(shapes[key], value, np.float32)) for key, value in values.items()}
        session.run([v.initializer for v in marked.values()])
        tf.compat.v1.train.Saver(marked).save(session, prefix, write_meta_graph=False, write_state=False)


def data_types(path: str) -> dict[int, Any]:
    """Return name and size of every data type that TensorFlow has."""
    import tensorflow as tf
    from tensorflow.core.framework import types_pb2

    numbers = [number for number in types_pb2.DataType.values() if number]
    return {number: [tf.as_dtype(number).name, tf.as_dtype(number).size] for number in numbers}


QUESTIONS = {
    function.__name__: function
    for function in (
        graph_def,
        meta_graph,
        saved_model,
        checkpoint,
        full_names,
        events,
        bound_values,
        saver_keys,
        oracle_restoring.restore,
        oracle_restoring.init_from,
        oracle_restoring.restore_by,
        oracle_building.build,
        oracle_costs.recorded,
        oracle_building.write_module,
        oracle_building.assign_by,
        oracle_building.named_net,
        oracle_building.object_restore,
        oracle_building.keras3_export,
        oracle_building.load_saved_model,
        oracle_building.weights_of_one_name,
        oracle_ops.registered_ops,
        oracle_building.run_code,
        oracle_restoring.values,
        oracle_inlining.inlined,
        oracle_inlining.build_functions,
        oracle_inlining.build_keras3,
        oracle_inlining.build_with_code_lines,
        data_types,
    )
}


if __name__ == "__main__":
    main()
