"""Recurrent layers as frameworks keep them: the same blocks of weights, joined, ordered and turned in other ways.

              Keras                             PyTorch                      TensorFlow 1 (`rnn_cell`, `contrib.rnn`)
    simple    kernel, recurrent_kernel, bias    weight_ih, weight_hh,        kernel (rows of the inputs, of the state),
                                                bias_ih, bias_hh             bias
    LSTM      gates i f c o                     i f g o                      i j f o; a forget bias is added as it runs
              no projection                     weight_hr                    projection/kernel; its rows are the state's
    GRU       z r h; one bias                   none                         gates (r u) and candidate
    GRU that resets after the product
              z r h; two biases in one          r z n                        gates, two projections of the candidate

Blocks are (inputs, units) for `x`, (state, units) for `h`, (units, state) for a projection `p`; PyTorch turns them.
A GRU that resets before the product and one that resets after it compute different things: neither becomes the other.
Keras's CuDNN layers have eight or six biases in one, and each block of their kernels in the order of its transpose.

Sources: `keras/src/layers/rnn/`; `torch/nn/modules/rnn.py`; `rnn_cell_impl.py`, `contrib/rnn/python/ops/lstm_ops.py`,
`gru_ops.py` and `contrib/cudnn_rnn/python/ops/cudnn_rnn_ops.py` of TensorFlow 1.15; `_convert_rnn_weights` of Keras 2.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from scopeview.analysis.diff.matching import roles
from scopeview.analysis.diff.matching.entries import Item, Shape
from scopeview.analysis.diff.matching.tokens import last_segment, tokens_of

RECURRENT = "kernel:recurrent"
FORGET_BIAS = 1.0
"""What cells of TensorFlow 1 add to the forget gate, if their author does not say otherwise."""

Framework = Literal["keras", "cudnn", "torch", "tf1"]
Kind = Literal["simple", "lstm", "gru", "gru_after"]
Block = tuple[str, str]
"""Weights of the inputs (x), of the state (h), of its projection (p), biases (b, or bx and bh); and the gate."""

_KINDS: Mapping[int, Kind] = {1: "simple", 4: "lstm", 3: "gru_after"}
"""By the number of gates of a recurrent kernel; the bias of a GRU says more."""
_GATES: Mapping[tuple[bool, str], str] = {
    (True, "simple"): "n",
    (True, "lstm"): "ifgo",
    (True, "gru"): "zrn",
    (True, "gru_after"): "zrn",
    (False, "simple"): "n",
    (False, "lstm"): "ifgo",
    (False, "gru_after"): "rzn",
}
"""The order of gates in Keras (True) and PyTorch (False)."""
_PROJECTION: tuple[tuple[Block, ...], ...] = ((("p", ""),),)
_BACKWARD = frozenset({"reverse", "backward", "backwards"})
_PARTS_OF_CANDIDATE = ("input_projection", "hidden_projection")


@dataclass(frozen=True, slots=True)
class Signature:
    """What two layers must agree in to be one."""

    kind: Kind
    units: int
    inputs: int
    has_biases: bool
    is_backward: bool
    projected: int = 0
    """The size that the state is projected to; 0 for a layer without a projection."""

    @property
    def state(self) -> int:
        """The size of the state."""
        return self.projected or self.units


@dataclass(frozen=True, slots=True)
class Grid:
    """One variable as blocks in rows and columns."""

    item: Item
    rows: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True, slots=True)
class Layer:
    """One recurrent layer."""

    framework: Framework
    signature: Signature
    stem: str
    grids: tuple[Grid, ...]
    forget_bias: float = 0.0
    """What is added to the bias of the forget gate as it runs."""

    @property
    def is_turned(self) -> bool:
        """Whether blocks are stored as (out, in)."""
        return self.framework == "torch"

    @property
    def names(self) -> frozenset[str]:
        """The names of its variables."""
        return frozenset(grid.item.name for grid in self.grids)


def recurrent_layers(items: Iterable[Item]) -> list[Layer]:
    """Return the recurrent layers among the variables of a side, in their order."""
    groups: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in items:
        # A bias of two rows is a bias all the same.
        name = item.alias or item.name
        role, stem, _ = roles.role_of(name, (None,) if _is_bias_of_two(item) else item.shape)
        groups[stem].setdefault(role, item)
    more: dict[str, list[str]] = defaultdict(list)  # a projection, peepholes, norms
    for stem in groups:
        more[last_segment(stem)[0]].append(stem)
    found = []
    for stem, parts in groups.items():
        layer = _keras(stem, parts) or _torch(stem, parts)
        if layer is None and len(more[stem]) < 2:
            layer = _tf1_joined(stem, parts, *((one, groups[one]) for one in more[stem]))
        if layer is not None:
            found.append(layer)
    return [*found, *_tf1_grus(groups)]


def _is_bias_of_two(item: Item) -> bool:
    return item.shape is not None and len(item.shape) == 2 and item.shape[0] == 2 and "bias" in item.name.lower()


def _row(kind: str, gates: str) -> tuple[Block, ...]:
    return tuple((kind, gate) for gate in gates)


def _column(kind: str, gates: str) -> tuple[tuple[Block, ...], ...]:
    return tuple(((kind, gate),) for gate in gates)


def _keras(stem: str, parts: Mapping[str, Item]) -> Layer | None:
    kernel, recurrent, bias = (parts.get(role) for role in (roles.KERNEL, RECURRENT, roles.SHIFT))
    if kernel is None or recurrent is None:
        return None
    (inputs, wide), (units, gated) = _sizes(kernel.shape), _sizes(recurrent.shape)
    kind = _kind(units, wide, gated)
    if kind is None:
        return None
    framework: Framework = "keras"
    grids = []
    if bias is not None:
        two_rows, flat = bias.shape == (2, gated), bias.shape == (2 * gated,)
        if bias.shape == (gated,):
            kind = "gru" if kind == "gru_after" else kind
        elif not two_rows and not flat:
            return None
        framework = "cudnn" if flat else "keras"
        gates = _GATES[True, kind]
        rows = (_row("bx", gates), _row("bh", gates)) if two_rows or flat else (_row("b", gates),)
        grids = [Grid(bias, rows)]
    gates = _GATES[True, kind]
    grids = [Grid(kernel, (_row("x", gates),)), Grid(recurrent, (_row("h", gates),)), *grids]
    return Layer(framework, _signature(kind, units, inputs, bias, stem), stem, tuple(grids))


def _torch(stem: str, parts: Mapping[str, Item]) -> Layer | None:
    kernel, recurrent = parts.get("weight:ih"), parts.get("weight:hh")
    if kernel is None or recurrent is None:
        return None
    (wide, inputs), (gated, state) = _sizes(kernel.shape), _sizes(recurrent.shape)
    projection = parts.get("weight:hr")
    units = state if projection is None else _sizes(projection.shape)[1]
    kind = _kind(units, wide, gated)
    if projection is not None and (kind != "lstm" or projection.shape != (state, units)):
        return None
    biases = [parts.get(role) for role in ("bias:ih", "bias:hh")]
    some = [one for one in biases if one is not None]
    if kind is None or len(some) not in (0, 2) or any(one.shape != (gated,) for one in some):
        return None
    gates = _GATES[False, kind]
    grids = [Grid(kernel, _column("x", gates)), Grid(recurrent, _column("h", gates))]
    grids += [Grid(one, _column(name, gates)) for one, name in zip(some, ("bx", "bh"), strict=False)]
    first = some[0] if some else None
    signature = _signature(kind, units, inputs, first, kernel.name)
    if projection is not None:
        signature = replace(signature, projected=state)
        grids.append(Grid(projection, _PROJECTION))
    return Layer("torch", signature, stem, tuple(grids))


def _tf1_joined(stem: str, parts: Mapping[str, Item], *more: tuple[str, Mapping[str, Item]]) -> Layer | None:
    """Return an LSTM or a simple cell of TensorFlow 1: rows of the inputs above those of the state.

    Args:
        stem: its scope.
        parts: its variables by role.
        more: what stands below it; nothing but a projection is known.
    """
    kernel, bias = parts.get(roles.KERNEL), parts.get(roles.SHIFT)
    words = _words_of_cell(stem)
    is_lstm = "lstm" in words
    if kernel is None or bias is None or not (is_lstm or words >= {"recurrent", "cell"}):
        return None
    (rows, wide), gates = _sizes(kernel.shape), "igfo" if is_lstm else "n"
    units, projection = wide // len(gates), _projection(more)
    projected = 0 if projection is None else _sizes(projection.shape)[1]
    inputs = rows - (projected or units)
    if wide % len(gates) or inputs <= 0 or bias.shape != (wide,):
        return None
    if more and (projection is None or not is_lstm or projection.shape != (units, projected)):
        return None
    grids = [Grid(kernel, (_row("x", gates), _row("h", gates))), Grid(bias, _column("b", gates))]
    grids += [Grid(projection, _PROJECTION)] if projection is not None else []
    signature = replace(_signature("lstm" if is_lstm else "simple", units, inputs, bias, stem), projected=projected)
    return Layer("tf1", signature, stem, tuple(grids), FORGET_BIAS if is_lstm and "cudnn" not in words else 0.0)


def is_projection(name: str, shape: Shape) -> bool:
    """Whether a variable is named as the projection of a state is."""
    role, stem, _ = roles.role_of(name, shape)
    return role == "weight:hr" or (role == roles.KERNEL and last_segment(stem)[2].lower() == "projection")


def _projection(more: Iterable[tuple[str, Mapping[str, Item]]]) -> Item | None:
    """Return the kernel of the projection of a cell, of `num_proj` numbers."""
    for stem, parts in more:
        if last_segment(stem)[2].lower() == "projection" and parts.keys() == {roles.KERNEL}:
            return parts[roles.KERNEL]
    return None


def _tf1_grus(groups: Mapping[str, Mapping[str, Item]]) -> Iterator[Layer]:
    """Yield the GRUs of TensorFlow 1: their gates in one scope, their candidate in another beside it."""
    for stem, gates in groups.items():
        scope, separator, last = last_segment(stem)
        below = {name: name if last == last.lower() else name.capitalize() for name in ("gates", "candidate", "linear")}
        inner = ""
        if last.lower() == "linear":  # before TensorFlow 1.2
            inner = f"{separator}{last}"
            scope, separator, last = last_segment(scope)
        if last.lower() != "gates":
            continue
        at = f"{scope}{separator}" if scope else ""
        candidate = groups.get(f"{at}{below['candidate']}{inner}", {})
        halves = [groups.get(f"{at}{below['candidate']}/{half}", {}) for half in _PARTS_OF_CANDIDATE]
        layer = _tf1_gru(scope, gates, candidate) or _tf1_gru_after(scope, gates, halves[0], halves[1])
        if layer is not None:
            yield layer


def _tf1_gru(stem: str, gates: Mapping[str, Item], candidate: Mapping[str, Item]) -> Layer | None:
    found = [part.get(role) for part in (gates, candidate) for role in (roles.KERNEL, roles.SHIFT)]
    kernel, bias, last, last_bias = found
    if kernel is None or bias is None or last is None or last_bias is None:
        return None
    (rows, wide), (other_rows, units) = _sizes(kernel.shape), _sizes(last.shape)
    if rows != other_rows or wide != 2 * units or rows <= units or bias.shape != (wide,) or last_bias.shape != (units,):
        return None
    grids = (
        Grid(kernel, (_row("x", "rz"), _row("h", "rz"))),
        Grid(bias, _column("b", "rz")),
        Grid(last, ((("x", "n"),), (("h", "n"),))),
        Grid(last_bias, ((("b", "n"),),)),
    )
    return Layer("tf1", _signature("gru", units, rows - units, bias, stem), stem, grids)


def _tf1_gru_after(
    stem: str, gates: Mapping[str, Item], of_inputs: Mapping[str, Item], of_state: Mapping[str, Item]
) -> Layer | None:
    found = [part.get(role) for part in (gates, of_inputs, of_state) for role in (roles.KERNEL, roles.SHIFT)]
    kernel, bias, x, bx, h, bh = found
    if kernel is None or bias is None or x is None or bx is None or h is None or bh is None:
        return None
    (rows, wide), (inputs, units) = _sizes(kernel.shape), _sizes(x.shape)
    is_whole = h.shape == (units, units) and bx.shape == bh.shape == (units,) and bias.shape == (wide,)
    if rows != inputs + units or wide != 2 * units or not is_whole:
        return None
    grids = (
        Grid(kernel, (_row("x", "rz"), _row("h", "rz"))),
        Grid(bias, _column("b", "rz")),
        *(Grid(item, (((name, "n"),),)) for item, name in ((x, "x"), (bx, "bx"), (h, "h"), (bh, "bh"))),
    )
    return Layer("tf1", _signature("gru_after", units, inputs, bias, stem), stem, grids)


def _kind(units: int, wide: int, gated: int) -> Kind | None:
    return _KINDS.get(gated // units) if units and wide == gated and gated % units == 0 else None


def _signature(kind: Kind, units: int, inputs: int, bias: Item | None, name: str) -> Signature:
    is_backward = not _BACKWARD.isdisjoint(str(token) for token in tokens_of(name))
    return Signature(kind, units, inputs, bias is not None, is_backward)


def _sizes(shape: Shape) -> tuple[int, int]:
    return (shape[0] or 0, shape[1] or 0) if shape is not None and len(shape) == 2 else (0, 0)


def _words_of_cell(stem: str) -> set[str]:
    """Return the words of the last segment, or of that before it in `BasicLSTMCell/Linear`."""
    scope, _, last = last_segment(stem)
    return {str(token) for token in tokens_of(last_segment(scope)[2] if last.lower() == "linear" else last)}


def recurrent_pairs(a: Iterable[Item], b: Iterable[Item]) -> list[tuple[Layer, Layer]]:
    """Return recurrent layers of two frameworks that are likely to be one.

    They have one size, and there are as many on either side. Of several, words or, where they are equal, numbers say
    which is which; those of which neither says it are left out. LSTMs and simple layers of Keras and PyTorch are left
    out too: their variables are matched one by one.

    Args:
        a: variables of side A.
        b: those of side B.
    """
    layers = recurrent_layers(a)
    others = _by_signature(recurrent_layers(b)) if layers else {}
    found: list[tuple[Layer, Layer]] = []
    for signature, ours in _by_signature(layers).items():
        theirs = others.get(signature, [])
        frameworks = {layer.framework for layer in ours}, {layer.framework for layer in theirs}
        if len(ours) == len(theirs) and not frameworks[0] & frameworks[1] and not _is_plain(signature, *frameworks):
            found += _in_order(ours, theirs)
    return found


def _is_plain(signature: Signature, a: set[Framework], b: set[Framework]) -> bool:
    """Whether each variable is one of the other side, its gates in the same order."""
    return signature.kind in ("simple", "lstm") and a | b <= {"keras", "torch"}


def _by_signature(layers: Iterable[Layer]) -> dict[Signature, list[Layer]]:
    found: dict[Signature, list[Layer]] = defaultdict(list)
    for layer in layers:
        found[layer.signature].append(layer)
    return found


def _in_order(ours: list[Layer], theirs: list[Layer]) -> Iterator[tuple[Layer, Layer]]:
    """Yield pairs of layers of one size: by the words of their names, then by their numbers."""
    groups = _by_words(ours), _by_words(theirs)
    for words, layers in groups[0].items():
        others = groups[1].get(words, []) if len(groups[0]) > 1 else theirs
        if len(groups[1]) == len(groups[0]) and len(others) == len(layers):
            yield from zip(sorted(layers, key=_numbers), sorted(others, key=_numbers), strict=True)


def _by_words(layers: list[Layer]) -> dict[frozenset[str], list[Layer]]:
    """Group layers by the words that not all of them have."""
    words = [frozenset(token for token in tokens_of(layer.stem) if isinstance(token, str)) for layer in layers]
    common = frozenset.intersection(*words)
    found: dict[frozenset[str], list[Layer]] = defaultdict(list)
    for layer, own in zip(layers, words, strict=True):
        found[own - common].append(layer)
    return found


def _numbers(layer: Layer) -> tuple[int, ...]:
    return tuple(token for token in tokens_of(layer.stem) if isinstance(token, int))
