"""Every answer of the server is what the command line prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.cli.running import Run
from tests.places import SAMPLES


def opened(client: TestClient, name: str) -> str:
    answer = client.post("/api/models", json={"path": str(SAMPLES / name)})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


@pytest.mark.parametrize(
    ("question", "command"),
    [
        ("inspection", ["inspect"]),
        ("sharing", ["sharing"]),
        ("sharing?minimum=0", ["sharing", "--min", "0"]),
        ("collections", ["collections"]),
        ("lint", ["lint", "--severity", "info"]),
        ("find?q=op%3AMatMul", ["find", "op:MatMul"]),
        ("find?q=hidden&limit=3&offset=2", ["find", "hidden", "--limit", "3", "--offset", "2"]),
        ("show?name=discriminator", ["show", "discriminator"]),
        ("show?name=z", ["show", "z"]),
        ("sharing?variable=generator/weights", ["sharing", "generator/weights"]),
        ("collections?name=train_op", ["collections", "train_op"]),
    ],
)
def test_answers_equal_the_command_line(client: TestClient, scopeview: Run, question: str, command: list[str]) -> None:
    path = SAMPLES / "m17_gan.meta"

    answer = client.get(f"/api/models/{opened(client, path.name)}/{question}")

    assert answer.status_code == 200
    assert answer.json() == json.loads(scopeview(command[0], path, *command[1:], "--json").out)


def test_a_diff_equals_the_command_line(client: TestClient, scopeview: Run) -> None:
    names = "m33_original.ckpt", "m33_renamed.meta"
    a, b = (opened(client, name) for name in names)

    answer = client.get("/api/diff", params={"a": a, "b": b})

    assert answer.json() == json.loads(scopeview("diff", *(SAMPLES / name for name in names), "--json").out)
    pair = client.get(f"/api/models/{b}/lint", params={"checkpoint": a}).json()
    assert pair["counts"]["error"] == 3


@pytest.mark.parametrize(
    ("question", "options"), [("", []), ("?q=name:*weights&limit=2", ["name:*weights", "--limit", "2"])]
)
def test_values_equal_the_command_line(client: TestClient, scopeview: Run, question: str, options: list[str]) -> None:
    path = SAMPLES / "m33_original.ckpt"

    answer = client.get(f"/api/models/{opened(client, path.name)}/values{question}")

    assert answer.json() == json.loads(scopeview("values", path, *options, "--json").out)


def test_values_of_a_graphs_variable_come_from_the_checkpoints_that_are_open(client: TestClient) -> None:
    graph = opened(client, "m28_partitioned.meta")
    variable = client.get(f"/api/models/{graph}/variables").json()["rows"][0]["name"]
    before = client.get(f"/api/models/{graph}/values-of", params={"name": variable}).json()
    checkpoint = opened(client, "m28_partitioned.ckpt")
    truth = client.get(f"/api/models/{checkpoint}/values", params={"q": f"name:{variable}"}).json()["variables"]

    assert before == []
    assert client.get(f"/api/models/{graph}/values-of", params={"name": variable}).json() == truth != []
    told = {model["id"]: model["holds_values"] for model in client.get("/api/models").json()}
    assert (told[graph], told[checkpoint]) == (False, True)
    assert client.get(f"/api/models/{graph}/values").status_code == 400


def test_an_answer_that_is_known_is_not_sent_again(client: TestClient) -> None:
    url = f"/api/models/{opened(client, 'm17_gan.meta')}/tree"
    first = client.get(url)

    again = client.get(url, headers={"if-none-match": first.headers["etag"]})
    other = client.get(url, params={"tree": "variables"}, headers={"if-none-match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200
    assert first.headers["content-encoding"] == "gzip"


def test_refusals_are_sentences_with_a_status(client: TestClient) -> None:
    model = opened(client, "m17_gan.meta")

    def refused(url: str) -> tuple[int, str]:
        answer = client.get(url)
        return answer.status_code, answer.json()["error"]

    assert refused(f"/api/models/{model}/show?name=nope")[0] == 404
    sentence = refused(f"/api/models/{model}/show?name=nope")[1]
    assert "nothing in" in sentence and "scopeview find" not in sentence  # no command line is at hand here
    assert refused(f"/api/models/{model}/find?q=colour:red")[0] == 400
    assert refused("/api/models/zzz/tree") == (404, "no model 'zzz' is open; reload the page to see those that are")
    assert refused("/api/nothing") == (404, "there is nothing at /api/nothing")
    outside = client.post("/api/models", json={"path": "/etc/passwd"})
    assert (outside.status_code, "is not served" in outside.json()["error"]) == (404, True)


def test_lists_are_bounded(client: TestClient) -> None:
    model = opened(client, "m17_gan.meta")

    assert client.get(f"/api/models/{model}/tree?limit=100000").status_code == 422
    page = client.get(f"/api/models/{model}/tree?limit=3&offset=2").json()
    assert (len(page["rows"]), page["offset"], page["total"] > 3) == (3, 2, True)


def test_a_file_that_is_sent_is_opened_and_its_name_leads_nowhere(client: TestClient) -> None:
    content = (SAMPLES / "m05_reuse.meta").read_bytes()

    answer = client.post("/api/upload", params={"name": "../../evil/../m.meta"}, content=content)

    told = answer.json()
    assert Path(told["path"]).name == "m.meta"
    assert client.get(f"/api/models/{told['id']}/summary").json()["ops"] == 14


def test_the_schema_describes_every_route(client: TestClient) -> None:
    schema = client.get("/api/openapi.json").json()

    operations = [op for path in schema["paths"].values() for op in path.values()]
    assert all(len(op["description"]) > 10 for op in operations)
    assert {"ScopeMap", "TreePage", "DiffReport", "LintReport", "Detail"} <= schema["components"]["schemas"].keys()


def test_places_are_listed_under_the_roots_alone(client: TestClient) -> None:
    assert client.get("/api/places").json() == [f"{SAMPLES}/"]
    assert str(SAMPLES / "m17_gan.meta") in client.get("/api/places", params={"under": str(SAMPLES)}).json()
    assert client.get("/api/places", params={"under": "/etc"}).status_code == 404
