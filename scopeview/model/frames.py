"""Frames: the bodies that a program enters, and where inlining stops.

A frame is one entry into one function. Its table is shared with all other entries into that function; its prefix is
the scope that the body's ops get in the program.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scopeview.model.attributes import FunctionRef
from scopeview.model.entry_point import StopReason
from scopeview.model.functions import Function
from scopeview.model.names import leaf_of, scope_of
from scopeview.model.op_types import ARGUMENT_TYPE, CALL_TYPES
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.wanted import check_wanted

BODIES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "If": (("then_branch", "then"), ("else_branch", "else")),
    "StatelessIf": (("then_branch", "then"), ("else_branch", "else")),
    "While": (("cond", "cond"), ("body", "body")),
    "StatelessWhile": (("cond", "cond"), ("body", "body")),
    "Case": (("branches", "branch"),),
    "StatelessCase": (("branches", "branch"),),
    "BatchFunction": (("f", "batch"),),
    "RemoteCall": (("f", "call"),),
    "TPUPartitionedCall": (("f", "call"),),
}
"""Ops that stay, with the attributes that name their bodies and the scope below the op that each body gets."""

_LOOPS = ("While", "StatelessWhile")
_SKIPPED = {"If": 1, "StatelessIf": 1, "Case": 1, "StatelessCase": 1, "RemoteCall": 1}
"""Inputs that decide which body runs, or where, before those that are its arguments."""

_NO_ROW = OpRow(0)
_UNNAMED = re.compile(r"(Stateful)?PartitionedCall(_\d+)?")
_TRACED = re.compile(r"(?:__inference_|__forward_|__backward_)?(.+?)(?:_\d+)*", re.DOTALL)


_LEAST_OPS, _LEAST_CALLS = 10_000, 200
"""Of a program, whatever the file holds."""
_MOST_COPIES, _MOST_ENTRIES = 20, 10
"""How often an op of the file may be in a program, and a call be entered, on average."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where inlining stops: functions that call functions can make more ops than any file holds."""

    ops: int = 400_000
    """Ops and arguments of the functions that are entered."""
    depth: int = 100
    calls: int = 10_000


def affordable(graph: OpTable, functions: Mapping[str, Function]) -> Limits:
    """Return where the inlining of a file stops: a small one must not buy a large program.

    Functions that call twice, 17 deep, are over 100,000 calls in 34 ops. So the calls of a program are in proportion to
    the ops that call, and its ops to all ops of the file.
    """
    tables = (graph, *(function.body for function in functions.values()))
    ops = len(graph) + sum(function.op_count for function in functions.values())
    calls = sum(len(_rows_that_call(table, functions)) for table in tables)
    most = Limits()
    return Limits(
        ops=min(most.ops, max(_LEAST_OPS, _MOST_COPIES * ops)),
        calls=min(most.calls, max(_LEAST_CALLS, _MOST_ENTRIES * calls)),
    )


@dataclass(eq=False)
class Frame:
    """One entry into a function, or the main graph."""

    table: OpTable
    kept: NDArray[np.bool_]
    """Which of its rows are ops of the program: shape (rows,)."""
    function: Function | None = None
    prefix: str = ""
    stripped: str = ""
    """A beginning of the body's names that the prefix says already: `while/` of `while/add`."""
    parent: Frame | None = None
    call: OpRow = _NO_ROW
    """The row of the parent that calls it."""
    depth: int = 0
    """How many frames lie around it."""
    skipped: int = 0
    """Inputs of the call that are no arguments."""
    bindings: Mapping[str, object] = field(default_factory=dict)
    """What the call says of attributes that the body leaves open (`$T`)."""
    calls: dict[OpRow, Frame] = field(default_factory=dict)
    """The frames of calls that vanish."""
    bodies: dict[OpRow, list[Frame]] = field(default_factory=dict)
    """The frames of ops that stay."""
    ids: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """The op of the program that each row is, -1 for none: shape (rows,)."""

    def outer(self) -> Iterator[Frame]:
        """Yield the frames around it, from the inside out."""
        frame = self.parent
        while frame is not None:
            yield frame
            frame = frame.parent

    def name(self, row: OpRow) -> str:
        """Return the name of a row in the program, before numbers are added where two are equal."""
        return self.prefix + self.table.name(row).removeprefix(self.stripped)

    def is_loop(self, row: OpRow) -> bool:
        """Whether a row is a loop, whose bodies take again what they return."""
        return self.table.op_type(row) in _LOOPS


@dataclass(eq=False)
class Expansion:
    """All frames of a program, outermost first, and the calls that are left as calls."""

    frames: list[Frame]
    stops: list[tuple[Frame, OpRow, str, StopReason]]


Called = tuple[str, str, Mapping[str, object]]
"""A function that an op calls: its name, the scope below the op, the attributes that instantiate it."""


def frame_of(function: Function, **fields: object) -> Frame:
    """Return a frame of a function; its arguments are no ops of the program."""
    columns = function.body.columns
    argument = columns.types.index(ARGUMENT_TYPE) if ARGUMENT_TYPE in columns.types else -1
    return Frame(function.body, columns.type_id != argument, function, **fields)  # type: ignore[arg-type]


