"""The diff that a person edits: pairs, rules and rejections in the address, code and converted files to take away."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from scopeview.errors import NoRoomError, TooLargeError
from scopeview.readers import read
from scopeview.readers.fence import resolved
from scopeview.server import conversions
from scopeview.server.allowed_paths import AllowedPaths
from scopeview.server.app import create_app
from scopeview.server.conversions import Conversions
from scopeview.workspace import Workspace
from tests.cli.running import Run
from tests.places import SAMPLES
from tests.server.test_api import opened, printed

OLD, NEW = "m33_original.ckpt", "m33_renamed.meta"


@pytest.fixture
def sides(client: TestClient) -> tuple[str, str]:
    return opened(client, OLD), opened(client, NEW)


def edited(client: TestClient, sides: tuple[str, str], edits: object, path: str = "", **more: str) -> Any:
    asked = {"a": sides[0], "b": sides[1], "edits": json.dumps(edits), **more}
    answer = client.get(f"/api/diff{path}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_edits_are_what_the_command_line_takes(
    client: TestClient, sides: tuple[str, str], scopeview: Run, tmp_path: Path
) -> None:
    before = edited(client, sides, {})
    pairs = {e["a"]: e["b"] for e in before["entries"] if e["status"] == "renamed"}
    gone, kept, *_ = pairs
    edits = {"rules": ["rnn=x"], "pairs": {gone: None, kept: pairs[kept]}, "accept": "proposed"}
    (tmp_path / "map.json").write_text(json.dumps(edits["pairs"]))

    after = edited(client, sides, edits)

    options = ["--rule", "rnn=x", "--map", tmp_path / "map.json", "--accept", "proposed", "--json"]
    assert after == printed(scopeview("diff", SAMPLES / OLD, SAMPLES / NEW, *options))
    entry = next(e for e in after["entries"] if e["a"] == gone)
    assert (entry["status"], entry["evidence"]) == ("only_a", "given: no counterpart")
    assert next(e for e in after["entries"] if e["a"] == kept)["evidence"].startswith("given")
    rejected = printed(scopeview("diff", SAMPLES / OLD, SAMPLES / NEW, "--reject", gone, "--json"))
    assert rejected == edited(client, sides, {"pairs": {gone: None}})
    ribbons = edited(client, sides, {"pairs": {gone: None}}, "/map")["ribbons"]
    assert sum(ribbon["renamed"] for ribbon in ribbons) == len(pairs) - 1


def test_the_pairs_to_take_away_give_the_same_diff_in_a_terminal(
    client: TestClient, sides: tuple[str, str], scopeview: Run, tmp_path: Path
) -> None:
    pairs = {e["a"]: e["b"] for e in edited(client, sides, {})["entries"]}
    one, other, *_ = pairs
    edits = {"pairs": {one: None, other: pairs[other]}}

    file = edited(client, sides, edits, "/code", form="pairs")

    (tmp_path / file["file"]).write_text(file["text"])
    again = printed(scopeview("diff", SAMPLES / OLD, SAMPLES / NEW, "--map", tmp_path / file["file"], "--json"))
    assert {e["a"]: e["b"] for e in again["entries"]} == {
        e["a"]: e["b"] for e in edited(client, sides, edits)["entries"]
    }


@pytest.mark.parametrize("form", ["tf1", "saver", "init"])
def test_code_is_what_the_command_line_prints(
    client: TestClient, sides: tuple[str, str], scopeview: Run, form: str
) -> None:
    option = ["--assignment-map"] if form == "init" else ["--format", form]

    text = edited(client, sides, {"accept": "proposed"}, "/code", form=form)["text"]

    assert f"{text}\n" == scopeview("diff", SAMPLES / OLD, SAMPLES / NEW, "--accept", "proposed", *option).out


@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        ("{", "the edits of the pairs are not understood"),
        ('{"rules": ["a"]}', "not a rule"),
        ('{"pairs": {"a": 3}}', "not understood at pairs"),
        ('{"accept": "all"}', "not understood at accept"),
        ('{"other": 1}', "not understood at other"),
        (json.dumps({"rules": ["a=b"] * 51}), "not understood at rules"),
        (json.dumps({"rules": ["a" * 300 + "=b"]}), "not understood at rules"),
        (json.dumps({"pairs": {"a" * 2001: None}}), "not understood at pairs"),
        (" " * 30_000, "'edits' is not understood"),
    ],
)
def test_what_is_no_edit_is_a_sentence(client: TestClient, sides: tuple[str, str], edits: str, sentence: str) -> None:
    answer = client.get("/api/diff", params={"a": sides[0], "b": sides[1], "edits": edits})

    assert answer.status_code in (400, 422)
    assert sentence in answer.json()["error"]


def asked(client: TestClient, sides: tuple[str, str], **more: object) -> Any:
    return client.post("/api/diff/converted", json={"a": sides[0], "b": sides[1], **more})


@pytest.mark.parametrize("form", ["safetensors", "npz", "checkpoint"])
def test_a_converted_file_has_the_names_of_the_other_side(
    client: TestClient, sides: tuple[str, str], tmp_path: Path, form: str
) -> None:
    pairs = {e["a"]: e["b"] for e in edited(client, sides, {})["entries"] if e["status"] == "renamed"}
    gone = next(iter(pairs))

    made = asked(client, sides, format=form, edits=json.dumps({"pairs": {gone: None}})).json()
    answer = client.get(f"/api/converted/{made['id']}")

    assert len(answer.content) == made["size_bytes"]
    assert made["name"] in answer.headers["content-disposition"]
    target = tmp_path / made["name"]
    target.write_bytes(answer.content)
    if form == "checkpoint":
        zipfile.ZipFile(io.BytesIO(answer.content)).extractall(tmp_path)
        target = tmp_path / made["name"].removesuffix(".zip")
    assert {v.name for v in read(target).variables} == set(pairs.values()) - {pairs[gone]}
    assert (made["tensors"], made["total_left_out"], made["total_unfilled"]) == (len(pairs) - 1, 1, 1)
    assert [one["name"] for one in made["unfilled"]] == [pairs[gone]]


def test_values_go_from_the_checkpoint_to_the_graph_whichever_is_first(
    client: TestClient, sides: tuple[str, str]
) -> None:
    forth, back = (asked(client, order, format="npz").json() for order in (sides, sides[::-1]))

    names = [set(np.load(io.BytesIO(client.get(f"/api/converted/{m['id']}").content))) for m in (forth, back)]
    assert names[0] == names[1]
    refused = asked(client, (sides[1], sides[1]), format="npz")
    assert (refused.status_code, "values" in refused.json()["error"]) == (400, True)
    assert asked(client, sides, format="exe").status_code == 422


def test_few_files_are_kept_and_they_lie_in_a_folder_that_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = AllowedPaths(roots=[str(SAMPLES)])
    kept: Conversions = allowed.conversions
    with TestClient(create_app(Workspace(), allowed), base_url="http://127.0.0.1") as client:
        sides = opened(client, OLD), opened(client, NEW)
        ids = [
            asked(client, sides, format="npz", edits=json.dumps({"rules": [f"a{i}=b"]})).json()["id"] for i in range(6)
        ]

        found = [client.get(f"/api/converted/{one}").status_code for one in ids]
        folder = resolved(kept.path(ids[-1]).parent.parent)

        assert found == [404, 404, 200, 200, 200, 200]
        assert len(list(folder.iterdir())) == conversions.MOST_FILES
        again = asked(client, sides, format="npz", edits=json.dumps({"rules": ["a0=b"]})).json()["id"]
        assert client.get(f"/api/converted/{again}").status_code == 200  # and no answer of before its file went
        assert client.get("/api/converted/..%2f..%2fetc").status_code == 404
        monkeypatch.setattr(conversions, "MOST_BYTES", 100)
        assert asked(client, sides, format="safetensors").status_code == TooLargeError.http_status
        monkeypatch.setattr(conversions, "MOST_BYTES", 1 << 30)
        monkeypatch.setattr(conversions, "_LEFT_FREE", 1 << 62)
        assert asked(client, sides, format="safetensors").status_code == NoRoomError.http_status
    assert not folder.exists()
