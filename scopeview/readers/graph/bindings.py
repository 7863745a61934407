"""Which variables the functions of a TF 2 SavedModel are bound to.

A concrete function takes the variables that it uses as its last arguments; the object graph lists them by position in
`concrete_functions[F].bound_inputs`, and names the function by the path to the object that owns it (`encode`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scopeview.model.functions import Function
from scopeview.model.model import Binding


def read_bindings(
    object_graph: Any,
    functions: Mapping[str, Function],
    variables: Mapping[int, str],
    paths: Mapping[int, tuple[str, ...]],
) -> tuple[Binding, ...]:
    """Return the functions of the object graph that exist, each with the variables that its last arguments are.

    Args:
        object_graph: a SavedObjectGraph.
        functions: the library.
        variables: the identity of each variable object, by object id.
        paths: the paths to each object, by object id.
    """
    names = _paths_by_function(object_graph.nodes, paths)
    found = []
    for name, concrete in object_graph.concrete_functions.items():
        function = functions.get(name)
        first = 0 if function is None else len(function.arguments) - len(concrete.bound_inputs)
        if function is None or first < 0:
            continue
        captured = tuple(variables.get(node, "") for node in concrete.bound_inputs)
        others = tuple(
            _described(object_graph.nodes, paths, node) for node in concrete.bound_inputs if not variables.get(node)
        )
        found.append(Binding(name, names.get(name, name), first, captured, others))
    return tuple(sorted(found, key=lambda binding: (binding.path, binding.function)))


def _described(nodes: Sequence[Any], paths: Mapping[int, tuple[str, ...]], node: int) -> str:
    kind = nodes[node].WhichOneof("kind") if 0 <= node < len(nodes) else None
    path = paths[node][0] if 0 <= node < len(nodes) and paths[node] else f"object {node}"
    return f"{kind or 'object'} {path}"


def _paths_by_function(nodes: Sequence[Any], paths: Mapping[int, tuple[str, ...]]) -> Mapping[str, str]:
    """Return the shortest path to each concrete function."""
    found: dict[str, str] = {}
    for index, node in enumerate(nodes):
        kind = node.WhichOneof("kind")
        if kind == "function":
            concrete = list(node.function.concrete_functions)
        elif kind == "bare_concrete_function":
            concrete = [node.bare_concrete_function.concrete_function_name]
        else:
            continue
        for name in concrete:
            if paths[index]:
                found.setdefault(name, paths[index][0])
    return found
