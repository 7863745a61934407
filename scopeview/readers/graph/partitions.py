"""Partitioned variables: several variable ops that save under one key become one variable with its parts.

Evidence, strongest first: the VariableDef's SaveSliceInfoDef (full name, full shape, offset); the slice that a saver
gives a part (`"10 4 0,4:0,4"`); names `X/part_0 .. X/part_n` with shapes that join along one axis.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from scopeview.model.model import SaverEntry
from scopeview.model.names import scope_of
from scopeview.model.shapes import joining_axis
from scopeview.model.variables import Part, Variable

_PART_NAME = re.compile(r"(.+)/part_(\d+)\Z", re.DOTALL)


@dataclass(frozen=True)
class _Slice:
    """Where a part lies in the whole."""

    whole: str
    full_shape: tuple[int, ...]
    offset: tuple[int, ...]
    shape: tuple[int, ...]


def group_partitions(
    variables: Iterable[Variable],
    definitions: Mapping[str, Any],
    savers: Iterable[SaverEntry],
) -> list[Variable]:
    """Replace the parts of each partitioned variable by one variable of the full shape."""
    specs = {entry.handle_op: entry for entry in savers if entry.slice_spec and entry.handle_op}
    groups: dict[str, list[tuple[_Slice, Variable]]] = defaultdict(list)
    whole: list[Variable] = []
    for variable in variables:
        piece = _from_definition(definitions.get(variable.name)) or _from_saver(variable.name, specs.get(variable.name))
        if piece is None:
            whole.append(variable)
        else:
            groups[piece.whole].append((piece, variable))
    joined, rest = _by_name(whole, definitions)
    return rest + joined + [_join(name, pieces) for name, pieces in groups.items()]


def _from_definition(definition: Any) -> _Slice | None:
    if definition is None or not definition.HasField("save_slice_info_def"):
        return None
    info = definition.save_slice_info_def
    return _Slice(info.full_name, tuple(info.full_shape), tuple(info.var_offset), tuple(info.var_shape))


def _from_saver(name: str, entry: SaverEntry | None) -> _Slice | None:
    parsed = parse_slice(entry.slice_spec) if entry is not None else None
    if parsed is None or entry is None:
        return None
    whole = scope_of(name) if _PART_NAME.match(name) else entry.key
    return _Slice(whole, *parsed)


def parse_slice(
    spec: str,
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]] | None:
    """Parse a slice specification into full shape, offset and shape, or return None if it is not one.

    Format: full shape, then one `start,length` (or `-` for all) per axis, as saveload's `ParseShapeAndSlice` reads it.

    >>> parse_slice("10 4 0,4:0,4")
    ((10, 4), (0, 0), (4, 4))
    >>> parse_slice("10 4 -:1,2")
    ((10, 4), (0, 1), (10, 2))
    """
    sizes_text, _, slices_text = spec.strip().rpartition(" ")
    try:
        full = tuple(int(size) for size in sizes_text.split())
        pieces = [
            (0, size) if piece == "-" else tuple(map(int, piece.split(",")))
            for piece, size in zip(slices_text.split(":"), full, strict=True)
        ]
        offset, shape = tuple(zip(*pieces, strict=True))
    except ValueError:
        return None
    return full, offset, shape


def _join(name: str, pieces: list[tuple[_Slice, Variable]]) -> Variable:
    pieces.sort(key=lambda pair: pair[0].offset)
    parts = tuple(Part(variable.name, piece.offset, piece.shape, device=variable.device) for piece, variable in pieces)
    return _whole(name, pieces[0][0].full_shape, parts, [variable for _, variable in pieces])


def _whole(
    name: str,
    shape: tuple[int, ...],
    parts: tuple[Part, ...],
    variables: list[Variable],
    note: str = "",
) -> Variable:
    first = variables[0]
    trainable = {variable.trainable for variable in variables}
    devices = {variable.device for variable in variables}
    keys = dict.fromkeys(key for variable in variables for key in variable.checkpoint_keys)
    return Variable(
        name=name,
        kind="partitioned",
        shape=shape,
        dtype=first.dtype,
        trainable=trainable.pop() if len(trainable) == 1 else None,
        first_value=first.first_value,
        device=devices.pop() if len(devices) == 1 else "",
        checkpoint_keys=tuple(keys),
        parts=parts,
        note=note,
    )


def _by_name(variables: list[Variable], definitions: Mapping[str, Any]) -> tuple[list[Variable], list[Variable]]:
    """Join what only the names tell to be parts; return the joined and the rest.

    A definition without a slice, or a key of its own, says that a variable is whole, whatever its name.
    """
    families: dict[str, dict[int, Variable]] = defaultdict(dict)
    for variable in variables:
        match = _PART_NAME.match(variable.name)
        if match and variable.name not in definitions and variable.name not in variable.checkpoint_keys:
            families[match[1]][int(match[2])] = variable
    joined: list[Variable] = []
    taken: set[str] = set()
    for name, family in families.items():
        parts = [family[number] for number in sorted(family)]
        whole = _stack(name, parts) if sorted(family) == list(range(len(family))) else None
        if whole is not None:
            joined.append(whole)
            taken.update(part.name for part in parts)
    return joined, [variable for variable in variables if variable.name not in taken]


def _stack(name: str, variables: list[Variable]) -> Variable | None:
    """Join parts along the one axis in which they differ; equal parts are joined along the first."""
    axis = joining_axis([variable.shape for variable in variables])
    if axis is None or len(variables) < 2 or len({variable.dtype for variable in variables}) > 1:
        return None
    shapes = [tuple(size for size in variable.shape or () if size is not None) for variable in variables]
    ends = list(accumulate(shape[axis] for shape in shapes))
    parts = [
        Part(variable.name, _at(axis, end - shape[axis], len(shape)), shape, device=variable.device)
        for variable, shape, end in zip(variables, shapes, ends, strict=True)
    ]
    full = (*shapes[0][:axis], ends[-1], *shapes[0][axis + 1 :])
    return _whole(name, full, tuple(parts), variables, "grouped by the names of its parts")


def _at(axis: int, position: int, rank: int) -> tuple[int, ...]:
    """Return the offset of a part that begins at a position of one axis."""
    return tuple(position if index == axis else 0 for index in range(rank))
