"""The second table of role rules: what an op is by the roles of those around it, applied until nothing changes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.gradient_scopes import differentiated
from scopeview.analysis.derive.reach import Flags, distinct, downstream, per_type, takes_data, upstream
from scopeview.analysis.derive.role_marks import CODES, FORWARD, Given, Marks, RoleRule
from scopeview.analysis.derive.writers import variable_behind
from scopeview.model.attributes import FunctionRef
from scopeview.model.names import op_of_tensor
from scopeview.model.op_types import (
    APPLY,
    ASSIGNS,
    BRANCHES,
    COMPUTES,
    DATAFLOW_PASSES,
    LAYERS,
    MEASURES,
    SIZES,
    SUMMARY_INPUTS,
    VARIABLE_TYPES,
    WEIGHT_PASSES,
    WRITER,
    is_placeholder,
)
from scopeview.model.ops import OpRow, OpTable

_NO_RESULTS = ("summaries", "train_op", "update_ops")


def _is_writer(table: OpTable) -> Flags:
    return per_type(table, WRITER.fullmatch)


def _after_gradients(marks: Marks) -> Flags:
    """Return what is computed from gradients and has no role yet, writes left out.

    Shapes and constants in a scope of gradients are none: an optimizer of graphs takes them for the forward pass too.
    """
    table = marks.table
    is_value = ~per_type(table, lambda name: name in SIZES or name in ("Const", "Fill"))
    through = marks.is_open & ~_is_writer(table) & ~per_type(table, VARIABLE_TYPES.__contains__)
    return downstream(table, marks.has("gradient") & is_value, through)


def _training_writes(marks: Marks) -> Iterator[Given]:
    """Mark what writes values that are computed from gradients, by itself or in a function that it calls."""
    table = marks.table
    training = marks.has("gradient") | _after_gradients(marks)
    source, columns = table.columns.source, table.columns
    slot = np.arange(len(source)) - columns.in_start[table.targets]
    fed = np.zeros(len(table), dtype=bool)
    carries = (source >= 0) & (columns.port >= 0)
    carries[carries] = training[source[carries]]
    fed[table.targets[carries & (slot > 0)]] = True
    yield Given(np.flatnonzero(fed & per_type(table, lambda name: name in ASSIGNS)), CODES["update"])
    calls = fed & per_type(table, lambda name: name in BRANCHES) & marks.is_open
    yield Given((row for row in np.flatnonzero(calls).tolist() if _writes(marks, OpRow(row))), CODES["update"])


def _writes(marks: Marks, row: OpRow) -> bool:
    """Whether a function that an op calls, directly or further down, writes a variable."""
    queue = [marks.table.attributes(row).get(name) for name in BRANCHES[marks.table.op_type(row)]]
    seen: set[str] = set()
    for value in queue:
        for item in value if isinstance(value, tuple) else (value,):
            function = marks.model.functions.get(item.name) if isinstance(item, FunctionRef) else None
            if function is None or function.name in seen:
                continue
            seen.add(function.name)
            body = function.body
            if any(WRITER.fullmatch(name) for name in body.columns.types):
                return True
            queue += [
                body.attributes(call).get(name)
                for call in body.rows_of_type(*BRANCHES)
                for name in BRANCHES[body.op_type(call)]
            ]
    return False


def _towards_updates(marks: Marks) -> Iterator[Given]:
    """Mark the ops between gradients and updates: clipping, scaling, averaging over towers."""
    table = marks.table
    updates = marks.has("update") & per_type(table, lambda name: APPLY.fullmatch(name) is not None or name in ASSIGNS)
    through = marks.is_open & ~per_type(table, VARIABLE_TYPES.__contains__)
    behind = upstream(table, updates, through)
    yield Given(np.flatnonzero(behind & downstream(table, marks.has("gradient"), behind)), CODES["gradient"])


def _in_no_output(marks: Marks) -> Iterator[Given]:
    """Mark what is computed from gradients and goes into no result: norms, checks for NaN, counts of good steps.

    What is differentiated again is part of a loss (a gradient penalty), and a layer that computes with gradients and
    whose result is there to be fetched belongs to a network (an adversarial example): with what they take and make,
    these stay.
    """
    table = marks.table
    after = _after_gradients(marks)
    if not after.any():
        return
    is_end = after & (np.bincount(_data_sources(marks), minlength=len(table)) == 0)
    layers = after & per_type(table, LAYERS.fullmatch) & _takes_weights(marks)
    leads_out = is_end | upstream(table, is_end, after)
    results = (after & _results(marks)) | (layers & leads_out)
    kept = results | upstream(table, results, after) | downstream(table, results, after)
    yield Given(np.flatnonzero(after & ~kept), CODES["gradient"])


def _data_sources(marks: Marks) -> NDArray[np.int64]:
    """Return the source of every data edge into what computes or trains; savers and summaries only look on."""
    table = marks.table
    columns = table.columns
    kept = (columns.source >= 0) & (columns.port >= 0) & ~marks.has("save", "summary", "bookkeeping")[table.targets]
    return columns.source[kept].astype(np.int64)


def _takes_weights(marks: Marks) -> Flags:
    """Return which ops take the value of a variable as it is."""
    table = marks.table

    def compute() -> Flags:
        held = per_type(table, VARIABLE_TYPES.__contains__)
        reads = downstream(table, held, per_type(table, lambda name: name in WEIGHT_PASSES))
        found = np.zeros(len(table), dtype=bool)
        source, columns = table.columns.source, table.columns
        known = (source >= 0) & (columns.port >= 0)
        known[known] = (held | reads)[source[known]]
        found[table.targets[known]] = True
        return found

    return marks.remember("takes weights", compute)


def _results(marks: Marks) -> Flags:
    """Return the ops that are results beyond doubt: differentiated, in a signature, returned by the function."""

    def compute() -> Flags:
        names = list(differentiated(marks.table))
        if marks.function:
            results = marks.model.functions[marks.function].results
            names += [op_of_tensor(result.source).partition(":")[0] for result in results]
        else:
            names += [op_of_tensor(out.tensor) for signature in marks.model.signatures for out in signature.outputs]
        return _flags(marks.table, names)

    return marks.remember("results", compute)


def _named(marks: Marks) -> Flags:
    """Return the ops that somebody named as results, collections among them."""

    def compute() -> Flags:
        names = [
            member.target
            for collection in marks.model.collections
            if collection.name not in _NO_RESULTS
            for member in collection.members
            if member.kind in ("op", "tensor") and member.target is not None
        ]
        return _results(marks) | _flags(marks.table, names)

    return marks.remember("named", compute)


def _flags(table: OpTable, names: list[str]) -> Flags:
    flags = np.zeros(len(table), dtype=bool)
    for name in names:
        row = table.row(name)
        if row is not None:
            flags[row] = True
    return flags


def _written_for_training(marks: Marks) -> Iterator[Given]:
    """Mark the writes of variables that only training reads: what empties an accumulator of gradients."""
    table = marks.table
    for row in marks.open_rows(*ASSIGNS):
        name = variable_behind(table, row, 0) if marks.codes[row] == FORWARD else ""
        variable = table.row(name) if name else None
        if variable is None:
            continue
        readers = {edge.target for edge in table.consumers(variable) if not edge.is_control and edge.target != row}
        reads = [other for other in readers if table.op_type(other) in WEIGHT_PASSES]
        readers |= {edge.target for read in reads for edge in table.consumers(read) if not edge.is_control}
        roles = {int(marks.codes[other]) for other in readers if other not in reads and other != row}
        if FORWARD not in roles and roles & {CODES["update"], CODES["gradient"]}:
            yield Given([row], CODES["update"])


def _follow_writes(marks: Marks) -> Iterator[Given]:
    """Give what only waits for a write, or hands on what it wrote to nothing, the role of that write.

    `K.update` makes such reads; a `tf.cond` that updates one of two ways ends in a Merge.
    """
    table, codes = marks.table, marks.codes
    for row in marks.open_rows("ReadVariableOp", *DATAFLOW_PASSES):
        if codes[row] != FORWARD or table.has_data_consumer[row]:
            continue
        is_read = table.op_type(row) == "ReadVariableOp"
        edges = [edge for edge in table.inputs(row) if edge.source >= 0 and edge.is_control == is_read]
        before = {int(codes[edge.source]) for edge in edges}
        if len(before) == 1 and FORWARD not in before and (is_read or before <= {CODES["update"], CODES["gradient"]}):
            yield Given([row], before.pop())


def _groups(marks: Marks) -> Iterator[Given]:
    """Give the NoOps that run several ops the role of these, or bookkeeping where they differ."""
    table, codes = marks.table, marks.codes
    for row in marks.open_rows("NoOp"):
        found = {int(codes[edge.source]) for edge in table.inputs(row) if edge.source >= 0}
        if codes[row] == FORWARD and FORWARD not in found:
            yield Given([row], found.pop() if len(found) == 1 else CODES["bookkeeping"])


def _of_bookkeeping(marks: Marks) -> Iterator[Given]:
    """Mark what reads bookkeeping, and nothing else but constants: the joined lists of what is not initialized."""
    table, columns = marks.table, marks.table.columns
    is_data = (columns.source >= 0) & (columns.port >= 0)
    source, target = columns.source[is_data], table.targets[is_data]
    is_kept = marks.has("bookkeeping")[source]
    others = ~is_kept & ~per_type(table, lambda name: name == "Const")[source]
    reads_it, reads_others = (np.bincount(target[flags], minlength=len(table)) > 0 for flags in (is_kept, others))
    found = reads_it & ~reads_others & marks.is_open & ~per_type(table, _stays_forward)
    yield Given(np.flatnonzero(found), CODES["bookkeeping"])


def _for_machinery(marks: Marks) -> Iterator[Given]:
    """Give what computes for machinery alone the role of that machinery.

    Gradients take the forward values that they need; they alone do not make these theirs (the loss often feeds nothing
    else), while what is done to gradients afterwards takes rates and states that are. An op of a type that is a
    network's own work stays forward, whoever looks at its result, and so does one that is named as a result. A summary
    takes what prepares and measures, and not the result that it shows.
    """
    table, codes = marks.table, marks.codes.copy()
    columns = table.columns
    source = columns.source
    known = source >= 0
    remaining = np.bincount(source[known], minlength=len(table)) if len(table) else np.zeros(0, dtype=np.int64)
    best = np.full(len(table), FORWARD, dtype=np.int8)
    stays = per_type(table, _stays_forward) | (_results(marks) if marks.function else _named(marks))
    light, shows = per_type(table, _is_light), _shows(marks)
    is_fed = per_type(table, lambda name: name.startswith("Placeholder"))
    # Which ops feed gradients themselves, and not what is done to them afterwards; grows from round to round.
    feeds_gradient = marks.remember("feeds gradients", lambda: np.zeros(len(table), dtype=bool))
    is_proper = marks.has("gradient") & ~np.isin(marks.rules, marks.afterwards)
    frontier = np.flatnonzero(codes != FORWARD)
    while frontier.size:
        edges, target = _in_edges(columns.in_start, frontier)
        edges, target = edges[known[edges]], target[known[edges]]
        np.subtract.at(remaining, source[edges], 1)
        np.minimum.at(best, source[edges], codes[target])
        feeds_gradient[source[edges[is_proper[target]]]] = True
        reached = distinct(source[edges])
        names_file = is_fed[reached] & (best[reached] == CODES["save"])
        free = (remaining[reached] == 0) & (codes[reached] == FORWARD) & (~stays[reached] | names_file)
        free &= (best[reached] != CODES["summary"]) | shows[reached]
        frontier = reached[free & (light[reached] | ~feeds_gradient[reached])]
        codes[frontier] = best[frontier]
        is_proper[frontier] = feeds_gradient[frontier]
        yield Given(frontier, best[frontier])


def _shows(marks: Marks) -> Flags:
    """Return what a summary takes for itself: what prepares and measures, and what computes with weights alone."""
    table = marks.table

    def compute() -> Flags:
        by_type = per_type(table, lambda name: name in SUMMARY_INPUTS | MEASURES or name in VARIABLE_TYPES)
        return by_type | ~takes_data(table)

    return marks.remember("shows", compute)


def _in_edges(in_start: NDArray[np.int64], rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the input edges of many ops, and the op of each edge."""
    counts = in_start[rows + 1] - in_start[rows]
    target = np.repeat(rows, counts)
    before = np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(in_start[rows], counts) + np.arange(len(target)) - before, target


def _stays_forward(op_type: str) -> bool:
    is_work = COMPUTES.fullmatch(op_type) is not None or WRITER.fullmatch(op_type) is not None
    return is_work or is_placeholder(op_type)


def _is_light(op_type: str) -> bool:
    return op_type in ("Const", "Shape", "Identity", "ReadVariableOp") or op_type in VARIABLE_TYPES


SPREADING: tuple[RoleRule, ...] = (
    RoleRule("S1", "it writes a value that is computed from gradients", _training_writes),
    RoleRule("S2", "it stands between a gradient and an update", _towards_updates),
    RoleRule("S3", "it is computed from gradients and goes into no result", _in_no_output),
    RoleRule("S4", "it writes a variable that only training reads", _written_for_training, in_functions=False),
    RoleRule(
        "S5",
        "it only waits for a write that has this role, or hands it on for nothing",
        _follow_writes,
        in_functions=False,
    ),
    RoleRule("S6", "it only runs other ops that have this role", _groups, in_functions=False),
    RoleRule("S7", "what takes its output is there for this alone", _for_machinery),
    RoleRule("S8", "all that it reads is there for this alone", _of_bookkeeping, in_functions=False),
)
"""What an op is by what is around it."""
