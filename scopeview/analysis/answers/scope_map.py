"""The map: variables on the left, the op scopes that read or write them on the right, ribbons between.

The right side is the tree of the ops that touch a variable, each at the place that it works for: an op in the body of a
loop or a function stands below the op that calls it, an op of a program of its own below the name of that program.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scopeview.analysis.answers.traced import lines_about
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.accesses import Access
from scopeview.analysis.derive.roles import Role
from scopeview.analysis.trees.two_trees import Side, SideNode, index_of
from scopeview.model.code_lines import CodeLine, common_lines
from scopeview.model.links import Links, reduce_links
from scopeview.model.names import leaf_of
from scopeview.model.variables import Variable

AccessKind = Literal["reads", "writes", "both"]


@dataclass(frozen=True, slots=True)
class MapFilter:
    """Which accesses the map shows.

    Attributes:
        shared: only variables that the computation uses at several places.
        collection: only members of this collection.
        role: only accesses that serve this; empty for all.
        kind: reads, writes, or both.
    """

    shared: bool = False
    collection: str = ""
    role: Role | Literal[""] = "forward"
    kind: AccessKind = "both"


@dataclass(frozen=True, slots=True)
class MapNode:
    """One visible thing on one side."""

    path: str
    label: str
    depth: int
    is_scope: bool
    is_open: bool
    items: int
    """Variables, or ops, that it stands for."""
    uses: int
    """For a variable: at how many places the computation uses it."""
    links: int
    """Accesses that start or end in it."""
    code: tuple[CodeLine, ...] = ()
    """The lines of code that all it stands for have in common, innermost first: of variables those that created them,
    of ops those that made them. Empty where none are known, and for an open scope."""


@dataclass(frozen=True, slots=True)
class Ribbon:
    """Accesses between two visible things."""

    left: int
    """Index into `variables`."""
    right: int
    """Index into `ops`."""
    reads: int
    writes: int
    shared: int
    """Of the reads, those of variables that the computation uses at several call sites."""


@dataclass(frozen=True, slots=True)
class ScopeMap:
    """Both sides as far as they are open, and the ribbons between what is visible."""

    variables: tuple[MapNode, ...]
    ops: tuple[MapNode, ...]
    ribbons: tuple[Ribbon, ...]
    total_variables: int
    """Variables that the filter leaves."""
    total_accesses: int
    is_cut: bool
    """Whether a side has more visible things than were asked for; the rest of it is left out."""


def scope_map(
    context: AnalysisContext,
    opened_variables: Iterable[str] = (),
    opened_ops: Iterable[str] = (),
    chosen: MapFilter = MapFilter(),
    *,
    limit: int = 1000,
) -> ScopeMap:
    """Draw the map.

    Args:
        context: the model, analyzed.
        opened_variables: variable scopes that are open.
        opened_ops: op scopes that are open.
        chosen: which accesses to show.
        limit: visible things of each side.
    """
    touched = [
        (variable, found) for variable in _variables(context, chosen) if (found := _accesses(context, variable, chosen))
    ]
    left = Side((variable.name for variable, _ in touched), opened_variables)
    right = Side((place_of(access) for _, found in touched for access in found), opened_ops)
    accesses = [(left.row[v.name], right.row[place_of(a)], a.writes) for v, found in touched for a in found]
    pairs = np.array([pair[:2] for pair in accesses], dtype=np.int64).reshape(-1, 2)
    writes = np.array([pair[2] for pair in accesses], dtype=np.int64)
    reads = reduce_links(pairs, 1 - writes, left.frontier, right.frontier)
    written = reduce_links(pairs, writes, left.frontier, right.frontier)
    uses = {variable.name: context.uses(variable) for variable, _ in touched}
    is_shared = np.array([uses[v.name] > 1 for v, found in touched for _ in found], dtype=np.int64)
    shared = reduce_links(pairs, (1 - writes) * is_shared, left.frontier, right.frontier)
    sides = left.nodes(), right.nodes()
    return ScopeMap(
        variables=tuple(_nodes(left, sides[0][:limit], pairs[:, 0], uses, _created(context, left))),
        ops=tuple(_nodes(right, sides[1][:limit], pairs[:, 1], {}, _made(context, right, touched))),
        ribbons=tuple(_ribbons((reads, written, shared), index_of(sides[0][:limit]), index_of(sides[1][:limit]))),
        total_variables=len(left.names),
        total_accesses=len(accesses),
        is_cut=max(map(len, sides)) > limit,
    )


def _variables(context: AnalysisContext, chosen: MapFilter) -> list[Variable]:
    return [
        variable
        for variable in context.model.variables
        if variable not in context.auxiliary_variables
        and (not chosen.collection or chosen.collection in variable.collections)
        and (not chosen.shared or context.uses(variable) > 1)
    ]


def _accesses(context: AnalysisContext, variable: Variable, chosen: MapFilter) -> list[Access]:
    both = context.accesses(variable)
    found = (() if chosen.kind == "writes" else both.readers) + (() if chosen.kind == "reads" else both.writers)
    return [access for access in found if not chosen.role or access.role == chosen.role]


def place_of(access: Access) -> str:
    """Return where an access stands on the right: below the op or program that it works for."""
    return "/".join(filter(None, (access.program, access.scope, leaf_of(access.works_for))))


Stacks = Mapping[int, Sequence[Sequence[CodeLine]]]
"""The lines of code of each row of a side, as far as they are known."""


def _created(context: AnalysisContext, side: Side) -> Stacks:
    """Return the lines that created each variable."""
    if context.model.trace is None:
        return {}
    found = {row: lines_about(context, [name]) for name, row in side.row.items()}
    return {row: [[CodeLine(f.file, f.line, f.function, "") for f in frames]] for row, frames in found.items()}


def _made(context: AnalysisContext, side: Side, touched: Iterable[tuple[Variable, list[Access]]]) -> Stacks:
    """Return the lines that made the ops of each row, each once."""
    lines = context.model.code_lines
    if lines is None or context.model.trace is None:
        return {}
    found: dict[int, dict[Sequence[CodeLine], None]] = {}
    for access in (access for _, accesses in touched for access in accesses):
        found.setdefault(side.row[place_of(access)], {})[lines.of(access.works_for)] = None
    return {row: list(stacks) for row, stacks in found.items()}


def _nodes(
    side: Side, nodes: Iterable[SideNode], rows: np.ndarray, uses: dict[str, int], stacks: Stacks
) -> Iterable[MapNode]:
    """Yield what a side shows, each with the number of accesses that start or end in it."""
    links = side.counts(rows)
    of_code: dict[int, list[Sequence[CodeLine]]] = {}
    for row, several in stacks.items():
        of_code.setdefault(int(side.frontier.codes[row]), []).extend(several)
    for node in nodes:
        number = 0 if node.code is None else links.get(node.code, 0)
        yield MapNode(
            path=node.path,
            label=node.label,
            depth=node.depth,
            is_scope=node.is_scope,
            is_open=node.is_open,
            items=node.items,
            uses=0 if node.is_scope else uses.get(node.path, 0),
            links=number,
            code=() if node.code is None else common_lines(of_code.get(node.code, ())),
        )


def _ribbons(weighed: tuple[Links, Links, Links], left: dict[int, int], right: dict[int, int]) -> Iterable[Ribbon]:
    """Yield the ribbons between what is visible: reads, writes and reads of what is shared have the same ends."""
    ends = weighed[0].left.tolist(), weighed[0].right.tolist()
    for one, other, *numbers in zip(*ends, *(links.weight.tolist() for links in weighed), strict=True):
        if one in left and other in right:
            yield Ribbon(left[one], right[other], *numbers)
