"""`scopeview serve`."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import sys
import threading
import webbrowser

import click

from scopeview.cli.options import InputFile, limit_options, limits

_SWITCH_S = 0.001
"""Seconds after which a thread that computes lets another run, such as the one that answers light routes."""


@click.command("serve")
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--allow-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="Another name under which a browser reaches it, such as a proxy's; repeat for several.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port; a free one by default.")
@click.option(
    "--open/--no-open", "opens", default=None, help="Open the page in a browser; the default is on a desktop."
)
@click.option(
    "--root",
    "roots",
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help="A folder under which paths may be opened from the page; repeat for several.",
)
@click.option("--token", help="What a browser must know; made up for an address that is not the loopback.")
@click.option("--no-token", is_flag=True, help="Ask for no token, whoever can reach the address.")
@click.option(
    "--import-up-to",
    metavar="OPS",
    default=20_000,
    show_default=True,
    type=click.IntRange(0),
    help="Graphs of up to OPS ops are imported through TensorFlow in the background; larger ones on request.",
)
@click.option("--tags", help="Tag-set of the MetaGraph to open where a path is a SavedModel, comma-separated.")
@click.option(
    "--overlay",
    "overlays",
    multiple=True,
    type=InputFile(),
    help="Values by op, scope or variable to color the graph by: JSON or CSV; repeat for several.",
)
@limit_options
def command(  # noqa: PLR0913 - one parameter per option
    paths: tuple[str, ...],
    host: str,
    hosts: tuple[str, ...],
    port: int,
    opens: bool | None,
    roots: tuple[str, ...],
    token: str | None,
    no_token: bool,
    import_up_to: int,
    tags: str | None,
    overlays: tuple[str, ...],
) -> None:
    """Open the explorer in a browser: trees, map, variables, diff and lint of everything at PATH.

    Serves the named paths alone, and what lies under --root. Ctrl-C ends it.
    """
    from scopeview.readers.overlays import read_overlays
    from scopeview.readers.temporary import remove_left_behind
    from scopeview.server.allowed_paths import AllowedPaths
    from scopeview.server.app import create_app
    from scopeview.server.connections import Server
    from scopeview.server.graph_api import first_picture
    from scopeview.server.security import LOOPBACK, Access, hosts_for
    from scopeview.workspace import MOST_MODELS, Workspace
    from scopeview.workspace.memory import configure_malloc

    _check_paths(paths, roots)
    laid_over = tuple(overlay for path in overlays for overlay in read_overlays(path))
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that what is temporary is removed
    remove_left_behind()
    is_loopback = host in LOOPBACK
    if token is None and not is_loopback and not no_token:
        token = secrets.token_urlsafe(18)
    is_any = host in ("0.0.0.0", "::")  # every address of this machine
    own = [socket.gethostname(), socket.getfqdn()] if is_any else []
    access = Access(hosts_for(host, [*own, *hosts]), is_any, token)
    listener = _listen(host, port)
    port = listener.getsockname()[1]
    configure_malloc()
    workspace = Workspace(import_up_to=import_up_to, most_models=MOST_MODELS + len(paths), limits=limits())
    chosen = tuple(tag.strip() for tag in tags.split(",")) if tags else None
    for place, path in enumerate(paths):
        workspace.open(path, tags=chosen, prepare=first_picture if place == 0 else None)
    app = create_app(workspace, AllowedPaths(paths, roots), access, laid_over)
    shown = own[0] if is_any else f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
    _report_progress(address, port, is_loopback)
    if _should_open(opens):
        webbrowser.open(address)
    sys.setswitchinterval(_SWITCH_S)
    Server(app, before_end=workspace.shut_down).run(sockets=[listener])
    _end()


def _check_paths(paths: tuple[str, ...], roots: tuple[str, ...]) -> None:
    """Say at once what is wrong with a path; the prefix of a checkpoint is no file."""
    from scopeview.readers import find_artifacts
    from scopeview.readers.paths import path_of
    from scopeview.readers.storage import status

    if not paths and not roots:
        raise click.UsageError("pass a PATH to open, or a folder to choose from as --root")
    for path in paths:
        if status(path_of(path)) is None:
            find_artifacts(path_of(path))


def _end() -> None:
    """End the process, with the threads that are still at work: they have no one to work for."""
    from scopeview.readers.temporary import remove_own
    from scopeview.readers.weights.hdf5_process import end_all

    remove_own()
    end_all()  # nothing that is registered for the end of a process is called by `_exit`
    if any(thread.name.startswith("scopeview-") for thread in threading.enumerate()):
        os._exit(0)


def _listen(host: str, port: int) -> socket.socket:
    """Bind before anything is read, so that the address is known and a taken port is shown at once."""
    from scopeview.errors import QueryError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)  # whoever opens the address before the server is up waits, and is not refused
    except OSError as error:
        listener.close()
        raise QueryError(f"cannot listen on {host}:{port}: {error.strerror or error}; try another --port") from error
    return listener


def _report_progress(address: str, port: int, is_loopback: bool) -> None:
    click.echo(f"scopeview serves {address}")
    if os.environ.get("SSH_CONNECTION") and is_loopback:
        click.echo(f"from your own machine: ssh -L {port}:127.0.0.1:{port} {socket.gethostname()}")
    click.echo("Ctrl-C ends it.")


def _should_open(opens: bool | None) -> bool:
    if opens is not None:
        return opens
    has_screen = os.name == "nt" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return has_screen and not os.environ.get("SSH_CONNECTION") and not os.environ.get("CI")
