"""Frozen graphs: constants that were variables before freezing.

    v1, ref       X Const, X/read Identity(X) survives           the name is kept
    v1, resource  X Const, every consumer an Identity `S/ReadVariableOp`   the name is kept
    v2            S/MatMul/ReadVariableOp/resource Const         the variable's name is lost

A ResourceGather becomes a GatherV2 on the constant itself; nothing then distinguishes it from any other constant.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scopeview.model.attributes import TensorValue
from scopeview.model.handed_on import first_inputs
from scopeview.model.names import leaf_of
from scopeview.model.ops import MISSING, OpRow, OpTable
from scopeview.model.variables import Variable

_GATHERS = frozenset({"Gather", "GatherV2", "GatherNd"})
"""What freezing makes of ResourceGather; beside a ReadVariableOp it reads a variable too."""

_LOST = "the variable's name was lost by freezing; this is the name of the constant at its reader"


def frozen_variables(graph: OpTable) -> Iterator[Variable]:
    """Yield the constants of a graph that were variables, as far as their readers tell."""
    for row in sorted(set(_candidates(graph))):
        if _was_variable(graph, row):
            yield _variable(graph, row)


def _candidates(graph: OpTable) -> Iterator[OpRow]:
    source, _ = first_inputs(graph)
    reads = graph.are_of_type("Identity") & (source != MISSING)
    reads[reads] = graph.are_of_type("Const")[source[reads]]
    for row in np.flatnonzero(reads).tolist():
        if _is_read(graph.name(OpRow(row))):
            yield OpRow(int(source[row]))


def _is_read(name: str) -> bool:
    leaf = leaf_of(name)
    return leaf == "read" or leaf.startswith("ReadVariableOp")


def _was_variable(graph: OpTable, row: OpRow) -> bool:
    name = graph.name(row)
    readers = [edge.target for edge in graph.consumers(row) if not edge.is_control]
    if any(graph.name(reader) == f"{name}/read" for reader in readers):
        return True
    return all(
        graph.op_type(reader) in _GATHERS
        or (graph.op_type(reader) == "Identity" and leaf_of(graph.name(reader)).startswith("ReadVariableOp"))
        for reader in readers
    )


def _variable(graph: OpTable, row: OpRow) -> Variable:
    name = graph.name(row)
    value = graph.attributes(row).get("value")
    lost = name.endswith("/resource") and leaf_of(name.removesuffix("/resource")).startswith("ReadVariableOp")
    return Variable(
        name=name,
        kind="frozen",
        shape=value.shape if isinstance(value, TensorValue) else None,
        dtype=value.dtype if isinstance(value, TensorValue) else "unknown",
        device=graph.device(row),
        handle_op=name,
        note=_LOST if lost else "",
    )
