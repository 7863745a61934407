"""What a variable is in its layer: kernel, shift, gain, mean, variance, or something without a common name."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from scopeview.analysis.derive.auxiliary_names import AVERAGE
from scopeview.analysis.diff.matching.entries import Shape
from scopeview.analysis.diff.matching.tokens import last_segment, split_words, strip_attributes

KERNEL: Final = "kernel"
SHIFT: Final = "shift"
GAIN: Final = "gain"
MEAN: Final = "mean"
VARIANCE: Final = "variance"
COUNT: Final = "count"
MAGNITUDE: Final = "kernel:magnitude"
"""The length of each slice of a kernel, which weight norm keeps apart from its direction."""
OTHER: Final = ""

_LEAVES: dict[str, str] = {
    **dict.fromkeys(("kernel", "kernels", "weight", "weights", "w", "matrix", "filter", "filters"), KERNEL),
    **dict.fromkeys(("embedding", "embeddings"), KERNEL),
    **dict.fromkeys(("bias", "biases", "b", "beta", "offset", "shift"), SHIFT),
    **dict.fromkeys(("gamma", "scale", "g", "gain"), GAIN),
    **dict.fromkeys(("mean",), MEAN),
    **dict.fromkeys(("variance", "var"), VARIANCE),
    "u": "kernel:recurrent",
}
_ALONE = frozenset({"mean", "variance", "var"})
"""Leaves that name a role only where they are all of the last segment: `log_var` is a layer."""
_PAIRS: dict[tuple[str, str], str] = {
    ("moving", "mean"): MEAN,
    ("running", "mean"): MEAN,
    ("moving", "variance"): VARIANCE,
    ("moving", "var"): VARIANCE,
    ("running", "variance"): VARIANCE,
    ("running", "var"): VARIANCE,
    ("batches", "tracked"): COUNT,
    **{("depthwise", leaf): KERNEL for leaf in ("kernel", "weight", "weights")},
    **{("pointwise", leaf): "kernel:pointwise" for leaf in ("kernel", "weight", "weights")},
    **{("recurrent", leaf): "kernel:recurrent" for leaf in ("kernel", "weight", "weights", "w")},
}
_TORCH_RNN = re.compile(r"(weight|bias)_(ih|hh|hr)(?:_l(\d+)(_reverse)?)?")
_WEIGHT_NORM = re.compile(
    r"(.*?)(?:[/.]?\bparametrizations[/.](weight|kernel)[/.]original([01])|\b(weight|kernel)_([gv]))"
)
_PARTITION = re.compile(r"(.*?)(_\d+)")


def role_of(name: str, shape: Shape) -> tuple[str, str, str]:
    """Return the role of a variable, the stem of its name without the role's words, and those words."""
    name = strip_attributes(name)
    scope, separator, leaf = last_segment(name)
    if leaf.startswith(("weight_", "bias_")) and (match := _TORCH_RNN.fullmatch(leaf)):
        backward = f"backward{separator or '/'}" if match[4] else ""
        layer = f"{separator}{backward}{match[3]}" if match[3] else ""  # a cell has no number
        return f"{match[1]}:{match[2]}", f"{scope}{layer}", match[1]
    if leaf[-1:] in "gv01" and (normed := _WEIGHT_NORM.fullmatch(name)):
        part = MAGNITUDE if (normed[3] or normed[5]) in ("0", "g") else KERNEL
        return part, normed[1].rstrip("/."), str(normed[2] or normed[4])
    role, rest, words, is_by_shape = _role_of_leaf(leaf)
    if role == OTHER:
        return _role_of_average(scope, leaf) or (OTHER, name, "")
    stem = f"{scope}{separator}{rest}" if rest else scope
    return _by_shape(role, shape) if is_by_shape else role, stem, words


def _role_of_average(scope: str, leaf: str) -> tuple[str, str, str] | None:
    """Return what an average of a statistic is, as Tensorpack stores those of its norms: `bn/mean/EMA`."""
    outer, _, statistic = last_segment(scope)
    if statistic not in _ALONE or not AVERAGE.fullmatch(leaf):
        return None
    return _LEAVES[statistic], outer, f"moving {statistic}"


@lru_cache(maxsize=4096)
def _role_of_leaf(leaf: str) -> tuple[str, str, str, bool]:
    """Return the role of a last segment, the rest of it, the words that say it, and whether the shape decides too.

    Checkpoints have few last segments, each of them often.
    """
    numbered = _PARTITION.fullmatch(leaf)
    if numbered and numbered[1].lower() in _LEAVES:
        return _LEAVES[numbered[1].lower()], numbered[2], numbered[1].lower(), True
    words = split_words(leaf)
    lower = [word.lower() for word in words]
    if lower[-3:] == ["num", "batches", "tracked"]:
        return COUNT, _without(leaf, words[-3:]), "num_batches_tracked", False
    if len(lower) > 1 and (pair := _PAIRS.get((lower[-2], lower[-1]))) is not None:
        return pair, _without(leaf, words[-2:]), " ".join(lower[-2:]), False
    if lower and (role := _LEAVES.get(lower[-1])) is not None and (len(lower) == 1 or lower[-1] not in _ALONE):
        return role, _without(leaf, words[-1:]), lower[-1], True
    return OTHER, leaf, "", False


def _without(leaf: str, words: list[str]) -> str:
    """Return a last segment without its last words."""
    rest = leaf
    for word in reversed(words):
        rest = rest[: rest.rfind(word)]
    return rest.rstrip("_-./")


def _by_shape(role: str, shape: Shape) -> str:
    """Tell a gain that is called `weight` from a kernel by its rank."""
    return GAIN if role == KERNEL and shape is not None and len(shape) <= 1 else role
