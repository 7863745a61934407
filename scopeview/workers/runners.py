"""What runs work that falls into parts, as a person asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from scopeview.analysis.answers.fleet import FleetReport
from scopeview.analysis.work import Runner
from scopeview.errors import QueryError
from scopeview.workers.fleet import fleet
from scopeview.workers.threads import Threads


@contextmanager
def runner(threads: int | None, workers: int | None, scheduler: str | None) -> Iterator[Runner]:
    """Give what runs the parts of some work: threads, or a cluster of Dask.

    Raises:
        QueryError: more than one of them was named.
        RemoteError: the cluster cannot be reached, or Dask is not installed.
    """
    if sum(one is not None for one in (threads, workers, scheduler)) > 1:
        raise QueryError("--threads, --workers and --scheduler exclude each other; name one")
    if workers is None and scheduler is None:
        yield Threads(threads)
        return
    from scopeview.workers.cluster import cluster

    with cluster(workers, scheduler) as running:
        yield running


def fleet_with(
    threads: int | None, scheduler: str | None, patterns: Iterable[str], *, query: str | None, limit: int
) -> FleetReport:
    """Describe a fleet, read by threads or by a cluster; the errors are those of `fleet` and `runner`."""
    with runner(threads, None, scheduler) as running:
        return fleet(patterns, running, query=query, limit=limit)
