"""Running the user's program under the recorder, for the commands that trace."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scopeview.model.trace import Trace
    from scopeview.readers.tensorflow.tracing.run import Tracing


@dataclass(frozen=True, slots=True)
class TracedRun:
    """A program that has run."""

    tracing: Tracing
    ended: BaseException | None
    """What ended it, if it raised."""
    record: str
    """What its record is called by default."""


def record_at(path: Path) -> Trace | None:
    """Return the record that a file is, or None where it is none.

    Raises:
        DamagedError: it is one, and damaged.
    """
    from scopeview.readers.trace_file import is_trace
    from scopeview.readers.trace_reader import read_record

    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError:
        return None
    return read_record(path) if is_trace(head) else None


def run_traced(script: str, arguments: Sequence[str], *, as_module: bool, quiet: bool) -> TracedRun:
    """Run a program and record what it builds.

    Args:
        script: a script, a module, or a command.
        arguments: what it gets.
        as_module: whether it is the name of a module.
        quiet: whether what the program prints goes to standard error, so that only the answer is on standard output.

    Raises:
        ScopeviewError: there is no such program, or no TensorFlow.
    """
    from scopeview.errors import ScopeviewError
    from scopeview.readers.tensorflow.tracing.run import Tracing, find_program, run_program
    from scopeview.readers.trace_file import SUFFIX

    program = find_program(script, as_module=as_module)
    try:
        tracing = Tracing(" ".join((script, *arguments)), program.folder)
        with contextlib.redirect_stdout(sys.stderr) if quiet else contextlib.nullcontext():
            ended = run_program(program, (script, *arguments), tracing)
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "tensorflow":
            raise
        raise ScopeviewError("tracing needs TensorFlow, and it is not installed; pip install tensorflow") from error
    return TracedRun(tracing, ended, f"{program.name}{SUFFIX}")
