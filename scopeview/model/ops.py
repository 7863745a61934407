"""The ops of a graph or function body as columns, with compressed rows (CSR) for inputs and consumers.

    row  name     type          inputs                    in_start  edge  source  port
    0    w        VariableV2                              0
    1    w/read   Identity      w                         0         0     0       0
    2    x        Placeholder                             1
    3    y        MatMul        x, w/read, ^w             1         1     2       0
                                                                    2     1       0
                                                                    3     0       CONTROL
Rows are sorted by path, so that a scope is a slice (see `scopes`). Edges keep the order of `NodeDef.input`, repeated
inputs and control inputs included. A source of -1 dangles: the name is not in the graph (`dangling` has its text).
Attributes stay as the bytes of the file until someone asks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import count, repeat
from typing import TYPE_CHECKING, Any, NamedTuple, NewType, Protocol, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from scopeview.model.attributes import Attributes
from scopeview.model.name_order import NameColumn
from scopeview.model.names import CONTROL
from scopeview.model.once import Answers
from scopeview.model.op_types import VARIABLE_TYPES
from scopeview.model.row_index import RowIndex
from scopeview.model.scopes import ScopeTree

if TYPE_CHECKING:
    import networkx

OpRow = NewType("OpRow", int)
Answer = TypeVar("Answer")

_DECODED_KEPT = 4096
_EDGES_IN_LISTS = 1 << 20

MISSING = -1
"""The source of an edge whose op is not in the graph."""


class Buffer(Protocol):
    """The bytes of a file, in memory or on the disk: what `bytes` and `memoryview` are, as far as readers need it."""

    def __len__(self) -> int: ...

    @overload
    def __getitem__(self, key: int, /) -> int: ...
    @overload
    def __getitem__(self, key: slice, /) -> bytes | memoryview: ...


DecodeAttributes = Callable[[bytes | memoryview], Attributes]


class AttributeColumns(NamedTuple):
    """What reads attributes of many ops at once; both take where the messages start and end in a buffer."""

    classify: Callable[[Buffer, NDArray[np.int64], NDArray[np.int64]], NDArray[np.int64]]
    """Gives a number for each op: see `OpTable.attribute_classes`."""
    select: Callable[[Buffer, NDArray[np.int64], NDArray[np.int64], Sequence[str]], Mapping[str, list[object]]]
    """Gives some attributes of each op by their names: see `OpTable.select_attributes`."""


class Edge(NamedTuple):
    """One input of one op."""

    source: OpRow
    """The producing op, or MISSING."""
    target: OpRow
    slot: int
    """Position in the target's list of inputs."""
    port: int
    """Output index of the source (within `argument` if there is one), or CONTROL."""
    argument: str
    """Output argument of the source, in function bodies only."""

    @property
    def is_control(self) -> bool:
        """Whether this input only orders execution."""
        return self.port == CONTROL


class _EdgeColumns(NamedTuple):
    """The edges once more, as what gives plain numbers one by one: lists, or views where lists would be too large."""

    in_start: Sequence[int]
    source: Sequence[OpRow]
    port: Sequence[int]
    argument_id: Sequence[int]
    out_start: Sequence[int]
    order: Sequence[int]
    target: Sequence[OpRow]


@dataclass(frozen=True, slots=True)
class OpColumns:
    """The columns of an OpTable, all of shape (ops,) unless stated."""

    names: Sequence[str]
    types: Sequence[str]
    """Shape (types,): the distinct op types."""
    type_id: NDArray[np.int32]
    devices: Sequence[str]
    """Shape (devices,): the distinct devices; the empty string is "none given"."""
    device_id: NDArray[np.int32]
    definition: NDArray[np.int32]
    """The op's position in the file."""
    in_start: NDArray[np.int64]
    """Shape (ops + 1,): the inputs of row r are edges in_start[r] .. in_start[r + 1] - 1."""
    source: NDArray[np.int32]
    """Shape (edges,): producing row or MISSING."""
    port: NDArray[np.int32]
    """Shape (edges,): output index or CONTROL."""
    arguments: Sequence[str]
    """Shape (arguments,): the distinct output arguments; [0] is the empty string."""
    argument_id: NDArray[np.int32]
    """Shape (edges,)."""
    raw_start: NDArray[np.int64]
    raw_end: NDArray[np.int64]


