"""Graphs as text, so that a test reads as its picture.

w        VariableV2  shape=3,4
w/read   Identity    w
y        MatMul      x  w/read  ^init  device=/gpu:0
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scopeview.model.builder import OpTableBuilder
from scopeview.model.model import Damage, Model, Origin
from scopeview.model.variables import StoredSlice, Variable, VariableTable
from scopeview.readers.graph.assemble import assemble
from scopeview.readers.graph.attributes import decode_node
from scopeview.readers.graph.nodes import Span
from scopeview.readers.meta_graph import read_meta_graph
from tests.messages import message


def _tangled(ops: int, inputs: int) -> str:
    """Return a graph of one scope in which every op reads others by chance."""
    chance, lines = random.Random(1), []
    for index in range(ops):
        read = chance.sample(range(index), min(index, inputs))
        lines.append(" ".join([f"big/n{index}q Op{index}", *(f"big/n{source}q" for source in sorted(read))]))
    return "\n".join(lines)


TANGLE = _tangled(140, 9)
"""A graph that the layout engine has no end with: over two minutes in Node."""

_DTYPES = {"float32": 1, "int32": 3, "string": 7, "bool": 10}
_STRINGS = ("shared_name", "container")


def graph_def_from_text(text: str) -> bytes:
    """Return a GraphDef; words after the type are inputs, unless they are attributes (see `_set`)."""
    graph = message("GraphDef")()
    for line in filter(None, map(str.strip, text.splitlines())):
        name, op, *words = line.split()
        node = graph.node.add(name=name, op=op)
        for word in words:
            key, equals, value = word.partition("=")
            if equals:
                _set(node, key, value)
            else:
                node.input.append(word)
    return bytes(graph.SerializeToString())


def graph_def_of_scopes(names: Iterable[str]) -> bytes:
    """Return a GraphDef with a variable, a read and a use of it in each of some scopes, whatever their names hold."""
    graph = message("GraphDef")()
    for name in names:
        node = graph.node.add(name=f"{name}/w", op="VariableV2")
        node.attr["dtype"].type = 1
        node.attr["shape"].shape.dim.add(size=2)
        graph.node.add(name=f"{name}/w/read", op="Identity", input=[f"{name}/w"])
        graph.node.add(name=f"{name}/y", op="Neg", input=[f"{name}/w/read"])
    return bytes(graph.SerializeToString())


def _set(node: Any, key: str, value: str) -> None:
    """Set `device=`, `dtype=`, `shape=`, `value=` (numbers), `strings=`, `class=` or an attribute that is a string."""
    if key == "device":
        node.device = value
    elif key == "dtype":
        node.attr["dtype"].type = _DTYPES[value]
    elif key == "class":
        node.attr["_class"].list.s.append(f"loc:@{value}".encode())
    elif key in _STRINGS:
        node.attr[key].s = value.encode()
    elif key == "shape":
        dims = node.attr["shape"].shape
        dims.SetInParent()
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
    elif key == "bytes":
        node.attr["value"].tensor.dtype = 1
        node.attr["value"].tensor.tensor_content = bytes(int(value))
    else:
        assert key == "strings", key
        tensor = node.attr["value"].tensor
        tensor.dtype = 7
        tensor.tensor_shape.dim.add(size=value.count(",") + 1)
        tensor.string_val.extend(text.encode() for text in value.split(","))


def model_from_text(text: str, collections: Mapping[str, Sequence[str]] | None = None) -> Model:
    """Return the model of a graph that is written as text; with collections, of a MetaGraph.

    Members of `variables`, `trainable_variables` and `local_variables` are variables, all others names of nodes.
    """
    raw = graph_def_from_text(text)
    if collections is None:
        return assemble(raw, [Span(0, len(raw))], Origin("(text)", "graph_def"))
    meta = message("MetaGraphDef")()
    meta.graph_def.MergeFromString(raw)
    for name, members in collections.items():
        held = meta.collection_def[name]
        if name in ("variables", "trainable_variables", "local_variables"):
            held.bytes_list.value.extend(_definition(member) for member in members)
        else:
            held.node_list.value.extend(members)
    whole = meta.SerializeToString()
    return read_meta_graph(whole, Span(0, len(whole)), Origin("(text)", "meta_graph"))


def _definition(name: str) -> bytes:
    definition = message("VariableDef")(variable_name=f"{name}:0", initializer_name=f"{name}/Assign")
    return bytes(definition.SerializeToString())


def ref_variable(name: str, shape: str = "2", **attributes: str) -> str:
    """A ref variable that is made by an initializer, and read."""
    pairs = " ".join(f"{key}={value}" for key, value in attributes.items())
    return f"""
        {name} VariableV2 shape={shape} {pairs}
        {name}/Initializer/zeros Const value=0
        {name}/Assign Assign {name} {name}/Initializer/zeros
        {name}/read Identity {name}
    """


def plain_variable(name: str, shape: str = "2") -> str:
    """A ref variable as `tf.Variable` makes it from a value."""
    return f"""
        {name} VariableV2 shape={shape}
        {name}/initial_value Const value=0
        {name}/Assign Assign {name} {name}/initial_value
        {name}/read Identity {name}
    """


def saver(keys: Mapping[str, str], name: str = "save") -> str:
    """Return the ops of a saver as text: key of each variable op."""
    lines = [
        f"{name}/Const Const strings=model",
        f"{name}/SaveV2/tensor_names Const strings={','.join(keys)}",
        f"{name}/SaveV2/shape_and_slices Const strings={','.join('' for _ in keys)}",
        f"{name}/SaveV2 SaveV2 {name}/Const {name}/SaveV2/tensor_names {name}/SaveV2/shape_and_slices "
        + " ".join(keys.values()),
        f"{name}/RestoreV2 RestoreV2 {name}/Const {name}/SaveV2/tensor_names {name}/SaveV2/shape_and_slices",
    ]
    lines += [
        f"{name}/Assign_{index} Assign {handle} {name}/RestoreV2:{index}" for index, handle in enumerate(keys.values())
    ]
    return "\n".join(lines)


def checkpoint(entries: Mapping[str, Sequence[int]], damage: Sequence[Damage] = (), **changes: Any) -> Model:
    """Return the model of a checkpoint that has entries of these shapes, all float32, each with its own checksum."""
    variables = [
        Variable(
            name, "checkpoint", tuple(shape), "float32", checkpoint_keys=(name,), stored=StoredSlice(0, 0, 100, number)
        )
        for number, (name, shape) in enumerate(entries.items())
    ]
    return checkpoint_of(variables, damage, **changes)


def checkpoint_of(variables: Sequence[Variable], damage: Sequence[Damage] = (), **changes: Any) -> Model:
    """Return the model of a checkpoint that has these entries."""
    graph, _ = OpTableBuilder(b"", decode_node).freeze()
    origin = Origin("(checkpoint)", changes.pop("format", "checkpoint_v2"))
    return Model(origin, graph, {}, VariableTable(variables), damage=tuple(damage), **changes)
