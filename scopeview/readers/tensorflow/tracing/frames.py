"""The user's own lines of a stack: frames of TensorFlow, Keras, Python's library and the recorder are left out."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

from scopeview.model.trace import Frame, OpStack

_MOST_FRAMES = 12
_RUNNER = str(Path(__file__).with_name("run.py"))
"""What calls the user's program: the stack outside of it is not the program's."""

_LIBRARIES = ("tensorflow", "keras", "tf_keras", "tf_slim", "absl", "scopeview")
_LAUNCHERS = ("click", "_pytest", "pytest", "pluggy", "IPython", "ipykernel", "traitlets", "tornado", "nbclient")
_PACKAGE = Path(__file__).resolve().parents[3]
_PYTHON = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib"))
_WRITTEN_BY_AUTOGRAPH = "__autograph_generated_file"

_origins: dict[tuple[str, int], Frame] = {}
"""Lines of code that AutoGraph wrote, and the user's lines that they come from."""


def note_origins(source_map: Mapping[Any, Any]) -> None:
    """Note where code that AutoGraph wrote comes from.

    Args:
        source_map: AutoGraph's `ag_source_map` of a function: from locations in its own file to their origins.
    """
    for here, origin in source_map.items():
        if (here.filename, here.lineno) not in _origins:
            frame = _shown(origin.loc.filename, origin.loc.lineno, origin.function_name or "<module>")
            _origins[here.filename, here.lineno] = frame


def user_frames(skip: int = 1) -> tuple[Frame, ...]:
    """Return the user's lines of the present stack, innermost first.

    Args:
        skip: frames of the caller that are passed over.
    """
    frame: FrameType | None = sys._getframe(skip + 1)
    found: list[Frame] = []
    while frame is not None and len(found) < _MOST_FRAMES and frame.f_code.co_filename != _RUNNER:
        _add(found, frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        frame = frame.f_back
    return tuple(found)


def is_called_by_user(*, past: str) -> bool:
    """Whether the user's code called what called this, directly or by way of a file of TensorFlow's.

    Args:
        past: the end of that file's path.
    """
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.endswith(past):
        frame = frame.f_back
    return frame is not None and is_users(frame.f_code.co_filename)


def frames_of_error(error: BaseException) -> tuple[Frame, ...]:
    """Return the user's lines of a traceback, innermost first."""
    levels: list[tuple[str, int, str]] = []
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        levels.append((code.co_filename, traceback.tb_lineno, code.co_name))
        traceback = traceback.tb_next
    found: list[Frame] = []
    for level in reversed(levels):
        _add(found, *level)
    return tuple(found[:_MOST_FRAMES])


def op_stacks(number: int, graph: Any) -> Iterator[OpStack]:
    """Yield the user's lines that created the ops of a graph; TensorFlow keeps the stack of every op.

    Args:
        number: the number of the graph in the record.
        graph: the `tf.Graph`.
    """
    gathered: dict[tuple[Frame, ...], list[str]] = {}
    for op in graph.get_operations():
        gathered.setdefault(_frames_of_op(op), []).append(op.name)
    for frames, ops in gathered.items():
        if frames:
            yield OpStack(number, frames, tuple(ops))


def _frames_of_op(op: Any) -> tuple[Frame, ...]:
    try:
        stack = list(op.traceback or ())
    except (AttributeError, TypeError, ValueError):  # a kind of op that was made without a stack
        return ()
    found: list[Frame] = []
    for frame in reversed(stack):
        if frame.filename == _RUNNER or len(found) == _MOST_FRAMES:
            break
        _add(found, frame.filename, frame.lineno, frame.name)
    return tuple(found)


def _add(found: list[Frame], filename: str, line: int, function: str) -> None:
    """Add a line to those of a stack if it is the user's; of a line that AutoGraph wrote, the one that it comes from.

    AutoGraph makes functions of the bodies of loops and branches: of several lines of one function, that of the
    innermost says most.
    """
    if _WRITTEN_BY_AUTOGRAPH not in filename:
        if is_users(filename):
            found.append(_shown(filename, line, function))
        return
    origin = _origins.get((filename, line))
    if origin is not None and (not found or (found[-1].file, found[-1].function) != (origin.file, origin.function)):
        found.append(origin)


@lru_cache(maxsize=4096)
def is_users(filename: str) -> bool:
    """Whether a file is the user's: no library, nothing generated, not the recorder."""
    if filename.startswith("<") or _WRITTEN_BY_AUTOGRAPH in filename:
        return False
    path = Path(filename).resolve()
    if "site-packages" in path.parts:
        return path.parts[path.parts.index("site-packages") + 1] not in (*_LIBRARIES, *_LAUNCHERS)
    return not any(path.is_relative_to(place) for place in (*_PYTHON, _PACKAGE))


@lru_cache(maxsize=4096)
def shown_file(filename: str) -> str:
    """Return a path relative to the folder that the program runs in, where it lies there."""
    path = Path(filename)
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _shown(filename: str, line: int, function: str) -> Frame:
    return Frame(shown_file(filename), line, function)
