"""What a writer is given: tensors in order, the values of each in flat blocks."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from scopeview.errors import DamagedError, QueryError, ScopeviewError


@dataclass(frozen=True)
class TensorToWrite:
    """One tensor of the file that is made."""

    key: str
    dtype: str
    """TensorFlow's name of it."""
    shape: tuple[int, ...]
    blocks: Callable[[], Iterator[Any]]
    """Gives the values as flat numpy arrays, row-major; nothing but one of them need be in memory."""

    def raw_blocks(self) -> Iterator[bytes]:
        """Yield the bytes of the values, little-endian.

        Raises:
            DamagedError: there are fewer or more values than the shape has.
        """
        yield from map(little_endian, self.checked_blocks())

    def checked_blocks(self) -> Iterator[Any]:
        """Yield the values as flat arrays.

        Raises:
            DamagedError: there are fewer or more values than the shape has.
        """
        expected, seen = 1, 0
        for size in self.shape:
            expected *= size
        for block in self.blocks():
            seen += block.size
            yield block
        if seen != expected:
            raise DamagedError(
                f"{self.key} has {seen:,} values where its shape {list(self.shape)} needs {expected:,}: "
                "the file with its values is missing or cut off; copy it again"
            )


def no_such_dtype(what: str, tensor: TensorToWrite) -> QueryError:
    """Return the refusal to write a tensor whose dtype a format lacks, with what can be done."""
    help_ = "convert it with --cast float32" if "float" in tensor.dtype else "leave it out with --drop"
    return QueryError(f"{what} has no dtype {tensor.dtype}, which {tensor.key} has; {help_}")


def little_endian(block: Any) -> bytes:
    """Return the bytes of an array, row-major and little-endian."""
    swapped = block.astype(block.dtype.newbyteorder("<"), copy=False) if block.dtype.byteorder == ">" else block
    raw: bytes = swapped.tobytes()
    return raw


@contextmanager
def new_file(target: Path) -> Iterator[IO[bytes]]:
    """Open a file under a temporary name beside the target; it gets its name when the block ends well, else it goes.

    Raises:
        ScopeviewError: the target cannot be written.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("x+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise ScopeviewError(f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)
