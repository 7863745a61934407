"""Equal sub-networks with variables of their own, wherever they stand and whatever they are called.

Two ops are roots of equal sub-networks if the same computation leads to both, back to the data: equal types, wiring and
attributes, and variables of equal shapes at the same places. What does not depend on a variable is data, however it was
prepared, so that two images that arrive in different ways count as inputs alike.

    relu(conv(image1, conv1_weights) + conv1_biases)      relu(conv(image2, conv1_weights_1) + conv1_biases_1)

A hash of the computation behind each op finds candidates in one pass; candidates are compared op by op. Layers that
are stacked differ in what leads to them, and are never equal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from scopeview.analysis.derive.reach import Flags, downstream, per_type, takes_data
from scopeview.analysis.derive.structure import significant_attributes
from scopeview.model.attributes import TensorValue
from scopeview.model.op_types import ARRANGES, LAYERS, LOOKUP, VARIABLE_TYPES, WEIGHT_PASSES
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.wanted import check_wanted

_MOST_STEPS = 1_000_000
_EVERY = 4096
"""Steps after which is asked whether anybody still waits."""
_MOST_ARRANGING = 32
DataSource = tuple[tuple[str, object], ...]
_DATA, _CONSTANT = hash("data"), hash("constant")


@dataclass(frozen=True)
class EqualNetworks:
    """Several sub-networks that compute the same with variables of their own."""

    roots: tuple[OpRow, ...]
    """The last op of each."""
    variables: tuple[tuple[OpRow, ...], ...]
    """The variable ops of each, in the same order."""
    layers: int
    """Ops in each that apply a weight to data."""
    has_same_input: bool
    """Whether all compute with the same data."""
    is_lookup: bool
    """Whether the layers only look up rows of tables."""


def equal_networks(table: OpTable, forward: Flags) -> Iterator[EqualNetworks]:
    """Yield the largest equal sub-networks of a graph that share no variable.

    Args:
        table: the ops of the graph.
        forward: which of them compute, shape (ops,).
    """
    search = _Search(table, forward)
    groups: dict[int, list[OpRow]] = defaultdict(list)
    for row in search.order:
        groups[search.hashes[row]].append(row)
    covered: set[OpRow] = set()
    # Three networks before the two pairs that a loss makes of them; of one number, the last ops first.
    last_first = search.order[::-1]
    for row in sorted(last_first, key=lambda row: -len(groups[search.hashes[row]])):
        members = groups[search.hashes[row]]
        if len(members) < 2 or row in covered or search.is_passing[row]:
            continue
        found = search.compare(sorted(set(members) - covered))
        covered.update(members)
        if found is not None:
            covered.update(found.covered)
            if found.layers and found.variables[0] and not found.shares:
                yield EqualNetworks(
                    tuple(found.roots),
                    tuple(map(tuple, found.variables)),
                    found.layers,
                    found.has_same_input,
                    found.is_lookup,
                )


def computes_with_variables(table: OpTable, forward: Flags) -> Flags:
    """Return which forward ops depend on a variable: shape (ops,)."""
    held = per_type(table, VARIABLE_TYPES.__contains__)
    return held | downstream(table, held, forward)


def data_source(table: OpTable, start: OpRow, computes: Flags) -> DataSource:
    """Return where data comes from and what was done to it, ops that only arrange it anew left out.

    Two slices of one batch differ by the numbers of their slices; a reversed sequence is the sequence.

    Args:
        table: the ops.
        start: the op that gives the data.
        computes: which ops depend on variables: the walk ends there.
    """
    found: list[tuple[str, object]] = []
    queue = [start]
    for row in queue:
        op_type = table.op_type(row)
        inputs = [edge.source for edge in table.inputs(row) if not edge.is_control and edge.source >= 0]
        if op_type in ARRANGES and inputs and not computes[row]:
            queue.append(inputs[0])
        elif computes[row] or (not inputs and op_type != "Const") or len(queue) > _MOST_ARRANGING:
            found.append((op_type, row))
        else:
            value = table.attributes(row).get("value")
            found.append((op_type, value.preview if isinstance(value, TensorValue) else None))
            queue += inputs
    return tuple(found)


@dataclass
class _Found:
    roots: list[OpRow]
    variables: list[list[OpRow]]
    layers: int = 0
    has_same_input: bool = True
    is_lookup: bool = True
    shares: bool = False
    covered: set[OpRow] = field(default_factory=set)


class _Search:
    """The computation behind each op of a graph, as a hash and op by op."""

    def __init__(self, table: OpTable, forward: Flags) -> None:
        self._table = table
        self._steps = 0
        held = per_type(table, VARIABLE_TYPES.__contains__)
        # Lists: what is looked up op by op is there in a third of the time that an array takes.
        self._held: list[bool] = held.tolist()
        self.is_passing: list[bool] = (held | per_type(table, lambda name: name in WEIGHT_PASSES)).tolist()
        self._computing = computes_with_variables(table, forward)
        self._computes: list[bool] = self._computing.tolist()
        self._is_layer: list[bool] = per_type(table, LAYERS.fullmatch).tolist()
        self._data: list[bool] = takes_data(table).tolist()
        self._type_id: list[int] = table.columns.type_id.tolist()
        self._constants = [number for number, name in enumerate(table.columns.types) if name == "Const"]
        self._inputs = self._data_inputs()
        self.order = self._sorted()
        """Rows that depend on variables, each behind what it depends on; what stands in a loop is left out."""
        self.hashes = self._hashed()

    def _data_inputs(self) -> dict[int, list[tuple[int, int]]]:
        """Return source and output of each data input of the ops that depend on variables, by their rows."""
        columns = self._table.columns
        rows = np.flatnonzero(self._computing)
        starts, ends = columns.in_start[rows], columns.in_start[rows + 1]
        counts = ends - starts
        edges = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(int(counts.sum()))
        found: dict[int, list[tuple[int, int]]] = {row: [] for row in rows.tolist()}
        wires = (np.repeat(rows, counts), columns.source[edges], columns.port[edges])
        for row, source, port in zip(*(column.tolist() for column in wires), strict=True):
            if port >= 0:
                found[row].append((source, port))
        return found

    def _sorted(self) -> list[OpRow]:
        computes, held = self._computes, self._held
        waiting: dict[int, int] = {}
        targets: dict[int, list[int]] = defaultdict(list)
        for row, inputs in self._inputs.items():
            behind = [source for source, _ in inputs if source >= 0 and computes[source]]
            waiting[row] = len(behind)
            for source in behind:
                targets[source].append(row)
        order = [row for row in waiting if not waiting[row] or held[row]]
        done = set(order)
        for row in order:
            for target in targets[row]:
                if target in done:
                    continue
                waiting[target] -= 1
                if not waiting[target]:
                    done.add(target)
                    order.append(target)
        return [OpRow(row) for row in order]

    def _hashed(self) -> dict[OpRow, int]:
        held = [row for row in self.order if self._held[row]]
        shapes = self._table.select_attributes(held, ("shape",))["shape"]
        hashes = {row: hash(("variable", str(shape))) for row, shape in zip(held, shapes, strict=True)}
        for row in self.order:
            if self._held[row]:
                continue
            behind = tuple([(self._leaf(source, hashes), port) for source, port in self._inputs[row]])
            passes = self.is_passing[row] and len(behind) == 1
            hashes[row] = behind[0][0] if passes else hash((self._type_id[row], behind))
        return hashes

    def _leaf(self, row: int, hashes: dict[OpRow, int]) -> int:
        if row < 0 or not self._computes[row]:
            return _CONSTANT if row >= 0 and self._type_id[row] in self._constants else _DATA
        return hashes.get(OpRow(row), -1)

    def compare(self, roots: Sequence[OpRow]) -> _Found | None:
        """Return the sub-networks behind roots that are equal to the first op by op; None if no other is."""
        found: _Found | None = None
        for other in roots[1:]:
            pair = self._pair(roots[0], other)
            if pair is None:
                continue
            if found is None:
                found = pair
            else:
                known = {row for variables in found.variables for row in variables}
                found.shares |= pair.shares or not known.isdisjoint(pair.variables[1])
                found.roots.append(other)
                found.variables.append(pair.variables[1])
                found.has_same_input &= pair.has_same_input
                found.covered |= pair.covered
        return found

    def _pair(self, one: OpRow, other: OpRow) -> _Found | None:
        found = _Found([one, other], [[], []])
        queue = [(one, other)]
        seen = set(queue)
        for a, b in queue:
            self._steps += 1
            if self._steps % _EVERY == 0:
                check_wanted()
            if self._steps > _MOST_STEPS:
                return None
            if a == b or not (self._computes[a] or self._computes[b]):
                found.has_same_input &= a == b or not self._are_other_data(a, b)
                found.shares |= a == b and self.is_passing[a]
                continue
            if not self._are_alike(a, b):
                return None
            if self._held[a]:
                found.variables[0].append(a)
                found.variables[1].append(b)
                continue
            found.covered.update((a, b))
            found.layers += self._is_layer[a]
            found.is_lookup &= not self._is_layer[a] or LOOKUP.fullmatch(self._table.op_type(a)) is not None
            onward = zip(self._inputs[a], self._inputs[b], strict=False)
            wires = [(OpRow(x), OpRow(y)) for (x, _), (y, _) in onward if x >= 0 and y >= 0]
            fresh = [wire for wire in wires if wire not in seen]
            seen.update(fresh)
            queue += fresh
        found.shares |= not set(found.variables[0]).isdisjoint(found.variables[1])
        return found

    def _are_other_data(self, a: OpRow, b: OpRow) -> bool:
        takes = self._data[a] or self._data[b]
        sources = (data_source(self._table, row, self._computing) for row in (a, b))
        return bool(takes) and len(set(sources)) == 2

    def _are_alike(self, a: OpRow, b: OpRow) -> bool:
        if self._type_id[a] != self._type_id[b] or self._computes[a] != self._computes[b]:
            return False
        if self._classes[a] == self._classes[b] >= 0:
            return True
        return significant_attributes(self._table, a) == significant_attributes(self._table, b)

    @cached_property
    def _classes(self) -> list[int]:
        found: list[int] = self._table.attribute_classes.tolist()
        return found
