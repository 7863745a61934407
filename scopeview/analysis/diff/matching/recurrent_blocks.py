"""How the variables of one recurrent layer are made of those of another, block by block (`recurrent.py`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from scopeview.analysis.diff.matching.pieces import Piece
from scopeview.analysis.diff.matching.recurrent import Block, Grid, Layer

_FORGET = "f"


@dataclass(frozen=True, slots=True)
class Made:
    """A variable of one layer as pieces of the variables of another."""

    target: str
    pieces: tuple[Piece, ...]
    """Row by row; `addends` of them are added up to one block."""
    columns: int
    addends: int
    is_flat: bool
    """Whether the pieces make it up as one row of numbers: a bias, which may have an axis of two."""
    how: str
    """What is done, in words."""


def layer_of(target: Layer, source: Layer) -> tuple[Made, ...]:
    """Return how each variable of a layer is made of those of another; nothing where one cannot be.

    A bias that is a sum becomes the first of two, and the second is zero.
    """
    if target.framework == "cudnn":
        return ()
    places = dict(_places(source))
    offset = source.forget_bias - target.forget_bias
    made = []
    for grid in target.grids:
        blocks = [_terms(block, places, target, source) for row in grid.rows for block in row]
        addends = max(map(len, blocks))
        if not addends or any(len(terms) != addends for terms in blocks):
            return ()
        is_flat = _is_bias(grid.rows[0][0])
        columns = 1 if is_flat else len(grid.rows[0])
        pieces = tuple(piece for terms in blocks for piece in terms)
        how = "gate by gate"
        if any(piece.offset for piece in pieces):
            how += f", the forget bias of {abs(offset):g} {'added' if offset > 0 else 'taken off'}"
        made.append(Made(grid.item.name, pieces, columns, addends, is_flat, how))
    return tuple(made)


def _is_bias(block: Block) -> bool:
    return block[0].startswith("b")


def _terms(block: Block, places: Mapping[Block, Piece], target: Layer, source: Layer) -> list[Piece]:
    """Return what is added up to a block of the target; nothing if the source lacks it."""
    which, gate = block
    own, whole = places.get(block), places.get(("b", gate))
    if own is not None:
        terms = [own]
    elif which == "b":
        terms = [piece for half in ("bx", "bh") if (piece := places.get((half, gate))) is not None]
    elif whole is not None:
        terms = [whole if which == "bx" else replace(whole, is_zero=True)]
    else:
        terms = []
    if gate == _FORGET and _is_bias(block) and which != "bh" and terms:
        terms[0] = replace(terms[0], offset=source.forget_bias - target.forget_bias)
    if not _is_bias(block) and target.is_turned:
        terms = [replace(piece, axes=() if piece.axes else (1, 0)) for piece in terms]
    return terms


def _places(layer: Layer) -> Iterator[tuple[Block, Piece]]:
    """Yield where each block of a layer lies, read as (inputs, units)."""
    for grid in layer.grids:
        yield from _bias_places(grid, layer) if _is_bias(grid.rows[0][0]) else _kernel_places(grid, layer)


def _kernel_places(grid: Grid, layer: Layer) -> Iterator[tuple[Block, Piece]]:
    signature = layer.signature
    shapes = {
        "x": (signature.inputs, signature.units),
        "h": (signature.state, signature.units),
        "p": (signature.units, signature.state),
    }
    top = 0
    for row in grid.rows:
        rows = shapes[row[0][0]][0]
        height, width = shapes[row[0][0]][:: -1 if layer.is_turned else 1]
        for column, block in enumerate(row):
            ranges = (top, top + height), (column * width, (column + 1) * width)
            is_packed = layer.framework == "cudnn" and block[0] == "x"
            shape = (signature.units, rows) if is_packed else ()
            is_turned = layer.is_turned or layer.framework == "cudnn"
            yield block, Piece(grid.item.name, ranges=ranges, axes=(1, 0) if is_turned else (), shape=shape)
        top += height


def _bias_places(grid: Grid, layer: Layer) -> Iterator[tuple[Block, Piece]]:
    units = layer.signature.units
    is_matrix = len(grid.item.shape or ()) > 1
    blocks = [(number, column, block) for number, row in enumerate(grid.rows) for column, block in enumerate(row)]
    for place, (number, column, block) in enumerate(blocks):
        if is_matrix:
            ranges = (number, number + 1), (column * units, (column + 1) * units)
            yield block, Piece(grid.item.name, ranges=ranges, shape=(units,))
        else:
            yield block, Piece(grid.item.name, ranges=((place * units, (place + 1) * units),))
