"""A namespace that `scopeview inspect --json` wrote: variables and collections, without the graph and the values.

Kept in a repository, it is what a change is compared with (`scopeview diff variables.json model.ckpt`). It is text that
anyone may edit, so every value is checked before it is used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, get_args

from scopeview.errors import DamagedError
from scopeview.model.builder import OpTableBuilder
from scopeview.model.collection import Collection, Member, MemberKind
from scopeview.model.model import Format, Model, Origin
from scopeview.model.shapes import Shape
from scopeview.model.variables import Kind, Part, StoredSlice, Variable, VariableTable
from scopeview.readers.files import read_file
from scopeview.readers.graph.attributes import decode_node
from scopeview.readers.protobuf.wire import Buffer
from scopeview.readers.protocol import Artifact, Certainty, Content

_NOTE = "this is the JSON of an inspection: variables and collections are known, the graph and the values are not"

_MOST_AXES = 254
"""Axes of a tensor; TensorFlow refuses more."""

_LARGEST = 1 << 63

Value = TypeVar("Value")


class InspectionReader:
    """Reads the JSON of `scopeview inspect --json`."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether it begins as that JSON does."""
        head = content.head.lstrip()[:4096]
        is_inspection = head[:1] == b"{" and b'"model"' in head and b'"format"' in head
        return Certainty.CERTAIN if is_inspection else Certainty.NO

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the one namespace that it describes."""
        yield Artifact(name, "JSON of an inspection", content.path, self, content.size, has_graph=False)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read the variables and collections."""
        del tags
        return read_inspection(read_file(artifact.file), path, str(artifact.file))


class _FieldError(ValueError):
    """A value that does not fit; the message says where it stands and what is expected."""


def read_inspection(buffer: Buffer, path: str, file: str) -> Model:
    """Return the model that a JSON describes; its format is that of the artifact that was inspected.

    Raises:
        DamagedError: it is no JSON of `scopeview inspect`, or a value in it does not fit.
    """
    try:
        content = _object(json.loads(bytes(buffer[:]).decode("utf-8-sig")), "the content")
        summary = _object(content.get("model"), "model")
        variables = [_variable(*found) for found in _items(content, "variables", _object)]
        collections = tuple(_collection(*found) for found in _items(content, "collections", _object))
        format_name = _choice(summary.get("format"), "model.format", get_args(Format))
        inspected = _text(summary.get("path", ""), "model.path")
    except RecursionError as error:
        raise DamagedError(f"{path} is no JSON of scopeview inspect --json: its brackets nest too deeply") from error
    except ValueError as error:  # of the JSON, its encoding or a field
        raise DamagedError(f"{path} is no JSON of scopeview inspect --json, or was changed: {error}") from error
    graph, _ = OpTableBuilder(b"", decode_node).freeze()
    origin = Origin(path, format_name, file, details={"inspected": inspected})  # type: ignore[arg-type]
    return Model(origin, graph, {}, VariableTable(variables), collections, notes=(_NOTE,))


def _variable(found: dict[str, Any], where: str) -> Variable:
    def texts(name: str) -> tuple[str, ...]:
        return tuple(value for value, _ in _items(found, name, _text, where, []))

    def text(name: str) -> str:
        return _text(found.get(name, ""), f"{where}.{name}")

    kind = _choice(found.get("kind"), f"{where}.kind", get_args(Kind))
    parts = tuple(_part(*part) for part in _items(found, "parts", _object, where, []))
    return Variable(
        name=_text(found.get("name"), f"{where}.name"),
        kind=kind,  # type: ignore[arg-type]
        shape=_shape(found.get("shape"), f"{where}.shape"),
        dtype=_text(found.get("dtype"), f"{where}.dtype"),
        trainable=_or_none(found.get("trainable"), f"{where}.trainable", _boolean),
        collections=texts("collections"),
        device=text("device"),
        handle_op=_or_none(found.get("handle_op"), f"{where}.handle_op", _text),
        shared_name=text("shared_name"),
        container=text("container"),
        checkpoint_keys=texts("checkpoint_keys"),
        full_name=text("full_name"),
        object_paths=texts("object_paths"),
        parts=parts,
        stored=_or_none(found.get("stored"), f"{where}.stored", _stored),
        note=text("note"),
    )


