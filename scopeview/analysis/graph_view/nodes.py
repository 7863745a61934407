"""What is shown of each item of a level: its kind, its size, its roles, devices, types, variables and constants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scopeview.analysis.derive.roles import ROLES, Role
from scopeview.analysis.derive.tensor_types import output_facts
from scopeview.analysis.graph_view.graph_index import GraphIndex
from scopeview.analysis.graph_view.items import GroupKind, HiddenBy, Item
from scopeview.analysis.graph_view.scope_layer import ScopeLayer
from scopeview.analysis.graph_view.unit import Unit
from scopeview.model.attributes import Attributes, FunctionRef, TensorValue
from scopeview.model.op_types import ARGUMENT_TYPE
from scopeview.model.ops import OpRow
from scopeview.model.shapes import Shape
from scopeview.model.variables import Variable

ItemKind = Literal["scope", "op", "variable", "argument", "call", "group"]
"""A `call` is an op that runs functions of the library; an `argument` is what a function is called with."""

_MEMBERS_SHOWN = 200
_CONSTANTS_SHOWN = 4
_TYPES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class InlineConstant:
    """A constant that serves one op alone and is listed with it, or that the op is itself."""

    name: str
    dtype: str | None
    shape: Shape
    preview: tuple[str, ...]
    """Its first values."""


@dataclass(frozen=True, slots=True)
class GraphItem:
    """One box of the picture."""

    id: str
    """Tells it from all others of its scope."""
    kind: ItemKind
    group: GroupKind
    """How its members belong together, if it has several."""
    path: str
    """The scope or op; of a group, that of its first member."""
    label: str
    can_open: bool
    """Whether it is a scope with something inside."""
    ops: int
    members: tuple[str, ...]
    """Of a group: the paths of the first of its members."""
    total_members: int
    plumbing: tuple[str, ...]
    """Constants, casts, shapes and the like that are folded into it; the first of them."""
    total_plumbing: int
    type: str
    """Op type, if it is one op or several of one type."""
    types: Mapping[str, int]
    """The most frequent op types in it."""
    role: Role
    """What most of its ops serve."""
    roles: Mapping[str, int]
    hidden_by: HiddenBy | None
    """The role for which it is hidden, or `rule`; None if it is drawn in place."""
    devices: tuple[str, ...]
    structure: str
    """Equal for scopes that are equal inside, as far as their hash shows; empty for an op."""
    dtype: str
    """Of the variable, or of the op's first output."""
    shape: Shape
    shape_known: bool
    uses: int
    """At how many places the computation uses the variable."""
    call_sites: tuple[str, ...]
    """The op scopes that use the variable."""
    shared: int
    """Variables in it that are used at several places."""
    variables: int
    """Variables that live in it, those that exist for others left out."""
    parameters: int
    slots: int
    trainable: bool | None
    collections: tuple[str, ...]
    """Of its variables, and of its ops."""
    constants: tuple[InlineConstant, ...]
    total_constants: int
    calls: tuple[str, ...]
    """Functions that the op calls."""


def item_id(layer: ScopeLayer, index: int) -> str:
    """Return the id of an item: its path, or that of its first member with a mark that no op name has."""
    item = layer.items[index]
    path = layer.units[item.units[0]].path
    return path if len(item.units) == 1 and item.kind not in ("run", "rest") else f"{path} {item.kind}"


def describe_items(layer: ScopeLayer) -> Iterator[GraphItem]:
    """Yield what is shown of each item."""
    held, listed = _held(layer), _listed(layer)
    for index in range(len(layer.items)):
        yield _describe_item(layer, index, held.get(index, []), listed.get(index, set()))


def _describe_item(layer: ScopeLayer, index: int, held: list[Variable], listed: set[str]) -> GraphItem:
    graph_index, item = layer.graph_index, layer.items[index]
    units = [layer.units[number] for number in item.units]
    first = units[0]
    rows = first.rows if len(units) == 1 else np.concatenate([unit.rows for unit in units])
    counts = np.bincount(graph_index.roles[rows], minlength=len(ROLES)).tolist()
    types = graph_index.table.type_counts(rows)
    own = graph_index.variables.get(first.path) if len(units) == 1 or item.kind == "series" else None
    op_type = _type(graph_index, item, units)
    output = (
        None
        if first.row is None or len(units) > 1
        else output_facts(graph_index.context.model, graph_index.function, first.row, 0)
    )
    calls = _calls(graph_index, first)
    plumbing = [row for unit in units for row in unit.plumbing]
    inline = _constants(graph_index, first) if len(units) == 1 and first.scope is None else []
    context = graph_index.context
    return GraphItem(
        id=item_id(layer, index),
        kind=_kind(first, item, own, op_type, calls),
        group=item.kind,
        path=first.path,
        label=item.label,
        can_open=len(units) == 1 and first.scope is not None,
        ops=len(rows),
        members=tuple(unit.path for unit in units[:_MEMBERS_SHOWN]) if len(units) > 1 else (),
        total_members=len(units),
        plumbing=tuple(graph_index.table.name(row) for row in plumbing[:_MEMBERS_SHOWN]),
        total_plumbing=len(plumbing),
        type=op_type,
        types=dict(list(types.items())[:_TYPES_SHOWN]),
        role=_role(item, counts),
        roles={role: counts[code] for code, role in enumerate(ROLES) if counts[code]},
        hidden_by=item.hidden_by,
        devices=tuple(
            sorted({graph_index.table.device(OpRow(int(row))) for row in _one_of_each_device(graph_index, rows)})
        ),
        structure=f"{int(graph_index.hashes[first.scope]):016x}" if first.scope is not None else "",
        dtype=own.dtype if own is not None else (output.dtype or "") if output is not None else "",
        shape=own.shape if own is not None else output.shape if output is not None else None,
        shape_known=own is not None or (output is not None and output.shape_known),
        uses=context.uses(own) if own is not None and len(units) == 1 else 0,
        call_sites=tuple(site.scope for site in context.call_sites(own)) if own is not None and len(units) == 1 else (),
        shared=sum(context.uses(variable) > 1 for variable in held),
        variables=len(held),
        parameters=sum(variable.parameters or 0 for variable in held),
        slots=len(context.auxiliary_variables.belonging_to(own)) if own is not None else 0,
        trainable=own.trainable if own is not None else None,
        collections=tuple(sorted(listed.union(*(variable.collections for variable in held)))),
        constants=tuple(inline[:_CONSTANTS_SHOWN]),
        total_constants=len(inline),
        calls=calls,
    )