def expand(root: Frame, functions: Mapping[str, Function], limits: Limits) -> Expansion:
    """Enter the functions that a frame calls, those that these call, and so on."""
    found = Expansion([], [])
    calls: dict[int, list[tuple[OpRow, list[Called]]]] = {}
    total, entries = int(root.kept.sum()), 0
    waiting = [root]
    while waiting:
        check_wanted()
        frame = waiting.pop()
        found.frames.append(frame)
        if id(frame.table) not in calls:
            calls[id(frame.table)] = list(calls_of(frame.table, functions))
        own = [(row, called) for row, called in calls[id(frame.table)] if frame.kept[row]]
        prefixes = _prefixes(frame, own)
        entered: list[Frame] = []
        for row, called in own:
            names = [name for name, _, _ in called]
            reason = _why_not(frame, names, functions, limits)
            size = sum(_size(functions[name]) for name in names) if reason is None else 0
            if reason is None and (total + size > limits.ops or entries + len(names) > limits.calls):
                reason = "ops"
            if reason is not None:
                found.stops.append((frame, row, names[0], reason))
                continue
            total, entries = total + size, entries + len(names)
            entered += _entered(frame, row, called, functions, prefixes.get(row))
        waiting.extend(reversed(entered))
    return found


def _size(function: Function) -> int:
    """Return what an entry costs: its ops, and its arguments, each of which is an edge that is led on."""
    return function.op_count + len(function.arguments)


def calls_of(table: OpTable, functions: Mapping[str, Function]) -> Iterator[tuple[OpRow, list[Called]]]:
    """Yield the rows that call functions, in the order of the file, with what they call."""
    for row in sorted(_rows_that_call(table, functions), key=lambda row: int(table.columns.definition[row])):
        called = list(_called(table, row, functions))
        if called:
            yield row, called


def _rows_that_call(table: OpTable, functions: Mapping[str, Function]) -> list[OpRow]:
    by_type = [name for name in table.columns.types if name in functions]
    return table.rows_of_type(*CALL_TYPES, *BODIES, *by_type)


def _called(table: OpTable, row: OpRow, functions: Mapping[str, Function]) -> Iterator[Called]:
    op_type, attributes = table.op_type(row), table.attributes(row)
    if op_type in functions:
        yield op_type, "", attributes
        return
    for attribute, label in BODIES.get(op_type, (("f", ""),)):
        value = attributes.get(attribute)
        listed = value if isinstance(value, tuple) else (value,)
        for number, item in enumerate(listed):
            if isinstance(item, FunctionRef) and item.name:
                yield item.name, f"{label}_{number}" if len(listed) > 1 else label, item.attributes


def _why_not(
    frame: Frame, names: Sequence[str], functions: Mapping[str, Function], limits: Limits
) -> StopReason | None:
    if any(name not in functions for name in names):
        return "missing"
    if any(outer.function is not None and outer.function.name in names for outer in (frame, *frame.outer())):
        return "recursion"
    return "depth" if frame.depth >= limits.depth else None


def _entered(
    frame: Frame, row: OpRow, called: Sequence[Called], functions: Mapping[str, Function], prefix: str | None
) -> list[Frame]:
    """Make the frames of one call."""
    op_type, depth = frame.table.op_type(row), frame.depth + 1
    if op_type not in BODIES:
        name, _, bindings = called[0]
        child = frame_of(functions[name], prefix=prefix or "", parent=frame, call=row, bindings=bindings, depth=depth)
        frame.calls[row] = child
        frame.kept[row] = False
        return [child]
    frame.bodies[row] = [
        frame_of(
            functions[name],
            prefix=f"{frame.name(row)}/{label}/",
            stripped=f"{frame.table.name(row)}/",
            parent=frame,
            call=row,
            skipped=_SKIPPED.get(op_type, 0),
            bindings=bindings,
            depth=depth,
        )
        for name, label, bindings in called
    ]
    return frame.bodies[row]


def _prefixes(frame: Frame, calls: Sequence[tuple[OpRow, list[Called]]]) -> dict[OpRow, str]:
    """Return the scope, with its slash, that the body of each call gets.

    `dense/StatefulPartitionedCall` was named by TensorFlow: its body goes into `dense`. Where several such calls stand
    in one scope, each body gets a scope that is called as its function is, numbered as TensorFlow numbers names.
    """
    prefixes: dict[OpRow, str] = {}
    unnamed: dict[str, list[tuple[OpRow, str]]] = defaultdict(list)
    for row, called in calls:
        name = frame.name(row)
        if frame.table.op_type(row) in CALL_TYPES and _UNNAMED.fullmatch(leaf_of(name)):
            unnamed[scope_of(name)].append((row, called[0][0]))
        else:
            prefixes[row] = f"{name}/"
    for scope, rows in unnamed.items():
        inside = f"{scope}/" if scope else ""
        taken: Counter[str] = Counter()
        for row, function in rows:
            label = _label(function) if len(rows) > 1 else ""
            number = taken[label]
            taken[label] += 1
            prefixes[row] = inside + (f"{label}_{number}/" if number else f"{label}/" if label else "")
    return prefixes


def _label(function: str) -> str:
    """Return what a function is called in the program that defined it.

    >>> _label("__inference_encode_42"), _label("f")
    ('encode', 'f')
    """
    match = _TRACED.fullmatch(function)
    return (match[1] if match else function).replace("/", "_")
