"""The plugin that TensorBoard loads by the entry point `tensorboard_plugins`: the page, below TensorBoard's own paths.

TensorBoard's server answers for it, on TensorBoard's port. What may be opened is what lies in the logdir; nothing can
be sent. The same guard stands before it as before `scopeview serve`, but for the token: TensorBoard has none.
"""

from __future__ import annotations

import argparse
import atexit
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from tensorboard.plugins import base_plugin

from scopeview.model.once import once
from scopeview.server.runs import Runs, folders_of

if TYPE_CHECKING:
    from scopeview.server.wsgi import WsgiBridge

_NAME = "scopeview"
_PAGE = f"/data/plugin/{_NAME}/page/"
_HEADERS = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-cache"))
_TAB = b"""// TensorBoard loads this into a document of its own, below data/plugin/scopeview/, and calls it.
export function render() {
  const frame = document.createElement("iframe");
  frame.title = "scopeview";
  frame.src = "page/";
  frame.style.cssText = "position: fixed; inset: 0; width: 100%; height: 100%; border: 0";
  document.body.append(frame);
}
"""

Environ = dict[str, Any]
StartResponse = Callable[..., object]


class ScopeviewLoader(base_plugin.TBLoader):  # type: ignore[misc]
    """Adds the plugin's flag, and makes the plugin."""

    def define_flags(self, parser: argparse.ArgumentParser) -> None:
        """Add `--scopeview_allow_host`."""
        parser.add_argument_group("scopeview plugin").add_argument(
            "--scopeview_allow_host",
            metavar="NAME",
            action="append",
            default=[],
            help="Another name under which a browser reaches this TensorBoard, such as a proxy's; repeat for several.",
        )

    def load(self, context: base_plugin.TBContext) -> ScopeviewPlugin:
        """Return the plugin."""
        return ScopeviewPlugin(context)


class ScopeviewPlugin(base_plugin.TBPlugin):  # type: ignore[misc]
    """The page of scopeview on the graphs of the logdir."""

    plugin_name = _NAME

    def __init__(self, context: base_plugin.TBContext) -> None:
        """Note where the logdir is; nothing is read, and the server is not loaded, before the tab is looked at."""
        super().__init__(context)
        flags = context.flags
        self._spec = "" if context.flags is None else getattr(flags, "logdir_spec", "") or ""
        is_spec = bool(self._spec) and context.logdir in ("", None, self._spec)
        self._folders = folders_of("" if is_spec else context.logdir or "", self._spec)
        self._hosts: list[str] = list(getattr(flags, "scopeview_allow_host", None) or [])
        if getattr(flags, "host", None):
            self._hosts.append(str(flags.host))
        if getattr(flags, "bind_all", False):
            self._hosts += [socket.gethostname(), socket.getfqdn()]
        self._runs = Runs(self._folders)

    def get_plugin_apps(self) -> Mapping[str, Callable[[Environ, StartResponse], Iterable[bytes]]]:
        """Return what answers for the paths of the plugin."""
        return {"/index.js": self._serve_tab, "/page": self._serve_page, "/page/*": self._serve_page}

    def is_active(self) -> bool:
        """Return whether any run has a graph."""
        return self._runs.has_any()

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """Return how TensorBoard shows the tab."""
        return base_plugin.FrontendMetadata(es_module_path="/index.js", tab_name="scopeview", disable_reload=True)

    def _serve_page(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if str(environ.get("PATH_INFO", "")).endswith("/page"):  # what is in the page is named from the slash on
            start_response("301 Moved Permanently", [("Location", "page/"), *_HEADERS])
            return [b""]
        return self._bridge(environ, start_response)

    def _serve_tab(self, _environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/javascript; charset=utf-8"), *_HEADERS])
        return [_TAB]

    @once
    def _bridge(self) -> WsgiBridge:
        """The server, loaded with the first request for it."""
        from scopeview.server.allowed_paths import AllowedPaths
        from scopeview.server.app import create_app
        from scopeview.server.security import Access, hosts_for
        from scopeview.server.wsgi import WsgiBridge
        from scopeview.workspace import Workspace

        workspace = Workspace()
        atexit.register(workspace.shut_down)
        access = Access(
            hosts_for("localhost", self._hosts),
            any_address=True,
            framed=True,
            allow_host="tensorboard --scopeview_allow_host NAME",
        )
        paths = AllowedPaths([], map(str, self._folders.values()), takes_uploads=False)
        return WsgiBridge(create_app(workspace, paths, access, runs=self._runs), _PAGE)
