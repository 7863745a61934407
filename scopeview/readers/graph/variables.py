"""The variables of a graph: variable ops, joined with what collections and savers say of them.

    ref       X  VariableV2 {shape, dtype, shared_name, container}
    resource  X  VarHandleOp {shape, dtype, shared_name, container}

`trainable` is only in the collections; where they do not list a variable, and in a bare GraphDef, it is unknown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from scopeview.model.attributes import DType, ShapeValue
from scopeview.model.collection import Collection
from scopeview.model.model import SaverEntry
from scopeview.model.op_types import VARIABLE_TYPES
from scopeview.model.ops import OpRow, OpTable
from scopeview.model.variables import FirstValue, Kind, Variable, VariableTable
from scopeview.readers.graph.frozen import frozen_variables
from scopeview.readers.graph.initializers import initial_op, initializer_of
from scopeview.readers.graph.partitions import group_partitions


@dataclass(frozen=True)
class AnalysisContext:
    """What is known of variables beside their ops."""

    definitions: Mapping[str, Any] = field(default_factory=dict)
    """VariableDef by op name."""
    trainable: frozenset[str] | None = None
    """Ops of the trainable variables; None where no collection says."""
    savers: tuple[SaverEntry, ...] = ()

    @cached_property
    def says_trainable(self) -> bool:
        """Whether definitions have the field that says whether a variable is trainable."""
        return any(definition.trainable for definition in self.definitions.values())


def graph_variables(graph: OpTable, context: AnalysisContext) -> VariableTable:
    """Return the variables that a graph holds, parts grouped, frozen ones recognized."""
    keys = _keys_by_handle(context.savers)
    rows = graph.rows_of_type(*VARIABLE_TYPES)
    selected = graph.select_attributes(rows, _ATTRIBUTES)
    attributes = map(_Held, *(selected[name] for name in _ATTRIBUTES))
    named = zip(rows, graph.names_of(np.array(rows, dtype=np.int64)), attributes, strict=True)
    single = [_variable(graph, row, name, context, keys, held) for row, name, held in named]
    grouped = group_partitions(single, context.definitions, context.savers)
    return VariableTable([*grouped, *frozen_variables(graph)])


def _keys_by_handle(savers: Iterable[SaverEntry]) -> Mapping[str, tuple[str, ...]]:
    keys: dict[str, dict[str, None]] = defaultdict(dict)
    for entry in savers:
        if entry.handle_op:
            keys[entry.handle_op][entry.key] = None
    return {handle: tuple(found) for handle, found in keys.items()}


class _Held(NamedTuple):
    """The attributes of a variable's op."""

    shape: object
    dtype: object
    shared_name: object
    container: object


_ATTRIBUTES = _Held._fields


def _variable(
    graph: OpTable, row: OpRow, name: str, context: AnalysisContext, keys: Mapping[str, tuple[str, ...]], held: _Held
) -> Variable:
    shape, dtype = held.shape, held.dtype
    sizes = shape.sizes if isinstance(shape, ShapeValue) else None
    definition = context.definitions.get(name)
    kind: Kind = "resource" if graph.op_type(row) == "VarHandleOp" else "ref"
    initializer_name = definition.initializer_name if definition is not None else ""
    return Variable(
        name=name,
        kind=kind,
        shape=sizes,
        dtype=dtype.name if isinstance(dtype, DType) else "unknown",
        trainable=_trainable(name, definition, context),
        first_value=FirstValue(
            partial(initializer_of, graph, row, sizes, initializer_name),
            partial(initial_op, graph, row, initializer_name),
        ),
        device=graph.device(row),
        handle_op=name,
        shared_name=_text(held.shared_name),
        container=_text(held.container),
        checkpoint_keys=keys.get(name, ()),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _trainable(name: str, definition: Any, context: AnalysisContext) -> bool | None:
    """Membership of the collection decides, for files before TensorFlow 1.10 have no field for it.

    What no collection lists is unknown, for collections lose variables; so is one that the collection lacks although
    its definition says that it is trainable. Without the collection the definitions decide, if any of them has the
    field.
    """
    if context.trainable is not None and name in context.trainable:
        return True
    if definition is None:
        return None
    if context.trainable is not None:
        return None if definition.trainable else False
    return True if definition.trainable else False if context.says_trainable else None


def with_collections(variables: VariableTable, collections: Iterable[Collection]) -> VariableTable:
    """Return the variables with the names of the collections that hold them, or a part of them."""
    member_of: dict[str, dict[str, None]] = defaultdict(dict)
    for collection in collections:
        for member in collection.members:
            if member.kind == "variable" and member.target is not None:
                member_of[member.target][collection.name] = None
    found = ((variable, _collections_of(variable, member_of)) for variable in variables)
    return VariableTable([replace(variable, collections=names) if names else variable for variable, names in found])


def _collections_of(variable: Variable, member_of: Mapping[str, Mapping[str, None]]) -> tuple[str, ...]:
    handles = {variable.handle_op or variable.name, *(part.name for part in variable.parts)}
    if variable.kind == "partitioned":
        handles.add(variable.name)
    return tuple(sorted({name for handle in handles for name in member_of.get(handle, ())}))
