"""From the heads of nodes, as spans of a file, to an OpTable: the columnar twin of `builder.OpTableBuilder`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.model.builder import input_text, reorder_edges, repeated_names
from scopeview.model.name_order import NameColumn, order_names
from scopeview.model.names import InputRef
from scopeview.model.ops import MISSING, AttributeColumns, DecodeAttributes, OpColumns, OpRow, OpTable
from scopeview.model.scopes import ScopeTree
from scopeview.model.spans import Ints, SpanIndex, Words

Spans = tuple[Ints, Ints | NDArray[np.int32]]


@dataclass(frozen=True, slots=True)
class Heads:
    """What nodes say before their attributes, in the order of the file; spans are (starts, sizes) in `words`."""

    words: Words
    names: bytes
    """All names, one after the other."""
    name_size: Ints
    op: Spans
    device: Spans
    input_count: NDArray[np.int32]
    input: Spans
    """The op of each input, without "^" and port."""
    port: NDArray[np.int32]
    raw: tuple[Ints, Ints]
    """Where each node starts and ends."""


def table_of_heads(
    heads: Heads, decode: DecodeAttributes, attributes: AttributeColumns
) -> tuple[OpTable, list[str]] | None:
    """Return the table and the names that more than one op has.

    None if names are nested too deeply for columns, or if a type, a device or an input is not UTF-8.
    """
    try:
        return _table_of_heads(heads, decode, attributes)
    except UnicodeDecodeError:
        return None


def _table_of_heads(
    heads: Heads, decode: DecodeAttributes, attributes: AttributeColumns
) -> tuple[OpTable, list[str]] | None:
    words, name_size = heads.words, heads.name_size
    names, name_start = Words(heads.names), np.cumsum(name_size) - name_size
    ordered = order_names(names, name_start, name_size)
    if ordered is None:
        return None
    order = ordered.order
    index = SpanIndex(names, name_start, name_size)
    source_start, source_size = heads.input[0], heads.input[1].astype(np.int64)
    found = index.find(words, source_start, source_size)
    row_of = np.empty(len(order) + 1, dtype=np.int32)
    row_of[order] = np.arange(len(order), dtype=np.int32)
    row_of[-1] = MISSING
    in_start, edge_order = reorder_edges(heads.input_count.astype(np.int64), order)
    types, type_id = _numbered(words, heads.op)
    devices, device_id = _numbered(words, heads.device, first="")
    columns = OpColumns(
        names=NameColumn(heads.names, name_start[order], name_size[order]),
        types=types,
        type_id=type_id[order],
        devices=devices,
        device_id=device_id[order],
        definition=order.astype(np.int32),
        in_start=in_start,
        source=row_of[found][edge_order],
        port=heads.port[edge_order],
        arguments=("",),
        argument_id=np.zeros(len(edge_order), dtype=np.int32),
        raw_start=heads.raw[0][order],
        raw_end=heads.raw[1][order],
    )
    dangling = _dangling(columns, words, source_start[edge_order], source_size[edge_order])
    has_repeated = bool((index.first != np.arange(len(order))).any())
    table = OpTable(columns, words.buffer, decode, attributes, dangling, ScopeTree(columns.names, ordered.scopes))
    return table, repeated_names(columns.names) if has_repeated else []


def _numbered(words: Words, spans: Spans, first: str | None = None) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """Return the distinct texts in the order of their first sight, and the number of each span's; `first` has 0."""
    index = SpanIndex(words, spans[0], spans[1].astype(np.int64))
    number, firsts = index.numbered()
    texts = index.texts(firsts)
    if first is None:
        return tuple(texts), number.astype(np.int32)
    listed = dict.fromkeys([first, *texts])
    place = {text: at for at, text in enumerate(listed)}
    renumbered = np.array([place[text] for text in texts] or [0], dtype=np.int32)
    return tuple(listed), renumbered[number]


def _dangling(columns: OpColumns, words: Words, start: Ints, size: Ints) -> Sequence[tuple[OpRow, str]]:
    missing = np.flatnonzero(columns.source == MISSING)
    targets = np.searchsorted(columns.in_start, missing, side="right") - 1
    return [
        (
            OpRow(target),
            input_text(
                InputRef(words.content(int(start[edge]), int(size[edge])).decode(), "", int(columns.port[edge]))
            ),
        )
        for edge, target in zip(missing.tolist(), targets.tolist(), strict=True)
    ]
