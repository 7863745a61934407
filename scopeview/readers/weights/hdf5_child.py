"""Reads HDF5 in a process of its own: `python -P hdf5_child.py`, asked over its standard input and output.

A damaged file may keep HDF5 busy for ever, or crash it; no budget reaches inside. Here that ends this process
only. It imports nothing of scopeview, opens no file, and asks whoever started it for the bytes that h5py wants.

    message   length (u32, little-endian), JSON; its member `bytes` says how many bytes follow
    asked     {"do": "list" | "values" | "attributes", "file": a name for it, "size": ..., "key": ..., "block": ...}
    answered  {"read": [position, size]}  for bytes of the file, which are sent back as they are
              {"dataset": ...}, {"block": dtype}, {"attribute": ...}, {"note": ...}; then {"end": true}, {"error": ...}
"""

from __future__ import annotations

import io
import json
import os
import signal
import struct
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

_PIECE = 1 << 16
_MOST_PIECES = 256
_DEEPEST = 64
_LEAST_ITEMS = 1000
_BYTES_PER_ITEM = 50
"""Of a file: no dataset or group takes less."""
_SECONDS = 5
_BYTES_PER_SECOND = 1 << 18
_LONGEST_TEXT = 500


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this ends it
    _limit("RLIMIT_AS", int(sys.argv[1]))
    _limit("RLIMIT_CORE", 0)
    while (wanted := _received()) is not None:
        _allow(_SECONDS + wanted["size"] // _BYTES_PER_SECOND)
        try:
            _ANSWERS[wanted["do"]](wanted)
        except EOFError:
            return
        except Exception as error:  # noqa: BLE001 - whatever h5py raises of a damaged file is an answer
            _forget()
            _send({"error": " ".join(f"{error}".split())[:200] or type(error).__name__})
        else:
            _send({"end": True})


def _limit(name: str, most: int) -> None:
    with suppress(ImportError, ValueError, OSError, AttributeError):
        import resource

        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _allow(seconds: int) -> None:
    """End this process if the next step takes more seconds of the processor."""
    times = os.times()
    _limit("RLIMIT_CPU", int(times.user + times.system) + 1 + seconds)


def _send(message: Mapping[str, Any], content: bytes = b"") -> None:
    raw = json.dumps({**message, "bytes": len(content)} if content else message).encode()
    sys.stdout.buffer.write(struct.pack("<I", len(raw)) + raw + content)
    sys.stdout.buffer.flush()


def _received() -> dict[str, Any] | None:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        return None
    found: dict[str, Any] = json.loads(sys.stdin.buffer.read(struct.unpack("<I", head)[0]))
    return found


class _File(io.RawIOBase):
    """The file, of which pieces are asked for and the last of them kept."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._size, self._place = size, 0
        self._pieces: OrderedDict[int, bytes] = OrderedDict()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        return self._place

    def readinto(self, target: Any) -> int:
        view = memoryview(target).cast("B")
        wanted = max(0, min(len(view), self._size - self._place))
        done = 0
        while done < wanted:
            number, within = divmod(self._place + done, _PIECE)
            piece = self._piece(number)[within : within + wanted - done]
            if not piece:
                break
            view[done : done + len(piece)] = piece
            done += len(piece)
        self._place += done
        return done

    def _piece(self, number: int) -> bytes:
        if number not in self._pieces:
            _send({"read": [number * _PIECE, min(_PIECE, self._size - number * _PIECE)]})
            size = struct.unpack("<I", _exactly(4))[0]
            self._pieces[number] = _exactly(size)
            if len(self._pieces) > _MOST_PIECES:
                self._pieces.popitem(last=False)
        return self._pieces[number]


def _exactly(size: int) -> bytes:
    found = sys.stdin.buffer.read(size)
    if len(found) < size:
        raise EOFError
    return found


_held: dict[str, Any] = {}
"""The file that was asked about last, by its name: opening one again costs more than most answers."""


def _opened(wanted: Mapping[str, Any]) -> Any:
    import h5py

    if wanted["file"] not in _held:
        _forget()
        _held[wanted["file"]] = h5py.File(_File(wanted["size"]), "r")
    return _held[wanted["file"]]


def _forget() -> None:
    """Close the file that is open."""
    while _held:
        with suppress(Exception):
            _held.popitem()[1].close()


def _list(wanted: Mapping[str, Any]) -> None:
    """Send the datasets, those that hold no numbers with an empty dtype."""
    file = _opened(wanted)
    known = {name: file.attrs.get(name) for name in ("keras_version", "backend")}
    _send({"details": {name: str(value)[:100] for name, value in known.items() if value is not None}})
    for key, dataset, layers in _datasets(file, wanted):
        dtype = dataset.dtype
        is_number = not dtype.hasobject and dtype.fields is None and dtype.subdtype is None
        found = {"key": key, "shape": [int(size) for size in dataset.shape or ()], "layers": layers}
        found["dtype"] = dtype.name if is_number and dtype.kind in "fiubcV" else ""
        _send({"dataset": {**found, "itemsize": dtype.itemsize, "elsewhere": _is_elsewhere(dataset)}})


def _is_elsewhere(dataset: Any) -> bool:
    """Whether the values lie in other files, whose paths the file names."""
    return bool(dataset.is_virtual or dataset.external)


def _datasets(file: Any, wanted: Mapping[str, Any]) -> Iterator[tuple[str, Any, Mapping[str, str]]]:
    """Yield the key of every dataset, the dataset, and the names of the layers that it belongs to, by their groups.

    A walk of its own: links that lead out of the file, or around in it, are not followed; and of groups that are linked
    often there are not more than a file of this size can hold apart.
    """
    import h5py

    stack: list[tuple[str, Any, Mapping[str, str]]] = [("", file, {})]
    left, most = _LEAST_ITEMS + wanted["size"] // _BYTES_PER_ITEM, wanted["most"]
    while stack:
        path, group, layers = stack.pop()
        below = []
        names = _names(group, path)
        layer = _layer(group) if ("vars", False) in names else ""
        if layer:
            layers = {**layers, path: layer}
        for name, is_link in names:
            key = f"{path}/{name}" if path else name
            if is_link:
                _send({"note": f"{key[:200]!r} is a link, and is not followed"})
                continue
            left, most = left - 1, most - len(key)
            if left < 0 or most < 0:
                _send({"note": "more datasets and groups than a file of this size holds: the rest was left out"})
                return
            try:
                item = group[name]
            except Exception as error:  # noqa: BLE001 - one damaged object among others
                _send({"note": f"{key[:200]!r} is damaged, and is left out: {str(error)[:100]}"})
                continue
            if isinstance(item, h5py.Dataset):
                yield key, item, layers
            elif isinstance(item, h5py.Group) and key.count("/") < _DEEPEST:
                below.append((key, item, layers))
        stack += reversed(below)


def _names(group: Any, path: str) -> list[tuple[str, bool]]:
    """Return the names in a group, and whether each is a link that is not followed."""
    import h5py

    try:
        return [
            (name, not isinstance(group.get(name, getlink=True), h5py.HardLink))
            for name in sorted(group, key=_by_number)
        ]
    except EOFError:
        raise
    except Exception as error:  # noqa: BLE001 - one damaged group among others
        _send({"note": f"the group {path[:200]!r} is damaged, and is left out: {str(error)[:100]}"})
        return []


def _by_number(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isascii() and name.isdecimal() and len(name) < 10 else (-1, name)


def _layer(group: Any) -> str:
    """Return the name of the layer that Keras 3 writes beside its variables, in the attributes of their group."""
    try:
        name = group["vars"].attrs.get("name", "")
    except EOFError:
        raise
    except Exception:  # noqa: BLE001 - a damaged attribute names no layer
        return ""
    return name if isinstance(name, str) and 0 < len(name) < _LONGEST_TEXT else ""


def _values(wanted: Mapping[str, Any]) -> None:
    """Send the values of one dataset in blocks, row-major."""
    import numpy as np

    file = _opened(wanted)
    dataset = file[wanted["key"]]
    if _is_elsewhere(dataset):
        return
    if not dataset.shape:
        _send_blocks(np.asarray(dataset[()]).reshape(1), wanted["block"])
        return
    row = dataset.dtype.itemsize * int(np.prod(dataset.shape[1:], dtype=np.int64))
    rows = dataset.chunks[0] if dataset.chunks else 1  # a chunk is unpacked as a whole, and once
    step = -(-max(1, wanted["block"] // max(1, row)) // rows) * rows
    for first in range(0, dataset.shape[0], step):
        _allow(_SECONDS + min(step, dataset.shape[0]) * row // _BYTES_PER_SECOND)
        _send_blocks(np.asarray(dataset[first : first + step]).ravel(), wanted["block"])


def _send_blocks(values: Any, most: int) -> None:
    count = max(1, most // values.dtype.itemsize)
    dtype = values.dtype.str if values.dtype.kind != "V" else f"V{values.dtype.itemsize}"
    for first in range(0, len(values), count):
        _send({"block": dtype}, values[first : first + count].tobytes())


def _attributes(wanted: Mapping[str, Any]) -> None:
    """Send the attributes of each of the groups that are named, and of those that hold nothing else."""
    import h5py

    file = _opened(wanted)
    empty: list[str] = []
    named = {"", *wanted["groups"]}

    def look(name: str, item: Any) -> None:
        if isinstance(item, h5py.Group) and not len(item):
            empty.append(name)

    file.visititems(look)
    for name in [*sorted(named), *empty]:
        one = file if not name else file.get(name)
        for key, value in one.attrs.items() if one is not None else ():
            _send({"attribute": [name, key, *_written(value)]})


def _written(value: Any) -> tuple[str, Any]:
    """Return the kind of an attribute, and what JSON can hold of it; no kind for what is passed over."""
    import numpy as np

    if isinstance(value, str):
        return "text", value
    if isinstance(value, bytes):
        return "bytes", value.hex()
    found = np.asarray(value)
    if found.dtype.kind in "SO" and all(isinstance(one, bytes | str) for one in found.ravel()):
        is_bytes = found.dtype.kind == "S" or any(isinstance(one, bytes) for one in found.ravel())
        texts = [one.hex() if isinstance(one, bytes) else one.encode().hex() for one in found.ravel().tolist()]
        return ("list of bytes" if is_bytes else "list of texts"), [list(found.shape), texts]
    if found.dtype.kind in "fiub":
        return found.dtype.str, [list(found.shape), found.tobytes().hex()]
    return "", None


_ANSWERS = {"list": _list, "values": _values, "attributes": _attributes}

if __name__ == "__main__":
    main()
