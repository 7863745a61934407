"""A model that is open or on its way: how it is read, and what a page is shown of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.work import Values
from scopeview.errors import AmbiguousError, DamagedError, QueryError, ScopeviewError, TooLargeError
from scopeview.model.model import Model
from scopeview.model.wanted import UnwantedError, check_wanted
from scopeview.readers import Limits, find_artifacts, limited, read, read_beside, with_stored_values
from scopeview.readers.fence import fenced
from scopeview.readers.paths import is_remote, path_of
from scopeview.readers.progress import progress_to
from scopeview.readers.storage import status
from scopeview.readers.stored_values import reader_of
from scopeview.workspace.memory import give_back

State = Literal["loading", "ready", "failed"]
Stamp = tuple[int, int]
"""Time in nanoseconds and size in bytes of a file."""
ImportState = Literal["none", "waiting", "done", "refused"]
"""Whether TensorFlow has imported the graph: not asked to, about to, done, or refused."""


@dataclass(frozen=True, slots=True)
class OpenModel:
    """One model of the workspace, as a page lists it."""

    id: str
    path: str
    artifact: str
    tags: tuple[str, ...]
    state: State
    stage: str
    """What is being done, or was done last."""
    bytes_done: int
    bytes_total: int
    """Size of the file that is read."""
    ops: int
    """Ops of the main graph, once it has been read."""
    error: str
    choices: tuple[str, ...]
    """Where the path holds several artifacts or tag-sets and none was named: their names."""
    choices_are_tags: bool
    holds_values: bool
    """Whether it is a checkpoint, or has one within: values of its variables can be described."""
    has_sources: bool
    """Whether it is a trace, whose lines of code can be asked for."""
    has_changed: bool
    """Whether the file has changed since it was read."""
    imported: ImportState
    import_error: str
    """TensorFlow's words, where it refused."""
    revision: int
    """Grows when answers about the model have changed: an import is done, or the file was read again."""


@dataclass
class Entry:
    """A model that is open or on its way."""

    id: str
    path: str
    artifact: str | None
    tags: tuple[str, ...] | None
    within: Sequence[Path] | None
    prepare: Callable[[AnalysisContext], object] | None = None
    """What is worked out of the model as soon as it is read."""
    state: State = "loading"
    stage: str = "waiting"
    error: str = ""
    failure: ScopeviewError | None = None
    """Why it could not be read, as it is raised again for whoever asks."""
    choices: tuple[str, ...] = ()
    choices_are_tags: bool = False
    context: AnalysisContext | None = None
    beside: AnalysisContext | None = None
    """The checkpoint in a SavedModel's folder."""
    stored: tuple[AnalysisContext, Values] | None = None
    """The model with the reader of its values, if it holds any."""
    file: Path | None = None
    stamp: Stamp | None = None
    bytes_done: int = 0
    imported: ImportState = "none"
    revision: int = 0
    unwanted: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)


def load(entry: Entry, limits: Limits) -> None:
    """Read a model within the limits; whatever goes wrong becomes the entry's error, for nobody else would see it."""
    try:
        with fenced(entry.within), limited(limits), progress_to(partial(_note_progress, entry)):
            _read_into(entry)
        entry.state, entry.stage = "ready", "read"
    except UnwantedError:
        _fail(entry, ScopeviewError(f"{entry.path} was closed while it was read"))
    except AmbiguousError as error:
        entry.choices, entry.choices_are_tags = error.choices, error.are_tags
        _fail(entry, error)
    except ScopeviewError as error:
        _fail(entry, error)
    except MemoryError:
        _fail(entry, TooLargeError(f"there is not enough memory to read {entry.path}; serve it alone, or a part of it"))
    except Exception as error:  # noqa: BLE001 - a thread's own end would leave the page waiting for ever
        _fail(entry, DamagedError(f"{entry.path} could not be read: {type(error).__name__}: {error}"))
    finally:
        entry.done.set()
        _prepare(entry)
        if entry.revision:  # what was read before has been dropped
            give_back()


def _prepare(entry: Entry) -> None:
    """Work out what is going to be asked; what goes wrong is for whoever asks, to whom it is said."""
    if entry.prepare is not None and entry.context is not None:
        with suppress(ScopeviewError, MemoryError, UnwantedError):
            entry.prepare(entry.context)


def _fail(entry: Entry, failure: ScopeviewError) -> None:
    entry.failure, entry.error, entry.state = failure, str(failure), "failed"


def _read_into(entry: Entry) -> None:
    entry.stage = "looking at what the path holds"
    found = find_artifacts(path_of(entry.path))
    entry.file = found[0].file
    entry.stamp = _stamp(entry.file)
    entry.stage = "reading"
    model = read(entry.path, tags=entry.tags, artifact=entry.artifact)
    entry.file = path_of(model.origin.file) if model.origin.file else entry.file
    entry.stamp = _stamp(entry.file)
    beside = None
    try:
        beside = read_beside(model)
    except ScopeviewError as error:  # the graph of a SavedModel is there without its variables
        model = replace(model, notes=(*model.notes, f"its variables cannot be read: {error}"))
    take_in(entry, model, beside)


def take_in(entry: Entry, model: Model, beside: Model | None) -> None:
    """Make what answers are computed of: a model, and the checkpoint beside it."""
    entry.context = AnalysisContext(model)
    entry.beside = AnalysisContext(beside) if beside is not None else None
    with suppress(QueryError):  # a graph holds no values
        entry.stored = stored_values(entry.context, entry.beside)


def stored_values(context: AnalysisContext, beside: AnalysisContext | None) -> tuple[AnalysisContext, Values]:
    """Return a model whose variables know where their values are, and the reader of those."""
    if beside is None:
        return context, reader_of(context.model)
    return context.with_model(with_stored_values(context.model, beside.model)), reader_of(beside.model)


def _note_progress(entry: Entry, stage: str, bytes_done: int) -> None:
    if entry.unwanted.is_set():
        raise UnwantedError
    check_wanted()
    entry.stage, entry.bytes_done = stage, bytes_done


def listed(entry: Entry) -> OpenModel:
    """Return what a page is shown of a model."""
    origin = entry.context.model.origin if entry.context is not None else None
    report = entry.context.model.imported if entry.context is not None else None
    size = entry.stamp[1] if entry.stamp else 0
    return OpenModel(
        id=entry.id,
        path=entry.path,
        artifact=origin.artifact if origin is not None else entry.artifact or "",
        tags=origin.tags if origin is not None else entry.tags or (),
        state=entry.state,
        stage=entry.stage,
        bytes_done=min(size, entry.bytes_done),
        bytes_total=size,
        ops=len(entry.context.model.graph) if entry.context is not None else 0,
        error=entry.error,
        choices=entry.choices,
        choices_are_tags=entry.choices_are_tags,
        holds_values=entry.stored is not None,
        has_sources=entry.context is not None and entry.context.model.trace is not None,
        has_changed=entry.state == "ready" and entry.file is not None and _stamp_within(entry) != entry.stamp,
        imported=entry.imported,
        import_error=report.error if report is not None else "",
        revision=entry.revision,
    )


def _stamp_within(entry: Entry) -> Stamp | None:
    if entry.file is None or is_remote(entry.file):  # a page asks again and again; a server elsewhere is spared that
        return entry.stamp
    with fenced(entry.within):
        return _stamp(entry.file)


def _stamp(path: Path) -> Stamp | None:
    """Return what shows that a file has changed: its time and its size."""
    found: os.stat_result | None = status(path)
    return (found.st_mtime_ns, found.st_size) if found is not None else None
