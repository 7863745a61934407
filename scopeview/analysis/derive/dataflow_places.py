"""The place of each variable in the dataflow, whatever anything is called: what leads to its use, and what follows.

The place of an op is a hash of all that it is computed from, and of all that is computed from it: types, wiring,
shapes of variables. Names count nowhere, nor do ops that only hand a value on, so that the same code gives the same
places under other scopes. Two rounds tell apart what one does not: two uses whose ancestors and descendants are alike,
but not those of their neighbors.

    relu(x * W1) * W2      W1 -> MatMul -> Relu -> MatMul -> end;  W2 -> MatMul -> end, and its other input is a Relu

What a loop hands to its next step counts as coming from outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from scopeview.analysis.derive.reach import Flags
from scopeview.model.op_types import VARIABLE_TYPES
from scopeview.model.ops import MISSING, OpRow, OpTable
from scopeview.model.variables import Variable, VariableTable

_MOST_OPS = 200_000
"""Ops that compute, of a graph that is looked at."""
_HANDS_ON = ("Identity", "ReadVariableOp", "StopGradient")
_MOST_HANDED_ON = 64
"""Ops in a row that hand a value on; a damaged graph has circles of them."""
_NEXT_STEP = ("NextIteration", "RefNextIteration")
_OUTSIDE = hash("outside")
_ROUNDS = 2

Use = tuple[OpRow, int, int]
"""The op at the other end of an edge, the output that it leaves by, and which input it is."""


def variable_places(
    table: OpTable, forward: Flags, variables: VariableTable, *, up_to_last_use: bool = False
) -> Mapping[str, int]:
    """Return the place of each variable that the computation uses, by the variable's identity.

    The work is proportional to the edges between ops that compute; none is done for more than 200,000 of them.

    Args:
        table: the ops of a graph.
        forward: which of them compute, shape (ops,).
        variables: the variables that it holds.
        up_to_last_use: whether nothing counts behind the last uses of variables, so that a model is the same in its
            training graph and where it only predicts; what has no use but a last one has no place then.
    """
    rows = np.flatnonzero(forward).tolist()
    if not 0 < len(rows) <= _MOST_OPS:
        return {}
    flow = _Flow(table, set(map(OpRow, rows)), variables)
    if up_to_last_use:
        flow.end_with_last_uses()
    places = flow.places()
    found = {}
    for variable in variables:
        held = [places.get(row) for row in flow.held_by(variable)]
        if held and None not in held:
            found[variable.identity] = hash(tuple(held))
    return found


class _Flow:
    """The edges between ops that compute, what only hands a value on left out."""

    def __init__(self, table: OpTable, forward: set[OpRow], variables: VariableTable) -> None:
        self._table = table
        self._rows_of = {v.identity: [table.row(name) for name in v.handles or (v.identity,)] for v in variables}
        self._kinds = self._kinds_of(forward | {OpRow(row) for row in table.rows_of_type(*VARIABLE_TYPES)}, variables)
        self._sources: dict[OpRow, list[Use]] = {row: self._sources_of(row) for row in self._kinds}
        self._readers: dict[OpRow, list[Use]] = {row: [] for row in self._kinds}
        for row, sources in self._sources.items():
            for source, port, slot in sources:
                if source in self._readers:
                    self._readers[source].append((row, port, slot))
        self._order = self._sorted()

    def held_by(self, variable: Variable) -> Sequence[OpRow]:
        """Return the ops that hold a variable and are used by the computation; none if any of them is not."""
        rows = [row for row in self._rows_of[variable.identity] if row is not None]
        return rows if all(self._readers.get(row) for row in rows) else []

    def end_with_last_uses(self) -> None:
        """Leave out what is behind the last uses of variables; what has no use but such a one counts as not used."""
        held = {row for rows in self._rows_of.values() for row in rows}
        uses = {row for row, sources in self._sources.items() if any(source in held for source, _, _ in sources)}
        kept: set[OpRow] = set()
        for row in reversed(self._order):
            if row in uses or any(reader in kept for reader, _, _ in self._readers[row]):
                kept.add(row)
        self._order = [row for row in self._order if row in kept]
        self._readers = {row: [use for use in self._readers[row] if use[0] in kept] for row in kept}
        for row in kept.intersection(held):
            if not any(self._readers[reader] for reader, _, _ in self._readers[row]):
                self._readers[row] = []

    def places(self) -> Mapping[OpRow, int]:
        """Return the place of every op that is in no circle."""
        kinds: Mapping[OpRow, int] = self._kinds
        for _ in range(_ROUNDS):
            before, after = self._before(kinds), self._after(kinds)
            kinds = {row: hash((before[row], after[row])) for row in self._order}
        return kinds

    def _kinds_of(self, rows: set[OpRow], variables: VariableTable) -> dict[OpRow, int]:
        """Return what each op is by itself."""
        table = self._table
        kinds = {row: hash(table.op_type(row)) for row in rows if table.op_type(row) not in _HANDS_ON}
        for variable in variables:
            for row in self._rows_of[variable.identity]:
                if row in kinds:
                    kinds[row] = hash(("variable", variable.shape, variable.dtype))
        return kinds

    def _sources_of(self, row: OpRow) -> list[Use]:
        """Return where each data input of an op comes from: behind all that hands it on."""
        found = []
        for slot, (source, port) in enumerate(self._inputs(row)):
            for _ in range(_MOST_HANDED_ON):
                if source in self._kinds or source < 0 or self._table.op_type(source) not in _HANDS_ON:
                    break
                source, port = next(self._inputs(source), (OpRow(MISSING), 0))
            found.append((source, port, slot))
        return found

    def _inputs(self, row: OpRow) -> Iterator[tuple[OpRow, int]]:
        """Yield source and output index of each data input of an op."""
        for source, port in zip(self._table.sources(row), self._table.ports(row), strict=True):
            if port >= 0:
                yield source, port

    def _sorted(self) -> list[OpRow]:
        """Return the ops, each behind what it is computed from but for the step before; other circles are left out."""
        steps = {row for row in self._kinds if self._table.op_type(row) in _NEXT_STEP}
        known = self._kinds.keys() - steps
        waiting = {row: sum(s in known for s, _, _ in sources) for row, sources in self._sources.items()}
        order = [row for row, count in waiting.items() if not count]
        for row in order:
            for reader, _, _ in self._readers[row] if row not in steps else ():
                waiting[reader] -= 1
                if not waiting[reader]:
                    order.append(reader)
        return order

    def _before(self, kinds: Mapping[OpRow, int]) -> dict[OpRow, int]:
        found: dict[OpRow, int] = {}
        for row in self._order:
            behind = ((found.get(source, _OUTSIDE), port) for source, port, _ in self._sources[row])
            found[row] = hash((kinds[row], *behind))
        return found

    def _after(self, kinds: Mapping[OpRow, int]) -> dict[OpRow, int]:
        found: dict[OpRow, int] = {}
        for row in reversed(self._order):
            ahead = sorted((found.get(reader, _OUTSIDE), port, slot) for reader, port, slot in self._readers[row])
            found[row] = hash((kinds[row], *ahead))
        return found
