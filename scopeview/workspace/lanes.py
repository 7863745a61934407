"""Work for threads, in lanes: one job of a lane at a time, lanes by turns, so that none waits for another's long jobs.

A lane is a queue with a bound. Each job knows who still waits for it: when nobody does, it is taken out of the queue,
or ends at its next step (`scopeview.model.wanted`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any

from scopeview.errors import BusyError
from scopeview.model.wanted import UnwantedError, wanted_while

LONGEST_S = 600.0
"""Seconds after which a job is ended, whoever waits for it."""

_IDLE_S = 5.0

_OVERTAKEN_S = 2.0
"""Seconds after which a job that waits is no longer overtaken."""


class Job:
    """One piece of work; `future` has its result, or is canceled when nobody wants it."""

    def __init__(
        self, work: Callable[[], Any], is_unwanted: Callable[[], bool] = lambda: False, *, is_first: bool = False
    ) -> None:
        """Begin to wait.

        Args:
            work: what is done.
            is_unwanted: whether nobody waits for it, whoever joined.
            is_first: whether it overtakes what has not waited for long.
        """
        self.future: Future[Any] = Future()
        self.is_first = is_first
        self.since = time.monotonic()
        self._work = work
        self._is_unwanted = is_unwanted
        self._waiting = 1
        self._lock = threading.Lock()
        self._ends_at = float("inf")

    @property
    def is_wanted(self) -> bool:
        """Whether anybody waits for it, and it has not taken too long."""
        return self._waiting > 0 and not self._is_unwanted() and time.monotonic() < self._ends_at

    def join(self) -> bool:
        """Wait for it too; False if it was given up already."""
        with self._lock:
            if self._waiting == 0 or self._is_unwanted():
                return False
            self._waiting += 1
            return True

    def leave(self) -> None:
        """Wait for it no longer."""
        with self._lock:
            self._waiting = max(0, self._waiting - 1)

    def give_up(self) -> None:
        """End it, whoever waits for it."""
        with self._lock:
            self._waiting = 0

    def run(self) -> None:
        """Do the work; whatever it raises is the result."""
        self._ends_at = time.monotonic() + LONGEST_S
        if not self.is_wanted or not self.future.set_running_or_notify_cancel():
            self.future.cancel()
            return
        try:
            with wanted_while(lambda: self.is_wanted):
                result = self._work()
        except UnwantedError:
            self.future.set_exception(BusyError("this takes too long and was ended; ask for less of it"))
        except MemoryError:
            self.future.set_exception(BusyError("there is not enough memory for this answer; ask for less of it"))
        except BaseException as error:  # noqa: BLE001 - a thread's own end would leave others waiting for ever
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class Lanes:
    """Threads that take jobs from lanes by turns."""

    def __init__(self, name: str, *, threads: int, waiting: int) -> None:
        """Begin without a thread.

        Args:
            name: of the threads.
            threads: how many jobs run at once; of one lane, one.
            waiting: how many jobs of one lane wait at most.
        """
        self._name = name
        self._most_threads = threads
        self._most_waiting = waiting
        self._lanes: dict[Hashable, deque[Job]] = {}
        self._running: dict[Hashable, Job] = {}
        self._ready: deque[Hashable] = deque()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        self._has_ended = False
        self._changed = threading.Condition()

    def submit(self, lane: Hashable, job: Job) -> None:
        """Put a job at the end of a lane, or before others if it is to be done first.

        Raises:
            BusyError: as many wait there as may, or this is being shut down.
        """
        with self._changed:
            jobs = self._lanes.setdefault(lane, deque())
            unwanted = [other for other in jobs if not other.is_wanted]
            for other in unwanted:
                jobs.remove(other)
            has_room = not self._has_ended and len(jobs) < self._most_waiting
            if has_room:
                jobs.insert(_place(jobs, job), job)
                self._call_thread(lane)
        for other in unwanted:  # not under the lock: whoever waits is called from here
            other.future.cancel()
        if not has_room:
            raise BusyError("too many questions about this wait already; ask again in a few seconds")

    def _call_thread(self, lane: Hashable) -> None:
        """Let a thread take the lane's first job, a new one if all are busy."""
        if lane not in self._running and lane not in self._ready:
            self._ready.append(lane)
        if self._idle:
            self._changed.notify()
        elif len(self._threads) < self._most_threads:
            thread = threading.Thread(target=self._serve, name=f"scopeview-{self._name}", daemon=True)
            self._threads.add(thread)
            thread.start()

    def shut_down(self) -> None:
        """Give up every job; threads end at the next step of theirs."""
        with self._changed:
            self._has_ended = True
            waiting = [job for jobs in self._lanes.values() for job in jobs]
            running = list(self._running.values())
            self._lanes.clear()
            self._ready.clear()
            self._changed.notify_all()
        for job in (*waiting, *running):
            job.give_up()
        for job in waiting:  # not under the lock: whoever waits is called from here
            job.future.cancel()

    def wait(self, timeout_s: float) -> None:
        """Wait for the threads to end, for so many seconds at most."""
        ends_at = time.monotonic() + timeout_s
        for thread in list(self._threads):
            thread.join(max(0.0, ends_at - time.monotonic()))

    def _serve(self) -> None:
        while True:
            with self._changed:
                lane_job = self._next()
            if lane_job is None:
                return
            lane, job = lane_job
            job.run()
            del job, lane_job  # what it holds may be large, and this thread may wait for long
            with self._changed:
                del self._running[lane]
                if self._lanes.get(lane):
                    self._ready.append(lane)
                else:
                    self._lanes.pop(lane, None)

    def _next(self) -> tuple[Hashable, Job] | None:
        """Take the first job of the lane whose turn it is; None after some seconds without any."""
        while not self._ready:
            self._idle += 1
            has_changed = not self._has_ended and self._changed.wait(_IDLE_S)
            self._idle -= 1
            if not has_changed and not self._ready:
                self._threads.discard(threading.current_thread())
                return None
        lane = self._ready.popleft()
        job = self._running[lane] = self._lanes[lane].popleft()
        return lane, job


def _place(jobs: deque[Job], job: Job) -> int:
    """Return where a job goes among those that wait."""
    place = len(jobs)
    while job.is_first and place and not jobs[place - 1].is_first and job.since - jobs[place - 1].since < _OVERTAKEN_S:
        place -= 1
    return place
