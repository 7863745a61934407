"""What goes into a graph and what comes out, by structure: what is fed, what the computation ends in, what is a loss.

    input    a placeholder, or an op that takes from an iterator or a queue, that the computation reads
    output   a computed value that no forward op reads on, whatever summaries and gradients do with it
    loss     a value that gradients begin at: it was differentiated, and nothing that reads it was

Signatures say more than structure does, where there are any: they are asked elsewhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.gradient_scopes import scopes_of_gradients
from scopeview.analysis.derive.reach import distinct
from scopeview.analysis.derive.roles import Roles
from scopeview.analysis.derive.tensor_types import output_facts
from scopeview.model.model import Model
from scopeview.model.op_types import SWITCHES, VARIABLE_TYPES, WRITER
from scopeview.model.ops import OpRow, OpTable

_FED = re.compile(r"Placeholder\w*|_Arg|IteratorGetNext\w*|\w*QueueDequeue\w*")
_RANDOM = re.compile(r"(Stateless|Parameterized)?(Random\w+|TruncatedNormal\w*|Multinomial)")
_NO_RESULT = re.compile(
    r"NoOp|Const|Assert|Print(V2)?|Shape|ShapeN|Rank|Size|Switch|RefSwitch|LoopCond|NextIteration|RefNextIteration"
    r"|\w*Queue\w*|\w*Iterator\w*|\w*Dataset\w*|\w*HashTable\w*|TensorArray\w*Close\w*|ControlTrigger|Stack(V2)?"
)
_GRADIENT_OF = re.compile(r"((?:.*/)?gradients(?:_\d+)?)/(.+)_grad", re.DOTALL)
"""The scope of an op's gradient, with that of all gradients and the name of the op."""

_SUM = re.compile(r"Add(V2|N)?")
"""Ops that hand a gradient on to their inputs as it is: it leaves no op behind."""
_LOOP = re.compile(r"(Ref)?(NextIteration|Exit|Enter|Switch|Merge)")
_FUNCTIONAL = re.compile(r"(Stateless)?(While|If|Case)")
_FLOATING = re.compile(r"float\d+|bfloat16|half|complex\d+|")

_PREDICATE_STEPS = 4
"""From a predicate to what repeats it: a Switch and an Identity or two."""

_LOSSES = "losses"
"""The collection that `tf.losses` puts what it makes in."""


