"""The workspace itself: opens models, and answers questions about them once."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.matching.rules import Guidance
from scopeview.analysis.diff.report import Diff, diff
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.work import Values
from scopeview.errors import BusyError, NotFoundError, QueryError, ScopeviewError, TooManyError
from scopeview.model.imported import ImportReport
from scopeview.model.model import Model
from scopeview.readers import Limits, is_named_as_one
from scopeview.readers.fence import fenced
from scopeview.readers.tensorflow.importing import with_import
from scopeview.workspace.entry import Entry, OpenModel, listed, load, stored_values, take_in
from scopeview.workspace.kept import KeptAnswers
from scopeview.workspace.lanes import Job, Lanes

MOST_MODELS = 1000
_BUDGET_BYTES = 256 << 20
_IMPORT_TIMEOUT_S = 600.0
_DIFFS_KEPT = 4
_LOADS_AT_ONCE = 4
_ANSWERS_AT_ONCE = 32
_WAITING_PER_LANE = 32


class Workspace:
    """Opens models, answers questions about them once, and notices when a file changes.

    Questions are computed in lanes: of each model one for the quick ones and one for the slow, of each pair of
    models one. A lane computes one at a time; no lane waits for another. Contexts are safe for threads by themselves.
    """

    def __init__(
        self,
        *,
        budget_bytes: int = _BUDGET_BYTES,
        import_up_to: int = 0,
        most_models: int = MOST_MODELS,
        limits: Limits | None = None,
    ) -> None:
        """Begin with nothing open.

        Args:
            budget_bytes: memory for answers that are kept.
            import_up_to: graphs of up to so many ops are imported through TensorFlow when they are first asked about.
            most_models: how many may be open.
            limits: what reading one file may cost; in proportion to its size without it.
        """
        self._limits = limits or Limits()
        self._import_up_to = import_up_to
        self._most_models = most_models
        self._entries: dict[str, Entry] = {}
        self._kept = KeptAnswers(budget_bytes)
        self._jobs: dict[Hashable, Job] = {}
        self._diffs: deque[tuple[tuple[AnalysisContext, AnalysisContext], Guidance, Diff]] = deque(maxlen=_DIFFS_KEPT)
        self._lock = threading.RLock()
        self._loads = Lanes("load", threads=_LOADS_AT_ONCE, waiting=1)
        self._answers = Lanes("answer", threads=_ANSWERS_AT_ONCE, waiting=_WAITING_PER_LANE)
        self._imports = Lanes("import", threads=1, waiting=MOST_MODELS)

    def shut_down(self, wait_s: float = 0.0) -> None:
        """End what runs in the background; wait so many seconds for TensorFlow's process to be gone."""
        for entry in list(self._entries.values()):
            entry.unwanted.set()
        for lanes in (self._loads, self._answers, self._imports):
            lanes.shut_down()
        self._imports.wait(wait_s)

    def open(
        self,
        path: str,
        *,
        artifact: str | None = None,
        tags: tuple[str, ...] | None = None,
        within: Sequence[Path] | None = None,
        prepare: Callable[[AnalysisContext], object] | None = None,
    ) -> str:
        """Start to open an artifact, and return its id; the same artifact has the same id.

        Args:
            path: a file, a checkpoint prefix, or a folder.
            artifact: which of several artifacts to read.
            tags: the tag-set of the MetaGraph to read from a SavedModel.
            within: folders that no link and no name in a file leads out of; None for a path that a person named.
            prepare: works out what is going to be asked, once the model is read; the answers are the context's.

        Raises:
            TooManyError: as many models are open as may.
        """
        identity = _identity(path, artifact or "", tags or ())
        with self._lock:
            if identity not in self._entries:
                if len(self._entries) >= self._most_models:
                    raise TooManyError(f"{self._most_models} models are open; close some to open others")
                self._begin(Entry(identity, path, artifact, tags, within, prepare))
        return identity

    def add(self, model: Model, beside: Model | None = None) -> str:
        """Take in a model that has been read, and return its id.

        Args:
            model: the model.
            beside: the checkpoint that holds the values of its variables, if it holds none itself.
        """
        origin = model.origin
        identity = _identity(origin.path, origin.artifact, origin.tags)
        entry = Entry(identity, origin.path, origin.artifact or None, origin.tags or None, None, state="ready")
        take_in(entry, model, beside)
        if model.imported is not None:
            entry.imported = "done" if model.imported.ok else "refused"
        entry.done.set()
        with self._lock:
            self._entries[identity] = entry
        return identity

    def _begin(self, entry: Entry) -> None:
        self._entries[entry.id] = entry
        # A lane of its own: a model that is read for long is no reason to wait for one that is opened after it.
        with suppress(BusyError):  # the server is being ended
            self._loads.submit(object(), Job(partial(load, entry, self._limits), entry.unwanted.is_set))

    def reload(self, identity: str) -> None:
        """Read a model again, and forget what was worked out of it."""
        with self._lock:
            old = self._entry(identity)
            old.unwanted.set()
            self._kept.forget(identity)
            self._diffs.clear()  # they hold what they compare
            self._begin(Entry(identity, old.path, old.artifact, old.tags, old.within, revision=old.revision + 1))

    def close(self, identity: str) -> None:
        """Take a model out of the workspace."""
        with self._lock:
            entry = self._entry(identity)
            entry.unwanted.set()
            self._kept.forget(identity)
            del self._entries[identity]
            self._diffs.clear()  # they hold what they compare

    def models(self) -> tuple[OpenModel, ...]:
        """List what is open, in the order in which it was opened."""
        return tuple(listed(entry) for entry in list(self._entries.values()))

    def model(self, identity: str) -> OpenModel:
        """Return one model's state.

        Raises:
            NotFoundError: nothing of this id is open.
        """
        return listed(self._entry(identity))

    def is_read(self, identity: str) -> bool:
        """Return whether reading a model has ended, well or not.

        Raises:
            NotFoundError: nothing of this id is open.
        """
        return self._entry(identity).done.is_set()

    def context(self, identity: str, *, timeout_s: float | None = None) -> AnalysisContext:
        """Return a model with its analyses, when it has been read.

        Raises:
            NotFoundError: nothing of this id is open.
            BusyError: it has not been read in time.
            ScopeviewError: it could not be read.
        """
        entry = self._entry(identity)
        if not entry.done.wait(timeout_s):
            raise BusyError(f"{entry.path} is still being read; ask again in a moment")
        if entry.context is None:
            assert entry.failure is not None
            raise entry.failure.with_traceback(None)
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

    def begin_answer(
        self,
        question: Hashable,
        identities: tuple[str, ...],
        compute: Callable[[], bytes],
        *,
        is_slow: bool = False,
        is_first: bool = False,
    ) -> bytes | Job:
        """Return a kept answer, or the job that computes it; who asks the same at the same time gets the same job.

        Args:
            question: what is asked.
            identities: the models that it is asked about.
            compute: does the work, in a thread of its own.
            is_slow: whether quick questions about the same model are to be answered meanwhile.
            is_first: whether it is answered before others that have not waited for long.

        Raises:
            NotFoundError: a model is not open.
            BusyError: too many wait already.
        """
        key = (identities, question)
        entries = [self._entry(identity) for identity in identities]
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                return kept
            running = self._jobs.get(key)
            if running is not None and running.join():
                return running
            revisions = [entry.revision for entry in entries]

            def work() -> bytes:
                content = compute()
                with self._lock:
                    if all(self._is_current(*pair) for pair in zip(entries, revisions, strict=True)):
                        self._kept.keep(key, identities, content)
                return content

            job = Job(work, is_first=is_first)
            self._answers.submit((identities, is_slow), job)
            self._jobs[key] = job
        job.future.add_done_callback(partial(self._forget_job, key))  # not the job: it would hold itself
        return job

    def _is_current(self, entry: Entry, revision: int) -> bool:
        """Whether a model is what it was: an answer of what was read before is not kept."""
        return self._entries.get(entry.id) is entry and entry.revision == revision

    def _forget_job(self, key: Hashable, future: Future[Any]) -> None:
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and job.future is future:
                del self._jobs[key]

    def answer(
        self, question: Hashable, identities: tuple[str, ...], compute: Callable[[], bytes], *, is_slow: bool = False
    ) -> bytes:
        """Return the answer to a question about models: what was kept, or what is computed now; see `begin_answer`."""
        begun = self.begin_answer(question, identities, compute, is_slow=is_slow)
        if isinstance(begun, bytes):
            return begun
        content: bytes = begun.future.result()
        return content

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

    def difference(self, a: str, b: str, guidance: Guidance = Guidance()) -> Diff:  # noqa: B008 - frozen
        """Return what two models that have been read differ in; the last few are kept, for pictures open step by step.

        Args:
            a: the id of the one.
            b: the id of the other.
            guidance: what a person says of their matching.

        Raises:
            NotFoundError: nothing of these ids is open.
        """
        entries = self._entry(a), self._entry(b)
        both = self.compared(a), self.compared(b)
        for sides, given, found in list(self._diffs):
            if sides[0] is both[0] and sides[1] is both[1] and given == guidance:
                return found
        found = diff(*both, guidance=guidance)
        with self._lock:  # of a model that was closed or read again meanwhile nothing is kept
            if all(self._entries.get(entry.id) is entry for entry in entries):
                self._diffs.append((both, guidance, found))
        return found

    def within(self, identity: str) -> tuple[Path, ...] | None:
        """Return the folders that reading a model must not lead out of; None for a path that a person named.

        Raises:
            NotFoundError: nothing of this id is open.
        """
        folders = self._entry(identity).within
        return None if folders is None else tuple(folders)

    def compared(self, identity: str) -> AnalysisContext:
        """Return one side of a diff; a SavedModel and the folder of a run have the checksums of their values."""
        context, stored = self.context(identity), self._entry(identity).stored
        return context if stored is None or not is_named_as_one(context.model) else stored[0]

    def _entry(self, identity: str) -> Entry:
        entry = self._entries.get(identity)
        if entry is None:
            raise NotFoundError(f"no model {identity!r} is open; reload the page to see those that are")
        return entry

    def _begin_import(self, entry: Entry) -> None:
        with self._lock:
            if entry.imported == "none":
                entry.imported = "waiting"
                with suppress(BusyError):  # the server is being ended
                    self._imports.submit("", Job(partial(self._import, entry), entry.unwanted.is_set))

    def _import(self, entry: Entry) -> None:
        """Import a model in a child process; what it says, a refusal included, joins the answers."""
        assert entry.context is not None
        try:
            with fenced(entry.within):
                model = with_import(entry.context.model, timeout_s=_IMPORT_TIMEOUT_S, unwanted=entry.unwanted)
        except Exception as error:  # noqa: BLE001 - a thread's own end would leave the page waiting for ever
            words = str(error) if isinstance(error, ScopeviewError) else f"{type(error).__name__}: {error}"
            model = replace(entry.context.model, imported=ImportReport(ok=False, error=words))
        with self._lock:  # an answer that is being computed from the old context is sent and not kept
            entry.context = entry.context.with_model(model)
            if entry.stored is not None:
                entry.stored = stored_values(entry.context, entry.beside)
            entry.imported = "done" if model.imported is not None and model.imported.ok else "refused"
            entry.revision += 1
            if self._entries.get(entry.id) is entry:
                self._kept.forget(entry.id)


def _identity(path: str, artifact: str, tags: tuple[str, ...]) -> str:
    named = "\0".join((path, artifact, ",".join(tags)))
    return hashlib.blake2s(named.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()
