"""A web server of samples, and the same files in fsspec's memory."""

from __future__ import annotations

from collections.abc import Iterator

import fsspec
import pytest

from scopeview.readers.remote import calls
from tests.places import BROKEN, SAMPLES
from tests.web_server import Files, served


@pytest.fixture(scope="session")
def server() -> Iterator[Files]:
    with served() as files:
        for path in (*SAMPLES.rglob("*"), *BROKEN.rglob("*")):
            if path.is_file():
                files.put(path.relative_to(SAMPLES.parent).as_posix(), path.read_bytes())
        yield files


@pytest.fixture
def web(server: Files, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setattr(calls, "PAUSE_S", 0.0)
    server.has_ranges = server.has_lists = True
    server.drops, server.hold = 0, None
    server.statuses.clear()
    server.forget()
    return server


@pytest.fixture(scope="session")
def memory(server: Files) -> str:
    system = fsspec.filesystem("memory")
    for path, content in server.content.items():
        system.pipe_file(f"/samples of all kinds/{path}", content)
    return "memory://samples of all kinds"
