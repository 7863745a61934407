"""A `tf.Graph` of this process."""

from __future__ import annotations

from typing import Any

from scopeview.errors import UnknownFormatError
from scopeview.model.model import Model, Origin
from scopeview.readers.graph.nodes import Span
from scopeview.readers.meta_graph import read_meta_graph


def read_live_graph(graph: Any) -> Model:
    """Read a live graph with its collections.

    Whatever called this has imported TensorFlow; collections become a MetaGraph the way `Saver` exports them.

    Raises:
        UnknownFormatError: the object is not a graph.
    """
    if not hasattr(graph, "as_graph_def") or not hasattr(graph, "get_all_collection_keys"):
        raise UnknownFormatError(
            f"scopeview.load takes a path or a tf.Graph, not {type(graph).__name__}; "
            "for a tf.function pass the .graph of a concrete function"
        )
    import tensorflow as tf

    with graph.as_default():  # exporting refuses to work while TF 2 executes eagerly
        meta_graph = tf.compat.v1.train.export_meta_graph(graph=graph)
    raw = meta_graph.SerializeToString()
    return read_meta_graph(raw, Span(0, len(raw)), Origin("(live graph)", "live_graph"))
