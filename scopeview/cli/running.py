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
    """Add --threads; `runner` makes of it what runs the parts."""
    decorators = (
        click.option(
            "--threads", type=click.IntRange(1, 256), help="Threads to read with; the default is twice the cores."
        ),
    )
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


@contextmanager
def runner(threads: int | None) -> Iterator[Runner]:
    """Give what runs the parts of some work."""
    from scopeview.workers.threads import Threads

    yield Threads(threads)
