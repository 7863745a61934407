"""The page inside of a notebook: a server in a thread of this process, shown in a frame of an output cell."""

from __future__ import annotations

import secrets
import socket
import threading
from html import escape

from scopeview.model.model import Model
from scopeview.server.allowed_paths import AllowedPaths
from scopeview.server.app import create_app
from scopeview.server.connections import Server
from scopeview.server.security import Access
from scopeview.workspace import Workspace


class View:
    """The page of a model; the last value of a cell shows it. `close()` ends its server."""

    def __init__(self, model: Model, height: int) -> None:
        """Serve the artifact that a model was read from, on the loopback, with a token of its own.

        Args:
            model: what was read from a path.
            height: pixels of the frame.
        """
        token = secrets.token_urlsafe(18)
        workspace = Workspace()
        workspace.open(model.origin.path, artifact=model.origin.artifact or None, tags=model.origin.tags or None)
        listener = socket.create_server(("127.0.0.1", 0))
        app = create_app(workspace, AllowedPaths([model.origin.path]), Access(token=token, framed=True))
        self._server = Server(app, before_end=workspace.shut_down)
        self._height = height
        self._port, self._token = listener.getsockname()[1], token
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="scopeview-view", daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        """The address of the page, with its token: in the path, for a frame may have no cookies."""
        return f"http://localhost:{self._port}/{self._token}/"

    def close(self) -> None:
        """End the server; the frame then shows nothing any more."""
        self._server.should_exit = True
        self._thread.join(timeout=5)

    def __repr__(self) -> str:
        """Say where the page is."""
        return f"<scopeview page at {self.address}>"

    def _repr_html_(self) -> str:
        address = escape(self.address, quote=True)
        return (
            f'<iframe src="{address}" width="100%" height="{self._height}" style="border:1px solid #8886"></iframe>'
            f'<br><a href="{address}" target="_blank" rel="noopener">open in a tab of its own</a>'
        )
