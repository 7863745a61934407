"""The object graph of a TF 2 SavedModel: which object each variable of the graph is.

Names lie: two objects called `l0` become the ops `l0` and `l0_1` in any order. What ties them is position: the call of
a function F passes, as its last inputs, the objects that `concrete_functions[F].bound_inputs` lists, in that order.
Variables that only the saver's functions take (optimizer slots) are not listed there; their checkpoint keys, read from
the saver, spell the path to the object.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scopeview.model.attributes import FunctionRef
from scopeview.model.dtypes import dtype_name
from scopeview.model.object_paths import unescape
from scopeview.model.op_types import CALL_TYPES
from scopeview.model.ops import MISSING, OpTable
from scopeview.model.variables import Variable, VariableTable
from scopeview.readers.budget import budget
from scopeview.readers.graph.attributes import shape_of

_UNNAMED = re.compile(r"Variable(_\d+)?")
"""What TensorFlow calls a variable that has no name of its own, as the loader's are."""

_GENERATED = ("keras_api", "_variables", "layer_with_weights", "_all_variables", "_self_")


def join_objects(
    variables: VariableTable, graph: OpTable, object_graph: Any
) -> tuple[VariableTable, Mapping[int, tuple[str, ...]], Mapping[int, str]]:
    """Give each variable its object's full name, paths and trainable flag; add objects that no op holds.

    Returns:
        The variables; the paths to every object, by object id; the identity of each variable object, by object id.
    """
    object_of = {handle: node for node, handle in _handles_by_object(graph, object_graph).items()}
    held = set(object_of.values())
    for variable in variables:
        node = object_of_keys(variable.checkpoint_keys, object_graph.nodes)
        if node is None or variable.handle_op is None:
            continue
        # One op per object: Keras 3 saves every value twice, and the second op is nobody's.
        if variable.handle_op not in object_of and node not in held:
            object_of[variable.handle_op] = node
        held.add(node)
    paths = object_paths(object_graph.nodes)
    joined = [
        _joined(variable, object_graph.nodes, object_of.get(variable.handle_op or ""), paths) for variable in variables
    ]
    unheld = [
        unheld_variable(node.variable, paths[index])
        for index, node in enumerate(object_graph.nodes)
        if node.WhichOneof("kind") == "variable" and index not in held
    ]
    table = VariableTable([*joined, *unheld])
    by_path = {variable.object_paths[0]: variable.identity for variable in table if variable.object_paths}
    by_handle = {node: handle for handle, node in object_of.items()}
    identities = {
        index: by_handle.get(index) or by_path.get(paths[index][0] if paths[index] else "", "")
        for index, node in enumerate(object_graph.nodes)
        if node.WhichOneof("kind") == "variable"
    }
    return table, paths, identities


def object_of_keys(keys: Iterable[str], nodes: Sequence[Any]) -> int | None:
    """Return the variable object whose path a checkpoint key spells, or None."""
    for key in keys:
        path, attributes, _ = key.partition("/.ATTRIBUTES/")
        node = _walk(path, nodes) if attributes else None
        if node is not None and nodes[node].WhichOneof("kind") == "variable":
            return node
    return None


def _walk(path: str, nodes: Sequence[Any]) -> int | None:
    """Follow escaped local names from the root; a slot variable's path continues after its variable's."""
    primary, is_slot, slot_path = path.partition("/.OPTIMIZER_SLOT/")
    node = _descend(primary, nodes)
    if node is None or not is_slot:
        return node
    optimizer_path, _, slot_name = slot_path.rpartition("/")
    optimizer = _descend(optimizer_path, nodes)
    if optimizer is None:
        return None
    slots = nodes[optimizer].slot_variables
    return next(
        (
            slot.slot_variable_node_id
            for slot in slots
            if slot.original_variable_node_id == node and slot.slot_name == unescape(slot_name)
        ),
        None,
    )


def _descend(path: str, nodes: Sequence[Any]) -> int | None:
    node: int | None = 0
    for name in map(unescape, path.split("/")):
        children = nodes[node].children if node is not None and 0 <= node < len(nodes) else ()
        node = next((child.node_id for child in children if child.local_name == name), None)
    return node if node is not None and 0 <= node < len(nodes) else None