class OpTable:
    """The ops of one graph or one function body."""

    def __init__(
        self,
        columns: OpColumns,
        raw: Buffer,
        decode: DecodeAttributes,
        attributes: AttributeColumns | None = None,
        dangling: Sequence[tuple[OpRow, str]] = (),
        scopes: ScopeTree | None = None,
    ) -> None:
        self.columns = columns
        self.dangling = tuple(dangling)
        """Inputs without a source: the row that has them and the text of the input."""
        self._raw = raw
        self._decoded: dict[OpRow, Attributes] = {}
        self._decode = decode
        self._attribute_columns = attributes
        self._scopes = scopes
        self._index = RowIndex(columns.names, self._variables, scopes)
        self._type_ids, self._device_ids = columns.type_id.data, columns.device_id.data
        self._answers = Answers()

    def __len__(self) -> int:
        return len(self.columns.names)

    def __iter__(self) -> Iterator[OpRow]:
        return map(OpRow, range(len(self)))

    @property
    def names(self) -> Sequence[str]:
        """Every op name, sorted by path."""
        return self.columns.names

    def name(self, row: OpRow) -> str:
        """Return the name of an op."""
        return self.columns.names[row]

    def names_of(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the names of many ops."""
        names = self.columns.names
        return names.taken(rows) if isinstance(names, NameColumn) else [names[row] for row in rows.tolist()]

    def op_type(self, row: OpRow) -> str:
        """Return the type of an op (`MatMul`)."""
        return self.columns.types[self._type_ids[row]]

    def device(self, row: OpRow) -> str:
        """Return the device that was asked for, empty if none."""
        return self.columns.devices[self._device_ids[row]]

    def row(self, name: str) -> OpRow | None:
        """Return the row of an op by its exact name (the first in the file if it is there twice), or None."""
        found = self._index.find(name)
        return None if found is None else OpRow(found)

    def _variables(self) -> tuple[list[str], list[OpRow]]:
        """Return the names of the ops that hold variables, and their rows: no other op is asked for as often."""
        rows = self.rows_of_type(*VARIABLE_TYPES)
        return self.names_of(np.array(rows, dtype=np.int64)), rows

    def rows_of_type(self, *types: str) -> list[OpRow]:
        """Return the rows of the given op types, in the order of their names."""
        return list(map(OpRow, np.flatnonzero(self.are_of_type(*types)).tolist()))

    def are_of_type(self, *types: str) -> NDArray[np.bool_]:
        """Return which ops have one of the given types: shape (ops,)."""
        is_wanted = np.array([name in types for name in self.columns.types] or [False], dtype=bool)
        return is_wanted[self.columns.type_id]

    def inputs(self, row: OpRow) -> list[Edge]:
        """Return the inputs of an op, data and control, in the order of the file."""
        columns, arguments = self._edges, self.columns.arguments
        start, end = columns.in_start[row], columns.in_start[row + 1]
        sources, ports = columns.source[start:end], columns.port[start:end]
        if len(arguments) == 1:
            return list(map(Edge, sources, repeat(row), count(), ports, repeat(arguments[0])))
        named = (arguments[argument] for argument in columns.argument_id[start:end])
        return list(map(Edge, sources, repeat(row), count(), ports, named))

    def input(self, row: OpRow, slot: int) -> Edge | None:
        """Return one input of an op, or None if it has fewer: a saver has thousands."""
        count = self._edges.in_start[row + 1] - self._edges.in_start[row]
        return self._input(row, slot) if slot < count else None

    def _input(self, row: OpRow, slot: int) -> Edge:
        columns = self._edges
        edge = columns.in_start[row] + slot
        argument = self.columns.arguments[columns.argument_id[edge]]
        return Edge(OpRow(columns.source[edge]), row, slot, columns.port[edge], argument)

    def consumers(self, row: OpRow) -> list[Edge]:
        """Return the edges that leave an op, sorted by target and slot."""
        columns, arguments = self._edges, self.columns.arguments
        in_start, target_of, port, argument_id = columns.in_start, columns.target, columns.port, columns.argument_id
        found = []
        for edge in columns.order[columns.out_start[row] : columns.out_start[row + 1]]:
            target = target_of[edge]
            found.append(Edge(row, target, edge - in_start[target], port[edge], arguments[argument_id[edge]]))
        return found

    @cached_property
    def _edges(self) -> _EdgeColumns:
        columns = self.columns
        out_start, order, target = self._outgoing
        found: tuple[Any, ...] = (
            columns.in_start,
            columns.source,
            columns.port,
            columns.argument_id,
            out_start,
            order,
            target,
        )
        is_large = len(columns.source) > _EDGES_IN_LISTS
        plain: Iterator[Any] = (memoryview(column) if is_large else column.tolist() for column in found)
        return _EdgeColumns(*plain)

    @cached_property
    def targets(self) -> NDArray[np.int64]:
        """The consuming op of every edge: shape (edges,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.columns.in_start))

    @cached_property
    def _outgoing(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """CSR of consumers: starts per row, edge ids sorted by source, target of each edge."""
        columns = self.columns
        target = self.targets
        order = np.argsort(columns.source, kind="stable")
        start = np.searchsorted(columns.source[order], np.arange(len(self) + 1))
        return start, order, target

    @cached_property
    def out_degrees(self) -> NDArray[np.int64]:
        """How many edges leave each op: shape (ops,)."""
        return np.diff(self._outgoing[0])

    def edges_from(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the edges that leave some ops, one op after the other, and how many leave each: shape (rows,)."""
        start, order, _ = self._outgoing
        counts = start[rows + 1] - start[rows]
        before = np.repeat(np.cumsum(counts) - counts, counts)
        return order[np.repeat(start[rows], counts) + np.arange(int(counts.sum())) - before], counts

    @cached_property
    def has_data_consumer(self) -> NDArray[np.bool_]:
        """Whether any op takes data of each: shape (ops,)."""
        columns, found = self.columns, np.zeros(len(self), dtype=bool)
        found[columns.source[(columns.source >= 0) & (columns.port >= 0)]] = True
        return found

    def sources(self, row: OpRow) -> Sequence[OpRow]:
        """Return the producing op of each input of an op, MISSING where there is none, control inputs included."""
        columns = self._edges
        return columns.source[columns.in_start[row] : columns.in_start[row + 1]]

    def ports(self, row: OpRow) -> Sequence[int]:
        """Return the output index of each input of an op, CONTROL for a control input."""
        columns = self._edges
        return columns.port[columns.in_start[row] : columns.in_start[row + 1]]

    def data_sources(self, row: OpRow) -> list[OpRow]:
        """Return the producing op of each data input of an op, those that are not in the graph left out."""
        columns = self._edges
        start, end = columns.in_start[row], columns.in_start[row + 1]
        edges = zip(columns.source[start:end], columns.port[start:end], strict=True)
        return [source for source, port in edges if port >= 0 and source >= 0]

    def data_targets(self, row: OpRow) -> list[OpRow]:
        """Return the op at the end of each data edge that leaves an op, sorted; who takes it twice stands twice."""
        columns = self._edges
        port, target = columns.port, columns.target
        edges = columns.order[columns.out_start[row] : columns.out_start[row + 1]]
        return [target[edge] for edge in edges if port[edge] >= 0]

    def raw_attributes(self, row: OpRow) -> bytes | memoryview:
        """Return the op's message as the file holds it."""
        return self._raw[int(self.columns.raw_start[row]) : int(self.columns.raw_end[row])]

    def attributes(self, row: OpRow) -> Attributes:
        """Decode the attributes of an op; the last few thousand are kept, for scopes are compared op by op."""
        found = self._decoded.get(row)
        if found is None:
            if len(self._decoded) >= _DECODED_KEPT:
                self._decoded.clear()
            found = self._decoded[row] = self._decode(self.raw_attributes(row))
        return found

    @cached_property
    def attribute_classes(self) -> NDArray[np.int64]:
        """A number for each op: those of one number have equal attributes, but for `UNSTRUCTURAL`: shape (ops,).

        Different numbers prove nothing, nor does -1.
        """
        if self._attribute_columns is None:
            return np.full(len(self), -1, dtype=np.int64)
        return self._attribute_columns.classify(self._raw, self.columns.raw_start, self.columns.raw_end)

    def select_attributes(self, rows: Sequence[OpRow], names: Sequence[str]) -> Mapping[str, list[object]]:
        """Return some attributes of many ops: by name a value for each row, None where it has no such attribute."""
        if self._attribute_columns is None:
            attributes = [self.attributes(row) for row in rows]
            return {name: [found.get(name) for found in attributes] for name in names}
        start, end = (
            column[np.array(rows, dtype=np.int64)] for column in (self.columns.raw_start, self.columns.raw_end)
        )
        return self._attribute_columns.select(self._raw, start, end, names)

    def cached(self, question: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Return what an analysis derives from this table alone, computed once."""
        return self._answers.get(question, compute)

    def works_for(self, row: OpRow) -> OpRow:
        """Return the op that an op is a part of: `S/MatMul` for `S/MatMul/ReadVariableOp`, where there is one."""
        return self._owners[row]

    @cached_property
    def _owners(self) -> Sequence[OpRow]:
        return self.owners.data  # type: ignore[return-value]

    @cached_property
    def owners(self) -> NDArray[np.int64]:
        """The op that each op is a part of, which may be itself: shape (ops,)."""
        found = self.scopes.own_rows()[self.scopes.scopes_of_rows()]
        return np.where(found == MISSING, np.arange(len(self)), found)

    def type_counts(self, rows: range | NDArray[np.int64] | None = None) -> dict[str, int]:
        """Count the op types of a slice of rows, of chosen rows or of all, most frequent first, then by name."""
        part = slice(rows.start, rows.stop) if isinstance(rows, range) else slice(None) if rows is None else rows
        ids = self.columns.type_id[part]
        counts = np.bincount(ids, minlength=len(self.columns.types))
        pairs = [(self.columns.types[i], int(count)) for i, count in enumerate(counts) if count]
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    @cached_property
    def scopes(self) -> ScopeTree:
        """The op-scope tree."""
        return self._scopes or ScopeTree(self.columns.names)

    def to_networkx(self) -> networkx.MultiDiGraph[str]:
        """Return the dataflow as a multigraph of op names; each node has `type` and `device`.

        Edges carry `slot`, `port` (CONTROL for control edges) and `argument`. Costs about 1 kB per op.
        """
        import networkx as nx

        graph: networkx.MultiDiGraph[str] = nx.MultiDiGraph()
        for row in self:
            graph.add_node(self.name(row), type=self.op_type(row), device=self.device(row))
        for row in self:
            for edge in self.inputs(row):
                if edge.source != MISSING:
                    graph.add_edge(
                        self.name(edge.source),
                        self.name(row),
                        slot=edge.slot,
                        port=edge.port,
                        argument=edge.argument,
                    )
        return graph
