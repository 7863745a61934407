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
from scopeview.readers.budget import budget
from scopeview.readers.graph.attributes import string_values
from scopeview.readers.protobuf.decode import DecodeError

_SAVE_FIRST_TENSOR = {"SaveV2": 3, "SaveSlices": 3, "Save": 2}
_WALK_LIMIT = 64


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
    def _saved(self) -> Sequence[int]:
        """The variable op of the main graph whose value or handle each op is or hands on, or -1: shape (ops,)."""
        graph = self.tables[""]
        ends, passes = graph.are_of_type(*VARIABLE_TYPES), graph.are_of_type(*SAVED_THROUGH)
        return handed_on(graph, ends, passes, _WALK_LIMIT - 1).data

    def variable_behind(self, place: _Place, slot: int) -> str:
        """Return the variable op whose value or handle arrives at an input, or an empty string."""
        return next(self.variables_behind(place, range(slot, slot + 1)))

    def variables_behind(self, place: _Place, slots: range) -> Iterator[str]:
        """Yield the same for several inputs of one op."""
        if place.function:
            yield from (self._variable_behind(place, slot) for slot in slots)
            return
        graph, saved = self.tables[""], self._saved
        sources = graph.sources(place.row)
        for slot in slots:
            source = sources[slot] if slot < len(sources) else MISSING
            found = saved[source] if source != MISSING else MISSING
            yield graph.name(OpRow(found)) if found != MISSING else ""

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
        for row in table.rows_of_type(*RESTORES):
            entries += _restored(library, _Place(function, row))
    return tuple(entries)


def _saved(library: _Library, place: _Place) -> Iterator[SaverEntry]:
    table = library.tables[place.function]
    first = _SAVE_FIRST_TENSOR[table.op_type(place.row)]
    keys, slices = _keys_and_slices(library, place, has_slices=first == 3)
    where = _where(library, place)
    handles = library.variables_behind(place, range(first, first + len(keys)))
    for key, spec, handle in zip(keys, slices, handles, strict=True):
        yield SaverEntry(where, key, spec, handle, restores=False)


def _restored(library: _Library, place: _Place) -> Iterator[SaverEntry]:
    table = library.tables[place.function]
    has_slices = table.op_type(place.row) != "Restore"
    keys, slices = _keys_and_slices(library, place, has_slices=has_slices)
    targets = _assigned_handles(library, place)
    where = _where(library, place)
    for index, (key, spec) in enumerate(zip(keys, slices, strict=True)):
        for handle in targets.get(index, [""]):
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


def _assigned_handles(library: _Library, place: _Place) -> dict[int, list[str]]:
    """Return the variables that each output of a restore op is assigned to, by output index."""
    table = library.tables[place.function]
    found: dict[int, list[str]] = defaultdict(list)
    queue = [(edge, edge.port) for edge in table.consumers(place.row) if not edge.is_control]
    seen = set(queue)
    for edge, output in queue:
        op_type = table.op_type(edge.target)
        if op_type in FIRST_ASSIGNS and edge.slot == 1:
            handle = library.variable_behind(_Place(place.function, edge.target), 0)
            found[output].append(handle)
        elif op_type in VALUE_PASSES:
            onward = [(e, output) for e in table.consumers(edge.target) if not e.is_control]
            queue += [step for step in onward if step not in seen]
            seen.update(onward)
    return found