def _shape(found: Any, where: str) -> Shape:
    if found is None:
        return None
    sizes = _list(found, where)
    if len(sizes) > _MOST_AXES:
        raise _FieldError(f"{where} has {len(sizes):,} axes, and a tensor has at most {_MOST_AXES}")
    return tuple(_or_none(size, where, _number) for size in sizes)


def _part(found: dict[str, Any], where: str) -> Part:
    offset, shape = _shape(found.get("offset"), f"{where}.offset"), _shape(found.get("shape"), f"{where}.shape")
    if offset is None or shape is None or None in (*offset, *shape):
        raise _FieldError(f"{where} needs an offset and a shape of known sizes")
    name, device = _text(found.get("name"), f"{where}.name"), _text(found.get("device", ""), f"{where}.device")
    stored = _or_none(found.get("stored"), f"{where}.stored", _stored)
    return Part(name, offset, shape, stored, device)  # type: ignore[arg-type]


def _stored(found: Any, where: str) -> StoredSlice:
    value = _object(found, where)
    shard, offset, size = (_number(value.get(name), f"{where}.{name}") for name in ("shard", "offset", "size_bytes"))
    checksum = _or_none(value.get("checksum"), f"{where}.checksum", _number)
    return StoredSlice(shard, offset, size, checksum, _boolean(value.get("is_blank", False), f"{where}.is_blank"))


def _collection(found: dict[str, Any], where: str) -> Collection:
    members = tuple(_member(*member) for member in _items(found, "members", _object, where))
    return Collection(_text(found.get("name"), f"{where}.name"), _text(found.get("kind"), f"{where}.kind"), members)


def _member(found: dict[str, Any], where: str) -> Member:
    kind = _choice(found.get("kind"), f"{where}.kind", get_args(MemberKind))
    target = _or_none(found.get("target"), f"{where}.target", _text)
    return Member(_text(found.get("text"), f"{where}.text"), kind, target)  # type: ignore[arg-type]


def _items(
    around: dict[str, Any], name: str, check: Callable[[Any, str], Value], where: str = "", default: Any = None
) -> Iterable[tuple[Value, str]]:
    """Yield the checked items of a list, each with the place where it stands."""
    place = f"{where}.{name}" if where else name
    for number, item in enumerate(_list(around.get(name, default), place)):
        at = f"{place}[{number}]"
        yield check(item, at), at


def _or_none(found: Any, where: str, check: Callable[[Any, str], Value]) -> Value | None:
    return None if found is None else check(found, where)


def _object(found: Any, where: str) -> dict[str, Any]:
    return _of(dict, found, where, "an object")


def _list(found: Any, where: str) -> list[Any]:
    return _of(list, found, where, "a list")


def _boolean(found: Any, where: str) -> bool:
    return _of(bool, found, where, "true or false")


def _text(found: Any, where: str) -> str:
    text = _of(str, found, where, "a text")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise _FieldError(f"{where} holds half of a character (a lone surrogate)")
    return text


def _number(found: Any, where: str) -> int:
    number = _of(int, found, where, "a whole number")
    if isinstance(found, bool) or not 0 <= number < _LARGEST:
        raise _FieldError(f"{where} is not a number from 0 to 2^63")
    return number


def _choice(found: Any, where: str, choices: Sequence[str]) -> str:
    text = _text(found, where)
    if text not in choices:
        raise _FieldError(f"{where} is {text[:60]!r}, which is none of {', '.join(choices)}")
    return text


def _of(expected: type[Value], found: Any, where: str, name: str) -> Value:
    if not isinstance(found, expected):
        shown = "missing" if found is None else f"a {type(found).__name__}"
        raise _FieldError(f"{where} is {shown}, and should be {name}")
    return found
