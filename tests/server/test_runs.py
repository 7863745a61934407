"""The runs of a logdir, and the server below another WSGI server's paths."""

from __future__ import annotations

import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from scopeview.server.allowed_paths import AllowedPaths
from scopeview.server.app import create_app
from scopeview.server.runs import Runs, folders_of
from scopeview.server.wsgi import WsgiBridge
from scopeview.workspace import Workspace
from tests.places import SAMPLES


@pytest.mark.parametrize(
    ("logdir", "spec", "folders"),
    [
        ("runs", "", {"": "runs"}),
        ("runs", "a:b", {"": "runs"}),
        ("a:b", "", {"": "a:b"}),
        ("", "one:runs/a,runs/b,two:c", {"one": "runs/a", "runs/b": "runs/b", "two": "c"}),
        ("", "x:gs://bucket/y,s3://z,/a:b", {"/a:b": "/a:b"}),
        ("gs://bucket/y", "", {}),
        ("", "", {}),
    ],
)
def test_folders_are_those_that_tensorboard_was_given(logdir: str, spec: str, folders: dict[str, str]) -> None:
    assert folders_of(logdir, spec) == {name: Path(folder) for name, folder in folders.items()}


def test_runs_are_called_as_tensorboard_calls_them_and_looked_at_again_when_they_change(tmp_path: Path) -> None:
    sample = next((SAMPLES / "m29_logdir" / "v1").iterdir())
    for run in (".", "a", "a/b"):
        (tmp_path / run).mkdir(exist_ok=True)
        shutil.copy(sample, tmp_path / run / "events.out.tfevents.1")
    outside = tmp_path.parent / f"{tmp_path.name} outside"
    shutil.copytree(tmp_path / "a", outside)
    (tmp_path / "link").symlink_to(outside)
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "events.out.tfevents.1").write_bytes(sample.read_bytes()[:40])
    runs = Runs({"": tmp_path})

    found = runs.listed()
    assert [run.name for run in found.runs] == [".", "a", "a/b"]
    assert [graph.title for graph in found.runs[0].graphs] == ["meta_graph", "graph"]
    assert not found.is_looking
    shutil.copy(sample, tmp_path / "a" / "events.out.tfevents.2")
    os.utime(tmp_path / "a" / "events.out.tfevents.2", (2e9, 2e9))
    assert len(runs.listed().runs[1].graphs) == 2  # it was just looked at
    runs._looked_at = 0.0
    assert [Path(graph.path).name[-1] for graph in runs.listed().runs[1].graphs] == ["2", "2", "1", "1"]
    assert [run.name for run in Runs({"x": tmp_path / "a"}).listed().runs] == ["x", "x/b"]
    assert "not on this machine" in Runs({}).listed().note
    assert Runs({"": tmp_path / "not yet"}).listed().runs == ()


def asked(bridge: WsgiBridge, path: str, body: bytes = b"", /, **environ: str) -> tuple[str, dict[str, str], bytes]:
    seen: list[Any] = []
    request = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "HTTP_HOST": "localhost:6006",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **environ,
    }
    content = b"".join(bridge(request, lambda *started: seen.extend(started)))
    return seen[0], dict(seen[1]), content


def test_requests_of_wsgi_are_answered_as_those_of_a_socket(tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "m17_gan.meta", tmp_path / "gän.meta")
    places = AllowedPaths([], [str(tmp_path)], takes_uploads=False)
    bridge = WsgiBridge(create_app(Workspace(), places), "/plugin/page/")

    def ask(path: str, body: bytes = b"", /, **environ: str) -> tuple[str, dict[str, str], bytes]:
        return asked(bridge, f"/prefix/plugin/page/{path}", body, **environ)

    status, headers, content = ask("")
    assert (status, headers["content-type"]) == ("200 OK", "text/html; charset=utf-8")
    assert "content-security-policy" in headers
    posted = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json"}
    status, _, content = ask("api/models", json.dumps({"path": "gän.meta"}).encode(), **posted)
    assert status == "200 OK"
    identity = json.loads(content)["id"]
    status, headers, content = ask(f"api/models/{identity}/tree", QUERY_STRING="tree=variables&scope=discriminator")
    assert [row["path"] for row in json.loads(content)["rows"]] == ["discriminator/hidden", "discriminator/logits"]
    assert ask(f"api/models/{identity}/tree", QUERY_STRING="tree=variables", HTTP_IF_NONE_MATCH="x")[0] == "200 OK"
    assert ask("api/models", b"x" * 70_000, **posted)[0].startswith("413 ")
    assert ask("api/models", CONTENT_LENGTH="-5", **posted)[0].startswith("413 ")
    assert ask("api/nothing/\xff\xfe")[0] == "404 Not Found"
    assert ask("api/models", HTTP_HOST="rebound.example")[0] == "421 Misdirected Request"
    assert ask("api/upload", b"x", QUERY_STRING="name=x", **posted)[0] == "400 Bad Request"
    assert json.loads(ask("api/runs")[2]) == {"runs": [], "note": "", "is_looking": False}
