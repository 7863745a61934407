"""Numbers and texts laid over the boxes of a picture: what a step took, what shapes cost, overlays from files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.answers.costs import recorded_steps
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.graph_view.nodes import item_id
from scopeview.analysis.graph_view.scope_layer import ScopeLayer
from scopeview.analysis.graph_view.subgraph import find_layer
from scopeview.analysis.graph_view.unit import Unit
from scopeview.analysis.graph_view.view_options import DEFAULT_VIEW, ViewOptions
from scopeview.analysis.op_costs import MOST_OPS, recorded_run, run_costs, static_costs
from scopeview.errors import NotFoundError
from scopeview.model.overlay import Combine, Overlay

STEPS = 5
"""Shades of a scale."""

_SHARES = (0.01, 0.05, 0.2, 0.5)
"""Of the whole: where one shade of a cost ends and the next begins."""

CostUnit = Literal["us", "bytes", "flops", "elements", ""]
_OF_STEP = ": "
"""Between a cost and the recorded step that it is of, where there are several."""

_COSTS: dict[str, tuple[str, CostUnit]] = {
    "time": ("time of the recorded step", "us"),
    "memory": ("memory of the recorded step", "bytes"),
    "flops": ("FLOPs", "flops"),
    "output bytes": ("bytes of outputs", "bytes"),
    "parameters": ("parameters", "elements"),
}


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that boxes can be colored by."""

    name: str
    """What a question about it is asked with."""
    title: str
    """What it is, for a legend."""
    unit: str
    """`us`, `bytes`, `flops`, `elements`, or that of the overlay."""
    is_overlay: bool
    """Whether it is from a file."""


@dataclass(frozen=True, slots=True)
class ItemMeasure:
    """What one box has."""

    id: str
    """The id of the item."""
    number: float | None
    """Null where nothing is known, and for texts."""
    text: str
    """Of an overlay of texts; empty otherwise."""
    shade: int | None
    """Which step of the scale the number is in, from 0."""


@dataclass(frozen=True, slots=True)
class PictureMeasure:
    """A measure of all boxes of one scope."""

    measure: Measure
    scope: str
    """The scope that is drawn."""
    items: tuple[ItemMeasure, ...]
    """Those that have a value."""
    bounds: tuple[float, ...]
    """Where each step of the scale begins, and where the last one ends; empty for texts."""
    unmatched: tuple[str, ...]
    """The first of the names of an overlay that nothing here has."""
    total_unmatched: int
    """How many there are."""


def measures(context: AnalysisContext, overlays: Sequence[Overlay] = ()) -> tuple[Measure, ...]:
    """List what the boxes of a graph can be colored by."""
    steps = recorded_steps(context)
    is_small = len(context.model.graph) <= MOST_OPS
    has_run = bool(steps)
    offered = {"time": has_run, "memory": has_run, "flops": is_small, "output bytes": is_small, "parameters": True}
    found = [_cost_measure(name) for name, is_offered in offered.items() if is_offered]
    several = steps if len(steps) > 1 else ()
    found += [_cost_measure(f"{cost}{_OF_STEP}{step}") for step in several for cost in ("time", "memory")]
    return (*found, *(_described(overlay) for overlay in overlays))


def _cost_measure(name: str) -> Measure:
    """Describe a cost, or `time: STEP` and `memory: STEP` of one of several recorded steps."""
    cost, of_step, step = name.partition(_OF_STEP)
    title, unit = _COSTS[cost]
    return Measure(name, f"{title} {step}" if of_step else title, unit, is_overlay=False)


def _described(overlay: Overlay) -> Measure:
    return Measure(f"overlay {overlay.title}", overlay.title, overlay.unit, is_overlay=True)


def measure_picture(
    context: AnalysisContext,
    scope: str,
    name: str,
    overlays: Sequence[Overlay] = (),
    *,
    view_options: ViewOptions = DEFAULT_VIEW,
) -> PictureMeasure:
    """Return a measure of every box of a scope.

    Raises:
        NotFoundError: there is no such scope or measure.
    """
    _, layer = find_layer(context, scope, "", view_options)
    overlay = next((one for one in overlays if _described(one).name == name), None)
    if overlay is not None:
        return _of_overlay(context, layer, scope, overlay)
    numbers = _cost(context, name)
    if numbers is None:
        known = ", ".join(one.name for one in measures(context, overlays))
        raise NotFoundError(f"there is no measure {name!r} of this graph; there are: {known}")
    known_numbers = np.nan_to_num(numbers)
    total = float(known_numbers.sum())
    bounds = (0.0, *(share * total for share in _SHARES), total) if total else ()
    found = []
    for index, item in enumerate(layer.items):
        rows = np.concatenate([layer.units[unit].rows for unit in item.units])
        if not np.isnan(numbers[rows]).all():
            number = float(known_numbers[rows].sum())
            found.append(ItemMeasure(item_id(layer, index), number, "", _shade(number, bounds)))
    return PictureMeasure(_cost_measure(name), scope, tuple(found), bounds, (), 0)


