"""The rows of a program: numbers and names for the ops of all its frames, and the table that they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scopeview.model.attributes import Attributes
from scopeview.model.frames import Frame
from scopeview.model.inlined_table import InlinedTable
from scopeview.model.names import sort_key
from scopeview.model.ops import OpColumns, OpRow, OpTable


@dataclass(frozen=True, slots=True)
class EntryArgument:
    """An op that stands for an argument of the function that a program is."""

    name: str
    type: str
    own: Attributes
    """Its attributes, if it stands for no op of the main graph."""
    handle: tuple[OpTable, OpRow] | None
    """The op of the main graph that it stands for: a variable."""


@dataclass
class EdgeColumns:
    """Edges in the order of each target's inputs."""

    target: NDArray[np.int64]
    source: NDArray[np.int64]
    port: NDArray[np.int32]
    argument: NDArray[np.int32]
    arguments: Sequence[str] = field(default=("",))
    """Names of output arguments whose place nothing says; [0] is the empty string."""


class ProgramRows:
    """Numbers the ops of a program: arguments first, then frame after frame in the order of the file."""

    def __init__(self, frames: Sequence[Frame], arguments: Sequence[EntryArgument]) -> None:
        self._frames, self._arguments = frames, arguments
        count = len(arguments)
        names = [argument.name for argument in arguments]
        for frame in frames:
            rows = np.flatnonzero(frame.kept)
            rows = rows[np.argsort(frame.table.columns.definition[rows], kind="stable")]
            frame.ids = np.full(len(frame.table), -1, dtype=np.int64)
            frame.ids[rows] = np.arange(count, count + len(rows))
            names += [frame.name(OpRow(row)) for row in rows.tolist()]
            count += len(rows)
        self._names = _unique(names)

    def __len__(self) -> int:
        return len(self._names)

    def name(self, number: int) -> str:
        """Return the name of an op."""
        return self._names[number]

    def table(self, edges: EdgeColumns) -> InlinedTable:
        """Return the ops as a table, sorted by path."""
        keys = list(map(sort_key, self._names))
        order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)
        row_of = np.empty(len(order), dtype=np.int64)
        row_of[order] = np.arange(len(order))
        places, tables, place_of, row_in_place = self._places()
        types: dict[str, int] = {}
        devices = {"": 0}
        type_id = _interned(types, [table.columns.types for table in tables], place_of, self._column("type_id"))
        device_id = _interned(devices, [table.columns.devices for table in tables], place_of, self._column("device_id"))
        self._name_arguments(types, type_id)
        in_start, edge_order = _by_target(row_of[edges.target], len(order))
        source = edges.source[edge_order]
        columns = OpColumns(
            names=[self._names[number] for number in order.tolist()],
            types=tuple(types),
            type_id=type_id[order],
            devices=tuple(devices),
            device_id=device_id[order],
            definition=order.astype(np.int32),
            in_start=in_start,
            source=np.where(source >= 0, row_of[source], -1).astype(np.int32),
            port=edges.port[edge_order],
            arguments=tuple(edges.arguments),
            argument_id=edges.argument[edge_order],
            raw_start=self._column("raw_start")[order],
            raw_end=self._column("raw_end")[order],
        )
        table = InlinedTable(columns, tables, places, place_of[order], row_in_place[order])
        table.own = tuple(argument.own for argument in self._arguments)
        entered = [int(row_of[frame.ids[row]]) for frame in self._frames for row in frame.bodies]
        table.entered = frozenset(map(OpRow, entered))
        return table

    def _places(
        self,
    ) -> tuple[list[tuple[str, Mapping[str, object]]], list[OpTable], NDArray[np.int32], NDArray[np.int32]]:
        """Return what each place is (a frame, or the main graph for a bound variable), and where each op comes from."""
        places: list[tuple[str, Mapping[str, object]]] = []
        tables: list[OpTable] = []
        place_of = np.full(len(self), -1, dtype=np.int32)
        row_in_place = np.zeros(len(self), dtype=np.int32)
        for number, frame in enumerate(self._frames):
            places.append((frame.function.name if frame.function is not None else "", frame.bindings))
            tables.append(frame.table)
            rows = np.flatnonzero(frame.ids >= 0)
            place_of[frame.ids[rows]] = number
            row_in_place[frame.ids[rows]] = rows
        for number, argument in enumerate(self._arguments):
            row_in_place[number] = number
            if argument.handle is not None:
                if tables[-1] is not argument.handle[0]:
                    places.append(("", {}))
                    tables.append(argument.handle[0])
                place_of[number], row_in_place[number] = len(tables) - 1, argument.handle[1]
        return places, tables, place_of, row_in_place

    def _column(self, name: str) -> NDArray[np.int64]:
        """Return a column of numbers for all ops, 0 for arguments: shape (ops,)."""
        found = np.zeros(len(self), dtype=np.int64)
        for frame in self._frames:
            rows = np.flatnonzero(frame.ids >= 0)
            found[frame.ids[rows]] = getattr(frame.table.columns, name)[rows]
        return found

    def _name_arguments(self, types: dict[str, int], type_id: NDArray[np.int32]) -> None:
        for number, argument in enumerate(self._arguments):
            type_id[number] = types.setdefault(argument.type, len(types))


def _interned(
    known: dict[str, int], texts: Sequence[Sequence[str]], place_of: NDArray[np.int32], ids: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Return the number of each op's text when the texts of several tables are numbered together."""
    found = np.zeros(len(ids), dtype=np.int32)
    order = np.argsort(place_of, kind="stable")
    starts = np.searchsorted(place_of[order], np.arange(len(texts) + 1))
    for place, own in enumerate(texts):
        rows = order[starts[place] : starts[place + 1]]
        if len(rows):
            numbers = np.array([known.setdefault(text, len(known)) for text in own], dtype=np.int32)
            found[rows] = numbers[ids[rows]]
    return found


def _by_target(target: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where the inputs of each row start, and the edges in that order."""
    order = np.argsort(target, kind="stable")
    return np.searchsorted(target[order], np.arange(count + 1)), order


def _unique(names: Sequence[str]) -> list[str]:
    """Add numbers to names that are taken, as TensorFlow does: `add`, `add_1`."""
    taken = set(names)
    seen: set[str] = set()
    following: dict[str, int] = {}
    unique = []
    for name in names:
        made = name
        if name in seen:
            number = following.get(name, 1)
            while (made := f"{name}_{number}") in taken:
                number += 1
            following[name] = number + 1
            taken.add(made)
        seen.add(made)
        unique.append(made)
    return unique
