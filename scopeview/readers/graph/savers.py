"""Which variable a saver stores under which key, read from its ops and never guessed from names.

    SaveV2(prefix, tensor_names, shape_and_slices, t0, t1, ...)     key i belongs to input i + 3
    SaveSlices(filename, tensor_names, shapes_and_slices, t0, ...)  the same
    Save(filename, tensor_names, t0, ...)                           key i belongs to input i + 2
    RestoreV2(prefix, tensor_names, shape_and_slices)               output i is assigned to a variable
    RestoreSlice(file, tensor_name, shape_and_slice), Restore(file, tensor_name)

In a TF 2 SavedModel these ops stand in functions, and their tensors are arguments: the call's inputs tell whose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scopeview.model.attributes import FunctionRef
from scopeview.model.functions import Function
from scopeview.model.handed_on import handed_on
from scopeview.model.model import SaverEntry
from scopeview.model.op_types import (
    ARGUMENT_TYPE,
    CALL_TYPES,
    FIRST_ASSIGNS,
    RESTORES,
    SAVED_THROUGH,
    VALUE_PASSES,
    VARIABLE_TYPES,
)
from scopeview.model.ops import MISSING, OpRow, OpTable
from scopeview.model.spans import Ints
from scopeview.readers.budget import budget
from scopeview.readers.graph.attributes import string_values
from scopeview.readers.protobuf.decode import DecodeError

_SAVE_FIRST_TENSOR = {"SaveV2": 3, "SaveSlices": 3, "Save": 2}
_WALK_LIMIT = 64
"""Ops that hand a value or a handle on, one after the other."""
_MOST_OUTPUTS = 1 << 32


@dataclass(frozen=True)
class _Place:
    """An op in the main graph (function "") or in a function's body."""

    function: str
    row: OpRow


class _Library:
    """The main graph and the functions, with who calls whom."""

    def __init__(self, graph: OpTable, functions: Mapping[str, Function]) -> None:
        self.tables = {name: function.body for name, function in functions.items()}
        self.tables[""] = graph
        self._callers: dict[str, list[_Place]] | None = None
        self._strings: dict[tuple[str, OpRow], list[str]] = {}

    def callers(self, function: str) -> Sequence[_Place]:
        if self._callers is None:
            self._callers = defaultdict(list)
            for name, table in self.tables.items():
                for row in table.rows_of_type(*CALL_TYPES):
                    called = table.attributes(row).get("f")
                    if isinstance(called, FunctionRef):
                        self._callers[called.name].append(_Place(name, row))
        return self._callers.get(function, ())

    def strings(self, place: _Place, slot: int) -> list[str]:
        """Return all strings of the constant behind an input; nothing if it is not a constant.

        Each constant is decoded once, for many save ops may share one.
        """
        table = self.tables[place.function]
        edge = table.input(place.row, slot)
        if edge is None or edge.source == MISSING or table.op_type(edge.source) != "Const":
            return []
        key = place.function, edge.source
        if key not in self._strings:
            self._strings[key] = _strings_of(table, edge.source)
        return self._strings[key]

    @cached_property
    def _saved(self) -> Ints:
        """The variable op of the main graph whose value or handle each op is or hands on; -1 for none, and at the end.

        Shape (ops + 1,): a source that is missing is the last.
        """
        graph = self.tables[""]
        ends, passes = graph.are_of_type(*VARIABLE_TYPES), graph.are_of_type(*SAVED_THROUGH)
        return np.append(handed_on(graph, ends, passes, _WALK_LIMIT - 1), MISSING)

    def variables_behind(self, place: _Place, slots: range) -> list[str]:
        """Return the variable ops whose values or handles arrive at inputs of an op; an empty string for none."""
        if place.function:
            return [self._variable_behind(place, slot) for slot in slots]
        sources = self.tables[""].sources(place.row)[slots.start : slots.stop]
        return self._named(np.array(sources, dtype=np.int64)) + [""] * (len(slots) - len(sources))

    def written(self, function: str, rows: Ints) -> list[str]:
        """Return the same for the first input of each of some ops."""
        if function:
            return [self._variable_behind(_Place(function, OpRow(row)), 0) for row in rows.tolist()]
        columns = self.tables[""].columns
        return self._named(columns.source[columns.in_start[rows]].astype(np.int64))

    def _named(self, sources: Ints) -> list[str]:
        found = self._saved[sources]
        names = iter(self.tables[""].names_of(found[found != MISSING]))
        return [next(names) if is_known else "" for is_known in (found != MISSING).tolist()]

    def _variable_behind(self, place: _Place, slot: int) -> str:
        """Follow an input of an op of a function to the ops that call it."""
        function, row = place.function, place.row
        for _ in range(_WALK_LIMIT):
            table = self.tables[function]
            sources = table.sources(row)
            if slot >= len(sources) or sources[slot] == MISSING:
                return ""
            row, slot = sources[slot], 0
            op_type = table.op_type(row)
            if op_type in VARIABLE_TYPES:
                return table.name(row) if function == "" else ""
            if op_type == ARGUMENT_TYPE and function:
                callers = self.callers(function)
                if not callers:
                    return ""
                slot = int(table.columns.definition[row])  # arguments were added first, in order
                function, row = callers[0].function, callers[0].row
            elif op_type not in SAVED_THROUGH:
                return ""
        return ""


