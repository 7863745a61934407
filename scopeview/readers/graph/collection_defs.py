"""CollectionDef to collections: what kind each is, and what each member stands for.

A `bytes_list` does not say what its bytes are: a SaverDef or a plain string parses as a VariableDef without an error
(field 1 of all three is a string). So the collection's name decides where TensorFlow registers a message for it, and
otherwise a VariableDef counts only if the nodes that it names exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

from scopeview.model.collection import Collection, Member, MemberKind
from scopeview.model.model import Dangling
from scopeview.model.names import op_of_tensor
from scopeview.model.ops import OpTable
from scopeview.model.variables import VariableTable
from scopeview.readers.graph.attributes import text_or_bytes
from scopeview.readers.protobuf.decode import DecodeError, parse

TRAINABLE = "trainable_variables"

_VARIABLE_COLLECTIONS = frozenset(
    {
        "variables",
        TRAINABLE,
        "local_variables",
        "model_variables",
        "moving_average_variables",
        "metric_variables",
        "global_step",
    }
)

_STORAGE = {
    "node_list": "nodes",
    "bytes_list": "bytes",
    "int64_list": "integers",
    "float_list": "floats",
    "any_list": "any",
}


@dataclass
class RawCollection:
    """A collection as the file stores it; `values` holds strings, numbers or decoded messages."""

    name: str
    kind: str
    values: list[Any] = field(default_factory=list)


def decode_collections(definitions: Mapping[str, Any], graph: OpTable) -> list[RawCollection]:
    """Decode a MetaGraph's map of CollectionDef, sorted by name."""
    return [_decode(name, definitions[name], graph) for name in sorted(definitions)]


def _decode(name: str, definition: Any, graph: OpTable) -> RawCollection:
    storage = definition.WhichOneof("kind")
    if storage is None:
        return RawCollection(name, "empty")
    values = list(getattr(definition, storage).value)
    if storage != "bytes_list":
        return RawCollection(name, _STORAGE[storage], values)
    for kind, message_name in _message_kinds(name):
        decoded = _parse_all(message_name, values)
        if decoded is not None and (kind != "variables" or _are_variables(name, decoded, graph)):
            return RawCollection(name, kind, decoded)
    return RawCollection(name, "bytes", values)


def _message_kinds(name: str) -> Iterable[tuple[str, str]]:
    registered = {
        "cond_context": ("contexts", "CondContextDef"),
        "while_context": ("contexts", "WhileContextDef"),
        "savers": ("savers", "SaverDef"),
        "queue_runners": ("queue_runners", "QueueRunnerDef"),
    }
    yield registered.get(name, ("variables", "VariableDef"))


def _parse_all(message_name: str, values: Iterable[bytes]) -> list[Any] | None:
    try:
        return [parse(message_name, value) for value in values]
    except DecodeError:
        return None


def _are_variables(name: str, decoded: list[Any], graph: OpTable) -> bool:
    if name in _VARIABLE_COLLECTIONS:
        return True
    return bool(decoded) and all(
        graph.row(op_of_tensor(item.variable_name)) is not None
        and graph.row(op_of_tensor(item.initializer_name)) is not None
        for item in decoded
    )


def variable_definitions(collections: Iterable[RawCollection]) -> dict[str, Any]:
    """Return the VariableDef of each variable op, by op name; the first one wins."""
    found: dict[str, Any] = {}
    for collection in collections:
        if collection.kind == "variables":
            for definition in collection.values:
                found.setdefault(op_of_tensor(definition.variable_name), definition)
    return found


def trainable_ops(collections: Iterable[RawCollection]) -> frozenset[str] | None:
    """Return the ops of the trainable variables, or None where no such collection exists."""
    for collection in collections:
        if collection.name == TRAINABLE and collection.kind == "variables":
            return frozenset(op_of_tensor(item.variable_name) for item in collection.values)
    return None


def resolve_collections(
    raw: Iterable[RawCollection], graph: OpTable, variables: VariableTable
) -> tuple[tuple[Collection, ...], list[Dangling]]:
    """Resolve every member to a variable, an op, a tensor or a value, and list what is missing."""
    handles = {part.name for variable in variables for part in variable.parts}
    # A partitioned variable has no op of its own and goes by the name of the whole.
    handles |= {variable.handle_op or variable.name for variable in variables}
    collections: list[Collection] = []
    dangling: list[Dangling] = []
    for collection in raw:
        resolve = _RESOLVERS.get(collection.kind, _value)
        members = tuple(resolve(value, graph, handles) for value in collection.values)
        collections.append(Collection(collection.name, collection.kind, members))
        dangling += [
            Dangling("collection", collection.name, member.text) for member in members if member.kind == "missing"
        ]
    return tuple(collections), dangling


def _node(value: str, graph: OpTable, handles: Set[str]) -> Member:
    return _named(value, op_of_tensor(value), graph, handles)


def _variable(value: Any, graph: OpTable, handles: Set[str]) -> Member:
    return _named(value.variable_name, op_of_tensor(value.variable_name), graph, handles)


def _named(text: str, op: str, graph: OpTable, handles: Set[str]) -> Member:
    if op in handles and text != op:  # without ":0" it names the op
        return Member(text, "variable", op)
    if graph.row(op) is None:
        return Member(text, "missing")
    kind: MemberKind = "tensor" if text != op else "op"
    return Member(text, kind, op)


def _context(value: Any, _graph: OpTable, _handles: Set[str]) -> Member:
    return Member(value.context_name, "context")


def _saver(value: Any, _graph: OpTable, _handles: Set[str]) -> Member:
    return Member(f"saver {value.save_tensor_name} / {value.restore_op_name}", "saver")


def _queue_runner(value: Any, _graph: OpTable, _handles: Set[str]) -> Member:
    return Member(value.queue_name, "queue_runner", value.queue_name)


def _any(value: Any, _graph: OpTable, _handles: Set[str]) -> Member:
    if value.type_url.endswith("/tensorflow.AssetFileDef"):
        try:
            asset = parse("AssetFileDef", value.value)
        except DecodeError:
            return Member(f"{value.type_url}, damaged", "message")
        return Member(f"{asset.filename} -> {asset.tensor_info.name}", "message")
    return Member(f"{value.type_url}, {len(value.value)} bytes", "message")


def _value(value: Any, _graph: OpTable, _handles: Set[str]) -> Member:
    if isinstance(value, bytes):
        text = text_or_bytes(value)
        return Member(text if isinstance(text, str) else f"{len(value)} bytes", "value")
    return Member(str(value), "value")


_RESOLVERS: dict[str, Callable[[Any, OpTable, Set[str]], Member]] = {
    "nodes": _node,
    "variables": _variable,
    "contexts": _context,
    "savers": _saver,
    "queue_runners": _queue_runner,
    "any": _any,
}
