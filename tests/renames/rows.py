"""A model as two code bases name it: rows of layers, each with its name on either side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

Shape = tuple[int, ...]
Leaves = Mapping[str, str]
Row = tuple[str, str, str, Shape]
"""Kind of a layer, its name on either side, and the shape of its kernel."""

_PARTS = ("kernel", "depthwise", "bias", "gamma", "beta", "mean", "variance", "table", "recurrent", "one")


def _leaves(text: str) -> Leaves:
    return dict(zip(_PARTS, text.split(), strict=True))


KERAS = _leaves(
    "/kernel /depthwise_kernel /bias /gamma /beta /moving_mean /moving_variance /embeddings /recurrent_kernel -"
)
SLIM = _leaves(
    "/weights /depthwise_weights /biases /BatchNorm/gamma /BatchNorm/beta /BatchNorm/moving_mean "
    "/BatchNorm/moving_variance /embeddings /recurrent_weights -"
)
TORCH = _leaves(".weight .weight .bias .weight .bias .running_mean .running_var .weight .weight_hh -")
SHORT = _leaves("/w /w_dw /b /g /b /mean /var /table /u -")
SCALE = _leaves("/kernel /kernel /bias /scale /bias /mean /var /embedding /recurrent -")

KINDS: Mapping[str, Sequence[str]] = {
    "dense": ("kernel", "bias"),
    "linear": ("kernel",),
    "depthwise": ("depthwise",),
    "norm": ("gamma", "beta"),
    "gain": ("gamma",),
    "batch_norm": ("gamma", "beta", "mean", "variance"),
    "table": ("table",),
    "lstm": ("kernel", "recurrent", "bias"),
    "one": ("one",),
}
"""The variables of a kind of layer."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One variable: what it is called on either side."""

    a: str
    b: str
    shape: Shape


def part_shape(part: str, shape: Shape) -> Shape:
    """Return the shape of a part of a layer of which the kernel has a shape."""
    if part in ("kernel", "depthwise", "table", "one"):
        return shape
    return (shape[-1] // 4, shape[-1]) if part == "recurrent" else shape[-1:]


@dataclass(frozen=True, slots=True)
class Model:
    """A model, its layers in the order of creation."""

    name: str
    a: Leaves
    b: Leaves
    rows: Sequence[Row]
    """Kind, name on either side, and shape of the kernel."""

    def pairs(self) -> Iterator[Pair]:
        """Yield its variables."""
        for kind, one, other, shape in self.rows:
            for part in KINDS[kind]:
                ends = ("", "") if part == "one" else (self.a[part], self.b[part])
                yield Pair(one + ends[0], other + ends[1], part_shape(part, shape))


def each(rows: Iterable[Row], **values: Sequence[tuple[object, object]]) -> Iterator[Row]:
    """Repeat rows for all values of their fields, which have one value for each side."""
    rows = list(rows)
    for chosen in product(*values.values()):
        fields = dict(zip(values, chosen, strict=True))
        ours, theirs = ({name: pair[side] for name, pair in fields.items()} for side in (0, 1))
        for kind, one, other, shape in rows:
            yield kind, one.format(**ours), other.format(**theirs), shape


def numbers(count: int, a: int = 0, b: int = 0) -> list[tuple[int, int]]:
    """Return consecutive numbers from a first one on either side."""
    return [(a + place, b + place) for place in range(count)]
