"""Requests that failed once: each is refused with one sentence in one shape, guarded like every other answer."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scopeview.server import api
from scopeview.server.allowed_paths import AllowedPaths
from scopeview.server.app import create_app
from scopeview.server.security import HEADERS
from scopeview.workspace import Workspace
from tests.places import SAMPLES

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("root")
    (root / "good.meta").write_bytes((SAMPLES / "m05_reuse.meta").read_bytes())
    (root / "loop").symlink_to("loop")
    (root / "two").symlink_to("to")
    (root / "to").symlink_to("two")
    os.mkfifo(root / "fifo")
    (root / "denied").mkdir(mode=0)
    return root


@pytest.fixture(scope="module")
def client(root: Path) -> Iterator[TestClient]:
    app = create_app(Workspace(), AllowedPaths(roots=[str(root)]))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as found:
        yield found


def refused(client: TestClient, method: str, path: str, **sent: object) -> tuple[int, str]:
    answer = client.request(method, path, **sent)  # type: ignore[arg-type]
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    if answer.status_code < 400:
        return answer.status_code, ""
    assert set(answer.json()) == {"error", "choices"}
    return answer.status_code, answer.json()["error"]


@pytest.mark.parametrize("path", ["loop", "loop/x", "two", "fifo", "good.meta/x", "a" * 300, "ü" * 200, "nothing"])
def test_paths_that_lead_nowhere_are_models_that_failed(client: TestClient, path: str) -> None:
    opened = client.post("/api/models", json={"path": path})
    assert opened.status_code == 200

    status, sentence = refused(client, "GET", f"/api/models/{opened.json()['id']}/summary")

    assert status in (404, 415)
    assert "Error" not in sentence and len(sentence) > 20


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"path":"\\ud800"}', 422),
        (b'{"path":NaN}', 422),
        (b'{"path":1e999}', 422),
        (b'{"path":"good.meta","tags":NaN}', 422),
        (b'{"path":"good.meta","tags":[1e999]}', 422),
        (b'{"path":"../x"}', 404),
        (b'{"path":"a\\u0000b"}', 404),
        (b'{"path":"' + b"a/" * 2_000_000 + b'"}', 413),
        (b'{"path":"' + b"a/" * 3_000 + b'"}', 422),
        (b"[" * 100_000, 413),
        (b"[" * 50_000, 400),
        (b"{", 422),
        (b"", 422),
        (b"\xff\xfe", 422),
    ],
)
def test_bodies_that_are_not_understood(client: TestClient, body: bytes, status: int) -> None:
    found, sentence = refused(client, "POST", "/api/models", content=body, headers=JSON)

    assert found == status
    assert "there is nothing at" not in sentence
    assert len(sentence) < 2100


@pytest.mark.parametrize("origin", ["http://[", "http://]", "http://[x]", "http://evil.example", "//", ""])
def test_origins_that_are_none(client: TestClient, origin: str) -> None:
    headers = {**JSON, "origin": origin}
    assert refused(client, "POST", "/api/models", json={"path": "good.meta"}, headers=headers)[0] == 403


@pytest.mark.parametrize(
    "under", ["loop", "fifo", "a" * 300, "a" * 5000, "\0", "denied", "../..", "/etc", "good.meta/x"]
)
def test_places_that_are_none(client: TestClient, under: str) -> None:
    assert refused(client, "GET", "/api/places", params={"under": under})[0] in (200, 404)


def test_what_lies_outside_is_refused_alike_whether_it_is_there_or_not(client: TestClient, root: Path) -> None:
    (root.parent / "there").touch()
    (root / "out").symlink_to(root.parent / "there")
    (root / "gone").symlink_to(root.parent / "not-there")
    sentences = {
        refused(client, method, path, **{kind: {key: name}})[1].replace(name, "NAME")
        for name in ("out", "gone", str(root.parent / "there"), str(root.parent / "not-there"))
        for method, path, kind, key in (
            ("POST", "/api/models", "json", "path"),
            ("GET", "/api/places", "params", "under"),
        )
    }
    assert sentences == {"NAME is not served: pass it to scopeview serve, or a folder above it as --root"}


@pytest.mark.parametrize("route", ["graph", "graph/trace", "graph/edges"])
def test_a_function_that_is_not_there(client: TestClient, route: str) -> None:
    model = client.post("/api/models", json={"path": "good.meta"}).json()["id"]
    asked = {"name": ["a", "b"], "source": "a", "target": "b", "function": "nope"}

    status, sentence = refused(client, "GET", f"/api/models/{model}/{route}", params=asked)

    assert (status, "nope" in sentence and "function" in sentence) == (404, True)


def test_ways_of_asking_that_are_none(client: TestClient) -> None:
    assert refused(client, "PUT", "/api/models") == (405, "/api/models is not asked by PUT")
    assert refused(client, "GET", "/api/models/x/tree", params={"limit": "1e999"})[0] == 422
    assert refused(client, "GET", "/api/models/x/tree", params={"offset": "9" * 4000})[0] == 422
    assert refused(client, "GET", "/api/nothing") == (404, "there is nothing at /api/nothing")
    assert refused(client, "GET", "/%ff%fe%7f")[0] == 404


def test_a_failure_of_the_server_is_logged_and_has_the_shape(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(api, "summarize", lambda _context: 1 // 0)
    model = client.post("/api/models", json={"path": "good.meta"}).json()["id"]

    with caplog.at_level(logging.ERROR, "scopeview"):
        status, sentence = refused(client, "GET", f"/api/models/{model}/summary")

    assert (status, "its log says where" in sentence) == (500, True)
    assert "ZeroDivisionError" in caplog.text


def test_unknown_parameters_keep_no_answers(root: Path) -> None:
    workspace = Workspace()
    with TestClient(create_app(workspace, AllowedPaths(roots=[str(root)])), base_url="http://127.0.0.1") as client:
        model = client.post("/api/models", json={"path": "good.meta"}).json()["id"]
        for number in range(50):
            asked = client.get(f"/api/models/{model}/summary?junk={number}{'x' * 60_000}&junk=&{number}=1")
            assert asked.status_code == 200
        assert len(workspace._kept._answers) == 1


def test_no_request_waits_for_long(client: TestClient) -> None:
    begun = time.process_time()
    for _ in range(20):
        refused(client, "GET", "/api/places", params={"under": "a/" * 10_000})
    assert time.process_time() - begun < 5


def test_the_description_says_what_is_sent(client: TestClient) -> None:
    description = client.get("/api/openapi.json").json()
    schemas = description["components"]["schemas"]

    for path, operations in description["paths"].items():
        for operation in operations.values():
            assert {"400", "401", "404", "409", "413", "422", "429", "503"} <= operation["responses"].keys(), path
            refusal = operation["responses"]["422"]["content"]["application/json"]["schema"]
            assert refusal == {"$ref": "#/components/schemas/Refused"}
    assert not [name for schema in schemas.values() for name in schema.get("properties", ()) if name.endswith("_")]
    assert "HTTPValidationError" not in schemas
