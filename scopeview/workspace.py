"""The models that are open and what was already worked out of them: the only state.

A model is opened in the background and has a short id. Answers are kept as the bytes that are sent, newest last, within
a budget; a model that is opened again starts afresh.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

from scopeview.analyses.diff.report import Diff, diff
from scopeview.analyses.facts import Facts
from scopeview.analyses.values import Values
from scopeview.errors import AmbiguousError, NotFoundError, QueryError, ScopeviewError
from scopeview.model.imported import ImportReport
from scopeview.sources import find_artifacts, holds_values, read, with_values
from scopeview.sources.importing import with_import
from scopeview.sources.progress import telling

State = Literal["loading", "ready", "failed"]
ImportState = Literal["none", "waiting", "done", "refused"]
"""Whether TensorFlow has imported the graph: not asked to, about to, done, or refused."""

_BUDGET_BYTES = 256 << 20
_IMPORT_TIMEOUT_S = 600.0
_DIFFS_KEPT = 4


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
    """Where the path holds several artefacts or tag-sets and none was named: their names."""
    choices_are_tags: bool
    holds_values: bool
    """Whether it is a checkpoint, or has one within: values of its variables can be described."""
    has_changed: bool
    """Whether the file has changed since it was read."""
    imported: ImportState
    import_error: str
    """TensorFlow's words, where it refused."""
    revision: int
    """Grows when answers about the model have changed: an import is done, or the file was read again."""


@dataclass
class _Entry:
    """A model that is open or on its way."""

    id: str
    path: str
    artifact: str | None
    tags: tuple[str, ...] | None
    state: State = "loading"
    stage: str = "waiting"
    error: str = ""
    choices: tuple[str, ...] = ()
    choices_are_tags: bool = False
    facts: Facts | None = None
    stored: tuple[Facts, Values] | None = None
    """The model with the reader of its values, if it holds any and they have been asked for."""
    file: Path | None = None
    stamp: tuple[int, int] | None = None
    bytes_done: int = 0
    imported: ImportState = "none"
    revision: int = 0
    unwanted: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)
    aside: threading.RLock = field(default_factory=threading.RLock)


