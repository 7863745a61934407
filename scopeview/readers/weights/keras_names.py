"""Names for weights that Keras 3 writes by number (`layers/dense_1/vars/0`): the layer's name, and the weight's role.

In a model's container `layers` the groups are called by the class of a layer, and an attribute has the name that its
author gave it. The order of a layer's weights is that of its class: `_trainable_variables + _non_trainable_variables`
(`keras/src/layers/layer.py`, save_own_variables). A role is given where number and shapes of a layer's weights allow no
other; else the number stays.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

Shape = tuple[int, ...]

_KEY = re.compile(r"(?:(.*)/)?vars/(\d+)", re.DOTALL)
_COUNTER = re.compile(r"_\d+$")

_BY_CLASS: Mapping[str, tuple[str, ...]] = {
    "embedding": ("embeddings",),
    "dense": ("kernel", "bias"),
    "einsum_dense": ("kernel", "bias"),
    "p_re_lu": ("alpha",),
    **{
        f"{kind}conv{n}d{end}": ("kernel", "bias")
        for kind in ("", "depthwise_")
        for n in "123"
        for end in ("", "_transpose")
    },
    **{f"separable_conv{n}d": ("depthwise_kernel", "pointwise_kernel", "bias") for n in "12"},
    **dict.fromkeys(("cell", "lstm_cell", "gru_cell", "simple_rnn_cell"), ("kernel", "recurrent_kernel", "bias")),
}
"""The weights of Keras's layers in order, by the class in snake case; those at the end may be missing."""
_NORMS = ("batch_normalization", "layer_normalization", "group_normalization", "layer_norm", "layernorm")
_CLASSES = sorted((*_BY_CLASS, *_NORMS), key=len, reverse=True)
_NORM = ("gamma", "beta", "moving_mean", "moving_variance")
_LEAST_KERNEL_RANK = 2


def keras_names(shapes: Mapping[str, Shape], layers: Mapping[str, str]) -> dict[str, str]:
    """Return names for the keys of numbered weights.

    Args:
        shapes: the shape of every dataset by its key.
        layers: names of layers by the groups that hold them.
    """
    weights: dict[str, dict[int, str]] = defaultdict(dict)
    for key in shapes:
        if (match := _KEY.fullmatch(key)) and len(match[2]) < 10:
            weights[match[1] or ""][int(match[2])] = key
    found: dict[str, str] = {}
    for group, keys in weights.items():
        ordered = [keys[number] for number in sorted(keys)]
        is_whole = sorted(keys) == list(range(len(keys)))
        roles = _roles(_class_of(group), [shapes[key] for key in ordered]) if is_whole else ()
        scope = _scope(group, layers)
        for place, key in enumerate(ordered):
            leaf = roles[place] if roles else key.rpartition("/")[2]
            found[key] = f"{scope}/{leaf}" if scope else leaf
    return found


def _scope(group: str, layers: Mapping[str, str]) -> str:
    """Return the scope of a layer: attributes as they are, members of `layers` by their own names."""
    parts = group.split("/") if group else []
    found = []
    for place, part in enumerate(parts):
        is_member = place > 0 and parts[place - 1] == "layers"
        if part == "layers" and place + 1 < len(parts):
            continue
        path = "/".join(parts[: place + 1])
        found.append(layers.get(path, part) if is_member else part)
    return "/".join(found)


def _class_of(group: str) -> str:
    """Return the known class that the name of a group ends with (`dense_1`, `query_dense`); empty if none is."""
    name = _COUNTER.sub("", group.rpartition("/")[2])
    return next((known for known in _CLASSES if name == known or name.endswith(f"_{known}")), "")


def _roles(layer_class: str, shapes: Sequence[Shape]) -> tuple[str, ...]:
    """Return the roles of a layer's weights; nothing where another reading is possible."""
    is_flat = all(len(shape) == 1 and shape == shapes[0] for shape in shapes)
    if is_flat and len(shapes) == len(_NORM):
        return _NORM
    if "norm" in layer_class:
        is_bare = layer_class == "batch_normalization"
        return (_NORM[2:] if is_bare else _NORM[:2]) if is_flat and len(shapes) == len(_NORM[:2]) else ()
    known = _BY_CLASS.get(layer_class, ())
    return known[: len(shapes)] if len(known) - 1 <= len(shapes) <= len(known) and _fits(known, shapes) else ()


def _fits(roles: Sequence[str], shapes: Sequence[Shape]) -> bool:
    """Whether kernels and tables have rows and columns."""
    is_matrix = ["kernel" in role or role == "embeddings" for role in roles]
    return all(len(shape) >= _LEAST_KERNEL_RANK for shape, needs in zip(shapes, is_matrix, strict=False) if needs)