def _role(item: Item, counts: list[int]) -> Role:
    """Return what an item is for: the computation, if any of it is that; else what most of it serves."""
    if item.hidden_by is None and counts[ROLES.index("forward")]:
        return "forward"
    return ROLES[max(range(len(ROLES)), key=lambda code: counts[code])]


def _kind(first: Unit, item: Item, own: Variable | None, op_type: str, calls: tuple[str, ...]) -> ItemKind:
    if own is not None:
        return "variable"
    if item.kind in ("alike", "run", "rest"):
        return "group"
    if op_type == ARGUMENT_TYPE:
        return "argument"
    if first.scope is not None:
        return "scope"
    return "call" if calls else "op"


def _type(graph_index: GraphIndex, item: Item, units: list[Unit]) -> str:
    """Return the op type of an op, or the one that all ops of a group have."""
    types = {graph_index.table.op_type(unit.row) for unit in units if unit.row is not None}
    return types.pop() if len(types) == 1 and item.kind not in ("run", "rest") else ""


def _held(layer: ScopeLayer) -> dict[int, list[Variable]]:
    """Return the variables that live in each item, those that exist for others left out."""
    graph_index = layer.graph_index
    attached = graph_index.context.auxiliary_variables
    inside = {row: v for row, v in graph_index.variable_rows.items() if layer.first <= row < layer.last}
    rows = np.array(list(inside), dtype=np.int64)
    found: dict[int, dict[str, Variable]] = defaultdict(dict)
    for item, variable in zip(layer.items_of_rows(rows).tolist(), inside.values(), strict=True):
        if variable not in attached:
            found[item][variable.identity] = variable
    return {item: list(variables.values()) for item, variables in found.items()}


def _one_of_each_device(graph_index: GraphIndex, rows: np.ndarray) -> list[int]:
    _, first = np.unique(graph_index.table.columns.device_id[rows], return_index=True)
    return [int(rows[place]) for place in first.tolist()]


def _listed(layer: ScopeLayer) -> dict[int, set[str]]:
    """Return the collections that ops of each item are in."""
    inside = {row: names for row, names in layer.graph_index.collected.items() if layer.first <= row < layer.last}
    found: dict[int, set[str]] = defaultdict(set)
    items = layer.items_of_rows(np.array(list(inside), dtype=np.int64)).tolist()
    for item, names in zip(items, inside.values(), strict=True):
        found[item] |= names
    return found


def _constants(graph_index: GraphIndex, unit: Unit) -> list[InlineConstant]:
    """Return the constants that are listed with an op, itself among them if it is one."""
    found = []
    for row in map(OpRow, unit.rows.tolist()):
        if graph_index.table.op_type(row) != "Const":
            continue
        value = graph_index.table.attributes(row).get("value")
        facts = output_facts(graph_index.context.model, graph_index.function, row, 0)
        preview = tuple(str(number) for number in value.preview) if isinstance(value, TensorValue) else ()
        found.append(InlineConstant(graph_index.table.name(row), facts.dtype, facts.shape, preview))
    return found


def _calls(graph_index: GraphIndex, unit: Unit) -> tuple[str, ...]:
    """Return the functions that an op calls, by its type or by its attributes."""
    if unit.row is None or unit.scope is not None:
        return ()
    functions = graph_index.context.model.functions
    if not functions:
        return ()
    found = [graph_index.table.op_type(unit.row)] if graph_index.table.op_type(unit.row) in functions else []
    attributes: Attributes = graph_index.table.attributes(unit.row)
    for value in attributes.values():
        for item in value if isinstance(value, tuple) else (value,):
            found += [item.name] if isinstance(item, FunctionRef) and item.name in functions else []
    return tuple(dict.fromkeys(found))
