"""Which scopes of the map to open at first: as far as it takes to see who shares which variables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scopeview.analysis.answers.scope_map import place_of
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.trees.two_trees import Side
from scopeview.model.names import ancestors, scope_of

_MOST_BOXES = 30
"""Of each side: more does not fit on a screen."""

Sites = frozenset[str]
"""Op scopes that read a variable in the computation."""


@dataclass(frozen=True, slots=True)
class MapOpening:
    """Scopes to open at first."""

    variables: tuple[str, ...]
    ops: tuple[str, ...]


def map_opening(context: AnalysisContext) -> MapOpening:
    """Return the scopes that keep shared variables apart from others, and their call sites from each other."""
    sites: dict[str, Sites] = {}
    places: set[str] = set()
    for variable in context.model.variables:
        if variable in context.auxiliary_variables:
            continue
        found = context.accesses(variable)
        places |= {place_of(access) for access in (*found.forward, *found.writers) if access.role == "forward"}
        if found.forward:
            sites[variable.name] = frozenset(scope_of(place_of(access)) for access in found.forward)
    shared = {v.name for v in context.model.variables if v.name in sites and context.uses(v) > 1}
    if not shared:
        return MapOpening((), ())
    return MapOpening(
        _as_far_as_fits(sites, _mixed(sites, shared)),
        _as_far_as_fits(places, _joints(sites[name] for name in shared)),
    )


def _mixed(names: Iterable[str], shared: set[str]) -> list[str]:
    """Return the variable scopes that hold shared variables and others."""
    kinds: dict[str, set[bool]] = defaultdict(set)
    for name in names:
        for scope in ancestors(name):
            kinds[scope].add(name in shared)
    return [scope for scope, found in kinds.items() if len(found) > 1]


def _joints(groups: Iterable[Sites]) -> set[str]:
    """Return the op scopes in which the call sites of one variable part, with all around them."""
    found: set[str] = set()
    for group in set(groups):
        counts: dict[str, int] = defaultdict(int)
        for site in group:
            for scope in (*ancestors(site), *filter(None, [site])):
                counts[scope] += 1
        found |= {scope for scope, number in counts.items() if number > 1}
    return found


def _as_far_as_fits(names: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Return the outermost of some scopes, as many as a screen has room for when they are open."""
    held: Sequence[str] = list(names)
    opened: list[str] = []
    for scope in sorted(wanted, key=lambda path: (path.count("/"), path))[:_MOST_BOXES]:
        is_seen = all(above in opened for above in ancestors(scope))
        if is_seen and len(Side(held, [*opened, scope]).nodes()) <= _MOST_BOXES:
            opened.append(scope)
    return tuple(opened)
