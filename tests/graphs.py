"""Graphs as text, so that a test reads as its picture.

w        VariableV2  shape=3,4
w/read   Identity    w
y        MatMul      x  w/read  ^init  device=/gpu:0
"""

from __future__ import annotations

from scopeview.model.model import Model, Origin
from scopeview.sources.graph.assemble import assemble
from scopeview.sources.graph.nodes import Span
from scopeview.sources.protos import message

_DTYPES = {"float32": 1, "int32": 3, "string": 7}


def graph_def_from_text(text: str) -> bytes:
    """Return a GraphDef; words after the type are inputs, but `shape=`, `dtype=`, `value=` and `device=`."""
    graph = message("GraphDef")()
    for line in filter(None, map(str.strip, text.splitlines())):
        name, op, *words = line.split()
        node = graph.node.add(name=name, op=op)
        for word in words:
            key, equals, value = word.partition("=")
            if not equals:
                node.input.append(word)
            elif key == "device":
                node.device = value
            elif key == "dtype":
                node.attr["dtype"].type = _DTYPES[value]
            elif key == "shape":
                dims = node.attr["shape"].shape
                for size in filter(None, value.split(",")):
                    dims.dim.add(size=int(size))
                node.attr["dtype"].type = node.attr["dtype"].type or 1
            elif key == "value":
                tensor = node.attr["value"].tensor
                tensor.dtype = 1
                numbers = [float(number) for number in value.split(",")]
                if len(numbers) > 1:
                    tensor.tensor_shape.dim.add(size=len(numbers))
                tensor.float_val.extend(numbers)
    return bytes(graph.SerializeToString())


def model_from_text(text: str) -> Model:
    """Return the model of a graph that is written as text."""
    raw = graph_def_from_text(text)
    return assemble(raw, [Span(0, len(raw))], Origin("(text)", "graph_def"))
