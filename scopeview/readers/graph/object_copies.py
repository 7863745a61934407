"""One variable per object, where a SavedModel holds several ops for one: Keras 3 exports its variables twice.

`keras.Model.export` lists every variable as `variables/0` and again, as an object of its own, as `_all_variables/0`.
The functions take the op of the first; the saver writes the first's key from a third op (`Variable_3`), and the
second's key from the op that the functions take. A key says which object it is of, the object which op is the model's:

    key variables/0        the object that functions are bound to: its op stays, and gets the key
    key _all_variables/0   a copy that no op holds: an object beside it
    op Variable_3          saved for the first object: no variable of its own
    op kernel, unused      made for the copy, and never read: no variable
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scopeview.model.model import SaverEntry
from scopeview.model.op_types import FIRST_ASSIGNS
from scopeview.model.ops import OpTable
from scopeview.model.variables import Variable, VariableTable
from scopeview.readers.graph.objects import object_of_keys, unheld_variable

_BESIDE = frozenset({"ReadVariableOp", "VarIsInitializedOp", *FIRST_ASSIGNS})
"""Ops that TensorFlow puts beside every variable."""


def merge_copies(
    variables: VariableTable,
    savers: Sequence[SaverEntry],
    graph: OpTable,
    nodes: Sequence[Any],
    paths: Mapping[int, tuple[str, ...]],
    identities: Mapping[int, str],
) -> tuple[VariableTable, tuple[SaverEntry, ...]]:
    """Return the variables, one for each object, and the savers, which name the op that stayed.

    Args:
        variables: the variables, joined to their objects.
        savers: what savers write and restore.
        graph: the main graph.
        nodes: the objects of the object graph.
        paths: the paths to each object.
        identities: the identity of each variable object's variable.
    """
    by_identity = {variable.identity: variable for variable in variables if variable.object_paths}
    stays = {node: by_identity[identity] for node, identity in identities.items() if identity in by_identity}
    extra = {v.identity: node for v in variables if (node := _object_held_elsewhere(v, nodes, stays)) is not None}
    if not extra:
        return variables, tuple(savers)
    unused = {v.identity for v in variables if v.identity not in extra and _is_unused(v, graph)}
    keys = _keys_by_object(variables, nodes)
    kept = [v for v in variables if v.identity not in extra and v.identity not in unused]
    node_of = {variable.identity: node for node, variable in stays.items()}
    renewed = {node for node in extra.values() if keys.get(node)}
    joined = [
        replace(v, checkpoint_keys=tuple(keys[node_of[v.identity]])) if node_of.get(v.identity) in renewed else v
        for v in kept
    ]
    listed = {key for variable in joined for key in variable.checkpoint_keys}
    copies = [
        replace(unheld_variable(nodes[node].variable, paths[node]), checkpoint_keys=tuple(spelled))
        for node, spelled in keys.items()
        if not listed & set(spelled)
    ]
    instead = {identity: stays[node].handle_op or "" for identity, node in extra.items()}
    renamed = (replace(entry, handle_op=instead.get(entry.handle_op, entry.handle_op)) for entry in savers)
    return VariableTable([*joined, *copies]), tuple(renamed)


def _object_held_elsewhere(variable: Variable, nodes: Sequence[Any], stays: Mapping[int, Variable]) -> int | None:
    """Return the object that an op is saved for, if another op is that object's; None for any other variable."""
    if variable.object_paths or not variable.handle_op or not variable.checkpoint_keys:
        return None
    spelled = {object_of_keys([key], nodes) for key in variable.checkpoint_keys}
    node = spelled.pop()
    other = stays.get(node) if node is not None and not spelled else None
    return node if other is not None and other.handle_op not in (None, variable.handle_op) else None


def _is_unused(variable: Variable, graph: OpTable) -> bool:
    """Whether no saver and no object has to do with a variable, and its value goes into no op but another's."""
    if variable.object_paths or variable.checkpoint_keys or not variable.handle_op or variable.collections:
        return False
    row = graph.row(variable.handle_op)
    if row is None:
        return False
    readers = [edge.target for edge in graph.consumers(row) if not edge.is_control]
    onward = [edge.target for reader in readers for edge in graph.consumers(reader) if not edge.is_control]
    own = all(graph.op_type(reader) in _BESIDE for reader in readers)
    return own and all(graph.op_type(target) in FIRST_ASSIGNS for target in onward)


def _keys_by_object(variables: Iterable[Variable], nodes: Sequence[Any]) -> dict[int, list[str]]:
    """Return the keys that spell the way to each variable object."""
    found: dict[int, list[str]] = defaultdict(list)
    for variable in variables:
        for key in variable.checkpoint_keys:
            node = object_of_keys([key], nodes)
            if node is not None:
                found[node].append(key)
    return found
