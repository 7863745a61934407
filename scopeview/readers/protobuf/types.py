"""The table of messages, made ready for decoding: a class for each message, fields by tag and by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from scopeview.readers.protobuf.onnx_schema import ONNX_ENUMS, ONNX_MESSAGES
from scopeview.readers.protobuf.schema import ENUMS, MESSAGES
from scopeview.readers.protobuf.wire import FIXED32, FIXED64, LENGTH, VARINT

_WIRE_TYPES = {
    **dict.fromkeys(("bool", "enum", "int32", "int64", "uint32", "uint64", "sint64"), VARINT),
    **dict.fromkeys(("double", "fixed64"), FIXED64),
    **dict.fromkeys(("float", "fixed32"), FIXED32),
}
_DEFAULTS = {"string": "", "bytes": b"", "bool": False, "float": 0.0, "double": 0.0}
_EMPTY_MAP: Mapping[object, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message."""

    number: int
    name: str
    kind: str
    """A scalar type of protobuf, `enum`, `message` or `map`."""
    is_repeated: bool
    oneof: str
    """The group of fields of which only the last one counts; empty if it is in none."""
    of: str
    """The message or enumeration; of a map, the name of its entry."""

    @property
    def wire_type(self) -> int:
        """How one value of it is written."""
        return _WIRE_TYPES.get(self.kind, LENGTH)


class Message:
    """A decoded message: its fields are attributes, with protobuf's defaults for those that are missing.

    The few methods are named as protobuf's own, which people know.
    """

    NAME = ""
    FIELDS: Mapping[str, Field] = _EMPTY_MAP  # type: ignore[assignment]

    def __getattr__(self, name: str) -> Any:
        field = self.FIELDS.get(name)
        if field is None or field.kind != "message":
            raise AttributeError(f"{self.NAME} has no field {name!r}")
        return _empty(field.of)

    def HasField(self, name: str) -> bool:  # noqa: N802 - protobuf's name
        """Whether a field is there."""
        return name in self.__dict__

    def WhichOneof(self, oneof: str) -> str | None:  # noqa: N802 - protobuf's name
        """Return the field of a group that is there, or None."""
        return next(
            (name for name, field in self.FIELDS.items() if field.oneof == oneof and name in self.__dict__), None
        )

    def ListFields(self) -> Iterator[tuple[Field, Any]]:  # noqa: N802 - protobuf's name
        """Yield the fields that are there, by number."""
        for name, field in self.FIELDS.items():
            if name in self.__dict__ and not (field.is_repeated and not self.__dict__[name]):
                yield field, self.__dict__[name]


@cache
def _empty(name: str) -> Message:
    return message_type(name)()


@cache
def message_type(name: str) -> type[Message]:
    """Return the class of a message by its name, such as `NodeDef` or `TensorShapeProto.Dim`."""
    fields = _message_fields()[name]
    defaults = {
        field.name: _default(field) for field in fields.values() if field.kind != "message" or field.is_repeated
    }
    return type(name, (Message,), {"__doc__": f"A decoded {name}.", "NAME": name, "FIELDS": fields, **defaults})


def _default(field: Field) -> Any:
    if field.kind == "map":
        return _EMPTY_MAP
    return () if field.is_repeated else _DEFAULTS.get(field.kind, 0)


@cache
def by_tag(name: str) -> Mapping[int, Field]:
    """Return the fields of a message by their tags; repeated numbers by both of theirs, packed and not."""
    found = {}
    for field in message_type(name).FIELDS.values():
        found[field.number << 3 | field.wire_type] = field
        if field.is_repeated:
            found[field.number << 3 | LENGTH] = field
    return found


@cache
def enum_numbers(name: str) -> Mapping[str, int]:
    """Return the numbers of an enumeration by their names."""
    numbers = {name: int(number) for number, name in (item.split() for item in _tables(ENUMS + ONNX_ENUMS)[name])}
    if name == "DataType":
        numbers |= {f"{name}_REF": number + 100 for name, number in numbers.items() if number}
    return numbers


@cache
def _message_fields() -> Mapping[str, Mapping[str, Field]]:
    found: dict[str, Mapping[str, Field]] = {}
    for name, items in _tables(MESSAGES + ONNX_MESSAGES).items():
        fields = {}
        for item in items:
            number, field_name, kind = item.split()
            field_name, _, oneof = field_name.partition("|")
            fields[field_name] = _field(name, int(number), field_name, oneof, kind, found)
        found[name] = fields
    return found


def _field(owner: str, number: int, name: str, oneof: str, kind: str, found: dict[str, Mapping[str, Field]]) -> Field:
    if not kind.startswith("map<"):
        return _single(number, name, oneof, kind)
    entry = f"{owner}.{name}.entry"
    key, _, value = kind[4:-1].partition(":")
    found[entry] = {"key": _single(1, "key", "", key), "value": _single(2, "value", "", value)}
    return Field(number, name, "map", True, "", entry)


def _single(number: int, name: str, oneof: str, kind: str) -> Field:
    is_repeated, kind = kind.startswith("*"), kind.removeprefix("*")
    if kind.startswith("enum:"):
        return Field(number, name, "enum", is_repeated, oneof, kind.removeprefix("enum:"))
    is_message = kind[0].isupper()
    return Field(number, name, "message" if is_message else kind, is_repeated, oneof, kind if is_message else "")


def _tables(text: str) -> Mapping[str, list[str]]:
    """Return the items of each table in a text: a name in the first column, and items behind it."""
    found: dict[str, list[str]] = {}
    items: list[str] = []
    for line in filter(None, text.splitlines()):
        if line.startswith(" "):
            items += [item for item in line.strip().split(", ") if item]
            items[-1] = items[-1].removesuffix(",")
        else:
            items = found[line] = []
    return found
