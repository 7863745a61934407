"""The values of weights of other frameworks: the file is scanned again, and each tensor read by its key."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from scopeview.errors import RemoteError, ScopeviewError
from scopeview.model.model import Model
from scopeview.model.quantization import Quantization
from scopeview.model.variables import Variable
from scopeview.readers.budget import budget_for
from scopeview.readers.fence import fence, fenced
from scopeview.readers.paths import path_of
from scopeview.readers.storage import status
from scopeview.readers.weights import hdf5, npz, onnx, safetensors, tfjs, tflite, torch, zarr
from scopeview.readers.weights.scan import RawBlocks, Scan, StoredTensor

SCANS: Mapping[str, Callable[[Path], Scan]] = {
    "checkpoint_safetensors": safetensors.scan,
    "checkpoint_torch": torch.scan,
    "checkpoint_hdf5": hdf5.scan,
    "checkpoint_npz": npz.scan,
    "checkpoint_onnx": onnx.scan,
    "checkpoint_tflite": tflite.scan,
    "checkpoint_tfjs": tfjs.scan,
    "checkpoint_zarr": zarr.scan,
}
"""What scans a file of each format."""


class WeightsValues:
    """Reads the values of one file of weights."""

    def __init__(self, model: Model) -> None:
        self._file = path_of(model.origin.file)
        self._scan = SCANS[model.origin.format]
        self._fence = fence()

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs; it scans the file itself."""
        return {name: value for name, value in vars(self).items() if name != "_tensors"}

    def block_count(self, variable: Variable) -> int:
        """Return in how many blocks a variable is read: one where they do not lie in the file as they are."""
        blocks = self._raw(variable)
        return blocks.count if blocks is not None else 1

    def between(self, variable: Variable, first: int, last: int) -> Iterator[Any]:
        """Yield some of the blocks of a variable; nothing where they cannot be read."""
        blocks = self._raw(variable)
        try:
            if blocks is not None:
                yield from blocks.between(first, last)
        except OSError:
            return

    def seen(self) -> Mapping[str, Hashable]:
        """Return the identity of each file that was read, by its path: of none, for each read is compared by itself."""
        return {}

    def _raw(self, variable: Variable) -> RawBlocks | None:
        tensor = self._tensors.get(variable.checkpoint_keys[0])
        return tensor.blocks if tensor is not None and isinstance(tensor.blocks, RawBlocks) else None

    @cached_property
    def _tensors(self) -> Mapping[str, StoredTensor]:
        with fenced(self._fence):
            found = status(self._file)
            with budget_for(found.st_size if found is not None else 0):
                return {tensor.key: tensor for tensor in self._scan(self._file).tensors}

    def quantization(self, variable: Variable) -> Quantization | None:
        """Return what the numbers of a variable stand for, where they are quantized and that can be right."""
        tensor = self._tensors.get(variable.checkpoint_keys[0])
        found = tensor.quantization if tensor is not None else None
        return found if tensor is not None and found is not None and found.fits(tensor.shape) else None

    def blocks(self, variable: Variable) -> Iterator[Any]:
        """Yield the values of a variable in flat blocks; nothing where they cannot be read."""
        try:
            tensor = self._tensors.get(variable.checkpoint_keys[0])
            if tensor is None:
                return
            with fenced(self._fence):
                pieces = tensor.blocks()
            yield from pieces
        except RemoteError:
            raise
        except (OSError, ScopeviewError):
            return
