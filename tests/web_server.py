"""A web server of files for the tests: counts what it sends, and can fail, be slow, or know no ranges."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urlsplit


@dataclass
class Files:
    """What is served, what is to go wrong, and what was asked."""

    content: dict[str, bytes] = field(default_factory=dict)
    """By path without its first slash."""
    versions: dict[str, int] = field(default_factory=dict)
    has_ranges: bool = True
    has_lists: bool = True
    drops: int = 0
    """How many of the next answers end in their middle."""
    statuses: list[int] = field(default_factory=list)
    """What the next answers are instead."""
    hold: threading.Event | None = None
    """What answers wait for."""
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path, range."""
    sent: dict[str, int] = field(default_factory=dict)
    """Bytes of content by path."""
    url: str = ""

    def put(self, path: str, content: bytes) -> None:
        self.content[path] = content
        self.versions[path] = self.versions.get(path, 0) + 1

    def total(self) -> int:
        return sum(self.sent.values())

    def forget(self) -> None:
        self.requests.clear()
        self.sent.clear()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    files: Files

    def log_message(self, format: str, *arguments: object) -> None:
        del format, arguments

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        files, path = self.files, unquote(urlsplit(self.path).path).lstrip("/")
        asked = self.headers.get("Range", "")
        files.requests.append((self.command, path, asked))
        if files.hold is not None:
            files.hold.wait(10)
        if files.statuses:
            self._head(files.statuses.pop(0), {"Content-Length": "0"})
            return
        is_folder = not path or any(name.startswith(f"{path.rstrip('/')}/") for name in files.content)
        if path in files.content:
            self._file(path, asked, with_body=with_body)
        elif is_folder and files.has_lists and path and not path.endswith("/"):
            self._head(301, {"Location": f"/{quote(path)}/", "Content-Length": "0"})
        elif is_folder and files.has_lists:
            self._list(path, with_body=with_body)
        else:
            self._head(404, {"Content-Length": "0"})

    def _file(self, path: str, asked: str, *, with_body: bool) -> None:
        files, content = self.files, self.files.content[path]
        marks = {"ETag": f'"{files.versions[path]}"', "Content-Type": "application/octet-stream"}
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", asked) if files.has_ranges else None
        code = 200
        if match is not None:
            start, end = int(match[1]), min(int(match[2]) + 1, len(content))
            marks["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
            content, code = content[start:end], 206
        self._head(code, {**marks, "Content-Length": str(len(content))})
        if not with_body:
            return
        if files.drops:
            files.drops -= 1
            content, self.close_connection = content[: len(content) // 2], True
        files.sent[path] = files.sent.get(path, 0) + len(content)
        try:
            self.wfile.write(content)
        except OSError:  # who asked has gone, having seen that the answer is no range
            self.close_connection = True

    def _list(self, path: str, *, with_body: bool) -> None:
        inside = {name[len(path) :].partition("/") for name in self.files.content if name.startswith(path)}
        links = sorted({f"{first}{slash}" for first, slash, _ in inside})
        body = "".join(f'<a href="{quote(link)}">{escape(link)}</a>\n' for link in ["../", *links]).encode()
        self._head(200, {"Content-Type": "text/html", "Content-Length": str(len(body))})
        if with_body:
            self.wfile.write(body)

    def _head(self, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that were dropped."""


@contextmanager
def served() -> Iterator[Files]:
    """Serve files on a free port of 127.0.0.1."""
    files = Files()
    handler = type("Handler", (_Handler,), {"files": files})
    with _Server(("127.0.0.1", 0), handler) as server:
        files.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield files
        finally:
            server.shutdown()
            thread.join()
