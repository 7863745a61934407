"""Arguments and options that several commands take, and how they turn into a model."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from scopeview.model.model import Model
    from scopeview.readers import Limits

Command = TypeVar("Command", bound=Callable[..., Any])


class InputFile(click.Path):
    """A file to read: one that is here, or a URL, which is looked at when it is read."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a URL as it is; check any other path."""
        from scopeview.readers.paths import is_url

        return value if is_url(str(value)) else super().convert(value, param, ctx)


def read_json(path: str) -> Any:
    """Read a JSON file, here or elsewhere.

    Raises:
        QueryError: it is none.
        ScopeviewError: it cannot be read.
    """
    import json

    from scopeview.errors import QueryError
    from scopeview.readers.files import read_file
    from scopeview.readers.paths import path_of

    content = bytes(read_file(path_of(path))[:])
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise QueryError(f"{path} cannot be read: it is no JSON ({str(error)[:200]})") from error


@dataclass(frozen=True, slots=True)
class Source:
    """What to open, as the command line names it."""

    path: str
    tags: str | None
    artifact: str | None
    importing: bool
    timeout: int

    def load(self, *, prints_notes: bool = False) -> Model:
        """Read the artifact, and import it through TensorFlow if that was asked for.

        What could not be read of it is shown on standard error, unless the command says that itself.
        """
        from scopeview.readers import limited, read
        from scopeview.render.formats import printable

        tags = None if self.tags is None else [tag.strip() for tag in self.tags.split(",") if tag.strip()]
        with limited(limits()):
            model = read(self.path, tags=tags, artifact=self.artifact)
        if "logging" in sys.modules:  # else nobody listens
            _log_read(self.path, model)
        for note in () if prints_notes else model.notes:
            click.echo(f"note: {printable(note)}", err=True)
        if not self.importing:
            return model
        from scopeview.readers.tensorflow.importing import with_import

        return with_import(model, timeout_s=self.timeout)


def _log_read(path: str, model: Model) -> None:
    import logging

    from scopeview.render.formats import printable

    logger = logging.getLogger(__name__)
    logger.info("read %s as %s", printable(path), model.origin.format)
    logger.debug("%d ops, %d functions, %d variables", len(model.graph), len(model.functions), len(model.variables))


def source_options(function: Command) -> Command:
    """Add PATH and what chooses among several things at it; the command gets them as keyword arguments."""
    decorators = (
        click.argument("path"),
        click.option("--tags", help="Tag-set of the MetaGraph to open, comma-separated."),
        click.option("--artifact", help="Which of several artifacts at PATH to open."),
        click.option(
            "--import",
            "importing",
            is_flag=True,
            help="Also import through TensorFlow, and compare (takes seconds).",
        ),
        click.option(
            "--import-timeout",
            "timeout",
            default=300.0,
            show_default=True,
            help="Seconds the import may take.",
        ),
    )
    for decorator in reversed((*decorators, limit_options)):
        function = decorator(function)
    return function


def limit_options(function: Command) -> Command:
    """Add what reading one file may cost; `limits` returns it."""
    decorators = (
        click.option(
            "--limit-seconds",
            type=click.FloatRange(min=0, min_open=True),
            metavar="SECONDS",
            expose_value=False,
            callback=_keep,
            help="Stop reading a file after so many seconds, with what was read by then.",
        ),
        click.option(
            "--limit-memory",
            type=click.IntRange(1, 1 << 30),
            metavar="MB",
            expose_value=False,
            callback=_keep,
            help="Let a file unpack to so many MB; the default is 64 times its size, at least 384 MB.",
        ),
    )
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def paging_options(what: str, done: str, default: int) -> Callable[[Command], Command]:
    """Add --limit and --offset over a list of things; the command gets them under these names.

    Args:
        what: what is listed, such as `Hits`.
        done: what is done with them, such as `of one page`.
        default: how many, if nothing else is asked for.
    """

    def add(function: Command) -> Command:
        limit = click.option(
            "--limit", type=click.IntRange(1, 1_000_000), default=default, show_default=True, help=f"{what} {done}."
        )
        offset = click.option("--offset", type=click.IntRange(0, 1_000_000_000), default=0, help=f"{what} to skip.")
        return limit(offset(function))

    return add


def program_option(function: Command) -> Command:
    """Add --program; the command gets it as `program`, None if it was not given."""
    return click.option(
        "--program",
        metavar="NAME",
        help="The signature or function to show, its calls inlined; `main` is the file's own main graph. "
        "Of a SavedModel of TF 2 the default is serving_default, else the largest.",
    )(function)


def _keep(context: click.Context, parameter: click.Parameter, value: float | None) -> None:
    context.meta[f"{__name__}.{parameter.name}"] = value


def limits() -> Limits:
    """Return the limits that the command line sets."""
    from scopeview.readers import Limits

    meta = click.get_current_context().meta
    megabytes = meta.get(f"{__name__}.limit_memory")
    return Limits(meta.get(f"{__name__}.limit_seconds"), None if megabytes is None else int(megabytes) << 20)


def output_options(function: Command) -> Command:
    """Add --json and --color."""
    function = click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)
    return click.option(
        "--color/--no-color",
        default=None,
        help="Force color on or off; the default is on for a terminal.",
    )(function)


def print_json(result: object) -> None:
    """Print a result as JSON."""
    from scopeview.render.as_json import document

    click.echo(document(result))


def print_foreign_json(content: object) -> None:
    """Print JSON of a format that is not ours, such as SARIF."""
    from scopeview.render.as_json import dumps

    click.echo(dumps(content))
