"""Calls of a file system that is far: with a time limit, made again where the network failed, and then one sentence."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from scopeview.errors import RemoteError
from scopeview.model.wanted import check_wanted
from scopeview.readers.paths import RemotePath

ATTEMPTS = 4
PAUSE_S = 0.2
"""Seconds before the second attempt; each further pause is four times as long."""
_TIMEOUT_S = 30.0
_AGAIN = (408, 425, 429)
"""Answers of a web server below 500 that ask to try again."""
_GONE = (404, 410)
_FINAL = (ValueError, TypeError, LookupError, NotImplementedError, AttributeError, ImportError)


def timeout_s() -> float:
    """Return the seconds that one request may take: 30, or `SCOPEVIEW_REMOTE_TIMEOUT`."""
    try:
        return max(0.01, float(os.environ.get("SCOPEVIEW_REMOTE_TIMEOUT", _TIMEOUT_S)))
    except ValueError:
        return _TIMEOUT_S


def call(path: RemotePath, system: Any, method: str, *arguments: Any, **options: Any) -> Any:
    """Call a method of a file system (`info`, `ls`, `cat_file`), up to four times.

    Raises:
        FileNotFoundError, PermissionError: nothing is there, or it may not be read.
        RemoteError: it cannot be reached, or the answer is none.
    """
    if getattr(system, "async_impl", False):
        return attempt(path, system, getattr(system, f"_{method}"), *arguments, **options)
    return _retried(path, lambda: getattr(system, method)(*arguments, **options))


def attempt(path: RemotePath, system: Any, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """Run a coroutine function of an asynchronous file system, up to four times; the errors are those of `call`."""
    from fsspec.asyn import sync

    return _retried(path, lambda: sync(system.loop, function, *arguments, timeout=timeout_s(), **options))


def at_once(path: RemotePath, system: Any, function: Callable[..., Any], parts: Sequence[tuple[int, int]]) -> list[Any]:
    """Run a coroutine function for several ranges at a time; what fails is tried again, one after the other."""
    import asyncio

    from fsspec.asyn import sync

    async def all_of_them() -> list[Any]:
        limit = timeout_s()
        waiting = (asyncio.wait_for(function(*part), limit) for part in parts)
        return await asyncio.gather(*waiting, return_exceptions=True)

    found = sync(system.loop, all_of_them)
    for one in found:
        if isinstance(one, Exception):
            _raise_final(path, one)
    return [
        attempt(path, system, function, *part) if isinstance(one, Exception) else one
        for one, part in zip(found, parts, strict=True)
    ]


def _retried(path: RemotePath, function: Callable[[], Any]) -> Any:
    failure: Exception | None = None
    for number in range(ATTEMPTS):
        check_wanted()
        if number:
            time.sleep(PAUSE_S * 4 ** (number - 1))
        try:
            return function()
        except Exception as error:  # noqa: BLE001 - every file system has its own
            _raise_final(path, error)
            failure = error
    assert failure is not None
    raise RemoteError(
        f"{path} cannot be read: {_words(failure)}, {ATTEMPTS} times; check the network and the address, and try again"
    ) from failure


def _raise_final(path: RemotePath, error: Exception) -> None:
    """Raise what another attempt would not change."""
    status = _status(error)
    if status in _GONE or (status is None and _is_missing(error)):
        raise FileNotFoundError(errno.ENOENT, "nothing is there", str(path)) from error
    is_refused = status is not None and 400 <= status < 500 and status not in (*_AGAIN, *_GONE)
    if is_refused or isinstance(error, PermissionError):
        raise PermissionError(errno.EACCES, f"access is refused ({status or 403})", str(path)) from error
    if "Credential" in type(error).__name__:
        raise RemoteError(
            f"{path} cannot be read: {_words(error)}; credentials are taken from where fsspec looks for them, such as "
            "the environment"
        ) from error
    if isinstance(error, _FINAL):
        raise RemoteError(f"{path} cannot be read: {_words(error)}") from error


def _is_missing(error: Exception) -> bool:
    """Whether nothing is there; fsspec says so as well of a web server that did not answer."""
    if not isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        return False
    cause = error.__cause__
    return not (isinstance(cause, OSError | TimeoutError) or type(cause).__module__.startswith("aiohttp"))


def _status(error: BaseException) -> int | None:
    """Return the status with which a web server answered, if that is what went wrong."""
    for one in (error, error.__cause__):
        name = "code" if type(one).__module__.startswith("gcsfs") else "status"
        status = getattr(one, name, None)
        if isinstance(status, int) and 400 <= status < 600:
            return status
    return None


def _words(error: Exception) -> str:
    """Say what went wrong in a few words."""
    if isinstance(error, TimeoutError):
        return f"no answer came within {timeout_s():g} s"
    status = _status(error)
    if status is not None:
        return f"the server answered {status}"
    cause = error.__cause__ if isinstance(error, FileNotFoundError) and error.__cause__ is not None else error
    text = " ".join(str(cause).split())[:200]
    return f"{type(cause).__name__}: {text}" if text else type(cause).__name__