@dataclass(frozen=True, slots=True)
class GraphEnds:
    """Where a graph begins and ends: rows in the order of the file."""

    inputs: tuple[OpRow, ...]
    outputs: tuple[OpRow, ...]
    """Without the losses."""
    losses: tuple[OpRow, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """What is known of the dataflow of a model's main graph."""

    model: Model
    roles: Roles
    gives_weights: NDArray[np.bool_]
    """Which ops are variables, or hand the value of one on: shape (ops,)."""
    forward_edges: tuple[NDArray[np.int64], NDArray[np.int64]]
    """Source and target of the edges between forward ops, those from weights left out, sorted by source."""


def graph_ends(flow: Flow) -> GraphEnds:
    """Return what a graph is fed with, and what its computation ends in."""
    graph = flow.model.graph
    if not len(graph):
        return GraphEnds((), (), ())
    inputs = list(_inputs(flow))
    losses = list(_losses(flow))
    ends = _ends(flow, inputs)
    ends[losses] = False
    exits = _of_types(graph, lambda name: name in ("Exit", "RefExit")) | _results_of_functions(graph)
    if (ends & ~exits).any() or losses:  # loops have more exits than results
        ends &= ~exits
    outputs = [row for row in map(OpRow, np.flatnonzero(ends).tolist()) if not _hands_on_a_predicate(graph, row)]
    return GraphEnds(*(_in_file_order(graph, rows) for rows in (inputs, outputs, losses)))


def is_read(table: OpTable, row: OpRow) -> bool:
    """Whether any op takes a value of an op."""
    return any(not edge.is_control for edge in table.consumers(row))


def _in_file_order(table: OpTable, rows: list[OpRow]) -> tuple[OpRow, ...]:
    return tuple(sorted(rows, key=lambda row: int(table.columns.definition[row])))


def _of_types(table: OpTable, test: Callable[[str], bool]) -> NDArray[np.bool_]:
    """Return which ops have a type that passes a test: shape (ops,)."""
    of_type = np.array([test(name) for name in table.columns.types], dtype=bool)
    return np.asarray(of_type[table.columns.type_id])


def _inputs(flow: Flow) -> Iterator[OpRow]:
    """Yield what is fed to the computation; what feeds a saver or an update alone is none of it."""
    graph, codes = flow.model.graph, flow.roles.codes()
    for row in graph.rows_of_type(*(name for name in graph.columns.types if _FED.fullmatch(name))):
        readers = [edge.target for edge in graph.consumers(row) if not edge.is_control]
        serves = codes[readers] == flow.roles.forward
        if codes[row] == flow.roles.forward and (not readers or serves.any()):
            yield row


def _ends(flow: Flow, inputs: list[OpRow]) -> NDArray[np.bool_]:
    """Return which ops compute something that no forward op reads: shape (ops,)."""
    graph, columns = flow.model.graph, flow.model.graph.columns
    is_forward = flow.roles.codes() == flow.roles.forward
    reads = (columns.source >= 0) & (columns.port >= 0) & is_forward[graph.targets]
    is_read_on = np.zeros(len(graph), dtype=bool)
    is_read_on[columns.source[reads]] = True
    ends = is_forward & ~is_read_on & ~flow.gives_weights & _reached(flow, inputs)
    return np.asarray(ends & ~_of_types(graph, _makes_nothing))


def _hands_on_a_predicate(table: OpTable, row: OpRow) -> bool:
    """Whether an op repeats what decides a branch, as `pred_id` and `switch_t` of `tf.cond` do."""
    for _ in range(_PREDICATE_STEPS):
        if table.op_type(row) not in (*SWITCHES, "Identity"):
            return False
        edge = table.input(row, 0)
        if edge is None or edge.source < 0:
            return False
        row = OpRow(edge.source)
        if any(reader.slot == 1 and table.op_type(reader.target) in SWITCHES for reader in table.consumers(row)):
            return True
    return False


def _makes_nothing(name: str) -> bool:
    types = (_FED, _NO_RESULT, WRITER)
    return name in VARIABLE_TYPES or any(pattern.fullmatch(name) is not None for pattern in types)


def _reached(flow: Flow, inputs: list[OpRow]) -> NDArray[np.bool_]:
    """Return which ops depend on an input, a weight or chance; all others compute constants: shape (ops,)."""
    graph, columns = flow.model.graph, flow.model.graph.columns
    source, target = flow.forward_edges
    reached = _of_types(graph, lambda name: _RANDOM.fullmatch(name) is not None)
    reached[inputs] = True
    from_weights = (columns.source >= 0) & (columns.port >= 0)
    from_weights[from_weights] = flow.gives_weights[columns.source[from_weights]]
    reached[graph.targets[from_weights]] = True
    starts = np.searchsorted(source, np.arange(len(graph) + 1))
    frontier = np.flatnonzero(reached)
    while frontier.size:
        counts = starts[frontier + 1] - starts[frontier]
        before = np.repeat(np.cumsum(counts) - counts, counts)
        onward = target[np.repeat(starts[frontier], counts) + np.arange(int(counts.sum())) - before]
        frontier = distinct(onward[~reached[onward]])
        reached[frontier] = True
    return reached


def _results_of_functions(table: OpTable) -> NDArray[np.bool_]:
    """Return which ops do no more than hand a result of a functional loop or branch on: shape (ops,)."""
    found = np.zeros(len(table), dtype=bool)
    for row in table.rows_of_type(*(name for name in table.columns.types if _FUNCTIONAL.fullmatch(name))):
        found[[edge.target for edge in table.consumers(row) if table.op_type(edge.target) == "Identity"]] = True
    return found


def _losses(flow: Flow) -> Iterator[OpRow]:
    """Yield what was differentiated and is read by nothing that was; without gradients, what `tf.losses` lists."""
    model = flow.model
    differentiated = _with_sums(model.graph, _differentiated(flow))
    if not differentiated:
        collection = model.collection(_LOSSES)
        listed = (member.target for member in collection.members if member.target) if collection is not None else ()
        rows = (model.graph.row(name) for name in listed)
        yield from (row for row in dict.fromkeys(rows) if row is not None and _may_be_scalar(flow, row))
        return
    for row in differentiated:
        readers = {edge.target for edge in model.graph.consumers(row) if not edge.is_control}
        goes_on = any(reader in differentiated or _LOOP.fullmatch(model.graph.op_type(reader)) for reader in readers)
        if not goes_on and _may_be_scalar(flow, row):
            yield row


def _with_sums(table: OpTable, found: Iterator[tuple[str, OpRow]]) -> set[OpRow]:
    """Return ops that were differentiated, and the sums of what was differentiated by one call of `tf.gradients`."""
    roots: dict[OpRow, set[str]] = defaultdict(set)
    for root, row in found:
        roots[row].add(root)
    left = list(roots)
    for row in left:  # grows while it is read
        for edge in table.consumers(row):
            reader = edge.target
            if edge.is_control or reader in roots or _SUM.fullmatch(table.op_type(reader)) is None:
                continue
            summed = [roots.get(OpRow(one.source), set()) for one in table.inputs(reader) if not one.is_control]
            if len(summed) > 1 and (common := set.intersection(*summed)):
                roots[reader] = common
                left.append(reader)
    return set(roots)


def _differentiated(flow: Flow) -> Iterator[tuple[str, OpRow]]:
    """Yield the forward ops that have a gradient, each with the scope of the call of `tf.gradients`."""
    tree, graph = flow.model.op_scopes, flow.model.graph
    for scope in scopes_of_gradients(graph):
        match = _GRADIENT_OF.fullmatch(tree.path(scope))
        row = graph.row(match[2]) if match else None
        if match and row is not None and flow.roles.codes()[row] == flow.roles.forward:
            yield match[1], row


def _may_be_scalar(flow: Flow, row: OpRow) -> bool:
    if _FUNCTIONAL.fullmatch(flow.model.graph.op_type(row)):
        return False
    facts = output_facts(flow.model, "", row, 0)
    is_real = _FLOATING.fullmatch(facts.dtype or "") is not None
    return is_real and (not facts.shape_known or facts.shape in ((), None))