def _cost(context: AnalysisContext, name: str) -> NDArray[np.float64] | None:
    static = static_costs(context)
    by_shape = {"flops": static.flops, "output bytes": static.output_bytes, "parameters": static.parameters}
    if name in by_shape:
        return by_shape[name]
    cost, of_step, step = name.partition(_OF_STEP)
    is_known = cost in ("time", "memory") and (not of_step or step in recorded_steps(context))
    run = recorded_run(context, step if of_step else None) if is_known else None
    if run is None:
        return None
    taken = run_costs(context, run)
    return taken.time_us if cost == "time" else taken.memory_bytes


def _shade(number: float, bounds: Sequence[float]) -> int | None:
    """Return the step of a scale; the last step holds its end."""
    if len(bounds) < 2:
        return None
    return min(len(bounds) - 2, max(0, int(np.searchsorted(bounds, number, side="right")) - 1))


class _Values:
    """The values of an overlay, by what of the graph has them."""

    def __init__(self, context: AnalysisContext, overlay: Overlay) -> None:
        graph, tree = context.model.graph, context.model.op_scopes
        handles = {variable.name: variable.handle_op for variable in context.model.variables if variable.handle_op}
        self.overlay = overlay  # kept, so that no other ever has its identity
        self.of_scope: dict[str, float | str] = {}
        self.of_row: dict[int, float | str] = {}
        self.unmatched: list[str] = []
        for name, value in overlay.values.items():
            path = name.rstrip("/") or name
            row = graph.row(name) if graph.row(name) is not None else graph.row(handles.get(name, ""))
            if row is not None:
                self.of_row[int(row)] = value
            if tree.find(path) is not None:
                self.of_scope[path] = value
            elif row is None:
                self.unmatched.append(name)

    def of_unit(self, unit: Unit) -> list[float | str]:
        """Return its own value, or those of all that lies in it."""
        if unit.scope is not None and unit.path in self.of_scope:
            return [self.of_scope[unit.path]]
        if unit.row is not None and int(unit.row) in self.of_row:
            return [self.of_row[int(unit.row)]]
        inside = [self.of_row[row] for row in unit.rows.tolist() if row in self.of_row]
        below = f"{unit.path}/"
        return inside or [value for path, value in self.of_scope.items() if path.startswith(below)]


def _of_overlay(context: AnalysisContext, layer: ScopeLayer, scope: str, overlay: Overlay) -> PictureMeasure:
    values: _Values = context.cached(("overlay", id(overlay)), lambda: _Values(context, overlay))
    found: dict[int, float | str] = {}
    for index, item in enumerate(layer.items):
        several = [value for unit in item.units for value in values.of_unit(layer.units[unit])]
        if several:
            found[index] = _combined(several, overlay.combine)
    bounds = _bounds(overlay)
    items = tuple(
        ItemMeasure(item_id(layer, index), None, value, None)
        if isinstance(value, str)
        else ItemMeasure(item_id(layer, index), value, "", _shade(value, bounds))
        for index, value in found.items()
    )
    unmatched = values.unmatched
    return PictureMeasure(_described(overlay), scope, items, bounds, tuple(unmatched[:8]), len(unmatched))


def _combined(values: Sequence[float | str], combine: Combine) -> float | str:
    """Return one value for several: of texts the most frequent, with a mark if there are others."""
    numbers = [value for value in values if not isinstance(value, str)]
    if not numbers:
        ((text, _), *others) = Counter(map(str, values)).most_common(2)
        return f"{text}, …" if others else text
    match combine:
        case "mean":
            return sum(numbers) / len(numbers)
        case "sum":
            return sum(numbers)
        case "max":
            return max(numbers)
        case "min":
            return min(numbers)


def _bounds(overlay: Overlay) -> tuple[float, ...]:
    numbers = [value for value in overlay.values.values() if not isinstance(value, str)]
    if not numbers:
        return ()
    low, high = overlay.scale or (min(numbers), max(numbers))
    return tuple(low + (high - low) * step / STEPS for step in range(STEPS + 1)) if high > low else (low, low)
