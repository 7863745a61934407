"""The edges of a program: every input of every op, resolved through arguments and results to the op that makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scopeview.model.frames import Frame
from scopeview.model.functions import Function
from scopeview.model.names import CONTROL, parse_function_input
from scopeview.model.ops import MISSING, Edge, OpRow
from scopeview.model.output_arguments import OutputArguments
from scopeview.model.program_rows import EdgeColumns, ProgramRows

_MOST_STEPS = 10_000
"""Steps from an input to the op that makes its value; more are a ring of calls that hand on what they are given."""

_MOST_CONTROLS = 4_096
"""Control edges that one call adds to its body: of many inputs to many ops, the rest adds nothing to see."""


class Endpoint(NamedTuple):
    """An output in a frame: before it is resolved, a row of the frame; afterwards an op of the program."""

    op: int
    port: int
    argument: str


@dataclass(frozen=True)
class _Passed:
    """What a frame's call passes, resolved: shape (inputs,); op -1 where nothing in the file makes it."""

    op: NDArray[np.int64]
    port: NDArray[np.int64]
    argument: NDArray[np.int64]


class ProgramEdges:
    """Resolves the edges of all frames of a program."""

    def __init__(self, frames: Sequence[Frame], rows: ProgramRows, outputs: OutputArguments) -> None:
        self._frames, self._rows, self._outputs = frames, rows, outputs
        self._arguments: dict[str, int] = {"": 0}
        self._argument_names = [""]
        self._positions: dict[int, NDArray[np.int64]] = {}
        self._inputs: dict[tuple[int, OpRow], Sequence[Edge]] = {}
        self._passed: dict[int, _Passed] = {}
        self._found: list[tuple[int, int, int, int]] = []
        """Edges that were resolved one by one: target, source, port, argument."""

    def collect(self) -> EdgeColumns:
        """Return all edges; those of one op in the order of its inputs."""
        parts: list[NDArray[np.int64]] = []
        for frame in self._frames:  # outermost first
            if frame.parent is not None:
                self._passed[id(frame)] = self._passed_to(frame, frame.parent)
            parts.append(self._of_frame(frame))
            if frame.parent is not None and frame.call in frame.parent.calls:
                self._order_body(frame, frame.parent)
            for row, bodies in frame.bodies.items():
                self._of_body_op(frame, row, bodies)
        parts.append(np.array(self._found, dtype=np.int64).reshape(-1, 4))
        joined = np.concatenate(parts)
        return EdgeColumns(
            joined[:, 0],
            joined[:, 1],
            joined[:, 2].astype(np.int32),
            joined[:, 3].astype(np.int32),
            tuple(self._argument_names),
        )

    def _of_frame(self, frame: Frame) -> NDArray[np.int64]:
        """Return the edges into the plain ops of a frame; what leads into bodies comes later."""
        columns = frame.table.columns
        targets = frame.table.targets
        target = frame.ids[targets]
        if frame.bodies:
            target[np.isin(targets, list(frame.bodies))] = -1
        chosen = np.flatnonzero(target >= 0)
        sources = columns.source[chosen].astype(np.int64)
        source = np.where(sources >= 0, frame.ids[sources], MISSING)
        port, argument = columns.port[chosen].astype(np.int64), np.zeros(len(chosen), dtype=np.int64)
        kept = sources >= 0  # what dangles in the file dangles in nothing here
        is_left = ((columns.argument_id[chosen] > 0) | (source == MISSING)) & kept
        passed = self._passed.get(id(frame))
        if passed is not None:
            at = np.where(is_left & (port != CONTROL), self._position_of(frame)[sources], -1)
            at = np.where(at >= 0, at + port, -1)
            known = (at >= 0) & (at < len(passed.op))
            source[known], port[known], argument[known] = (
                column[at[known]] for column in (passed.op, passed.port, passed.argument)
            )
            kept[known] = source[known] >= 0
            is_left &= ~known
        for place in np.flatnonzero(is_left).tolist():
            edge = int(chosen[place])
            end = Endpoint(int(sources[place]), int(port[place]), columns.arguments[columns.argument_id[edge]])
            if end.port == CONTROL:
                self._add_controls(frame, int(target[edge]), OpRow(end.op))
                kept[place] = False
                continue
            found = self.resolve(frame, end)
            kept[place] = found is not None
            if found is not None:
                source[place], port[place] = found.op, found.port
                argument[place] = self._argument_id(found.argument)
        return np.stack([target[chosen][kept], source[kept], port[kept], argument[kept]], axis=1)

    def resolve(self, frame: Frame, end: Endpoint) -> Endpoint | None:
        """Return the op and output that a value comes from, or None where nothing in the file makes it."""
        for _ in range(_MOST_STEPS):
            row = OpRow(end.op)
            if row < 0:
                return None
            position = self._position(frame, row)
            if position is not None and frame.parent is None:
                return Endpoint(position + end.port, 0, "")
            if position is not None and frame.parent is not None:
                place, passed = position + end.port, self._passed.get(id(frame))
                if passed is not None and 0 <= place < len(passed.op):
                    return self._end_of(passed, place)
                edge = frame.parent.table.input(frame.call, place + frame.skipped)
                if edge is None or edge.is_control:
                    return None
                frame, end = frame.parent, Endpoint(edge.source, edge.port, edge.argument)
            elif row in frame.calls:
                child = frame.calls[row]
                returned = _returned(child.function, end)
                if returned is None:
                    return None
                frame, end = child, returned
            else:
                return self._output(frame, row, end)
        return None

    def result(self, frame: Frame, position: int) -> Endpoint | None:
        """Return the op and output that a result of a frame's function comes from."""
        returned = _returned(frame.function, Endpoint(0, position, ""))
        return self.resolve(frame, returned) if returned is not None else None

    def _passed_to(self, frame: Frame, parent: Frame) -> _Passed:
        """Resolve what a call passes, once for all uses of it in the body."""
        key = (id(parent.table), frame.call)
        if key not in self._inputs:
            self._inputs[key] = parent.table.inputs(frame.call)
        ends = self._inputs[key][frame.skipped :]
        found = _Passed(*np.zeros((3, len(ends)), dtype=np.int64))
        outer, position_of = self._passed.get(id(parent)), self._position_of(parent)
        for place, edge in enumerate(ends):
            at = int(position_of[edge.source]) + edge.port if edge.source >= 0 and position_of[edge.source] >= 0 else -1
            if outer is not None and 0 <= at < len(outer.op):
                found.op[place], found.port[place] = outer.op[at], outer.port[at]
                found.argument[place] = outer.argument[at]
                continue
            found.op[place] = -1
            taken = Endpoint(edge.source, edge.port, edge.argument)
            end = None if edge.is_control else self.resolve(parent, taken)
            if end is not None:
                found.op[place], found.port[place] = end.op, end.port
                found.argument[place] = self._argument_id(end.argument)
        return found

    def _end_of(self, passed: _Passed, place: int) -> Endpoint | None:
        op = int(passed.op[place])
        return Endpoint(op, int(passed.port[place]), self._argument_names[passed.argument[place]]) if op >= 0 else None

    def _argument_id(self, name: str) -> int:
        if name not in self._arguments:
            self._arguments[name] = len(self._argument_names)
            self._argument_names.append(name)
        return self._arguments[name]

    def _position(self, frame: Frame, row: OpRow) -> int | None:
        """Return which argument of its function a row is, or None for an op."""
        if frame.function is None:
            return None
        found = int(self._position_of(frame)[row])
        return found if found >= 0 else None

    def _position_of(self, frame: Frame) -> NDArray[np.int64]:
        """Return which argument of its function each row is, -1 for an op: shape (rows,)."""
        known = self._positions.get(id(frame.table))
        if known is None:
            known = np.full(len(frame.table), -1, dtype=np.int64)
            for position, argument in enumerate(frame.function.arguments if frame.function is not None else ()):
                row = frame.table.row(argument.name)
                if row is not None:
                    known[row] = position
            self._positions[id(frame.table)] = known
        return known

    def _output(self, frame: Frame, row: OpRow, end: Endpoint) -> Endpoint | None:
        """Return an output of an op by its number; the name of the argument stays where nothing says its number."""
        number = int(frame.ids[row])
        if number < 0:
            return None
        if not end.argument:
            return Endpoint(number, end.port, "")
        table = frame.table
        first = self._outputs.first_output(table.op_type(row), end.argument, lambda: table.attributes(row))
        return Endpoint(number, end.port, end.argument) if first is None else Endpoint(number, first + end.port, "")

    def _add_controls(self, frame: Frame, target: int, row: OpRow) -> None:
        """Make an op wait for what a call, an argument or an op of a frame stands for."""
        for source in self._run_by(frame, row):
            if source != target:
                self._found.append((target, source, CONTROL, 0))

    def _run_by(self, frame: Frame, row: OpRow) -> list[int]:
        """Return the ops that have run when a row has: itself, or what the body of a call always runs and returns."""
        found: dict[int, None] = {}
        waiting, seen = [(frame, row)], {(id(frame), row)}
        for inside, at in waiting:
            if self._position(inside, at) is not None:
                made = self.resolve(inside, Endpoint(at, 0, ""))
                found.update({made.op: None} if made is not None else {})
            elif at in inside.calls:
                child = inside.calls[at]
                fresh = [(child, r) for r in _ends_of(child) if (id(child), r) not in seen]
                seen.update((id(child), r) for _, r in fresh)
                waiting += fresh
            elif inside.ids[at] >= 0:
                found[int(inside.ids[at])] = None
        return list(found)

    def _order_body(self, frame: Frame, parent: Frame) -> None:
        """Make what a body begins with wait for what its call waits for."""
        before = [edge.source for edge in parent.table.inputs(frame.call) if edge.is_control and edge.source >= 0]
        if not before:
            return
        table = frame.table
        computes = frame.ids >= 0
        computes[table.rows_of_type("Const")] = False  # a constant may be made at any time
        begins = computes.copy()
        computes[list(frame.calls)] = True
        source = table.columns.source
        follows = source >= 0
        follows[follows] = computes[source[follows]]
        begins[table.targets[follows]] = False
        first = frame.ids[begins].tolist()
        waits_for = dict.fromkeys(one for row in before for one in self._run_by(parent, row))
        pairs = ((target, one, CONTROL, 0) for target in first for one in waits_for)
        self._found += [pair for _, pair in zip(range(_MOST_CONTROLS), pairs, strict=False)]

    def _of_body_op(self, frame: Frame, row: OpRow, bodies: Sequence[Frame]) -> None:
        """Add what an op with bodies takes: what decides, what a loop begins with, what its bodies return."""
        target = int(frame.ids[row])
        edges = frame.table.inputs(row)
        data = [edge for edge in edges if not edge.is_control]
        taken = data[: bodies[0].skipped]
        if frame.is_loop(row):
            taken += [edge for edge in data if not self._is_handed_on(bodies[-1], edge.slot)]
        ends = [self.resolve(frame, Endpoint(edge.source, edge.port, edge.argument)) for edge in taken]
        for body in bodies:
            assert body.function is not None
            results = range(len(body.function.results))
            is_loop = frame.is_loop(row)
            kept = (k for k in results if not (is_loop and body is bodies[-1] and self._is_handed_on(body, k)))
            ends += [self.result(body, position) for position in kept]
        for end in ends:
            if end is not None:
                self._found.append((target, end.op, end.port, self._argument_id(end.argument)))
        for edge in edges:
            if edge.is_control and edge.source >= 0:
                self._add_controls(frame, target, edge.source)

    def _is_handed_on(self, body: Frame, position: int) -> bool:
        """Whether a loop's body returns an argument as it got it: a variable, or what the loop only reads."""
        returned = _returned(body.function, Endpoint(0, position, ""))
        if returned is None:
            return False
        at, row = self._behind(body, OpRow(returned.op), returned)
        return at is body and self._position(body, row) == position

    def _behind(self, frame: Frame, row: OpRow, end: Endpoint) -> tuple[Frame, OpRow]:
        """Go from a result back through `Identity` ops."""
        for _ in range(_MOST_STEPS):
            if row < 0 or self._position(frame, row) is not None or frame.table.op_type(row) != "Identity":
                break
            edge = frame.table.input(row, 0)
            if edge is None or edge.is_control:
                break
            row = edge.source
        return frame, row


def _returned(function: Function | None, end: Endpoint) -> Endpoint | None:
    """Return what a function returns for an output of its call: a row of its body, a port, an output argument."""
    if function is None:
        return None
    position = end.port
    if end.argument:  # a call by op type names the result
        named = [k for k, result in enumerate(function.results) if result.name == end.argument]
        position = named[0] + end.port if named else end.port
    if not 0 <= position < len(function.results):
        return None
    op, argument, port = parse_function_input(function.results[position].source)
    row = function.body.row(op)
    return Endpoint(row, port, argument) if row is not None else None


def _ends_of(frame: Frame) -> list[OpRow]:
    """Return the rows of a body that have run when its call has: what always runs, and what makes the results."""
    if frame.function is None:
        return []
    names = [*frame.function.controls, *(parse_function_input(r.source).op for r in frame.function.results)]
    rows = (frame.function.body.row(name) for name in names)
    return list(dict.fromkeys(row for row in rows if row is not None))