class Workspace:
    """Opens models, answers questions about them once, and notices when a file changes."""

    def __init__(self, *, budget_bytes: int = _BUDGET_BYTES, import_up_to: int = 0) -> None:
        """Begin with nothing open.

        Args:
            budget_bytes: memory for answers that are kept.
            import_up_to: graphs of up to so many ops are imported through TensorFlow when they are first asked about.
        """
        self._import_up_to = import_up_to
        self._entries: dict[str, _Entry] = {}
        self._answers: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._diffs: deque[tuple[Facts, Facts, Diff]] = deque(maxlen=_DIFFS_KEPT)
        self._size = 0
        self._budget = budget_bytes
        self._lock = threading.RLock()
        self._loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scopeview-load")
        self._importer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scopeview-import")

    def shut_down(self) -> None:
        """End what runs in the background."""
        for pool in (self._loader, self._importer):
            pool.shutdown(wait=False, cancel_futures=True)
        for entry in list(self._entries.values()):
            entry.unwanted.set()

    def open(self, path: str, *, artifact: str | None = None, tags: tuple[str, ...] | None = None) -> str:
        """Start to open an artefact, and return its id; the same artefact has the same id."""
        told = "\0".join((path, artifact or "", ",".join(tags or ())))
        identity = hashlib.blake2s(told.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
        with self._lock:
            if identity not in self._entries:
                entry = _Entry(identity, path, artifact, tags)
                self._entries[identity] = entry
                self._loader.submit(self._load, entry)
        return identity

    def reload(self, identity: str) -> None:
        """Read a model again, and forget what was worked out of it."""
        with self._lock:
            old = self._entry(identity)
            old.unwanted.set()
            self._forget(identity)
            entry = _Entry(identity, old.path, old.artifact, old.tags, revision=old.revision + 1)
            self._entries[identity] = entry
            self._loader.submit(self._load, entry)

    def close(self, identity: str) -> None:
        """Take a model out of the workspace."""
        with self._lock:
            self._entry(identity).unwanted.set()
            self._forget(identity)
            del self._entries[identity]

    def models(self) -> tuple[OpenModel, ...]:
        """List what is open, in the order in which it was opened."""
        return tuple(_told(entry) for entry in list(self._entries.values()))

    def model(self, identity: str) -> OpenModel:
        """Return one model's state.

        Raises:
            NotFoundError: nothing of this id is open.
        """
        return _told(self._entry(identity))

    def facts(self, identity: str, *, timeout_s: float | None = None) -> Facts:
        """Return a model with its analyses, when it has been read.

        Raises:
            NotFoundError: nothing of this id is open, or it is not there in time.
            ScopeviewError: it could not be read.
        """
        entry = self._entry(identity)
        if not entry.done.wait(timeout_s):
            raise NotFoundError(f"{entry.path} is still being read; ask again in a moment")
        if entry.facts is None:
            raise ScopeviewError(entry.error)
        if 0 < len(entry.facts.model.graph) <= self._import_up_to:
            self._begin_import(entry)
        return entry.facts

    def import_model(self, identity: str) -> None:
        """Begin to import a model through TensorFlow, however large it is.

        Raises:
            NotFoundError: nothing of this id is open.
            ScopeviewError: it could not be read.
        """
        self.facts(identity)
        self._begin_import(self._entry(identity))

    def answer(
        self,
        question: tuple[str, ...],
        identities: tuple[str, ...],
        work_out: Callable[[], bytes],
        *,
        is_aside: bool = False,
    ) -> bytes:
        """Return the answer to a question about models: what was kept, or what is worked out now.

        One question about a model is worked out at a time, because analyses build on what others have left behind; one
        that takes long is worked out aside, where only its like waits for it.
        """
        key = (*identities, "", *question)
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        entries = [self._entry(identity) for identity in sorted(set(identities))]
        locks = [entry.aside if is_aside else entry.lock for entry in entries]
        for lock in locks:
            lock.acquire()
        try:
            found = work_out()
            self._keep(key, found)
        finally:
            for lock in locks:
                lock.release()
        return found

    def stored(self, identity: str) -> tuple[Facts, Values]:
        """Return a model that has been read with the reader of the values that it holds.

        Raises:
            NotFoundError: nothing of this id is open.
            QueryError: it holds no values, or such as are not read.
        """
        facts, entry = self.facts(identity), self._entry(identity)
        if entry.stored is None:
            model, values = with_values(facts.model)
            entry.stored = (facts if model is facts.model else facts.with_model(model), values)
        return entry.stored

    def holders(self, identity: str) -> list[tuple[Facts, Values]]:
        """Return the models that hold values, each with their reader: this one first, then others that are open."""
        found = []
        for other in dict.fromkeys((identity, *self.ready())):
            with suppress(QueryError):  # a graph has none
                found.append(self.stored(other))
        return found

    def ready(self) -> tuple[str, ...]:
        """Return the ids of the models that have been read."""
        return tuple(entry.id for entry in list(self._entries.values()) if entry.state == "ready")

    def difference(self, a: str, b: str) -> Diff:
        """Return what two models that have been read differ in; the last few are kept, for pictures open step by step.

        Raises:
            NotFoundError: nothing of these ids is open.
        """
        both = self.facts(a), self.facts(b)
        for one, other, found in self._diffs:
            if one is both[0] and other is both[1]:
                return found
        found = diff(*both)
        self._diffs.append((*both, found))
        return found

    def _keep(self, key: tuple[str, ...], found: bytes) -> None:
        with self._lock:
            self._size += len(found) - len(self._answers.get(key, b""))
            self._answers[key] = found
            while self._size > self._budget and len(self._answers) > 1:
                _, dropped = self._answers.popitem(last=False)
                self._size -= len(dropped)

    def _forget(self, identity: str) -> None:
        for key in [key for key in self._answers if identity in key[: key.index("")]]:
            self._size -= len(self._answers.pop(key))

    def _entry(self, identity: str) -> _Entry:
        entry = self._entries.get(identity)
        if entry is None:
            raise NotFoundError(f"no model {identity!r} is open; reload the page to see those that are")
        return entry

    def _load(self, entry: _Entry) -> None:
        """Read a model; whatever goes wrong becomes the entry's error, for nobody else would see it."""
        try:
            entry.stage = "looking at what the path holds"
            found = find_artifacts(Path(entry.path))
            entry.file = found[0].file
            entry.stamp = _stamp(entry.file)
            entry.stage = "reading"
            with telling(partial(_note_progress, entry)):
                model = read(entry.path, tags=entry.tags, artifact=entry.artifact)
            entry.file = Path(model.origin.file) if model.origin.file else entry.file
            entry.stamp = _stamp(entry.file)
            entry.facts = Facts(model)
            entry.state, entry.stage = "ready", "read"
        except AmbiguousError as error:
            entry.state, entry.error, entry.choices = "failed", str(error), error.choices
            entry.choices_are_tags = error.are_tags
        except ScopeviewError as error:
            entry.state, entry.error = "failed", str(error)
        except Exception as error:  # noqa: BLE001 - a thread's own end would leave the page waiting for ever
            entry.state, entry.error = "failed", f"{entry.path} could not be read: {type(error).__name__}: {error}"
        finally:
            entry.done.set()

    def _begin_import(self, entry: _Entry) -> None:
        with self._lock:
            if entry.imported == "none":
                entry.imported = "waiting"
                self._importer.submit(self._import, entry)

    def _import(self, entry: _Entry) -> None:
        """Import a model in a child process; what it says, a refusal included, joins the answers."""
        assert entry.facts is not None
        try:
            model = with_import(entry.facts.model, timeout_s=_IMPORT_TIMEOUT_S, unwanted=entry.unwanted)
        except Exception as error:  # noqa: BLE001 - a thread's own end would leave the page waiting for ever
            words = str(error) if isinstance(error, ScopeviewError) else f"{type(error).__name__}: {error}"
            model = replace(entry.facts.model, imported=ImportReport(ok=False, error=words))
        with entry.aside, entry.lock, self._lock:  # no answer is being worked out, and those that are kept are old
            if self._entries.get(entry.id) is entry:
                self._forget(entry.id)
            entry.facts = entry.facts.with_model(model)
            entry.imported = "done" if model.imported is not None and model.imported.ok else "refused"
            entry.revision += 1


def _note_progress(entry: _Entry, stage: str, bytes_done: int) -> None:
    entry.stage, entry.bytes_done = stage, bytes_done


def _told(entry: _Entry) -> OpenModel:
    origin = entry.facts.model.origin if entry.facts is not None else None
    report = entry.facts.model.imported if entry.facts is not None else None
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
        ops=len(entry.facts.model.graph) if entry.facts is not None else 0,
        error=entry.error,
        choices=entry.choices,
        choices_are_tags=entry.choices_are_tags,
        holds_values=entry.facts is not None and holds_values(entry.facts.model),
        has_changed=entry.state == "ready" and entry.file is not None and _stamp(entry.file) != entry.stamp,
        imported=entry.imported,
        import_error=report.error if report is not None else "",
        revision=entry.revision,
    )


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what tells that a file has changed: its time and its size."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
