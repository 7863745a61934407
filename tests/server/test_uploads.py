"""What is sent is kept whole or not at all, whatever ends it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scopeview.readers.temporary import remove_own
from scopeview.server import uploads
from scopeview.server.allowed_paths import AllowedPaths
from scopeview.server.app import create_app
from scopeview.workspace import Workspace
from tests.places import SAMPLES
from tests.server.live import eventually, serving

CONTENT = (SAMPLES / "m05_reuse.meta").read_bytes()


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    remove_own()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield tmp_path
    remove_own()


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Workspace(), AllowedPaths()), base_url="http://127.0.0.1") as found:
        yield found


def left(place: Path) -> list[str]:
    """Return the files below a folder that the server may be taking away meanwhile, which `os.walk` allows."""
    return [name for _, _, names in os.walk(place) for name in names if name != ".lock"]


def send(client: TestClient, name: str, content: bytes = CONTENT, **sent: object) -> tuple[int, str]:
    answer = client.post("/api/upload", params={"name": name, **sent}, content=content)  # type: ignore[dict-item]
    return answer.status_code, answer.json()["error"] if answer.status_code != 200 else ""


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_a_sentence_and_nothing_is_left(
    client: TestClient, place: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    real, written = os.write, [0]

    def full(descriptor: int, content: bytes) -> int:
        written[0] += len(content)
        if written[0] > 1 << 20:
            raise OSError(number, os.strerror(number))
        return real(descriptor, content)

    monkeypatch.setattr(os, "write", full)
    status, sentence = send(client, "a.pb", b"x" * (8 << 20))
    monkeypatch.setattr(os, "write", real)

    assert (status, "has no room" in sentence) == (507, True)
    assert left(place) == []
    assert send(client, "m.meta") == (200, "")


def test_a_full_disk_before_the_first_byte(client: TestClient, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(uploads, "new_folder", full)
        assert send(client, "a.pb")[0] == 507
    assert left(place) == []


def test_an_upload_that_is_broken_off_leaves_nothing(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serving([]) as live:
        for group in ("", "&group=g"):
            with live.connect() as half:
                head = f"POST /api/upload?name=half.pb{group} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                half.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + b"x" * 200_000)
                assert eventually(lambda: left(place))
            assert eventually(lambda: not left(place))
        assert live.ask("/api/models").json == []
    assert caplog.records == []


@pytest.mark.parametrize(("first", "second"), [("d/a", "d/a/b"), ("d/a/b", "d/a")])
def test_a_file_where_a_folder_is(client: TestClient, place: Path, first: str, second: str) -> None:
    assert send(client, first, group="g", left=1) == (200, "")

    status, sentence = send(client, second, group="g", left=0)

    assert (status, sentence.startswith("the file cannot be kept under this name")) == (400, True)
    assert len(left(place)) == 1


@pytest.mark.parametrize(
    "name", ["", ".", "..", "/", "../../x", "a" * 3000, "ü" * 3000, "\0", "a/" * 3000 + "b", "nul\r\nx: y", "\u202e.pb"]
)
def test_no_name_leads_elsewhere_or_is_too_long(client: TestClient, place: Path, name: str) -> None:
    for group in ("", "g"):
        assert send(client, name, group=group, left=1)[0] == 200
    files = [path for path in place.rglob("*") if path.is_file() and path.name != ".lock"]
    assert len(files) == 2
    assert all(len(os.fsencode(path.name)) <= 255 for path in files)


def test_limits_of_size_and_number(client: TestClient, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LARGEST_UPLOAD", 1000)
    assert send(client, "a.pb", b"x" * 1001)[0] == 413
    monkeypatch.setattr(uploads, "MOST_BYTES", 1500)
    assert [send(client, "a.pb", b"x" * 900, left=1)[0] for _ in range(2)] == [200, 413]
    monkeypatch.setattr(uploads, "MOST_FILES", 1)
    assert send(client, "a.pb", b"x")[0] == 429
    assert left(place) == ["a.pb"]


def test_what_was_sent_goes_when_it_is_closed_and_with_the_server(place: Path) -> None:
    with TestClient(create_app(Workspace(), AllowedPaths()), base_url="http://127.0.0.1") as client:
        closed, kept = (
            client.post("/api/upload", params={"name": name}, content=CONTENT).json()[0]
            for name in ("a.meta", "b.meta")
        )
        client.delete(f"/api/models/{closed['id']}")
        assert left(place) == ["b.meta"]
        assert client.get(f"/api/models/{kept['id']}/summary").status_code == 200
    assert left(place) == []
