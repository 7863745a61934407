"""Runs the parts of some work on a cluster of Dask: processes of this machine, or those that a scheduler knows.

Few parts are handed out at a time, so that a worker that is lost or slow holds up few. What a lost worker had is given
to others by the scheduler; what a slow one still has when nothing else is left is given to others as well, and the
first result counts. A scheduler that is lost, and a cluster without workers, end the work with a sentence.
"""

from __future__ import annotations

import importlib
import logging
import math
import queue
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from statistics import median
from typing import Any, TypeVar

from scopeview.errors import RemoteError, ScopeviewError
from scopeview.model.wanted import check_wanted
from scopeview.readers.storage import remembering

Task = TypeVar("Task")
Result = TypeVar("Result")

_CONNECT_S = 15
_LOOK_EVERY_S = 0.5
_ALONE_S = 60.0
"""Seconds that a cluster may be without workers: a new one may be on its way."""


@contextmanager
def cluster(workers: int | None, scheduler: str | None) -> Iterator[Cluster]:
    """Give a cluster: so many processes of this machine, or the one of a scheduler.

    Raises:
        RemoteError: Dask is not installed, no scheduler answers, or its workers lack this version of scopeview.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        needed = "--workers and --scheduler need Dask, which is not installed"
        raise RemoteError(f"{needed}; pip install 'scopeview[distributed]'") from error
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        try:
            if scheduler is None:
                with _interrupts_later():
                    local = LocalCluster(
                        n_workers=workers,
                        threads_per_worker=1,
                        host="127.0.0.1",
                        dashboard_address="127.0.0.1:0",
                        silence_logs=logging.CRITICAL,
                    )
                address: Any = stack.enter_context(local)
            else:
                address = scheduler
            client = stack.enter_context(Client(address, timeout=_CONNECT_S, set_as_default=False))
            _check_versions(client)
        except (OSError, TimeoutError, ValueError) as error:
            words = " ".join(str(error).split())[:200]
            raise RemoteError(f"no scheduler of Dask answers at {scheduler}: {words}; check the address") from error
        yield Cluster(client)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's log of lost connections off the terminal: what matters becomes a sentence."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Start processes that Ctrl-C passes by: a terminal sends it to all, and this one ends the others.

    They inherit that it is blocked; here it arrives when they have started.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # which unblocks the signal when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _check_versions(client: Any) -> None:
    """Compare the version of the workers with this one.

    Raises:
        RemoteError: a worker has another one, or none.
    """
    own = version()
    try:
        found = set(client.run(version).values())
    except (ImportError, AttributeError) as error:
        raise RemoteError(f"the workers cannot import scopeview ({error}); install it there") from error
    if found - {own}:
        raise RemoteError(f"the workers have scopeview {', '.join(sorted(found))}, and this is {own}; install the same")


def version() -> str:
    """Return the version of this process."""
    return str(importlib.import_module("scopeview").__version__)  # by name: the package itself names this room


def in_worker(function: Callable[[Task], Result], task: Task) -> Result:
    """Run one task in a worker."""
    with remembering():
        return function(task)


@dataclass
class _Work:
    """What is under way."""

    tasks: Sequence[Any]
    found: dict[int, Any] = field(default_factory=dict)
    running: dict[Any, int] = field(default_factory=dict)
    """Futures, with the number of their task; two where a part was handed out again."""
    began: dict[int, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    doubled: set[int] = field(default_factory=set)
    following: int = 0
    done: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)


class Cluster:
    """Runs tasks on the workers of a client of Dask."""

    def __init__(self, client: Any, *, patience_s: float = 20.0) -> None:
        """Take a client.

        Args:
            client: of `distributed`.
            patience_s: seconds after which a part that alone is left is handed out again, if it also takes four times
                as long as others.
        """
        self._client = client
        self._patience_s = patience_s
        self._counted = 0, -math.inf
        """Threads of all workers, and when they were counted."""

    def run(
        self,
        function: Callable[[Task], Result],
        tasks: Sequence[Task],
        on_done: Callable[[int], None] = lambda _number: None,
    ) -> list[Result]:
        """Return the result of each task, in their order.

        Raises:
            RemoteError: the scheduler or all workers are gone, or a part ended every worker that had it.
            ScopeviewError: as the function does.
        """
        work = _Work(tasks)
        try:
            while len(work.found) < len(tasks):
                check_wanted()
                self._hand_out(function, work)
                self._collect(work, on_done)
        finally:
            self._drop(work)
        return [work.found[number] for number in range(len(tasks))]

    def _hand_out(self, function: Callable[[Task], Result], work: _Work) -> None:
        room = self._threads(work) + 1 - len(work.running)
        while room > 0 and work.following < len(work.tasks):
            self._submit(function, work, work.following, None)
            work.following += 1
            room -= 1
        if work.following < len(work.tasks) or not work.took:
            return
        limit = max(self._patience_s, 4 * median(work.took))
        slow = [number for number, began in work.began.items() if time.monotonic() - began > limit]
        for number in slow:
            if number not in work.found and number not in work.doubled:
                self._double(function, work, number)

    def _double(self, function: Callable[[Task], Result], work: _Work, number: int) -> None:
        """Hand a part that takes long to another worker as well."""
        keys = {future.key for future, owner in work.running.items() if owner == number}
        holders = {worker for worker, held in self._asked("processing", work).items() if keys & set(held)}
        others = [worker for worker in self._asked("nthreads", work) if worker not in holders]
        if others:
            work.doubled.add(number)
            self._submit(function, work, number, others)

    def _submit(
        self, function: Callable[[Task], Result], work: _Work, number: int, workers: Sequence[str] | None
    ) -> None:
        future = self._client.submit(in_worker, function, work.tasks[number], pure=False, workers=workers)
        work.running[future] = number
        work.began.setdefault(number, time.monotonic())
        future.add_done_callback(work.done.put)

    def _collect(self, work: _Work, on_done: Callable[[int], None]) -> None:
        """Take what is done; where nothing is for a while, see whether anybody is there."""
        try:
            future = work.done.get(timeout=_LOOK_EVERY_S)
        except queue.Empty:
            self._look(work)
            return
        number = work.running.pop(future, None)
        if number is None or number in work.found:
            return
        if future.status != "finished":
            self._raise(future, work)
        work.found[number] = self._result(future, work)
        work.took.append(time.monotonic() - work.began[number])
        on_done(number)

    def _result(self, future: Any, work: _Work) -> Any:
        try:
            return future.result(timeout=_CONNECT_S)
        except (OSError, TimeoutError) as error:
            raise self._lost(work) from error

    def _raise(self, future: Any, work: _Work) -> None:
        from distributed.scheduler import KilledWorker

        if future.status != "error":
            raise self._lost(work)
        error = future.exception(timeout=_CONNECT_S)
        if isinstance(error, KilledWorker):
            raise RemoteError(
                "a part of the work ended every worker that had it, perhaps for want of memory; start workers with "
                "more memory each, and run it again"
            ) from error
        if isinstance(error, ScopeviewError):
            raise error
        raise RemoteError(f"a worker failed ({type(error).__name__}: {str(error)[:200]}); run it again") from error

    def _look(self, work: _Work) -> None:
        """See whether the scheduler answers and has workers.

        Raises:
            RemoteError: it does not, or has had none for a minute.
        """
        if any(future.status in ("cancelled", "lost") for future in work.running):
            raise self._lost(work)
        self._threads(work)

    def _threads(self, work: _Work) -> int:
        """Return how many parts can run at a time; waits for workers where there are none.

        Raises:
            RemoteError: none came.
        """
        count, since = self._counted
        if time.monotonic() - since < _LOOK_EVERY_S:
            return count
        until = time.monotonic() + _ALONE_S
        while not (found := self._asked("nthreads", work)):
            check_wanted()
            if time.monotonic() > until:
                raise RemoteError(f"the cluster has no workers{self._progress(work)}; start some, and run it again")
            time.sleep(_LOOK_EVERY_S)
        self._counted = sum(found.values()), time.monotonic()
        return self._counted[0]

    def _asked(self, method: str, work: _Work) -> dict[str, Any]:
        """Return an answer of the scheduler by worker."""
        try:
            if self._client.status != "running":
                raise OSError(self._client.status)
            return dict(getattr(self._client, method)())
        except (OSError, TimeoutError, ValueError) as error:
            raise self._lost(work) from error

    def _lost(self, work: _Work) -> RemoteError:
        return RemoteError(f"the scheduler of Dask is gone{self._progress(work)}; start it, and run it again")

    def _progress(self, work: _Work) -> str:
        return f" after {len(work.found):,} of {len(work.tasks):,} parts"

    def _drop(self, work: _Work) -> None:
        """Take back what nobody waits for."""
        left = list(work.running)
        work.running.clear()
        if left and self._client.status == "running":
            try:
                self._client.cancel(left, force=True)
            except (OSError, TimeoutError):
                return
