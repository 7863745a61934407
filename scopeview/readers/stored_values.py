"""Which reader gives the values of a model: of checkpoints of TensorFlow, or of weights of other frameworks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from scopeview.errors import QueryError
from scopeview.model.model import Model
from scopeview.model.variables import Variable


class StoredValues(Protocol):
    """Gives the values of variables, a block at a time."""

    def blocks(self, variable: Variable) -> Iterator[Any]:
        """Yield the values of a variable in flat numpy arrays, row-major; nothing where they cannot be read."""
        ...


def can_be_read(model: Model) -> bool:
    """Return whether a model holds values that are read, and is the file itself and not a description of it."""
    from scopeview.readers.weights.values import SCANS

    readable = (*SCANS, "checkpoint_v2", "checkpoint_object")
    return model.origin.format in readable and "inspected" not in model.origin.details


def reader_of(model: Model) -> StoredValues:
    """Return the reader of a model's values.

    Raises:
        QueryError: it holds none, or those of a V1 checkpoint, which are not read.
    """
    from scopeview.readers.checkpoint.values import ShardValues
    from scopeview.readers.weights.values import SCANS, WeightsValues

    origin = model.origin
    if origin.format == "checkpoint_v1":
        raise QueryError(f"{origin.path} is a V1 checkpoint: the values in those are not read; save it again as V2")
    if not can_be_read(model):
        raise QueryError(f"{origin.path} holds no values: those are in checkpoints and SavedModels")
    return WeightsValues(model) if origin.format in SCANS else ShardValues(model)
