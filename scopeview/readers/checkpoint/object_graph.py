"""The object graph of a TF 2 checkpoint: full names and paths for its keys.

The entry `_CHECKPOINTABLE_OBJECT_GRAPH` holds a TrackableObjectGraph in the data shard; each of its objects lists its
`attributes {name, full_name, checkpoint_key}` and its children.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scopeview.model.object_paths import unescape
from scopeview.model.variables import Variable
from scopeview.readers.graph.objects import object_paths
from scopeview.readers.protobuf.decode import DecodeError, parse

_ATTRIBUTES = "/.ATTRIBUTES/"


def parse_object_graph(raw: bytes) -> Any | None:
    """Return the TrackableObjectGraph, or None if the bytes do not parse."""
    try:
        return parse("TrackableObjectGraph", raw)
    except DecodeError:
        return None


def with_full_names(variables: list[Variable], object_graph: Any) -> list[Variable]:
    """Name each entry by its full name where the object graph gives one, and add its object paths."""
    full_names: dict[str, str] = {}
    node_of: dict[str, int] = {}
    for index, node in enumerate(object_graph.nodes):
        for attribute in node.attributes:
            node_of[attribute.checkpoint_key] = index
            if attribute.full_name:
                full_names[attribute.checkpoint_key] = attribute.full_name
    paths = object_paths(object_graph.nodes)
    renamed = []
    for variable in variables:
        key = variable.checkpoint_keys[0]
        full_name = full_names.get(key, "")
        own_paths = paths[node_of[key]] if key in node_of else ()
        renamed.append(
            replace(
                variable,
                name=full_name or variable.name,
                full_name=full_name,
                object_paths=own_paths,
            )
        )
    return renamed


def with_paths_of_keys(variables: list[Variable]) -> list[Variable]:
    """Give entries the paths that their keys spell, for an index whose data shard is missing."""
    return [
        replace(variable, object_paths=(unescape(variable.name.partition(_ATTRIBUTES)[0]),))
        if _ATTRIBUTES in variable.name
        else variable
        for variable in variables
    ]
