"""Messages changed as messages: a field is dropped, repeated, moved, nested deeper, or gets a value that hurts.

What a field may hold comes from scopeview's own table of messages, so the mutants stay close to what TensorFlow writes.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from scopeview.readers.protobuf.onnx_schema import ONNX_MESSAGES
from scopeview.readers.protobuf.schema import ENUMS, MESSAGES
from scopeview.readers.protobuf.types import Field, by_tag
from scopeview.readers.protobuf.wire import FIXED64, LENGTH, VARINT, WireError, encode_varint, fields

NUMBERS = (
    0,
    1,
    2,
    3,
    7,
    100,
    101,
    127,
    128,
    255,
    1 << 16,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 62,
    (1 << 64) - 1,
)
_MOST = 1 << 20
"""Bytes of a mutant: the promises are for files of up to this size."""
_DEEPEST = 60

WORDS: tuple[bytes, ...] = tuple(
    word.encode(errors="surrogateescape")
    for word in (
        *sorted({*re.findall(r"\b[a-z_]{3,}\b", MESSAGES + ONNX_MESSAGES), *re.findall(r"\bDT_\w+", ENUMS)}),
        *("VarHandleOp", "VariableV2", "ReadVariableOp", "AssignVariableOp", "Assign", "Identity", "Switch", "Merge"),
        *("Enter", "NextIteration", "If", "While", "StatefulPartitionedCall", "SaveV2", "RestoreV2", "Const", "MatMul"),
        *("trainable_variables", "variables", "cond_context", "while_context", "saver", "serving_default", "_class"),
        *("", "/", "a/", "/a", "a//b", "^a", "a:0", "a:-1", "^", ":", "..", "../../x", "a_1", "loc:@a", "\x1b[31m"),
        *("part_0", "part_0:3 0,2:-", "3 4 0,3:0,2", "OPTIMIZER_SLOT", ".ATTRIBUTES/VARIABLE_VALUE", "\u202e", "=1+1"),
        *("\udcff\udcfe", "\0", "a" * 5000, "/a" * 3000),
    )
)
"""Names, types and pieces of names that readers look for."""


@dataclass(slots=True)
class Part:
    """One field of a message: its place in the bytes, and what the table knows of it."""

    raw: bytes
    tag: bytes
    payload: bytes
    field: Field | None
    is_length: bool


def mutate(raw: bytes, message: str, chance: random.Random, depth: int = 0) -> bytes:
    """Return the message with one to three changes, anywhere below it; never over 1 MB.

    Args:
        raw: bytes of a message; whatever of them is none is changed as bytes.
        message: its name in the table.
        chance: where the choices come from.
        depth: messages above it.
    """
    for _ in range(chance.choice((1, 1, 1, 2, 3)) if depth == 0 else 1):
        raw = _once(raw, message, chance, depth)
    return raw[:_MOST]


def _once(raw: bytes, message: str, chance: random.Random, depth: int) -> bytes:
    try:
        parts = _parts(raw, message)
    except WireError:
        return as_bytes(raw, chance)
    if not parts or chance.random() < 0.03:
        return as_bytes(raw, chance) if chance.random() < 0.5 else raw + _fresh(message, chance)
    at = chance.randrange(len(parts))
    part = parts[at]
    choice = chance.random()
    if choice < 0.08:
        del parts[at]
    elif choice < 0.16:
        parts.insert(chance.randrange(len(parts) + 1), part)
    elif choice < 0.20:
        parts[at:at] = [part] * min(chance.choice((3, 10, 10, 300)), _MOST // (len(part.raw) + 1))
    elif choice < 0.26:
        other = chance.randrange(len(parts))
        parts[at], parts[other] = parts[other], parts[at]
    elif choice < 0.30:
        return raw + _fresh(message, chance)
    else:
        parts[at] = _changed(part, chance, depth)
    return b"".join(one.raw for one in parts)


def _parts(raw: bytes, message: str) -> list[Part]:
    known, found, position = by_tag(message), [], 0
    for field in fields(raw):
        start = field.start
        is_length = field.wire_type == LENGTH
        tag = encode_varint(field.number << 3 | field.wire_type)
        known_field = known.get(field.number << 3 | field.wire_type)
        found.append(Part(raw[position : field.end], tag, raw[start : field.end], known_field, is_length))
        position = field.end
    return found


def _changed(part: Part, chance: random.Random, depth: int) -> Part:
    field = part.field
    if field is not None and field.of and part.is_length and field.kind != "enum" and depth < _DEEPEST:
        payload = _below(part.payload, field, chance, depth)
    elif part.is_length:
        payload = _text(part.payload, chance)
    elif part.tag[-1] & 7 == VARINT:
        payload = encode_varint(chance.choice(NUMBERS) if chance.random() < 0.7 else chance.getrandbits(64))
    else:
        payload = chance.randbytes(len(part.payload))
    return Part(_written(part.tag, payload, part.is_length), part.tag, payload, field, part.is_length)


def _below(payload: bytes, field: Field, chance: random.Random, depth: int) -> bytes:
    """A message in a message: changed itself, or put into itself once more."""
    if chance.random() < 0.03:
        inner = next((one for one in by_tag(field.of).values() if one.of == field.of), None)
        if inner is not None:
            for _ in range(chance.choice((1, 20, 200))):
                payload = _written(encode_varint(inner.number << 3 | LENGTH), payload, True)[:_MOST]
            return payload
    return _once(payload, field.of, chance, depth + 1)


def _text(payload: bytes, chance: random.Random) -> bytes:
    choice = chance.random()
    if choice < 0.4:
        return chance.choice(WORDS)
    if choice < 0.6:
        return payload + chance.choice((b"_1", b"/", b"/a", b":0", chance.choice(WORDS)))
    if choice < 0.7:
        return chance.choice((b"^", b"/", b"a/")) + payload
    return as_bytes(payload, chance)


def as_bytes(raw: bytes, chance: random.Random) -> bytes:
    """Return the bytes with a few of them changed, cut out or repeated."""
    if not raw:
        return chance.choice(WORDS)
    at = chance.randrange(len(raw))
    choice = chance.random()
    if choice < 0.4:
        return (
            raw[:at]
            + bytes([chance.choice((0, 1, 10, 0x7F, 0x80, 0xFF, raw[at] ^ 1 << chance.randrange(8)))])
            + raw[at + 1 :]
        )
    if choice < 0.6:
        return raw[:at]
    size = chance.choice((1, 4, 8, 64))
    if choice < 0.75:
        return raw[:at] + raw[at + size :]
    if choice < 0.9:
        return (raw[:at] + raw[at : at + size] * chance.choice((2, 2, 50)) + raw[at + size :])[:_MOST]
    return raw[:at] + chance.choice(WORDS) + raw[at:]


def _fresh(message: str, chance: random.Random) -> bytes:
    """A field that the message may have, with a value of its own."""
    known = list(by_tag(message).items())
    if not known:
        return b""
    tag, field = chance.choice(known)
    if tag & 7 == VARINT:
        return encode_varint(tag) + encode_varint(chance.choice(NUMBERS))
    if tag & 7 != LENGTH:
        return encode_varint(tag) + chance.randbytes(8 if tag & 7 == FIXED64 else 4)
    payload = b"" if field.of and field.kind != "enum" else chance.choice(WORDS)
    return _written(encode_varint(tag), payload, True)


def _written(tag: bytes, payload: bytes, is_length: bool) -> bytes:
    return tag + (encode_varint(len(payload)) if is_length else b"") + payload
