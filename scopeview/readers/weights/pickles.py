"""The pickle of a PyTorch file, read without running anything: tensors and containers, and nothing else.

`torch.save` writes calls of a few functions that rebuild tensors from storages. Here stand-ins take their place; every
other global ends the reading with the name of that global. No attribute of a real module is ever looked up.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from scopeview.errors import DamagedError
from scopeview.readers.budget import budget
from scopeview.readers.weights.unpickler import BoundedFile, BoundedUnpickler, key_of

STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}
_TORCH_DTYPES = {*STORAGES.values(), "float8_e4m3fn", "float8_e5m2", "uint16", "uint32", "uint64"}

_FAULTS = (
    *(pickle.UnpicklingError, EOFError, AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError),
    *(MemoryError, OverflowError, AssertionError, ImportError, struct.error),
)
"""What Python's unpickler raises on damaged input."""

_MOST_DEPTH = 64
_MOST_TENSORS = 1_000_000
_PATH_BYTES = 160
"""Bytes that an object takes on the way to it, its path apart."""


@dataclass(frozen=True)
class StorageType:
    """The class of a storage, as a pickle names it."""

    dtype: str


@dataclass(frozen=True)
class Storage:
    """A piece of the file that tensors are views of."""

    key: str
    dtype: str
    """Empty for an untyped storage: the tensor says its dtype."""
    elements: int


@dataclass(frozen=True)
class RebuiltTensor:
    """A view of a storage."""

    storage: Storage
    dtype: str
    offset: int
    """In elements."""
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def is_contiguous(self) -> bool:
        """Whether its elements lie row-major without a gap."""
        expected = 1
        for size, step in zip(reversed(self.shape), reversed(self.stride), strict=True):
            if size != 1 and step != expected:
                return False
            expected *= size
        return True


@dataclass
class _Opaque:
    """In place of an object that is no tensor, such as a torch.device."""

    parts: tuple[Any, ...] = field(default_factory=tuple)


class UnsafePickleError(DamagedError):
    """The pickle asks for something that is neither tensor nor container."""


def load_tensors(raw: bytes, path: str) -> object:
    """Return the object of a pickle, tensors as `RebuiltTensor`.

    Raises:
        UnsafePickleError: it names a global that only running code could give.
        DamagedError: it cannot be read.
    """
    return Unpickler(io.BytesIO(raw), path).load_checked()


