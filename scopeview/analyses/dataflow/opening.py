"""Which scopes to open at first, so that the way from the inputs to the loss can be read at once."""

from __future__ import annotations

from dataclasses import dataclass

from scopeview.analyses.dataflow.level import Level, Wishes, level_of, scope_of_path
from scopeview.analyses.dataflow.picture import find_level
from scopeview.analyses.dataflow.portrait import GraphItem, portraits
from scopeview.analyses.facts import Facts

_MOST_BOXES = 30
_MOST_OF_IT = 0.6
"""Share of the computation of a level that one scope must hold: several large ones are a picture by themselves."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is opened of a graph that nobody has opened anything of."""

    scopes: tuple[str, ...]
    """Outermost first; each holds most of the computation of the one around it."""


def opening(facts: Facts) -> Opening:
    """Open the scope that holds most of the computation, and so on inwards, while there are few boxes."""
    ground, level = find_level(facts, "", "", Wishes())
    found: list[str] = []
    items = _in_place(level)
    boxes = len(items)
    while items:
        computing = sum(item.roles.get("forward", 0) for item in items)
        largest = max(items, key=lambda item: item.roles.get("forward", 0))
        scope = scope_of_path(ground, largest.path) if largest.can_open else None
        if scope is None or largest.kind != "scope" or largest.roles.get("forward", 0) < _MOST_OF_IT * computing:
            break
        items = _in_place(level_of(ground, scope, Wishes()))
        boxes += len(items)
        if boxes > _MOST_BOXES:
            break
        found.append(largest.path)
    return Opening(tuple(found))


def _in_place(level: Level) -> list[GraphItem]:
    return [item for item in portraits(level) if item.aside is None]
