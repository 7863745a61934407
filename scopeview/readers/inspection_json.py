"""A namespace that `scopeview inspect --json` wrote: variables and collections, without the graph and the values.

Kept in a repository, it is what a change is held against (`scopeview diff variables.json model.ckpt`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from scopeview.errors import DamagedError
from scopeview.model.builder import OpTableBuilder
from scopeview.model.collection import Collection, Member
from scopeview.model.model import Format, Model, Origin
from scopeview.model.variables import Kind, Part, StoredSlice, Variable, VariableTable
from scopeview.readers.graph.attributes import decode_node
from scopeview.readers.protobuf.wire import Buffer

_NOTE = "this is the JSON of an inspection: variables and collections are known, the graph and the values are not"


def looks_like_inspection(start: bytes) -> bool:
    """Whether a file begins as the JSON of `scopeview inspect` does."""
    head = start.lstrip()[:4096]
    return head[:1] == b"{" and b'"model"' in head and b'"format"' in head


def read_inspection(buffer: Buffer, path: str, file: str) -> Model:
    """Return the model that a JSON describes; its format is that of the artifact that was inspected.

    Raises:
        DamagedError: it is no JSON of `scopeview inspect`, or lacks what a namespace needs.
    """
    try:
        content = json.loads(bytes(buffer))
        summary, variables = content["model"], [_variable(told) for told in content["variables"]]
        collections = tuple(_collection(told) for told in content["collections"])
        found = str(summary["format"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedError(
            f"{path} is no JSON of scopeview inspect --json, or was changed: {type(error).__name__} {error}"
        ) from error
    if found not in get_args(Format):
        raise DamagedError(f"{path} names the format {found!r}, which scopeview does not know")
    graph, _ = OpTableBuilder(b"", decode_node).freeze()
    origin = Origin(path, found, file, details={"inspected": str(summary.get("path", ""))})  # type: ignore[arg-type]
    return Model(origin, graph, {}, VariableTable(variables), collections, notes=(_NOTE,))


def _variable(told: Mapping[str, Any]) -> Variable:
    kind = str(told["kind"])
    if kind not in get_args(Kind):
        raise ValueError(f"{kind!r} is no kind of variable")
    return Variable(
        name=str(told["name"]),
        kind=kind,  # type: ignore[arg-type]
        shape=_shape(told["shape"]),
        dtype=str(told["dtype"]),
        trainable=told.get("trainable"),
        collections=tuple(map(str, told.get("collections", ()))),
        device=str(told.get("device", "")),
        handle_op=told.get("handle_op"),
        shared_name=str(told.get("shared_name", "")),
        container=str(told.get("container", "")),
        checkpoint_keys=tuple(map(str, told.get("checkpoint_keys", ()))),
        full_name=str(told.get("full_name", "")),
        object_paths=tuple(map(str, told.get("object_paths", ()))),
        parts=tuple(_part(part) for part in told.get("parts", ())),
        stored=_stored(told.get("stored")),
        note=str(told.get("note", "")),
    )


def _shape(sizes: Any) -> tuple[int | None, ...] | None:
    return None if sizes is None else tuple(None if size is None else int(size) for size in sizes)


def _part(told: Mapping[str, Any]) -> Part:
    offset, shape = tuple(map(int, told["offset"])), tuple(map(int, told["shape"]))
    return Part(str(told["name"]), offset, shape, _stored(told.get("stored")), str(told.get("device", "")))


def _stored(told: Mapping[str, Any] | None) -> StoredSlice | None:
    if told is None:
        return None
    checksum = told["checksum"]
    return StoredSlice(
        int(told["shard"]),
        int(told["offset"]),
        int(told["size_bytes"]),
        None if checksum is None else int(checksum),
        bool(told.get("is_blank", False)),
    )


def _collection(told: Mapping[str, Any]) -> Collection:
    members = tuple(Member(str(m["text"]), m["kind"], m.get("target")) for m in told["members"])
    return Collection(str(told["name"]), str(told["kind"]), members)
