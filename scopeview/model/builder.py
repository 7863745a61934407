"""The only way to make an OpTable: interns names, resolves inputs, notes what dangles, freezes.

Ops may be added in any order and may name inputs that come later. One pass interns every name, whether seen as an op or
as an input; `freeze` sorts the ops by path and turns interned ids into rows.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scopeview.model.names import InputRef, parse_function_input, parse_input, sort_key
from scopeview.model.ops import (
    MISSING,
    AttributeColumns,
    Buffer,
    DecodeAttributes,
    OpColumns,
    OpRow,
    OpTable,
)

Ints = NDArray[np.int64]


class _Interner:
    """Distinct strings, numbered in the order of their first sight."""

    def __init__(self, *first: str) -> None:
        self.ids: dict[str, int] = {text: number for number, text in enumerate(first)}

    def add(self, text: str) -> int:
        return self.ids.setdefault(text, len(self.ids))

    def texts(self) -> tuple[str, ...]:
        return tuple(self.ids)


class OpTableBuilder:
    """Collects the ops of one graph or function body.

    Args:
        raw: the bytes that hold every op's message.
        decode: turns an op's message into its attributes.
        attributes: reads the attributes of many ops at once.
        in_function: whether inputs follow the grammar of function bodies.
    """

    def __init__(
        self,
        raw: Buffer,
        decode: DecodeAttributes,
        attributes: AttributeColumns | None = None,
        *,
        in_function: bool = False,
    ) -> None:
        self._raw = raw
        self._decode = decode
        self._attributes = attributes
        self._parse = parse_function_input if in_function else parse_input
        self._interned = _Interner()
        self._types = _Interner()
        self._devices = _Interner("")
        self._arguments = _Interner("")
        self._names: list[str] = []
        self._interned_id = array("i")
        self._type_id = array("i")
        self._device_id = array("i")
        self._input_count = array("i")
        self._source = array("i")
        self._port = array("i")
        self._argument_id = array("i")
        self._raw_start = array("q")
        self._raw_end = array("q")

    def __len__(self) -> int:
        return len(self._names)

    def add(
        self,
        name: str,
        op_type: str,
        inputs: Iterable[str],
        device: str = "",
        raw: tuple[int, int] = (0, 0),
    ) -> None:
        """Add one op; `raw` is where its message lies in the builder's bytes."""
        self._names.append(name)
        self._interned_id.append(self._interned.add(name))
        self._type_id.append(self._types.add(op_type))
        self._device_id.append(self._devices.add(device))
        self._raw_start.append(raw[0])
        self._raw_end.append(raw[1])
        count = 0
        for text in inputs:
            op, argument, port = self._parse(text)
            self._source.append(self._interned.add(op))
            self._port.append(port)
            self._argument_id.append(self._arguments.add(argument))
            count += 1
        self._input_count.append(count)

    def freeze(self) -> tuple[OpTable, list[str]]:
        """Return the table, and the names that more than one op has (the first in the file owns the inputs)."""
        keys = list(map(sort_key, self._names))
        order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int32)
        interned_id = np.array(self._interned_id, dtype=np.int32)
        row_of = np.full(len(self._interned.ids), MISSING, dtype=np.int32)
        # Written from the last op to the first, so that of two ops with one name the first wins.
        rows = np.empty(len(order), dtype=np.int32)
        rows[order] = np.arange(len(order), dtype=np.int32)
        row_of[interned_id[::-1]] = rows[::-1]
        in_start, edge_order = reorder_edges(np.array(self._input_count, dtype=np.int64), order)
        interned_source = np.array(self._source, dtype=np.int32)[edge_order]
        columns = OpColumns(
            names=[self._names[index] for index in order],
            types=self._types.texts(),
            type_id=np.array(self._type_id, dtype=np.int32)[order],
            devices=self._devices.texts(),
            device_id=np.array(self._device_id, dtype=np.int32)[order],
            definition=order,
            in_start=in_start,
            source=row_of[interned_source],
            port=np.array(self._port, dtype=np.int32)[edge_order],
            arguments=self._arguments.texts(),
            argument_id=np.array(self._argument_id, dtype=np.int32)[edge_order],
            raw_start=np.array(self._raw_start, dtype=np.int64)[order],
            raw_end=np.array(self._raw_end, dtype=np.int64)[order],
        )
        dangling = self._dangling(columns, interned_source)
        return OpTable(columns, self._raw, self._decode, self._attributes, dangling), repeated_names(columns.names)

    def _dangling(self, columns: OpColumns, interned_source: NDArray[np.int32]) -> list[tuple[OpRow, str]]:
        missing = np.flatnonzero(columns.source == MISSING)
        if not len(missing):
            return []
        texts = self._interned.texts()
        targets = np.searchsorted(columns.in_start, missing, side="right") - 1
        return [
            (
                OpRow(int(target)),
                input_text(
                    InputRef(
                        texts[interned_source[edge]],
                        columns.arguments[columns.argument_id[edge]],
                        int(columns.port[edge]),
                    )
                ),
            )
            for edge, target in zip(missing, targets, strict=True)
        ]


def reorder_edges(counts: Ints, order: NDArray[np.int32] | Ints) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the row starts after sorting ops by `order`, and which old edge stands at each new place."""
    old_start = np.concatenate(([0], np.cumsum(counts)))[:-1]
    new_counts = counts[order]
    new_start = np.concatenate(([0], np.cumsum(new_counts)))
    shift = old_start[order] - new_start[:-1]
    return new_start, np.arange(new_start[-1]) + np.repeat(shift, new_counts)


def repeated_names(names: Sequence[str]) -> list[str]:
    """Return the names that stand more than once among sorted names."""
    return sorted({name for name, following in pairwise(names) if name == following})


def input_text(ref: InputRef) -> str:
    """Write an input as the file does: the inverse of `parse_input` up to a ":0" that may be left out."""
    if ref.port < 0:
        return f"^{ref.op}"
    argument = f":{ref.argument}" if ref.argument else ""
    return f"{ref.op}{argument}:{ref.port}" if ref.port or argument else ref.op