def read_savers(graph: OpTable, functions: Mapping[str, Function]) -> tuple[SaverEntry, ...]:
    """Read every tensor that a save op writes and that a restore op reads."""
    library = _Library(graph, functions)
    entries: list[SaverEntry] = []
    for function, table in library.tables.items():
        for row in table.rows_of_type(*_SAVE_FIRST_TENSOR):
            entries += _saved(library, _Place(function, row))
        entries += _restored(library, function)
    return tuple(entries)


def _saved(library: _Library, place: _Place) -> Iterator[SaverEntry]:
    table = library.tables[place.function]
    first = _SAVE_FIRST_TENSOR[table.op_type(place.row)]
    keys, slices = _keys_and_slices(library, place, has_slices=first == 3)
    where = _where(library, place)
    handles = library.variables_behind(place, range(first, first + len(keys)))
    for key, spec, handle in zip(keys, slices, handles, strict=True):
        yield SaverEntry(where, key, spec, handle, restores=False)


def _restored(library: _Library, function: str) -> Iterator[SaverEntry]:
    table = library.tables[function]
    rows = table.rows_of_type(*RESTORES)
    targets: dict[tuple[int, int], list[str]] = defaultdict(list)
    origin, output, assigned = _assigned(table, np.array(rows, dtype=np.int64))
    for step in zip(origin.tolist(), output.tolist(), library.written(function, assigned), strict=True):
        targets[step[:2]].append(step[2])
    for number, row in enumerate(rows):
        place = _Place(function, row)
        keys, slices = _keys_and_slices(library, place, has_slices=table.op_type(row) != "Restore")
        where = _where(library, place)
        for index, (key, spec) in enumerate(zip(keys, slices, strict=True)):
            for handle in targets.get((number, index), [""]):
                yield SaverEntry(where, key, spec, handle, restores=True)


def _where(library: _Library, place: _Place) -> str:
    name = library.tables[place.function].name(place.row)
    return f"{place.function}: {name}" if place.function else name


def _keys_and_slices(library: _Library, place: _Place, *, has_slices: bool) -> tuple[list[str], list[str]]:
    """Return the keys of a save or restore op, each with its slice; nothing past the budget."""
    keys = library.strings(place, slot=1)
    if not budget().spend_items(len(keys), "the tensors that savers store"):  # many ops may share one list of names
        return [], []
    slices = library.strings(place, slot=2) if has_slices else []
    return keys, slices[: len(keys)] + [""] * (len(keys) - len(slices))


def _strings_of(table: OpTable, constant: OpRow) -> list[str]:
    try:
        found = string_values(bytes(table.raw_attributes(constant)))
    except DecodeError:  # noted where the node was read
        return []
    return [text.decode("utf-8", "backslashreplace") for text in found]


def _assigned(table: OpTable, rows: Ints) -> tuple[Ints, Ints, Ints]:
    """Return what is assigned of the outputs of some ops, whatever hands it on.

    Returns:
        The place of the op among `rows`, the output, and the op that assigns it; each of shape (assignments,), in the
        order of the steps that lead there.
    """
    columns = table.columns
    assigns, passes = table.are_of_type(*FIRST_ASSIGNS), table.are_of_type(*VALUE_PASSES)
    edges, counts = table.edges_from(rows)
    origin = np.repeat(np.arange(len(rows)), counts)
    outputs, which = np.unique(origin * _MOST_OUTPUTS + columns.port[edges], return_inverse=True)
    seen, found = np.zeros(0, dtype=np.int64), list[tuple[Ints, Ints]]()
    for _ in range(_WALK_LIMIT):
        steps = np.where(columns.port[edges] >= 0, edges * len(outputs) + which, MISSING)
        _, first = np.unique(steps, return_index=True)
        fresh = np.sort(first[~np.isin(steps[first], seen) & (steps[first] != MISSING)])
        seen = np.concatenate((seen, steps[fresh]))
        edges, which = edges[fresh], which[fresh]
        targets = table.targets[edges]
        is_assigned = assigns[targets] & (edges - columns.in_start[targets] == 1)
        found.append((outputs[which[is_assigned]], targets[is_assigned]))
        handed = passes[targets]
        onward = int(table.out_degrees[targets[handed]].sum())
        if not onward or not budget().spend_items(onward, "what restore ops assign"):
            break
        edges, counts = table.edges_from(targets[handed])
        which = np.repeat(which[handed], counts)
    assigned, targets = (np.concatenate(column) for column in zip(*found, strict=True))
    return assigned // _MOST_OUTPUTS, assigned % _MOST_OUTPUTS, targets
