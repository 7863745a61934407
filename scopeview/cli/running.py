"""Options that say what runs work that falls into parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from scopeview.analysis.work import Runner

Command = TypeVar("Command", bound=Callable[..., Any])


def runner_options(function: Command) -> Command:
    """Add --threads, --workers and --scheduler; `runner` makes of them what runs the parts."""
    decorators = (
        click.option(
            "--threads", type=click.IntRange(1, 256), help="Threads to read with; the default is twice the cores."
        ),
        click.option(
            "--workers", type=click.IntRange(1, 1024), help="Read in so many processes of Dask on this machine."
        ),
        click.option("--scheduler", metavar="ADDRESS", help="Read on the cluster of Dask at tcp://HOST:PORT."),
    )
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


@contextmanager
def runner(threads: int | None, workers: int | None, scheduler: str | None) -> Iterator[Runner]:
    """Give what these options ask for; the errors are those of `workers.runners`."""
    from scopeview.workers import runners

    with runners.runner(threads, workers, scheduler) as running:
        yield running
