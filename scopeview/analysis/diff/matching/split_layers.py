"""Layers whose variables only their siblings explain: weight norm in TensorFlow, recurrent layers of PyTorch.

weight norm        a kernel as its magnitude (g) and its direction (v); PyTorch calls them weight_g and weight_v
recurrent layers   PyTorch's weight_ih and weight_hh of an LSTM are Keras's kernel and recurrent_kernel, gates in the
                   same order; those of a GRU are in another order (`recurrent.py`)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import prod

from scopeview.analysis.diff.matching import roles
from scopeview.analysis.diff.matching.entries import Item, Shape
from scopeview.analysis.diff.matching.tokens import last_segment

Role = tuple[str, str, str]
"""What `role_of` returns: role, stem, last words."""

RECURRENT = "kernel:recurrent"
_BIASES = frozenset({"b", "bias", "biases"})
_GATES = (1, 4)
"""Gates of a simple recurrent layer, and of an LSTM."""


def explained_roles(items: Sequence[Item], known: Sequence[Role]) -> list[Role]:
    """Return the roles of the variables of a side, those that their siblings explain as these say.

    Args:
        items: the variables.
        known: their roles by their own names.
    """
    found = list(known)
    for scope, leaves in _beside_a_magnitude([item.alias or item.name for item in items]).items():
        if leaves.keys() - _BIASES == {"g", "v"} and _is_norm_of(items[leaves["g"]].shape, items[leaves["v"]].shape):
            stem = scope[:-1]
            found[leaves["g"]] = roles.MAGNITUDE, stem, "g"
            found[leaves["v"]] = roles.KERNEL, stem, "v"
    by_stem: dict[str, dict[str, int]] = defaultdict(dict)
    for index, (role, stem, _) in enumerate(known):
        if role.startswith("weight:"):
            by_stem[stem][role] = index
    for stem, both in by_stem.items():
        if both.keys() >= {"weight:ih", "weight:hh"} and _gates(items[both["weight:hh"]].shape) in _GATES:
            found[both["weight:ih"]] = roles.KERNEL, stem, "weight"
            found[both["weight:hh"]] = RECURRENT, stem, "weight"
    return found


def _beside_a_magnitude(names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the scopes that hold a `g`, and in each the places of its names by their last segments."""
    scopes = {name[:-1] for name in names if name[-1:] in ("g", "G") and name[-2:-1] in ("", "/", ".")}
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for place, name in enumerate(names) if scopes else ():
        scope, separator, leaf = last_segment(name)
        if f"{scope}{separator}" in scopes:
            found[f"{scope}{separator}"][leaf.lower()] = place
    return found


def _is_norm_of(magnitude: Shape, direction: Shape) -> bool:
    """Whether a tensor has one number for each slice of another along one axis."""
    if magnitude is None or direction is None or None in magnitude or None in direction or len(direction) < 2:
        return False
    return prod(size or 0 for size in magnitude) in direction


def _gates(recurrent: Shape) -> int:
    """Return how many gates a recurrent kernel of PyTorch (gates * units, units) has; 0 for another shape."""
    if recurrent is None or len(recurrent) != 2 or not recurrent[0] or not recurrent[1]:
        return 0
    return recurrent[0] // recurrent[1] if recurrent[0] % recurrent[1] == 0 else 0
