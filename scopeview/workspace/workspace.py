"""The workspace itself: opens models, and answers questions about them once."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scopeview.analysis.answers.values import Values
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.report import Diff, diff
from scopeview.analysis.lint.rule import Subject
from scopeview.errors import NotFoundError, QueryError, ScopeviewError
from scopeview.model.imported import ImportReport
from scopeview.readers import is_named_as_one
from scopeview.readers.tensorflow.importing import with_import
from scopeview.workspace.entry import Entry, OpenModel, load, stored_values, told

_BUDGET_BYTES = 256 << 20
_IMPORT_TIMEOUT_S = 600.0
_DIFFS_KEPT = 4


class Workspace:
    """Opens models, answers questions about them once, and notices when a file changes."""

    def __init__(self, *, budget_bytes: int = _BUDGET_BYTES, import_up_to: int = 0) -> None:
        """Begin with nothing open.

        Args:
            budget_bytes: memory for answers that are kept.
            import_up_to: graphs of up to so many ops are imported through TensorFlow when they are first asked about.
        """
        self._import_up_to = import_up_to
        self._entries: dict[str, Entry] = {}
        self._answers: OrderedDict[tuple[str, ...], bytes] = OrderedDict()
        self._diffs: deque[tuple[tuple[AnalysisContext, AnalysisContext], Diff]] = deque(maxlen=_DIFFS_KEPT)
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

    def open(
        self,
        path: str,
        *,
        artifact: str | None = None,
        tags: tuple[str, ...] | None = None,
        within: Sequence[Path] | None = None,
    ) -> str:
        """Start to open an artifact, and return its id; the same artifact has the same id.

        Args:
            path: a file, a checkpoint prefix, or a folder.
            artifact: which of several artifacts to read.
            tags: the tag-set of the MetaGraph to read from a SavedModel.
            within: folders that no link and no name in a file leads out of; None for a path that a person named.
        """
        told = "\0".join((path, artifact or "", ",".join(tags or ())))
        identity = hashlib.blake2s(told.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
        with self._lock:
            if identity not in self._entries:
                entry = Entry(identity, path, artifact, tags, within)
                self._entries[identity] = entry
                self._loader.submit(load, entry)
        return identity

    def reload(self, identity: str) -> None:
        """Read a model again, and forget what was worked out of it."""
        with self._lock:
            old = self._entry(identity)
            old.unwanted.set()
            self._forget(identity)
            entry = Entry(identity, old.path, old.artifact, old.tags, old.within, revision=old.revision + 1)
            self._entries[identity] = entry
            self._loader.submit(load, entry)

    def close(self, identity: str) -> None:
        """Take a model out of the workspace."""
        with self._lock:
            entry = self._entry(identity)
            entry.unwanted.set()
            self._forget(identity)
            del self._entries[identity]
            self._diffs.clear()  # they hold what they compare

    def models(self) -> tuple[OpenModel, ...]:
        """List what is open, in the order in which it was opened."""
        return tuple(told(entry) for entry in list(self._entries.values()))

    def model(self, identity: str) -> OpenModel:
        """Return one model's state.

        Raises:
            NotFoundError: nothing of this id is open.
        """
        return told(self._entry(identity))

    def context(self, identity: str, *, timeout_s: float | None = None) -> AnalysisContext:
        """Return a model with its analyses, when it has been read.

        Raises:
            NotFoundError: nothing of this id is open, or it is not there in time.
            ScopeviewError: it could not be read.
        """
        entry = self._entry(identity)
        if not entry.done.wait(timeout_s):
            raise NotFoundError(f"{entry.path} is still being read; ask again in a moment")
        if entry.context is None:
            raise ScopeviewError(entry.error)
        if 0 < len(entry.context.model.graph) <= self._import_up_to:
            self._begin_import(entry)
        return entry.context

    def import_model(self, identity: str) -> None:
        """Begin to import a model through TensorFlow, however large it is.

        Raises:
            NotFoundError: nothing of this id is open.
            ScopeviewError: it could not be read.
        """
        self.context(identity)
        self._begin_import(self._entry(identity))

    def answer(
        self,
        question: tuple[str, ...],
        identities: tuple[str, ...],
        compute: Callable[[], bytes],
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
            found = compute()
            with self._lock:
                if all(self._entries.get(entry.id) is entry for entry in entries):  # else it is of what was read before
                    self._keep(key, found)
        finally:
            for lock in locks:
                lock.release()
        return found

    def stored(self, identity: str) -> tuple[AnalysisContext, Values]:
        """Return a model that has been read with the reader of the values that it holds.

        Raises:
            NotFoundError: nothing of this id is open.
            QueryError: it holds no values, or such as are not read.
        """
        context, entry = self.context(identity), self._entry(identity)
        return entry.stored if entry.stored is not None else stored_values(context, None)

    def subject(self, identity: str, checkpoint: str = "") -> Subject:
        """Return what is linted: a model, and the checkpoint to hold it against: another, or the one in its folder.

        Raises:
            NotFoundError: nothing of these ids is open.
        """
        context = self.context(identity)
        return Subject(context, self.context(checkpoint) if checkpoint else self._entry(identity).beside)

    def holders(self, identity: str) -> list[tuple[AnalysisContext, Values]]:
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
        both = self._compared(a), self._compared(b)
        for sides, found in list(self._diffs):
            if sides[0] is both[0] and sides[1] is both[1]:
                return found
        found = diff(*both)
        self._diffs.append((both, found))
        return found

    def _compared(self, identity: str) -> AnalysisContext:
        """Return one side of a diff; a SavedModel and the folder of a run have the checksums of their values."""
        context, stored = self.context(identity), self._entry(identity).stored
        return context if stored is None or not is_named_as_one(context.model) else stored[0]

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

    def _entry(self, identity: str) -> Entry:
        entry = self._entries.get(identity)
        if entry is None:
            raise NotFoundError(f"no model {identity!r} is open; reload the page to see those that are")
        return entry

    def _begin_import(self, entry: Entry) -> None:
        with self._lock:
            if entry.imported == "none":
                entry.imported = "waiting"
                self._importer.submit(self._import, entry)

    def _import(self, entry: Entry) -> None:
        """Import a model in a child process; what it says, a refusal included, joins the answers."""
        assert entry.context is not None
        try:
            model = with_import(entry.context.model, timeout_s=_IMPORT_TIMEOUT_S, unwanted=entry.unwanted)
        except Exception as error:  # noqa: BLE001 - a thread's own end would leave the page waiting for ever
            words = str(error) if isinstance(error, ScopeviewError) else f"{type(error).__name__}: {error}"
            model = replace(entry.context.model, imported=ImportReport(ok=False, error=words))
        with entry.aside, entry.lock, self._lock:  # no answer is being worked out, and those that are kept are old
            if self._entries.get(entry.id) is entry:
                self._forget(entry.id)
            entry.context = entry.context.with_model(model)
            if entry.stored is not None:
                entry.stored = stored_values(entry.context, entry.beside)
            entry.imported = "done" if model.imported is not None and model.imported.ok else "refused"
            entry.revision += 1
