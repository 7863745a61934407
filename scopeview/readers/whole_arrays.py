"""All values of a variable at once, its parts put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from scopeview.errors import DamagedError
from scopeview.model.model import Model
from scopeview.model.variables import Variable
from scopeview.readers.stored_values import StoredValues


class StoredArrays(Mapping[str, Any]):
    """The arrays of an artifact by their keys in the file, each read when it is asked for."""

    def __init__(self, model: Model, values: StoredValues) -> None:
        """Read nothing yet.

        Args:
            model: the artifact.
            values: the reader of its values.
        """
        self._values = values
        self._variables = {key: variable for variable in model.variables for key in variable.checkpoint_keys}

    def __getitem__(self, key: str) -> Any:
        """Return one array.

        Raises:
            KeyError: there is none of this key.
            DamagedError: its values are not all there.
        """
        return whole_array(self._variables[key], self._values)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys."""
        return iter(self._variables)

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._variables)


def whole_blocks(variable: Variable, values: StoredValues) -> Iterator[Any]:
    """Yield the values of a variable in flat blocks, row-major over its whole shape."""
    if _is_in_order(variable):
        yield from values.blocks(variable)
    else:
        yield whole_array(variable, values).ravel()


def whole_array(variable: Variable, values: StoredValues) -> Any:
    """Return all values of a variable as one array of its shape.

    Raises:
        DamagedError: they are not all there.
    """
    import numpy as np

    shape = tuple(size or 0 for size in variable.shape or ())
    if not variable.parts:
        return _filled(list(values.blocks(variable)), shape, variable.name)
    found = None
    for part in variable.parts:
        alone = replace(variable, parts=(), stored=part.stored)
        array = _filled(list(values.blocks(alone)), part.shape, part.name)
        found = np.empty(shape, dtype=array.dtype) if found is None else found
        found[tuple(slice(first, first + size) for first, size in zip(part.offset, part.shape, strict=True))] = array
    return found


def _filled(blocks: Sequence[Any], shape: tuple[int, ...], name: str) -> Any:
    import numpy as np

    flat = np.concatenate(blocks) if blocks else np.zeros(0)
    if flat.size != int(np.prod(shape)):
        raise DamagedError(f"the values of {name} are missing or cut off; copy the data files again")
    return flat.reshape(shape)


def _is_in_order(variable: Variable) -> bool:
    """Whether the parts follow each other as the rows of the whole do: cut along the first axis alone."""
    return all(
        not any(part.offset[1:]) and part.shape[1:] == tuple(variable.shape or ())[1:] for part in variable.parts
    )
