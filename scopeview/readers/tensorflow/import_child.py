"""Runs TensorFlow in a process of its own: `python -P import_child.py KIND INPUT OUTPUT [PARENT]`.

A graph may abort TensorFlow's C++ or hold it for minutes; here that ends this process only. It reads one file, writes
one file, and imports nothing of scopeview, so that it can be run and read alone.

    graph_def INPUT       a GraphDef     -> JSON, the fields of `scopeview.model.imported.ImportReport`
    meta_graph INPUT      a MetaGraphDef -> the same, with variables and collections
    checkpoint INPUT      a prefix       -> the same, with the entries as variables
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that this process gets when its parent ends."""


def main() -> None:
    """Do what the command line asks; a refusal by TensorFlow is an answer and not a failure."""
    kind, source, target = sys.argv[1:4]
    if len(sys.argv) > 4:
        _end_with(int(sys.argv[4]))
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    import tensorflow as tf

    run = {"graph_def": _import_graph_def, "meta_graph": _import_meta_graph, "checkpoint": _list}[kind]
    report: dict[str, Any] = {"ok": True, "tensorflow_version": tf.__version__}
    try:
        run(tf, source, report)
    except Exception as error:  # noqa: BLE001 - whatever TensorFlow raises is what the user wants to know
        report["ok"] = False
        report["error"] = f"{type(error).__name__}: {str(error).strip()[:2000]}"
    Path(target).write_text(json.dumps(report), "utf-8")


def _end_with(parent: int) -> None:
    """Have this process killed when the one that started it has ended, however it ended."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it ended before it was watched
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _import_graph_def(tf: Any, source: str, report: dict[str, Any]) -> None:
    graph_def = tf.compat.v1.GraphDef.FromString(Path(source).read_bytes())
    report["unregistered"] = _unregistered(graph_def)
    with tf.Graph().as_default() as graph:
        tf.compat.v1.import_graph_def(graph_def, name="")
    _describe(graph, report)


def _import_meta_graph(tf: Any, source: str, report: dict[str, Any]) -> None:
    from tensorflow.python.framework.meta_graph import import_scoped_meta_graph

    meta_graph = tf.compat.v1.MetaGraphDef.FromString(Path(source).read_bytes())
    report["unregistered"] = _unregistered(meta_graph.graph_def)
    with tf.Graph().as_default() as graph:
        # What tf.compat.v1.train.import_meta_graph calls, before it adds save ops to a graph that has no saver.
        import_scoped_meta_graph(meta_graph)
    _describe(graph, report)
    variables = {
        variable.op.name: variable
        for name in graph.get_all_collection_keys()
        for variable in graph.get_collection(name)
        if isinstance(variable, tf.Variable)
    }
    report["variables"] = {name: [v.dtype.base_dtype.name, _sizes(v.shape)] for name, v in variables.items()}
    trainable = graph.get_collection(tf.compat.v1.GraphKeys.TRAINABLE_VARIABLES)
    report["trainable"] = [v.op.name for v in trainable if isinstance(v, tf.Variable)]
    report["collections"] = {name: len(graph.get_collection(name)) for name in graph.get_all_collection_keys()}


def _list(tf: Any, source: str, report: dict[str, Any]) -> None:
    reader = tf.train.load_checkpoint(source)
    dtypes = reader.get_variable_to_dtype_map()
    shapes = reader.get_variable_to_shape_map()
    report["variables"] = {name: [dtypes[name].name, list(shape)] for name, shape in shapes.items()}


def _describe(graph: Any, report: dict[str, Any]) -> None:
    operations = graph.get_operations()
    report["op_types"] = {op.name: op.type for op in operations}
    report["tensors"] = {
        op.name: [[out.dtype.name, _sizes(out.shape)] for out in op.outputs] for op in operations if op.outputs
    }


def _sizes(shape: Any) -> list[int | None] | None:
    return None if shape.rank is None else shape.as_list()


def _unregistered(graph_def: Any) -> list[str]:
    from tensorflow.python.framework import op_def_registry

    functions = {function.signature.name for function in graph_def.library.function}
    types = {node.op for node in graph_def.node}
    types.update(node.op for function in graph_def.library.function for node in function.node_def)
    return sorted(t for t in types - functions if op_def_registry.get(t) is None)


if __name__ == "__main__":
    main()
