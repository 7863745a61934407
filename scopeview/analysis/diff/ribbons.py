"""The diff as a picture: the variable trees of A and B, and ribbons for what became of what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from scopeview.analysis.diff.variables import DiffEntry
from scopeview.analysis.trees.two_trees import Side, SideNode, index_of
from scopeview.model.links import reduce_links

Change = Literal["same", "values", "shape", "dtype", "renamed"]
_CHANGES: tuple[Change, ...] = get_args(Change)


@dataclass(frozen=True, slots=True)
class DiffNode:
    """One visible thing of one side."""

    path: str
    label: str
    depth: int
    is_scope: bool
    is_open: bool
    items: int
    """Variables that it stands for."""
    alone: int
    """Of these, variables that the other side does not have; none for an open scope, which shows them."""


@dataclass(frozen=True, slots=True)
class DiffRibbon:
    """Variables that are in one visible thing of A and one of B."""

    left: int
    """Index into `a`."""
    right: int
    """Index into `b`."""
    same: int
    values: int
    """Variables of the same name with other values; as are those with another shape, or another dtype."""
    shape: int
    dtype: int
    renamed: int


@dataclass(frozen=True, slots=True)
class DiffMap:
    """Both variable trees as far as they are open, and the ribbons between what is visible."""

    a: tuple[DiffNode, ...]
    b: tuple[DiffNode, ...]
    ribbons: tuple[DiffRibbon, ...]
    total: int
    """Variables that the picture is of."""
    is_cut: bool
    """Whether a side has more visible things than were asked for; the rest of it is left out."""


def diff_map(
    entries: Iterable[DiffEntry],
    opened_a: Iterable[str] = (),
    opened_b: Iterable[str] = (),
    *,
    slots: bool = False,
    same: bool = True,
    limit: int = 1000,
) -> DiffMap:
    """Draw what became of each variable.

    Args:
        entries: what a diff found.
        opened_a: variable scopes of A that are open.
        opened_b: variable scopes of B that are open.
        slots: whether what exists for another variable is drawn.
        same: whether what is the same on both sides is drawn.
        limit: visible things of each side.
    """
    drawn = [e for e in entries if (slots or e.kind == "variable") and (same or e.status != "same")]
    left = Side((entry.a for entry in drawn if entry.a is not None), opened_a)
    right = Side((entry.b for entry in drawn if entry.b is not None), opened_b)
    alone_a = [left.row[e.a] for e in drawn if e.a is not None and e.b is None]
    alone_b = [right.row[e.b] for e in drawn if e.b is not None and e.a is None]
    sides = left.nodes(), right.nodes()
    return DiffMap(
        a=tuple(_nodes(left, sides[0][:limit], alone_a)),
        b=tuple(_nodes(right, sides[1][:limit], alone_b)),
        ribbons=tuple(_ribbons(drawn, left, right, (index_of(sides[0][:limit]), index_of(sides[1][:limit])))),
        total=len(drawn),
        is_cut=max(map(len, sides)) > limit,
    )


def _nodes(side: Side, nodes: Sequence[SideNode], rows: Sequence[int]) -> Iterable[DiffNode]:
    alone = side.counts(np.array(rows, dtype=np.int64))
    for node in nodes:
        number = 0 if node.code is None else alone.get(node.code, 0)
        yield DiffNode(node.path, node.label, node.depth, node.is_scope, node.is_open, node.items, number)


def _ribbons(
    drawn: Sequence[DiffEntry], left: Side, right: Side, index: tuple[dict[int, int], dict[int, int]]
) -> Iterable[DiffRibbon]:
    both = [(left.row[e.a], right.row[e.b], e.status) for e in drawn if e.a is not None and e.b is not None]
    pairs = np.array([pair[:2] for pair in both], dtype=np.int64).reshape(-1, 2)
    # The links are the same for every change, for they depend on the pairs alone; a weight of 0 keeps them in step.
    links = [
        reduce_links(
            pairs, np.array([pair[2] == change for pair in both], dtype=np.int64), left.frontier, right.frontier
        )
        for change in _CHANGES
    ]
    ends = links[0].left.tolist(), links[0].right.tolist()
    for one, other, *numbers in zip(*ends, *(link.weight.tolist() for link in links), strict=True):
        if one in index[0] and other in index[1]:
            yield DiffRibbon(index[0][one], index[1][other], **dict(zip(_CHANGES, numbers, strict=True)))
