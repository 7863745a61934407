"""Runs the parts of some work on threads of this process; numpy and the network leave the interpreter to the others."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

from scopeview.model.wanted import check_wanted, wanted_while
from scopeview.readers.storage import remembering

Task = TypeVar("Task")
Result = TypeVar("Result")

_AHEAD = 2
"""Tasks per thread that are handed out, so that what waits costs nothing."""
_LOOK_EVERY_S = 0.5


def default_threads() -> int:
    """Return how many threads are used if nobody says: twice as many as there are cores, up to 16."""
    return min(16, 2 * (os.cpu_count() or 1))


class Threads:
    """Runs tasks on so many threads."""

    def __init__(self, count: int | None = None) -> None:
        self.count = max(1, count or default_threads())

    def run(
        self,
        function: Callable[[Task], Result],
        tasks: Sequence[Task],
        on_done: Callable[[int], None] = lambda _number: None,
    ) -> list[Result]:
        """Return the result of each task, in their order; what ends the work ends the threads at their next step."""
        stop = threading.Event()

        def one(task: Task) -> Result:
            with wanted_while(lambda: not stop.is_set()), remembering():
                return function(task)

        found: dict[int, Result] = {}
        running: dict[Future[Result], int] = {}
        waiting = iter(enumerate(tasks))
        pool = ThreadPoolExecutor(self.count, thread_name_prefix="scopeview-part")
        try:
            while len(found) < len(tasks):
                while len(running) < self.count * _AHEAD and (following := next(waiting, None)) is not None:
                    number, task = following
                    running[pool.submit(copy_context().run, one, task)] = number
                check_wanted()
                done, _ = wait(running, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED)
                for future in done:
                    number = running.pop(future)
                    found[number] = future.result()
                    on_done(number)
        finally:
            stop.set()
            pool.shutdown(wait=len(found) == len(tasks), cancel_futures=True)
        return [found[number] for number in range(len(tasks))]
