"""The command group: commands load when they are called, errors become one sentence and an exit code."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from typing import NoReturn

import click

from scopeview import __version__
from scopeview.errors import ScopeviewError

COMMANDS = (
    "inspect",
    "show",
    "find",
    "sharing",
    "collections",
    "lint",
    "diff",
    "values",
    "fleet",
    "costs",
    "convert",
    "merge",
    "report",
    "trace",
    "check-scopes",
    "export",
    "serve",
    "completion",
)

RUNS_PROGRAMS = frozenset({"trace", "check-scopes"})
"""What runs a user's program, which may answer Ctrl-C as it likes."""
LONG_COMMANDS = frozenset({"values", "fleet", "convert", "merge", "serve", *RUNS_PROGRAMS})
"""What may run for long or runs a user's program: with Python's garbage collector, which `__main__` switches off."""


class _LazyGroup(click.Group):
    """Imports a command's module when the command is used: `scopeview --help` loads neither numpy nor rich."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"scopeview.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="scopeview %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Log what is read, and how long it takes, to standard error.")
@click.option("--debug", is_flag=True, help="Log more, and show a traceback with an error.")
def cli(*, verbose: bool, debug: bool) -> None:
    """See both namespaces of a TensorFlow graph or checkpoint.

    PATH is a graph (.pb, .pbtxt, .meta), a SavedModel, a checkpoint prefix, an event file, a folder of these, or the
    URL of one (s3://, gs://, https://); what a file is, its content says. Exit codes: 0 done, 1 when lint finds an
    error or diff a difference, 2 bad input or usage.
    """
    command = click.get_current_context().invoked_subcommand
    if command in LONG_COMMANDS:
        gc.enable()
    if command not in RUNS_PROGRAMS:
        _keep_interrupts()
    if verbose or debug:
        _log_to_stderr(debug=debug)


def main() -> None:
    """Run the command line; the only place that turns errors into exit codes."""
    _prepare_output()
    try:
        cli.main(prog_name="scopeview", standalone_mode=False)
        sys.stdout.flush()
    except ScopeviewError as error:
        if "--debug" in sys.argv:
            import traceback

            traceback.print_exc()
        _fail(str(error), error.exit_code)
    except MemoryError:
        _fail("there is not enough memory for this; allow less with --limit-memory, or ask for less of it", 2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe (`| head`) went away: nothing is wrong, and nobody is left to read.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        # Nothing is read at this point that is not caught where it is read: the output cannot be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        _fail(f"the output cannot be written: {error.strerror or error}", 2)


def _keep_interrupts() -> None:
    """Let no library lose Ctrl-C: one that catches every exception would let a command run on to its end."""
    import signal
    import threading

    from scopeview.model.wanted import check_wanted, interrupt

    def on_interrupt(_number: int, _frame: object) -> NoReturn:
        interrupt()
        raise KeyboardInterrupt

    def at_end() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        check_wanted()

    is_ours = threading.current_thread() is threading.main_thread()  # else Python is embedded, and somebody else's
    if is_ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, on_interrupt)
        click.get_current_context().call_on_close(at_end)


def _log_to_stderr(*, debug: bool) -> None:
    """Send the package's log to standard error, with the milliseconds since the start."""
    import logging

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            click.echo(self.format(record), err=True)  # whatever standard error is by then

    handler = Handler()
    handler.setFormatter(logging.Formatter("%(relativeCreated)6d ms %(name)s: %(message)s"))
    logger = logging.getLogger("scopeview")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
    click.get_current_context().call_on_close(logger.handlers.clear)


def _prepare_output() -> None:
    """Make output possible everywhere: a closed stream swallows it, an encoding without a character shows `?`."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - stays open to the end
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def _fail(message: str, exit_code: int) -> None:
    from scopeview.render.formats import printable

    click.echo(f"scopeview: {printable(message)}", err=True)
    sys.exit(exit_code)
