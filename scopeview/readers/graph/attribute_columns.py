"""Some attributes of many ops at once: equal entries are decoded once, whoever has them.

attr { key: "shape" value { shape { dim { size: 3 } } } }    of a thousand variables: decoded once
attr { key: "_class" ... }                                    not asked for: not decoded
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scopeview.model.ops import AttributeColumns
from scopeview.model.spans import Ints, SpanIndex, Words
from scopeview.readers.graph.attribute_classes import classify_attributes
from scopeview.readers.graph.attributes import decode_entry, decode_node
from scopeview.readers.protobuf.columns import fields_of
from scopeview.readers.protobuf.decode import DecodeError
from scopeview.readers.protobuf.wire import Buffer

_ATTRIBUTE, _KEY = 5, 1
_FEW = 32
"""Ops up to which each is decoded by itself."""


def select_attributes(buffer: Buffer, start: Ints, end: Ints, names: Sequence[str]) -> Mapping[str, list[object]]:
    """Return some attributes of many NodeDefs: for each name a value for each op, None where it has no such attribute.

    Args:
        buffer: what the nodes lie in.
        start: shape (nodes,).
        end: shape (nodes,).
        names: the attributes that are wanted.
    """
    found = None
    if len(start) > _FEW and isinstance(buffer, bytes | memoryview):
        found = _in_columns(Words(buffer), start, end - start, names)
    if found is None:
        nodes = [decode_node(buffer[at:stop]) for at, stop in zip(start.tolist(), end.tolist(), strict=True)]
        found = {name: [node.get(name) for node in nodes] for name in names}
    return found


def _in_columns(words: Words, start: Ints, size: Ints, names: Sequence[str]) -> dict[str, list[object]] | None:
    """Return the same, or None if a node is not as serializers write it."""
    nodes = fields_of(words, start, size)
    entries = nodes.of(_ATTRIBUTE)
    inside = fields_of(words, nodes.start[entries], nodes.size[entries], most=2)
    keys = inside.of(_KEY)
    if nodes.odd.any() or inside.odd.any() or not np.array_equal(inside.owner[keys], np.arange(len(entries))):
        return None
    number, firsts = SpanIndex(words, inside.start[keys], inside.size[keys]).numbered()
    texts = [words.content(int(inside.start[keys[at]]), int(inside.size[keys[at]])) for at in firsts.tolist()]
    wanted = np.array([text.decode("utf-8", "replace") in names for text in texts] or [False], dtype=bool)
    entries = entries[wanted[number]]
    place, firsts = SpanIndex(words, nodes.start[entries], nodes.size[entries]).numbered()
    found: dict[str, list[object]] = {name: [None] * len(start) for name in names}
    try:
        decoded = [decode_entry(words.content(int(nodes.start[at]), int(nodes.size[at]))) for at in entries[firsts]]
    except DecodeError:
        return None
    for owner, which in zip(nodes.owner[entries].tolist(), place.tolist(), strict=True):
        name, value = decoded[which]
        found[name][owner] = value
    return found


ATTRIBUTE_COLUMNS = AttributeColumns(classify_attributes, select_attributes)
"""How the ops of a file are read in columns."""
