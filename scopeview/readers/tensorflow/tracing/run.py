"""Runs a program and records what it builds; writes the record and the MetaGraphs beside it."""

from __future__ import annotations

import contextlib
import importlib
import runpy
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from scopeview.errors import ScopeviewError
from scopeview.model.trace import Frame, Trace, TracedGraph
from scopeview.readers.trace_file import SUFFIX, trace_lines


@dataclass(frozen=True, slots=True)
class Program:
    """What is to be run."""

    name: str
    """What its record is called."""
    folder: str
    """The folder of its code, from where it is run."""
    run: Callable[[], object]


class Tracing:
    """A recording that goes on, and its result: what `scopeview.trace()` hands out."""

    def __init__(self, program: str, folder: str = "") -> None:
        from scopeview.readers.tensorflow.tracing.recorder import Recorder

        self._program = program
        self._folder = folder
        self._recorder = Recorder()
        self._error = ""
        self._error_frames: tuple[Frame, ...] = ()

    @contextlib.contextmanager
    def recording(self) -> Iterator[Tracing]:
        """Record while the block runs; an error passes on, and is noted."""
        from scopeview.readers.tensorflow.tracing.frames import frames_of_error
        from scopeview.readers.tensorflow.tracing.hooks import first_line, watching

        with watching(self._recorder):
            try:
                yield self
            except Exception as error:
                self._error = f"{type(error).__name__}: {first_line(error)}"
                self._error_frames = frames_of_error(error)
                raise

    def result(self, graphs: Sequence[TracedGraph] = ()) -> Trace:
        """Return the record."""
        from scopeview.readers.tensorflow.tracing.frames import op_stacks

        tensorflow = importlib.import_module("tensorflow")
        kept = self._recorder
        return Trace(
            program=self._program,
            tensorflow_version=tensorflow.__version__,
            error=self._error,
            error_frames=self._error_frames,
            graphs=tuple(graphs) or tuple(TracedGraph(n, _op_count(g), "", "") for n, g in enumerate(kept.graphs)),
            scopes=tuple(kept.scopes),
            reuse_calls=tuple(kept.reuse_calls),
            variables=tuple(kept.variables),
            collections=tuple(kept.collections),
            objects=tuple(kept.objects),
            functions=tuple(kept.functions),
            left_out=kept.left_out,
            op_stacks=tuple(
                stack for n, graph in enumerate(kept.graphs) if _is_exported(graph) for stack in op_stacks(n, graph)
            ),
            folder=self._folder,
        )

    def save(self, path: str | Path) -> Trace:
        """Write the record to `path` (NAME.scopetrace), and each graph to NAME.meta, NAME.1.meta, ... beside it.

        Raises:
            ScopeviewError: the files cannot be written.
        """
        target = Path(path)
        stem = target.name.removesuffix(SUFFIX)
        try:
            graphs = [
                self._export(number, graph, target.parent / (f"{stem}.{number}.meta" if number else f"{stem}.meta"))
                for number, graph in enumerate(self._recorder.graphs)
            ]
            trace = self.result(graphs)
            target.write_text("".join(f"{line}\n" for line in trace_lines(trace)), "utf-8")
        except OSError as error:
            why = error.strerror or error
            raise ScopeviewError(f"{target} cannot be written: {why}; choose another with -o") from error
        return trace

    def _export(self, number: int, graph: Any, target: Path) -> TracedGraph:
        tensorflow = importlib.import_module("tensorflow")
        ops = _op_count(graph)
        if not ops or not _is_exported(graph):
            return TracedGraph(number, ops, "", "a function's body" if ops else "it is empty")
        try:
            with graph.as_default():
                tensorflow.compat.v1.train.export_meta_graph(str(target), graph=graph)
        except (ValueError, TypeError, RuntimeError) as error:
            return TracedGraph(number, ops, "", f"TensorFlow cannot export it: {str(error).splitlines()[0][:200]}")
        return TracedGraph(number, ops, target.name, "")


def find_program(name: str, *, as_module: bool) -> Program:
    """Return what a name stands for: a module, a script, or a command that is installed, such as `pytest`.

    Raises:
        ScopeviewError: it is none of these.
    """
    if as_module:
        return Program(
            name.rpartition(".")[2], ".", lambda: runpy.run_module(name, run_name="__main__", alter_sys=True)
        )
    path = Path(name)
    if path.is_file():
        return Program(path.stem, str(path.parent), lambda: runpy.run_path(name, run_name="__main__"))
    command = next(iter(entry_points(group="console_scripts", name=name)), None)
    if command is not None:
        return Program(name, ".", lambda: sys.exit(command.load()()))
    raise ScopeviewError(f"{name} is no script, and no command of Python's; name a script, or a module with -m")


def run_program(program: Program, arguments: Sequence[str], tracing: Tracing) -> BaseException | None:
    """Run a program as `python` would, recording what it builds.

    Returns:
        What ended it, if it raised; `sys.exit(0)` is no error.
    """
    before = sys.argv[:], sys.path[:]
    sys.argv = list(arguments)
    sys.path.insert(0, str(Path(program.folder).resolve()))
    try:
        with tracing.recording():
            program.run()
    except SystemExit as ended:
        return ended if ended.code not in (None, 0) else None
    except Exception as error:  # noqa: BLE001 - whatever ends the program is the answer
        return error
    finally:
        sys.argv, sys.path = before
    return None


def _is_exported(graph: Any) -> bool:
    """Whether a graph is one of its own, and no function's body."""
    return type(graph).__name__ != "FuncGraph"


def _op_count(graph: Any) -> int:
    return len(graph.get_operations())
