"""Our table of messages says what TensorFlow's own descriptors say."""

from __future__ import annotations

from typing import Any

import pytest

from scopeview.readers.protobuf.types import Field, by_tag, enum_numbers, message_type
from tests.messages import message

ROOTS = (
    "SavedModel",
    "TrackableObjectGraph",
    "FingerprintDef",
    "BundleHeaderProto",
    "BundleEntryProto",
    "SavedTensorSlices",
    "CheckpointState",
    "VariableDef",
    "QueueRunnerDef",
    "CondContextDef",
    "WhileContextDef",
)


def reachable() -> dict[str, Any]:
    found: dict[str, Any] = {}
    waiting = [message(name).DESCRIPTOR for name in ROOTS]
    while waiting:
        descriptor = waiting.pop()
        name = descriptor.full_name.removeprefix("tensorflow.").removeprefix("google.protobuf.")
        if name in found:
            continue
        found[name] = descriptor
        waiting += [field.message_type for field in descriptor.fields if field.message_type is not None]
    return {name: found[name] for name in sorted(found) if not found[name].GetOptions().map_entry}


def kind_of(field: Any) -> tuple[str, str]:
    names = {number: name[5:].lower() for name, number in type(field).__dict__.items() if name.startswith("TYPE_")}
    kind = names[field.type]
    of = field.message_type or field.enum_type
    return kind, of.full_name.removeprefix("tensorflow.").removeprefix("google.protobuf.") if of is not None else ""


def described(ours: Field) -> tuple[Any, ...]:
    return ours.number, ours.name, ours.is_repeated, ours.oneof


@pytest.mark.parametrize(("name", "descriptor"), reachable().items(), ids=reachable())
def test_every_message_has_the_fields_of_tensorflows(name: str, descriptor: Any) -> None:
    ours = message_type(name).FIELDS
    assert {described(field) for field in ours.values()} == {
        (f.number, f.name, f.is_repeated, f.containing_oneof.name if f.containing_oneof else "")
        for f in descriptor.fields
    }
    for theirs in descriptor.fields:
        field = ours[theirs.name]
        if field.kind == "map":
            entry, descriptor_of = message_type(field.of).FIELDS, theirs.message_type
            assert descriptor_of.GetOptions().map_entry
            for part in ("key", "value"):
                assert (entry[part].kind, entry[part].of) == kind_of(descriptor_of.fields_by_name[part])
        else:
            assert (field.kind, field.of) == kind_of(theirs)
        if field.kind == "enum":
            assert enum_numbers(field.of) == {value.name: value.number for value in theirs.enum_type.values}


def test_repeated_numbers_are_read_packed_and_one_by_one() -> None:
    shape = by_tag("SaveSliceInfoDef")

    assert shape[2 << 3].name == shape[2 << 3 | 2].name == "full_shape"
