"""Does what a plan says: reads each tensor a block at a time, in the form that is wanted, and writes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.convert import ConvertPlan, ConvertRow, variables_by_name
from scopeview.analysis.diff.assembly import assembled, block_of
from scopeview.errors import QueryError, ScopeviewError
from scopeview.model.model import Model
from scopeview.model.variables import Variable
from scopeview.readers.budget import Limits
from scopeview.readers.checkpoint.values import numpy_dtype
from scopeview.readers.paths import is_remote, path_of
from scopeview.readers.stored_values import can_be_read, reader_of
from scopeview.readers.whole_arrays import whole_array, whole_blocks
from scopeview.writers.hdf5 import ENDS, write_hdf5
from scopeview.writers.limits import refuse_large, within_time
from scopeview.writers.tensors import TensorToWrite, new_file

if TYPE_CHECKING:
    from scopeview.analysis.work import Values

Write = Callable[[Path, Sequence[TensorToWrite], Callable[[int], None]], None]


def writer_for(target: Path, like: Model | None = None) -> Write:
    """Return what writes a file of this name: safetensors, npz, HDF5, else a V2 checkpoint under this prefix.

    Args:
        target: the path.
        like: the artifact whose keys are taken: HDF5 and object-based checkpoints are made as it is.

    Raises:
        QueryError: nothing writes a file of such a name.
    """
    if target.suffix == ".safetensors":
        from scopeview.writers.safetensors import write_safetensors

        return write_safetensors
    if target.suffix == ".npz":
        from scopeview.writers.npz import write_npz

        return write_npz
    if target.suffix in ENDS:
        return partial(write_hdf5, like=like)
    if target.suffix in (".keras", ".pt", ".pth", ".bin"):
        raise QueryError(f"{target.suffix} files are not written; choose --to with .safetensors, .npz or .weights.h5")
    from scopeview.writers.checkpoint import write_checkpoint

    return partial(write_checkpoint, like=like)


def convert(
    plan: ConvertPlan,
    model: Model,
    values: Values,
    target: Path,
    on_written: Callable[[int], None] = lambda _size: None,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    like: Model | None = None,
) -> None:
    """Write what a plan says, and beside it a manifest of what came from where.

    Args:
        plan: what to write.
        model: the source, whose variables know where their values are stored.
        values: the reader of its values.
        target: the path of the new file, or the prefix of the new checkpoint.
        on_written: called with the bytes of each block.
        limits: how long it may take, and how much of a tensor may be in memory.
        like: the artifact whose keys are taken.

    Raises:
        QueryError: the target is the source itself, or a tensor is larger than the limit.
        ScopeviewError: the time is over, the target cannot be written, or values are missing.
    """
    refuse_source(target, [model] if like is None else [model, like])
    refuse_large(plan.rows, limits)
    by_name = variables_by_name(AnalysisContext(model))
    tensors = [
        TensorToWrite(
            row.key,
            row.dtype,
            row.shape,
            _joined(row, by_name, values) if row.pieces else _blocks(row, by_name[row.source], values),
        )
        for row in plan.rows
        if not row.is_kept
    ]
    if like is not None and len(tensors) < len(plan.rows):
        tensors += _kept(plan, like)
    writer_for(target, like)(target, tensors, within_time(limits, on_written))
    with new_file(manifest_path(target)) as file:
        rows = {
            row.key: {"from": _sources(row), "reason": row.reason} | ({"note": row.note} if row.note else {})
            for row in plan.rows
        }
        file.write(json.dumps({"source": plan.source, "like": plan.like, "tensors": rows}, indent=2).encode())


def _kept(plan: ConvertPlan, like: Model) -> Iterator[TensorToWrite]:
    """Yield the tensors that keep the values of the other side."""
    by_name, values = variables_by_name(AnalysisContext(like)), reader_of(like)
    for row in plan.rows:
        if row.is_kept:
            yield TensorToWrite(row.key, row.dtype, row.shape, _blocks(row, by_name[row.source], values))


def is_filled_up(target: Path, like: Model) -> bool:
    """Whether a file of this name needs all variables of the other side: Keras loads no HDF5 file that lacks some.

    Args:
        target: the path.
        like: the other side.
    """
    return target.suffix in ENDS and like.origin.format == "checkpoint_hdf5" and can_be_read(like)


def _sources(row: ConvertRow) -> str | list[str]:
    """Return what a tensor came from: a variable, or several that it is joined of."""
    names = list(dict.fromkeys(piece.source for piece in row.pieces))
    return names if len(names) > 1 else row.source


def manifest_path(target: Path) -> Path:
    """Return the path of the manifest of a file that was made."""
    return target.with_name(f"{target.name}.manifest.json")


def refuse_source(target: Path, sources: Sequence[Model]) -> None:
    """Refuse to write over what is read.

    Raises:
        QueryError: the target names a file of a source.
        ScopeviewError: its folder is not there.
    """
    if not target.parent.is_dir():
        raise ScopeviewError(f"{target.parent} is no folder; make it first, or choose another --to")
    for model in sources:
        file = path_of(model.origin.file)
        if is_remote(file):
            continue
        names = {file, file.with_name(file.name.removesuffix(".index"))}
        if any(target.resolve() == name.resolve() for name in names):
            raise QueryError(f"{target} is the source itself; choose another --to")


def _blocks(row: ConvertRow, variable: Variable, values: Values) -> Callable[[], Iterator[Any]]:
    wanted = numpy_dtype(row.dtype)

    def plain() -> Iterator[Any]:
        for block in whole_blocks(variable, values):
            yield block if wanted is None or block.dtype == wanted else block.astype(wanted)

    def shaped() -> Iterator[Any]:
        array = whole_array(variable, values)
        array = array.transpose(row.axes) if row.axes else resized(array, row.shape, row.resize)
        yield (array if wanted is None else array.astype(wanted, copy=False)).ravel()

    return shaped if row.axes or row.resize else plain


def _joined(row: ConvertRow, by_name: Mapping[str, Variable], values: Values) -> Callable[[], Iterator[Any]]:
    """Return what gives the values of a variable that is joined of blocks of others."""
    wanted = numpy_dtype(row.dtype)

    def blocks() -> Iterator[Any]:
        pieces = [block_of(whole_array(by_name[piece.source], values), piece) for piece in row.pieces]
        made = assembled(pieces, row.columns, row.addends, row.is_scaled)
        yield (made if wanted is None else made.astype(wanted, copy=False)).ravel()

    return blocks


def resized(array: Any, shape: tuple[int, ...], how: str) -> Any:
    """Return an array with as many rows as are wanted.

    Args:
        array: shape (rows, ...).
        shape: the shape that is wanted, equal but for the rows.
        how: rows that are missing are `copy` (its first rows in turn) or `mean` (the mean of its rows).
    """
    import numpy as np

    rows = shape[0]
    if rows <= len(array):
        return array[:rows]
    missing = rows - len(array)
    if how == "mean":
        mean = array.mean(axis=0, dtype=np.float64, keepdims=True).astype(array.dtype)
        return np.concatenate([array, np.repeat(mean, missing, axis=0)])
    return np.concatenate([array, array[np.arange(missing) % len(array)]])
