"""The processes that HDF5 is read in: started when a file is asked for, used again for the next, ended with this one.

What HDF5's own code does with a hostile file no budget reaches: it may run for ever, take all memory, or crash. A
process has limits of its own (`hdf5_child`), is killed when nobody waits for its answer, and opens no file itself: the
bytes come from here, where the fence is, and where a file elsewhere is read by range.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from scopeview.errors import DamagedError, ScopeviewError
from scopeview.model.wanted import check_wanted
from scopeview.readers.budget import memory_limit, seconds_limit

_CHILD = str(Path(__file__).with_name("hdf5_child.py"))
_MEMORY = 2 << 30
"""Bytes of addresses that a process may have; more where --limit-memory allows more."""
_LOOK_EVERY_S = 0.2
_MOST_IDLE = 2
_LONGEST_MESSAGE = 1 << 26

Source = Callable[[int, int], bytes]
"""Gives so many bytes at a position."""
Message = tuple[Mapping[str, Any], bytes]


class _EndedError(Exception):
    """A process has ended in the middle of an answer."""


class _Process:
    """One process; it answers one question at a time."""

    def __init__(self, memory: int) -> None:
        command = [sys.executable, "-P", _CHILD, str(memory)]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self.memory = memory
        self.is_used = self.is_busy = False
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        )

    def end(self) -> None:
        """Kill it."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def ask(self, wanted: Mapping[str, Any], source: Source) -> Iterator[Message]:
        """Yield what it answers.

        Raises:
            _EndedError: it ended before it had answered.
            DamagedError: HDF5 refuses the file, or the time limit is over.
            UnwantedError: nobody waits for the answer.
        """
        self.is_used = self.is_busy = True
        raw = json.dumps(wanted).encode()
        self._send(raw)
        ends_at = None if (most := seconds_limit()) is None else time.monotonic() + most
        while True:
            message = json.loads(self._exactly(self._size(ends_at), ends_at))
            if "read" in message:
                self._send(source(*message["read"]))
            elif "error" in message:
                self.is_busy = False
                raise DamagedError(message["error"])
            elif "end" in message:
                self.is_busy = False
                return
            else:
                yield message, self._exactly(message.get("bytes", 0), ends_at)

    def why_ended(self) -> str:
        """Say how it ended."""
        code = self._child.wait()
        if code == -signal.SIGXCPU:
            return "HDF5 takes too long for a file of this size"
        return f"HDF5 ended with {signal.Signals(-code).name if code < 0 else f'exit code {code}'}"

    def _size(self, ends_at: float | None) -> int:
        size = int(struct.unpack("<I", self._exactly(4, ends_at))[0])
        if size > _LONGEST_MESSAGE:
            raise _EndedError
        return size

    def _send(self, raw: bytes) -> None:
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(struct.pack("<I", len(raw)) + raw)
            self._child.stdin.flush()
        except OSError as error:
            raise _EndedError from error

    def _exactly(self, size: int, ends_at: float | None) -> bytes:
        assert self._child.stdout is not None
        descriptor, parts, left = self._child.stdout.fileno(), [], size
        while left:
            check_wanted()
            if ends_at is not None and time.monotonic() > ends_at:
                raise DamagedError("reading took longer than the limit; --limit-seconds allows more")
            if not select.select([descriptor], [], [], _LOOK_EVERY_S)[0]:
                continue
            part = os.read(descriptor, min(left, 1 << 20))
            if not part:
                raise _EndedError
            parts.append(part)
            left -= len(part)
        return b"".join(parts)


_lock = threading.Lock()
_idle: list[_Process] = []
_all: set[_Process] = set()
_owner = 0
"""The process that has started them: one that was forked has none."""


def ask(wanted: Mapping[str, Any], source: Source) -> Iterator[Message]:
    """Yield what HDF5 answers of a file.

    Args:
        wanted: the question, as `hdf5_child` describes it.
        source: gives the bytes of the file.

    Raises:
        DamagedError: it cannot be read; the message is HDF5's reason.
        UnwantedError: nobody waits for the answer.
    """
    while True:
        process = _taken()
        was_used, has_answered = process.is_used, False
        try:
            for message in process.ask(wanted, source):
                has_answered = True
                yield message
            return
        except _EndedError:
            if has_answered or not was_used:  # else another file may have harmed it, or it has ended meanwhile
                raise DamagedError(process.why_ended()) from None
        finally:
            _given_back(process)


def _taken() -> _Process:
    global _owner
    memory = max(_MEMORY, 2 * (memory_limit() or 0))
    with _lock:
        if _owner != os.getpid():
            _owner = os.getpid()
            _idle.clear()
            _all.clear()
        for process in _idle:
            if process.memory == memory:
                _idle.remove(process)
                return process
    try:
        process = _Process(memory)
    except OSError as error:
        raise ScopeviewError(f"HDF5 is read in a process of its own, which cannot be started: {error}") from error
    with _lock:
        _all.add(process)
    return process


def _given_back(process: _Process) -> None:
    with _lock:
        if not process.is_busy and len(_idle) < _MOST_IDLE and process in _all:
            _idle.append(process)
            return
        _all.discard(process)
    process.end()


@atexit.register
def end_all() -> None:
    """Kill every process: when this one ends, and in tests."""
    with _lock:
        ended = list(_all) if _owner == os.getpid() else []
        _all.clear()
        _idle.clear()
    for process in ended:
        process.end()