class Unpickler(BoundedUnpickler):
    """Knows stand-ins for storages, tensors and containers; refuses every other global."""

    def __init__(self, file: Any, path: str) -> None:
        super().__init__(file if isinstance(file, io.BytesIO) else BoundedFile(file))
        self._path = path

    def load_checked(self) -> object:
        """Load one object, with every fault as one sentence."""
        try:
            return self.load()
        except UnsafePickleError:
            raise
        except _FAULTS as error:
            why = str(error)[:120]
            raise DamagedError(f"the pickle of {self._path} cannot be read: {why}; save it again") from error

    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in of a global."""
        if (module, name) in _STAND_INS:
            return _STAND_INS[module, name]
        if module in ("torch", "torch.cuda") and name in STORAGES:
            return StorageType(STORAGES[name])
        if module == "torch" and name in _TORCH_DTYPES:
            return name
        raise UnsafePickleError(
            f"{self._path} asks for {module[:80]}.{name[:80]}, which is neither tensor nor container; "
            "nothing of it was run: save a state_dict of tensors, or convert it to safetensors where you trust it"
        )

    def persistent_load(self, pid: Any) -> Storage:
        """Return the storage that an id names: ('storage', type, key, location, elements)."""
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] not in ("storage", b"storage"):
            raise pickle.UnpicklingError("a reference to what is no storage")
        kind, key, elements = pid[1], pid[2], pid[4]
        if not isinstance(elements, int) or not 0 <= elements < 1 << 48:
            raise pickle.UnpicklingError("a storage of no size")
        return Storage(storage_key(key), kind.dtype if isinstance(kind, StorageType) else "", elements)


def storage_key(key: object) -> str:
    """Return the key of a storage; of what is no key, what no storage has: to print a nested list may take for ever."""
    is_key = isinstance(key, str | bytes) or (isinstance(key, int) and abs(key) < 1 << 64)
    return str(key) if is_key else "\0"


def _rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any, *_more: Any) -> RebuiltTensor:
    if not isinstance(storage, Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    return _checked(storage, storage.dtype, offset, size, stride)


def _rebuild_untyped(storage: Any, offset: Any, size: Any, stride: Any, *more: Any) -> RebuiltTensor:
    """`_rebuild_tensor_v3`: the dtype is an argument of its own."""
    dtype = next((value for value in more if isinstance(value, str) and value in _TORCH_DTYPES), "")
    if not isinstance(storage, Storage) or not dtype:
        raise pickle.UnpicklingError("a tensor without a storage or a dtype")
    return _checked(storage, dtype, offset, size, stride)


def _checked(storage: Storage, dtype: str, offset: Any, size: Any, stride: Any) -> RebuiltTensor:
    if not isinstance(size, tuple | list) or not isinstance(stride, tuple | list):
        raise pickle.UnpicklingError("a tensor without a shape")
    if len(size) != len(stride) or len(size) > _MOST_DEPTH:
        raise pickle.UnpicklingError("a tensor with more strides than axes")
    numbers = [offset, *size, *stride]
    if not all(isinstance(number, int) and 0 <= number < 1 << 48 for number in numbers):
        raise pickle.UnpicklingError("a tensor of no size")
    return RebuiltTensor(storage, dtype, offset, tuple(size), tuple(stride))


def _rebuild_parameter(data: Any, *_more: Any) -> Any:
    return data


def _rebuild_from_type(function: Any, _kind: Any, arguments: Any, _state: Any) -> Any:
    if not isinstance(arguments, tuple) or len(arguments) > _MOST_DEPTH:
        raise pickle.UnpicklingError("a tensor of too many arguments")
    return function(*arguments)


def _opaque(*parts: Any) -> _Opaque:
    return _Opaque(parts)


def _ordered_dict(items: Any = ()) -> dict[Any, Any]:
    _spend(items)
    pairs = items.items() if isinstance(items, dict) else items
    return {key_of(key): value for key, value in pairs}


def _tuple(items: Any = ()) -> tuple[Any, ...]:
    if isinstance(items, tuple):
        return items
    _spend(items)
    return tuple(items)


def _spend(items: Any) -> None:
    """Take what a copy of a container costs.

    Raises:
        pickle.UnpicklingError: it is none, or more than a file of this size may cost.
    """
    if not isinstance(items, dict | list | tuple):
        raise pickle.UnpicklingError("a container of what is none")
    if not budget().spend_items(len(items), "the containers of its pickle"):
        raise pickle.UnpicklingError("it copies more than a file of its size may")


_STAND_INS: Mapping[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): _ordered_dict,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _rebuild_untyped,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _rebuild_parameter,
    ("torch._tensor", "_rebuild_from_type_v2"): _rebuild_from_type,
    ("torch.nn.parameter", "Parameter"): _opaque,
    ("torch.storage", "UntypedStorage"): StorageType(""),
    ("torch", "UntypedStorage"): StorageType(""),
    ("torch", "Tensor"): StorageType(""),
    ("torch", "Size"): _tuple,
    ("torch", "device"): _opaque,
}


def tensors_in(root: object) -> Iterator[tuple[str, RebuiltTensor]]:
    """Yield every tensor of nested containers under its path, parts joined by dots; each container once a path.

    One container may be part of many, and a long key of many paths: the budget is spent by path.
    """
    stack: list[tuple[str, object, int]] = [("", root, 0)]
    found = 0
    while stack and found < _MOST_TENSORS:
        path, value, depth = stack.pop()
        if isinstance(value, RebuiltTensor):
            found += 1
            yield path, value
            continue
        below = []
        for key, item in _items(value) if depth < _MOST_DEPTH else ():
            text = key if isinstance(key, str) else str(key)
            if not budget().spend(_PATH_BYTES + len(path) + len(text), "the tensors of its containers"):
                return
            below.append((f"{path}.{text}" if path else text, item, depth + 1))
        stack += reversed(below)


def _items(value: object) -> Iterable[tuple[object, object]]:
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, list | tuple) else ()
