"""One level of a tree, as a page shows it: the children of a scope with what a reader wants to know of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.roles import Role
from scopeview.analysis.trees.outline import OutlineRow, View, op_forest, outline, variable_forest
from scopeview.errors import NotFoundError
from scopeview.model.names import ancestors
from scopeview.model.ops import OpRow
from scopeview.model.shapes import Shape

TreeName = Literal["ops", "variables"]


@dataclass(frozen=True, slots=True)
class TreeRow:
    """One child of a scope; several numbered twins may be shown as one."""

    path: str
    label: str
    is_scope: bool
    has_own: bool
    """For a scope: whether there is an op or variable of that very name."""
    size: int
    """Ops, or parameters, everywhere below it, of all the twins together."""
    items: int
    """Ops or variables below it."""
    members: tuple[str, ...]
    """Paths of the twins that it stands for, itself included; empty if it stands for itself alone."""
    type: str
    """Op type, or dtype of the variable; empty for a scope without one."""
    shape: Shape
    has_shape: bool
    device: str
    role: Role | None
    uses: int
    """At how many places the computation uses the variable."""
    shared: int
    """For a scope: variables used at several places that lie in it; in the tree of ops, those that it uses."""
    slots: int
    collections: tuple[str, ...]
    trainable: bool | None


@dataclass(frozen=True, slots=True)
class TreePage:
    """A page of the children of one scope."""

    tree: TreeName
    scope: str
    rows: tuple[TreeRow, ...]
    total: int
    offset: int
    left_out: int
    """Slots and averages that the variable tree lists with their variables."""


def tree_page(
    context: AnalysisContext, tree: TreeName, scope: str = "", *, offset: int = 0, limit: int = 200, fold: bool = True
) -> TreePage:
    """List the children of a scope, numbered twins as one or one by one.

    Raises:
        NotFoundError: there is no such scope.
    """
    model = context.model
    forest = op_forest(model.graph) if tree == "ops" else variable_forest(model, context.auxiliary_variables)
    if forest.tree.find(scope) is None:
        raise NotFoundError(f"there is no scope {scope!r} among the {tree} of {model.origin.path}")
    found = outline(forest, View(lines=None, depth=1, fold=fold), scope)
    children = [row for row in found.rows if row.kind == "scope" or row.path != scope]
    describe = _op_row if tree == "ops" else _variable_row
    kept = found.kept.tolist()
    rows = tuple(describe(context, row, kept) for row in children[offset : offset + limit])
    return TreePage(tree, scope, rows, len(children), offset, found.left_out)


def _op_row(context: AnalysisContext, row: OutlineRow, kept: Sequence[int]) -> TreeRow:
    graph, shared = context.model.graph, _shared_by_scope(context)
    own = row.named
    op = None if own is None else OpRow(kept[own])
    size = (row.last - row.first if row.kind == "scope" else 1) * row.twins
    return TreeRow(
        path=row.path,
        label=row.label,
        is_scope=row.kind == "scope",
        has_own=row.own is not None,
        size=size,
        items=size,
        members=row.members,
        type="" if op is None else graph.op_type(op),
        shape=None,
        has_shape=False,
        device="" if op is None else graph.device(op),
        role=None if op is None else context.roles.of(op),
        uses=0,
        shared=max((shared[path] for path in (row.members or (row.path,))), default=0) if row.kind == "scope" else 0,
        slots=0,
        collections=() if op is None else _collections(context).get(graph.name(op), ()),
        trainable=None,
    )


def _collections(context: AnalysisContext) -> dict[str, tuple[str, ...]]:
    """Return the collections of each op that is a member of any."""

    def gathered() -> dict[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for collection in context.model.collections:
            for member in collection.members:
                if member.kind in ("op", "tensor") and member.target is not None:
                    found[member.target][collection.name] = None
        return {op: tuple(names) for op, names in found.items()}

    return context.cached("collections of ops", gathered)


def _shared_by_scope(context: AnalysisContext) -> Counter[str]:
    """Count, for every op scope, the shared variables that it or what lies in it uses."""

    def counted() -> Counter[str]:
        found: Counter[str] = Counter()
        for variable in context.model.variables:
            if variable not in context.auxiliary_variables and context.uses(variable) > 1:
                sites = {site.scope for site in context.call_sites(variable) if not site.program}
                found.update({scope for site in sites for scope in (site, *ancestors(site))})
        return found

    return context.cached("shared variables by scope", counted)


def _variable_row(context: AnalysisContext, row: OutlineRow, kept: Sequence[int]) -> TreeRow:
    table = context.model.variables
    own = row.named
    variable = None if own is None else table[kept[own]]
    below = [table[kept[index]] for index in range(row.first, row.last)] if row.kind == "scope" else []
    counted = [*below, *([variable] if variable is not None else [])]
    return TreeRow(
        path=row.path,
        label=row.label,
        is_scope=row.kind == "scope",
        has_own=row.own is not None,
        size=sum(found.parameters or 0 for found in counted) * row.twins,
        items=len(counted) * row.twins,
        members=row.members,
        type="" if variable is None else variable.dtype,
        shape=None if variable is None else variable.shape,
        has_shape=variable is not None,
        device="" if variable is None else variable.device,
        role=None,
        uses=0 if variable is None else context.uses(variable),
        shared=sum(context.uses(found) > 1 for found in below) if row.kind == "scope" else 0,
        slots=0 if variable is None else len(context.auxiliary_variables.belonging_to(variable)),
        collections=() if variable is None else variable.collections,
        trainable=None if variable is None else variable.trainable,
    )
