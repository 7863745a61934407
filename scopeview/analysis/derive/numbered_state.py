"""The state of old Keras optimizers, which make plain `tf.Variable`s: `training/Adam/Variable_7`.

An optimizer makes its state in runs, one variable for each weight in the order of the weights: all m, then all v. Every
run has the shapes of the weights, or a placeholder of one element for each. The shapes of a layer stand together in a
run; where that leaves one place for a layer, the state there is that layer's. Equal layers leave several, and then only
the optimizer is known.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from scopeview.analysis.derive.auxiliary_names import is_numbered, is_optimizer_scope, is_scalar_name
from scopeview.model.names import leaf_of, natural_key, scope_of
from scopeview.model.shapes import Shape
from scopeview.model.variables import Variable

_STATISTIC = re.compile(r"moving_(mean|variance|avg)\w*|running_\w+")
"""Weights of a layer that no optimizer trains."""

_MOST_RUNS = 4
_MOST_LAYERS = 2_000


def numbered_state(
    variables: Iterable[Variable], weights: Sequence[Variable]
) -> Iterator[tuple[Variable, Variable | None]]:
    """Yield the numbered variables of optimizers, each with the weight that it belongs to, or None.

    Args:
        variables: all variables.
        weights: those that are not known to belong to another.
    """
    variables = list(variables)
    steps = {leaf_of(scope_of(v.name)) for v in variables if is_scalar_name(v)}
    by_scope: dict[str, list[Variable]] = defaultdict(list)
    for variable in variables:
        scope = scope_of(variable.name)
        is_state = is_numbered(leaf_of(variable.name))
        if is_state and is_optimizer_scope(scope) and leaf_of(scope) in steps:
            by_scope[scope].append(variable)
    states = {variable.identity for found in by_scope.values() for variable in found}
    layers: dict[str, list[Variable]] = defaultdict(list)
    for weight in weights:
        if weight.identity not in states and not _STATISTIC.fullmatch(leaf_of(weight.name)):
            layers[scope_of(weight.name)].append(weight)
    for found in by_scope.values():
        ordered = sorted(found, key=lambda variable: natural_key(variable.name))
        length = _run_length([variable.shape for variable in ordered], sum(map(len, layers.values())))
        primaries = _places([v.shape for v in ordered[:length]], list(layers.values())) if length else {}
        for place, variable in enumerate(ordered):
            yield variable, primaries.get(place % length) if length else None


def _run_length(shapes: Sequence[Shape], weights: int) -> int:
    """Return how many variables a run has, the longest that fits; 0 if there are no runs."""
    for runs in range(1, _MOST_RUNS + 1):
        length, rest = divmod(len(shapes), runs)
        if rest or not length or length > weights:
            continue
        first = shapes[:length]
        others = [shapes[start : start + length] for start in range(length, len(shapes), length)]
        if all(run == first or all(shape in ((1,), ()) for shape in run) for run in others):
            return length
    return 0


def _places(run: Sequence[Shape], layers: Sequence[Sequence[Variable]]) -> dict[int, Variable]:
    """Return the weight at each place of a run, as far as there is one possibility."""
    found: dict[int, Variable | None] = {}
    waiting = list(layers[:_MOST_LAYERS])
    signatures = Counter(_signature(v.shape for v in layer) for layer in waiting)
    progress = True
    while progress and waiting:
        progress = False
        for layer in list(waiting):
            signature = _signature(variable.shape for variable in layer)
            if signatures[signature] > 1:
                continue
            starts = [
                start
                for start in range(len(run) - len(layer) + 1)
                if not any(place in found for place in range(start, start + len(layer)))
                and _signature(run[start : start + len(layer)]) == signature
            ]
            if len(starts) == 1:
                waiting.remove(layer)
                progress = True
                found.update(_within(run, starts[0], layer))
    return {place: weight for place, weight in found.items() if weight is not None}


def _within(run: Sequence[Shape], start: int, layer: Sequence[Variable]) -> Iterator[tuple[int, Variable | None]]:
    """Yield the places of a layer, with the weight where its shape is the only such."""
    for place in range(start, start + len(layer)):
        equal = [variable for variable in layer if variable.shape == run[place]]
        yield place, equal[0] if len(equal) == 1 else None


def _signature(shapes: Iterable[Shape]) -> tuple[str, ...]:
    return tuple(sorted(map(str, shapes)))