def _handles_by_object(graph: OpTable, object_graph: Any) -> dict[int, str]:
    """Return the variable op of each variable object, by object id."""
    found: dict[int, str] = {}
    for row in graph.rows_of_type(*CALL_TYPES):
        called = graph.attributes(row).get("f")
        if not isinstance(called, FunctionRef):
            continue
        functions = object_graph.concrete_functions
        bound = functions[called.name].bound_inputs if called.name in functions else ()
        inputs = [edge for edge in graph.inputs(row) if not edge.is_control]
        for node, edge in zip(bound, inputs[len(inputs) - len(bound) :], strict=False):
            is_variable = (
                0 <= node < len(object_graph.nodes) and object_graph.nodes[node].WhichOneof("kind") == "variable"
            )
            if is_variable and edge.source != MISSING and graph.op_type(edge.source) == "VarHandleOp":
                found.setdefault(node, graph.name(edge.source))
    return found


def _joined(
    variable: Variable, nodes: Sequence[Any], node: int | None, paths: Mapping[int, tuple[str, ...]]
) -> Variable:
    if node is None:
        return variable
    saved = nodes[node].variable
    is_unnamed = saved.name and _UNNAMED.fullmatch(variable.name) and not _UNNAMED.fullmatch(saved.name)
    name = saved.name if is_unnamed else variable.name
    return replace(variable, name=name, full_name=saved.name, object_paths=paths[node], trainable=saved.trainable)


def unheld_variable(saved: Any, paths: tuple[str, ...]) -> Variable:
    """Return the variable of an object that no op of the graph holds."""
    name = saved.name or (paths[0] if paths else "")
    return Variable(
        name=name,
        kind="object",
        shape=shape_of(saved.shape),
        dtype=dtype_name(saved.dtype),
        trainable=saved.trainable,
        device=saved.device,
        full_name=saved.name,
        object_paths=paths,
    )


_COST_PER_CHARACTER = 16
"""Bytes of the budget that a character of a path costs: in a chain of objects the paths grow with its square."""
_PATHS = "the paths of the objects"


def object_paths(nodes: Sequence[Any]) -> Mapping[int, tuple[str, ...]]:
    """Return the paths from the root to each object, the one a user would write first.

    Every edge gives a path, on top of the shortest path to the object it starts from; edges that Keras generates
    (`keras_api`, `layer_with_weights-0`, `_variables`) come last.

    Args:
        nodes: objects with `children` of (node_id, local_name); object 0 is the root.
    """
    shortest = _shortest_paths(nodes)
    found: dict[int, set[str]] = defaultdict(set)
    for parent, base in shortest.items():
        for child in nodes[parent].children:
            path = f"{base}/{child.local_name}" if base else child.local_name
            if 0 <= child.node_id < len(nodes) and budget().spend(_COST_PER_CHARACTER * len(path), _PATHS):
                found[child.node_id].add(path)
    return defaultdict(tuple, {node: tuple(sorted(paths, key=_rank)) for node, paths in found.items()})


def _shortest_paths(nodes: Sequence[Any]) -> dict[int, str]:
    """Breadth first from the root, generated edges after all others."""
    shortest: dict[int, str] = {0: ""} if len(nodes) else {}
    for generated in (False, True):
        queue = list(shortest)
        for parent in queue:
            for child in nodes[parent].children:
                known = child.node_id in shortest or not 0 <= child.node_id < len(nodes)
                if known or (_is_generated(child.local_name) and not generated):
                    continue
                base = shortest[parent]
                path = f"{base}/{child.local_name}" if base else child.local_name
                if not budget().spend(_COST_PER_CHARACTER * len(path), _PATHS):
                    return shortest
                shortest[child.node_id] = path
                queue.append(child.node_id)
    return shortest


def _is_generated(local_name: str) -> bool:
    return local_name.startswith(_GENERATED)


def _rank(path: str) -> tuple[bool, int, str]:
    generated = any(_is_generated(segment) for segment in path.split("/"))
    return generated, path.count("/"), path
