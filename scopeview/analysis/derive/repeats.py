"""Repeated parts of a graph: sibling scopes that differ by a number at the end and are equal inside.

Unlike `structure.find_twins`, which looks for numbers that TensorFlow added, any number counts here: `layer_0` and
`layer_1`, `block1` and `block2`, `cell` and `cell_1`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from scopeview.analysis.derive.structure import are_equal, scope_hashes
from scopeview.model.names import leaf_of, scope_of
from scopeview.model.ops import OpTable
from scopeview.model.scopes import ScopeId

_NUMBER = re.compile(r"(.*?)(_?)(\d{1,9})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Repeats:
    """Scopes that are equal inside."""

    pattern: str
    """Their paths with the number as `{i}`: `encoder/layer_{i}`."""
    scopes: tuple[str, ...]
    """Their paths, in the order of their numbers."""
    ops: int
    """Ops in each."""
    ids: tuple[ScopeId, ...]
    """The same scopes by their numbers."""


def find_repeats(table: OpTable, fewest_ops: int, is_wanted: Callable[[ScopeId], bool]) -> Iterator[Repeats]:
    """Yield the families of numbered sibling scopes that are equal inside, two or more each, the largest first.

    Args:
        table: where to look.
        fewest_ops: ops that a scope must have.
        is_wanted: whether a scope may stand for its family; one without such a scope is not compared op by op.
    """
    tree, hashes = table.scopes, scope_hashes(table)
    scopes_of = [1 + int(place) for place in np.flatnonzero((tree.last - tree.first)[1:] >= fewest_ops)]
    families: dict[tuple[int, str, int], list[ScopeId]] = defaultdict(list)
    parents, labels, structure = tree.parent.tolist(), tree.labels, hashes.tolist()
    stems = {label: _stem(label) for label in set(labels)}
    for scope in map(ScopeId, scopes_of):
        families[parents[scope], stems[labels[scope]], structure[scope]].append(scope)
    several = [scopes for scopes in families.values() if len(scopes) > 1]
    for scopes in sorted(several, key=lambda scopes: -len(scopes) * len(tree.rows(scopes[0]))):
        if not any(map(is_wanted, scopes)):
            continue
        equal = [scopes[0], *(scope for scope in scopes[1:] if are_equal(table, scopes[0], scope))]
        if len(equal) > 1:
            equal.sort(key=lambda scope: _number(labels[scope]))
            paths = [tree.path(scope) for scope in equal]
            yield Repeats(_pattern(paths), tuple(paths), len(tree.rows(equal[0])), tuple(equal))


def _stem(label: str) -> str:
    """Take the number off a label.

    >>> _stem("layer_0"), _stem("block12"), _stem("cell")
    ('layer', 'block', 'cell')
    """
    match = _NUMBER.fullmatch(label)
    return match[1] if match else label


def _number(label: str) -> int:
    match = _NUMBER.fullmatch(label)
    return int(match[3]) if match else -1


def _pattern(paths: list[str]) -> str:
    match = _NUMBER.fullmatch(leaf_of(paths[-1]))
    label = f"{match[1]}{match[2]}{{i}}" if match else leaf_of(paths[-1])
    around = scope_of(paths[0])
    return f"{around}/{label}" if around else label
