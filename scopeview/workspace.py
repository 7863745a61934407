"""The models that are open and what was already worked out of them: the only state.

A model is opened in the background and has a short id. Answers are kept as the bytes that are sent, newest last, within
a budget; a model that is opened again starts afresh.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from scopeview.analyses.facts import Facts
from scopeview.errors import AmbiguousError, NotFoundError, ScopeviewError
from scopeview.sources import find_artifacts, read

State = Literal["loading", "ready", "failed"]

_BUDGET_BYTES = 256 << 20


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
    bytes_total: int
    """Size of the file that is read."""
    error: str
    choices: tuple[str, ...]
    """Where the path holds several artefacts or tag-sets and none was named: their names."""
    choices_are_tags: bool
    has_changed: bool
    """Whether the file has changed since it was read."""


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
    file: Path | None = None
    stamp: tuple[int, int] | None = None
    done: threading.Event = field(default_factory=threading.Event)
    lock: threading.RLock = field(default_factory=threading.RLock)


class Workspace:
    """Opens models, answers questions about them once, and notices when a file changes."""

    def __init__(self, *, budget_bytes: int = _BUDGET_BYTES) -> None:
        self._entries: dict[str, _Entry] = {}
        self._answers: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._size = 0
        self._budget = budget_bytes
        self._lock = threading.RLock()
        self._loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="scopeview-load")

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
            self._forget(identity)
            entry = _Entry(identity, old.path, old.artifact, old.tags)
            self._entries[identity] = entry
            self._loader.submit(self._load, entry)

    def close(self, identity: str) -> None:
        """Take a model out of the workspace."""
        with self._lock:
            self._entry(identity)
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
        return entry.facts

    def answer(self, question: tuple[str, ...], identities: tuple[str, ...], work_out: Callable[[], bytes]) -> bytes:
        """Return the answer to a question about models: what was kept, or what is worked out now.

        One question about a model is worked out at a time, because analyses build on what others have left behind.
        """
        key = (*identities, "", *question)
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
        locks = [self._entry(identity).lock for identity in sorted(set(identities))]
        for lock in locks:
            lock.acquire()
        try:
            found = work_out()
        finally:
            for lock in locks:
                lock.release()
        self._keep(key, found)
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


def _told(entry: _Entry) -> OpenModel:
    origin = entry.facts.model.origin if entry.facts is not None else None
    size = entry.stamp[1] if entry.stamp else 0
    return OpenModel(
        id=entry.id,
        path=entry.path,
        artifact=origin.artifact if origin is not None else entry.artifact or "",
        tags=origin.tags if origin is not None else entry.tags or (),
        state=entry.state,
        stage=entry.stage,
        bytes_total=size,
        error=entry.error,
        choices=entry.choices,
        choices_are_tags=entry.choices_are_tags,
        has_changed=entry.state == "ready" and entry.file is not None and _stamp(entry.file) != entry.stamp,
    )


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return what tells that a file has changed: its time and its size."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
