"""GRUs of Keras and PyTorch: the same weights, gates in another order; proposals, as all that names and shapes say.

    Keras      kernel (in, 3 u), recurrent_kernel (u, 3 u), bias (2, 3 u); gates z, r, h (`reset_after`, its default)
    PyTorch    weight_ih (3 u, in), weight_hh (3 u, u), bias_ih and bias_hh (3 u); gates r, z, n

Without `reset_after` Keras has one bias (3 u), and computes what no GRU of PyTorch computes: nothing is proposed.
Sources: `keras/src/layers/rnn/gru.py`; `torch/nn/modules/rnn.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scopeview.analysis.diff.matching import roles
from scopeview.analysis.diff.matching.entries import Item, Shape
from scopeview.analysis.diff.matching.tokens import tokens_of

GATES = 3
ORDER = (1, 0, 2)
"""Gates of the one side by their places on the other; the same in both directions."""
RECURRENT = "kernel:recurrent"
_BACKWARD = frozenset({"reverse", "backward", "bw", "backwards"})

Signature = tuple[int, int, bool, bool]
"""Units, inputs, whether there are biases, whether it runs backwards."""


@dataclass(frozen=True, slots=True)
class GatedLayer:
    """The variables of one GRU."""

    kernel: Item
    recurrent: Item
    biases: tuple[Item, ...]
    """One of Keras, two of PyTorch; none."""


def gated_pairs(keras: Iterable[Item], torch: Iterable[Item]) -> Iterator[tuple[GatedLayer, GatedLayer]]:
    """Yield GRUs of Keras and of PyTorch that are likely to be one: of one size, as many on either side, in order.

    Args:
        keras: variables of the one side without a counterpart.
        torch: those of the other.
    """
    found = _by_signature(_keras_layers(keras)), _by_signature(_torch_layers(torch))
    for signature, layers in found[0].items():
        others = found[1].get(signature, [])
        if len(layers) == len(others):
            yield from zip(layers, others, strict=True)


def _by_signature(layers: Iterable[tuple[Signature, GatedLayer]]) -> dict[Signature, list[GatedLayer]]:
    found: dict[Signature, list[GatedLayer]] = defaultdict(list)
    for signature, layer in layers:
        found[signature].append(layer)
    return found


def _keras_layers(items: Iterable[Item]) -> Iterator[tuple[Signature, GatedLayer]]:
    for stem, parts in _by_stem(items).items():
        kernel, recurrent, bias = (parts.get(role) for role in (roles.KERNEL, RECURRENT, roles.SHIFT))
        if kernel is None or recurrent is None:
            continue
        (inputs, wide), (units, gated) = _sizes(kernel.shape), _sizes(recurrent.shape)
        biases = () if bias is None else (bias,)
        if units and wide == gated == GATES * units and all(one.shape == (2, gated) for one in biases):
            yield (units, inputs, bool(biases), _is_backward(stem)), GatedLayer(kernel, recurrent, biases)


def _torch_layers(items: Iterable[Item]) -> Iterator[tuple[Signature, GatedLayer]]:
    for parts in _by_stem(items).values():
        kernel, recurrent = parts.get("weight:ih"), parts.get("weight:hh")
        if kernel is None or recurrent is None:
            continue
        (wide, inputs), (gated, units) = _sizes(kernel.shape), _sizes(recurrent.shape)
        biases = [part for role in ("bias:ih", "bias:hh") if (part := parts.get(role)) is not None]
        is_whole = len(biases) in (0, 2) and all(one.shape == (gated,) for one in biases)
        if units and wide == gated == GATES * units and is_whole:
            signature = units, inputs, bool(biases), _is_backward(kernel.name)
            yield signature, GatedLayer(kernel, recurrent, tuple(biases))


def _by_stem(items: Iterable[Item]) -> dict[str, dict[str, Item]]:
    found: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in items:
        # A bias of two rows is a bias all the same.
        role, stem, _ = roles.role_of(item.name, (None,) if _is_bias_of_two(item) else item.shape)
        found[stem].setdefault(role, item)
    return found


def _is_bias_of_two(item: Item) -> bool:
    return item.shape is not None and len(item.shape) == 2 and item.shape[0] == 2 and "bias" in item.name.lower()


def _sizes(shape: Shape) -> tuple[int, int]:
    return (shape[0] or 0, shape[1] or 0) if shape is not None and len(shape) == 2 else (0, 0)


def _is_backward(name: str) -> bool:
    return not _BACKWARD.isdisjoint(str(token) for token in tokens_of(name))


def block(units: int, gate: int) -> tuple[int, int]:
    """Return first and last row, exclusive, of one gate."""
    return gate * units, (gate + 1) * units


def blocks(units: int) -> Sequence[tuple[int, int]]:
    """Return where the gates of the one side lie on the other, in their order there."""
    return [block(units, gate) for gate in ORDER]
