"""Inlining: one op table of an entry point, in which the bodies of calls stand where the calls stood.

    main        serving_default_x, dense/kernel -> StatefulPartitionedCall
    function    x, kernel -> model/dense/StatefulPartitionedCall -> Identity
    function    x, kernel -> MatMul

    inlined     serving_default_x, dense/kernel -> model/dense/MatMul -> Identity

A call vanishes: what its body takes from an argument comes from what was passed, and what takes a result comes from
what the body returns. `If`, `While` and `Case` stay as ops, for they decide something, and their bodies become scopes
(`cond/then`, `while/body`): what a body reads from an argument comes from what is passed in (of a loop, into the first
iteration), and the op itself takes what its bodies return.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.model.attributes import Attributes, DType, FunctionRef, ShapeValue
from scopeview.model.entry_point import Stop
from scopeview.model.frames import BODIES, Expansion, Frame, Limits, expand, frame_of
from scopeview.model.functions import Function
from scopeview.model.op_types import CALL_TYPES
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.output_arguments import OutputArguments
from scopeview.model.program_edges import Endpoint, ProgramEdges
from scopeview.model.program_rows import EntryArgument, ProgramRows
from scopeview.model.shapes import Shape

_STOPS_LISTED = 100


@dataclass(frozen=True, slots=True)
class Inlined:
    """An entry point as one table."""

    table: OpTable
    functions: tuple[str, ...]
    """Functions of the library that some op still names: of datasets, of calls that were left."""
    inputs: tuple[tuple[str, str, str, Shape], ...]
    """Of a function: name, op, dtype and shape of each argument that a caller passes."""
    outputs: tuple[tuple[str, str, str], ...]
    """Of a function: name, tensor and dtype of each result."""
    tensors: Mapping[tuple[str, int], str]
    stops: tuple[Stop, ...]
    total_stops: int


class Inliner:
    """Makes the tables of the entry points of one model."""

    def __init__(
        self, graph: OpTable, functions: Mapping[str, Function], outputs: OutputArguments, limits: Limits
    ) -> None:
        self._graph, self._functions, self._outputs, self._limits = graph, functions, outputs, limits

    def of_graph(self, wanted: Sequence[str] | None = None, tensors: Sequence[tuple[str, int]] = ()) -> Inlined:
        """Inline the calls of the main graph.

        Args:
            wanted: keep only what these ops need, and the placeholders among `tensors`; all of the graph if None.
            tensors: outputs of ops of the graph whose names in the program are wanted too.
        """
        kept = np.ones(len(self._graph), dtype=bool) if wanted is None else _needed(self._graph, wanted)
        if wanted is not None:
            fed = (row for op, _ in tensors if (row := self._graph.row(op)) is not None)
            kept[[row for row in fed if self._graph.op_type(row).startswith("Placeholder")]] = True
        root = Frame(self._graph, kept)
        expansion = expand(root, self._functions, self._limits)
        rows = ProgramRows(expansion.frames, ())
        edges = ProgramEdges(expansion.frames, rows, self._outputs)
        table = rows.table(edges.collect())
        named = {}
        for op, port in tensors:
            row = self._graph.row(op)
            end = edges.resolve(root, Endpoint(row, port, "")) if row is not None else None
            if end is not None:
                named[op, port] = f"{rows.name(end.op)}:{end.port}"
        return self._finished(expansion, rows, table, named)

    def of_function(self, name: str, bound: Mapping[int, tuple[str, str]]) -> Inlined:
        """Inline the calls of a function.

        Args:
            name: the function.
            bound: for each argument that an object is bound to, the op that stands for it and its type.
        """
        function = self._functions[name]
        root = frame_of(function)
        arguments = [
            self._argument(function, position, bound.get(position)) for position in range(len(function.arguments))
        ]
        expansion = expand(root, self._functions, self._limits)
        rows = ProgramRows(expansion.frames, arguments)
        edges = ProgramEdges(expansion.frames, rows, self._outputs)
        table = rows.table(edges.collect())
        results = []
        for position, result in enumerate(function.results):
            end = edges.result(root, position)
            if end is not None:
                results.append((result.name, f"{rows.name(end.op)}:{end.port}", result.dtype))
        inputs = tuple(
            (argument.name, rows.name(position), _dtype(argument.own), _shape(argument.own))
            for position, argument in enumerate(arguments)
            if position not in bound
        )
        return self._finished(expansion, rows, table, {}, inputs, tuple(results))

    def _argument(self, function: Function, position: int, bound: tuple[str, str] | None) -> EntryArgument:
        argument = function.arguments[position]
        if bound is not None:
            row = self._graph.row(bound[0])
            return EntryArgument(bound[0], bound[1], {}, (self._graph, row) if row is not None else None)
        own: dict[str, object] = {"dtype": DType(argument.dtype)}
        if position in function.argument_shapes:
            own["shape"] = ShapeValue(function.argument_shapes[position])
        return EntryArgument(argument.name, "Placeholder", own, None)

    def _finished(
        self,
        expansion: Expansion,
        rows: ProgramRows,
        table: OpTable,
        tensors: Mapping[tuple[str, int], str],
        inputs: tuple[tuple[str, str, str, Shape], ...] = (),
        outputs: tuple[tuple[str, str, str], ...] = (),
    ) -> Inlined:
        stops = [
            Stop(rows.name(int(frame.ids[row])), function, reason)
            for frame, row, function, reason in expansion.stops[:_STOPS_LISTED]
        ]
        kept = tuple(sorted(self._still_named(expansion)))
        return Inlined(table, kept, inputs, outputs, tensors, tuple(stops), len(expansion.stops))

    def _still_named(self, expansion: Expansion) -> set[str]:
        """Return the functions that ops of the program name without having been entered, with those that these name."""
        waiting = [function for _, _, function, _ in expansion.stops]
        seen: set[int] = set()
        for frame in expansion.frames:
            if id(frame.table) not in seen:
                seen.add(id(frame.table))
                waiting += [name for row, name in self._names_in(frame.table, passive=True) if frame.kept[row]]
        named: set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in named and name in self._functions:
                named.add(name)
                waiting += [inner for _, inner in self._names_in(self._functions[name].body)]
        return named

    def _names_in(self, table: OpTable, *, passive: bool = False) -> Iterator[tuple[OpRow, str]]:
        """Yield the functions that ops of a table name; the passive are those that name what they do not enter."""
        for op_type in table.columns.types:
            enters = op_type in self._functions or op_type in CALL_TYPES or op_type in BODIES
            rows = () if enters and passive else table.rows_of_type(op_type)
            if op_type in self._functions:
                yield from ((row, op_type) for row in rows)
            elif rows and (enters or _named(table.attributes(rows[0]))):
                yield from ((row, name) for row in rows for name in _named(table.attributes(row)))


def _named(attributes: Attributes) -> list[str]:
    values = (item for value in attributes.values() for item in (value if isinstance(value, tuple) else (value,)))
    return [value.name for value in values if isinstance(value, FunctionRef)]


def _needed(table: OpTable, names: Sequence[str]) -> NDArray[np.bool_]:
    """Return which ops the given ones need, by data and by order: shape (ops,)."""
    needed = np.zeros(len(table), dtype=bool)
    columns = table.columns
    frontier = np.array(sorted(row for name in names if (row := table.row(name)) is not None), dtype=np.int64)
    while frontier.size:
        needed[frontier] = True
        counts = columns.in_start[frontier + 1] - columns.in_start[frontier]
        before = np.repeat(np.cumsum(counts) - counts, counts)
        edges = np.repeat(columns.in_start[frontier], counts) + np.arange(int(counts.sum())) - before
        sources = np.unique(columns.source[edges])
        frontier = sources[(sources >= 0) & ~needed[sources]].astype(np.int64)
    return needed


def _dtype(attributes: Attributes) -> str:
    value = attributes.get("dtype")
    return value.name if isinstance(value, DType) else "unknown"


def _shape(attributes: Attributes) -> Shape:
    value = attributes.get("shape")
    return value.sizes if isinstance(value, ShapeValue) else None
