"""The lines of code beside an answer: those that the record names, under the folder of the script, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from scopeview.server.allowed_paths import AllowedPaths
from scopeview.server.app import create_app
from scopeview.workspace import Workspace
from tests.places import ROOT

EXAMPLES = ROOT / "docs" / "examples"
NOT_READ = "not read: it is not under the folder of the script, beside the record"

Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A served folder with a record and its sources in it, and a secret beside it."""
    place = tmp_path / "served" / "program"
    place.mkdir(parents=True)
    for name in ("train.scopetrace", "train.meta", "train.py", "model.py"):
        shutil.copy(EXAMPLES / name, place / name)
    for file in place.glob("*.py"):
        os.utime(file, (1e9, 1e9))
    (tmp_path / "secret.py").write_text("secret\n", "utf-8")
    (place.parent / "beside.py").write_text("secret\n", "utf-8")
    return place


def asking(place: Path, record: str = "train.scopetrace", *, is_named: bool = False) -> Ask:
    """Open a record, by its name or below a root, and return what asks for lines."""
    path = str(place / record)
    paths = AllowedPaths([path]) if is_named else AllowedPaths(roots=[str(place.parent)])
    workspace = Workspace()
    client = TestClient(create_app(workspace, paths), base_url="http://127.0.0.1")
    identity = client.post("/api/models", json={"path": path}).json()["id"]
    workspace.context(identity)

    def ask(**question: str | int) -> tuple[int, dict[str, Any]]:
        answer = client.get(f"/api/models/{identity}/source", params=question)
        return answer.status_code, answer.json()

    return ask


@pytest.mark.parametrize("is_named", [True, False])
def test_the_lines_around_one_are_read_anew_each_time(place: Path, is_named: bool) -> None:
    ask, text = asking(place, is_named=is_named), (place / "model.py").read_text("utf-8").splitlines()

    status, found = ask(file="model.py", line=17, around=2)
    assert (status, found["first"], found["note"]) == (200, 15, "")
    assert found["lines"] == text[14:19]
    assert ask(file="model.py", line=1, around=1)[1]["lines"] == text[:2]
    assert ask(file="model.py", line=10_000)[1]["lines"] == []
    (place / "model.py").write_text("x" * 5000 + "\n", "utf-8")
    found = ask(file="model.py", line=1)[1]
    assert (found["lines"], found["note"]) == (["x" * 500], "the file was changed after the record")
    (place / "model.py").unlink()
    assert ask(file="model.py", line=1)[1]["note"] == NOT_READ
    for wrong in ({"line": 0}, {"line": 1, "around": 51}, {"line": "x"}, {}):
        assert ask(file="model.py", **wrong)[0] == 422


def test_what_the_record_does_not_name_is_not_read(place: Path) -> None:
    ask = asking(place)
    for file in ("train.meta", "../beside.py", "./model.py", "/etc/passwd", "program/../model.py", "", "a\0.py"):
        status, found = ask(file=file, line=1)
        assert (status, "names no file" in found["error"]) == (404, True), file
    assert asking(place, "train.meta")(file="model.py", line=1)[0] == 400


@pytest.mark.parametrize("is_named", [True, False])
def test_what_a_record_names_elsewhere_is_not_read(place: Path, is_named: bool) -> None:
    (place / "link.py").symlink_to(place.parent.parent / "secret.py")
    (place / "inner").symlink_to(place.parent.parent)
    (place / "loop.py").symlink_to("loop.py")
    (place / "folder.py").mkdir()
    os.mkfifo(place / "pipe.py")
    elsewhere = ("../../secret.py", "../beside.py", "link.py", "inner/secret.py", "/etc/hosts.py", "folder.py")
    head, *lines = (place / "train.scopetrace").read_text("utf-8").splitlines()
    files = [*elsewhere, "pipe.py", "loop.py", "none.py", "\ud800.py"]
    frames = [{"file": file, "line": 1, "function": "f"} for file in files]
    named = json.dumps(json.loads(head) | {"error_frames": frames})
    (place / "hostile.scopetrace").write_text("\n".join([named, *lines]), "utf-8")

    ask = asking(place, "hostile.scopetrace", is_named=is_named)
    for file in files[:-1]:
        status, found = ask(file=file, line=1)
        assert (status, found["lines"], found["note"]) == (200, [], NOT_READ), file
    assert ask(file="a" * 5000 + ".py", line=1)[0] == 422
    assert ask(file="model.py", line=1)[1]["lines"]


@pytest.mark.parametrize("folder", ["..", "/", "inner"])
def test_the_folder_of_the_script_lies_below_the_record(place: Path, folder: str) -> None:
    (place / "inner").symlink_to(place.parent)
    head, *lines = (place / "train.scopetrace").read_text("utf-8").splitlines()
    hostile = json.dumps(json.loads(head) | {"folder": folder})
    text = "\n".join([hostile, *lines]).replace('"model.py"', '"../beside.py"')
    (place / "hostile.scopetrace").write_text(text, "utf-8")

    assert asking(place, "hostile.scopetrace")(file="../beside.py", line=1)[1]["note"] == NOT_READ
