"""Every answer of the server is what the command line prints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from scopeview.analysis.derive.roles import ROLES
from scopeview.server.allowed_paths import AllowedPaths
from scopeview.server.app import create_app
from scopeview.workspace import Workspace
from tests.cli.running import Ran, Run
from tests.places import SAMPLES


def printed(ran: Ran) -> Any:
    """Return what the command line printed, without the version of the contract, which the server has at OpenAPI."""
    return {name: value for name, value in json.loads(ran.out).items() if name != "schema_version"}


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
    assert answer.json() == printed(scopeview(command[0], path, *command[1:], "--json"))


def test_a_diff_equals_the_command_line(client: TestClient, scopeview: Run) -> None:
    names = "m33_original.ckpt", "m33_renamed.meta"
    a, b = (opened(client, name) for name in names)

    answer = client.get("/api/diff", params={"a": a, "b": b})

    truth = printed(scopeview("diff", *(SAMPLES / name for name in names), "--json"))
    assert answer.json() == truth
    page = client.get("/api/diff", params={"a": a, "b": b, "status": "renamed", "offset": 2, "limit": 3}).json()
    assert (page["entries"], page["total_entries"]) == (truth["entries"][2:5], 6)
    assert client.get("/api/diff", params={"a": a, "b": b, "status": "same"}).json()["entries"] == []
    pair = client.get(f"/api/models/{b}/lint", params={"checkpoint": a}).json()
    assert pair["counts"]["error"] == 1


@pytest.mark.parametrize(
    ("question", "options"), [("", []), ("?q=name:*weights&limit=2", ["name:*weights", "--limit", "2"])]
)
def test_values_equal_the_command_line(client: TestClient, scopeview: Run, question: str, options: list[str]) -> None:
    path = SAMPLES / "m33_original.ckpt"

    answer = client.get(f"/api/models/{opened(client, path.name)}/values{question}")

    assert answer.json() == printed(scopeview("values", path, *options, "--json"))


def test_values_of_a_graphs_variable_come_from_the_checkpoints_that_are_open(client: TestClient) -> None:
    graph = opened(client, "m28_partitioned.meta")
    variable = client.get(f"/api/models/{graph}/variables").json()["rows"][0]["name"]
    before = client.get(f"/api/models/{graph}/values-of", params={"name": variable}).json()
    checkpoint = opened(client, "m28_partitioned.ckpt")
    truth = client.get(f"/api/models/{checkpoint}/values", params={"q": f"name:{variable}"}).json()["variables"]

    assert before == []
    assert client.get(f"/api/models/{graph}/values-of", params={"name": variable}).json() == truth != []
    holds = {model["id"]: model["holds_values"] for model in client.get("/api/models").json()}
    assert (holds[graph], holds[checkpoint]) == (False, True)
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
    assert refused(f"/api/models/{model}/find?q=color:red")[0] == 400
    assert refused("/api/models/zzz/tree") == (404, "no model 'zzz' is open; reload the page to see those that are")
    assert refused("/api/nothing") == (404, "there is nothing at /api/nothing")
    outside = client.post("/api/models", json={"path": "/etc/passwd"})
    assert (outside.status_code, "is not served" in outside.json()["error"]) == (404, True)


def test_a_rule_is_explained_as_the_command_line_does(client: TestClient, scopeview: Run) -> None:
    page = client.get("/api/lint/rules/G2").json()

    shown = scopeview("lint", "--explain", "G2").out
    for text in (page["summary"], page["why"], page["fix"]):
        assert "".join(text.split()) in "".join(shown.split())
    assert client.get("/api/lint/rules/G999").status_code == 404


def test_lists_are_bounded(client: TestClient) -> None:
    model = opened(client, "m17_gan.meta")

    assert client.get(f"/api/models/{model}/tree?limit=100000").status_code == 422
    inspected = client.get(f"/api/models/{model}/inspection?limit=3").json()
    whole = client.get(f"/api/models/{model}/inspection").json()
    assert whole["left_out"] == {}
    assert inspected["left_out"]["variables"] == 25 and inspected["variables"] == whole["variables"][:3]
    listed = client.get(f"/api/models/{model}/collections?limit=3").json()
    assert [(one["collection"]["size"], len(one["collection"]["members"])) for one in listed["collections"]] == [
        (2, 2),
        (8, 3),
        (28, 3),
    ]
    page = client.get(f"/api/models/{model}/tree?limit=3&offset=2").json()
    assert (len(page["rows"]), page["offset"], page["total"] > 3) == (3, 2, True)


def test_a_file_that_is_sent_is_opened_and_its_name_leads_nowhere(client: TestClient) -> None:
    content = (SAMPLES / "m05_reuse.meta").read_bytes()

    answer = client.post("/api/upload", params={"name": "../../evil/../m.meta"}, content=content)

    (model,) = answer.json()
    assert Path(model["path"]).name == "m.meta"
    assert client.get(f"/api/models/{model['id']}/summary").json()["ops"] == 14


def test_the_schema_describes_every_route(client: TestClient) -> None:
    schema = client.get("/api/openapi.json").json()

    operations = [op for path in schema["paths"].values() for op in path.values()]
    assert all(len(op["description"]) > 10 for op in operations)
    assert {"ScopeMap", "TreePage", "DiffReport", "LintReport", "Detail"} <= schema["components"]["schemas"].keys()


def test_places_are_listed_under_the_roots_alone(client: TestClient) -> None:
    assert client.get("/api/places").json()["paths"] == [f"{SAMPLES}/"]
    assert str(SAMPLES / "m17_gan.meta") in client.get("/api/places", params={"under": str(SAMPLES)}).json()["paths"]
    assert client.get("/api/places", params={"under": "/etc"}).status_code == 404


def test_files_that_are_sent_together_are_one_checkpoint(client: TestClient) -> None:
    names = ["m32_after.ckpt.data-00000-of-00001", "m32_after.ckpt.index"]
    answers = [
        client.post(
            "/api/upload", params={"name": name, "group": "g1", "left": left}, content=(SAMPLES / name).read_bytes()
        ).json()
        for left, name in zip((1, 0), names, strict=True)
    ]

    assert answers[0] == []
    (model,) = answers[1]
    assert Path(model["path"]).name == "m32_after.ckpt"
    assert client.get(f"/api/models/{model['id']}/summary").json()["variables"] == 28


def test_a_folder_that_is_sent_is_a_saved_model(client: TestClient) -> None:
    files = sorted(path for path in (SAMPLES / "m29_keras").rglob("*") if path.is_file())
    for left, path in reversed(list(enumerate(files))):
        answer = client.post(
            "/api/upload",
            params={"name": str(path.relative_to(SAMPLES)), "group": "g2", "left": left},
            content=path.read_bytes(),
        )

    (model,) = answer.json()
    assert Path(model["path"]).name == "m29_keras"
    assert client.get(f"/api/models/{model['id']}/values").json()["total"] == 4


def test_nothing_that_was_sent_leads_elsewhere(client: TestClient) -> None:
    state = f'model_checkpoint_path: "{SAMPLES / "m32_after.ckpt"}"'.encode()

    (model,) = client.post("/api/upload", params={"name": "checkpoint"}, content=state).json()

    answer = client.get(f"/api/models/{model['id']}/summary")
    assert (answer.status_code, "or not in a folder that is served" in answer.json()["error"]) == (404, True)


def test_a_link_in_a_folder_does_not_lead_out_of_the_root(tmp_path: Path) -> None:
    root, secret = tmp_path / "root", tmp_path / "secret.meta"
    (root / "sub").mkdir(parents=True)
    secret.write_bytes((SAMPLES / "m05_reuse.meta").read_bytes())
    (root / "sub" / "inner.meta").symlink_to(secret)
    app = create_app(Workspace(), AllowedPaths(roots=[str(root)]))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        for wanted in ({"path": "sub"}, {"path": "sub", "artifact": "inner.meta"}):
            model = client.post("/api/models", json=wanted).json()
            answer = client.get(f"/api/models/{model['id']}/summary")
            assert answer.status_code != 200
            assert "leads out of the folders that are served" in answer.json()["error"]


@pytest.mark.parametrize("name", ["m29_keras", "m29_module", "m17_gan.meta", "m32_object.ckpt"])
def test_lint_looks_into_the_folder_as_the_command_line_does(client: TestClient, scopeview: Run, name: str) -> None:
    answer = client.get(f"/api/models/{opened(client, name)}/lint").json()

    assert answer == printed(scopeview("lint", SAMPLES / name, "--severity", "info", "--json"))


def test_two_saved_models_of_other_values_differ(tmp_path: Path, scopeview: Run) -> None:
    import tensorflow as tf

    for name, value in (("one", 1.0), ("other", 2.0)):
        module = tf.Module()
        module.w = tf.Variable([value, value], name="w")
        tf.saved_model.save(module, str(tmp_path / name))
    paths = [tmp_path / "one", tmp_path / "other"]
    with TestClient(create_app(Workspace(), AllowedPaths(map(str, paths))), base_url="http://127.0.0.1") as client:
        a, b = (client.post("/api/models", json={"path": str(path)}).json()["id"] for path in paths)
        answer = client.get("/api/diff", params={"a": a, "b": b}).json()

    assert answer == printed(scopeview("diff", *paths, "--json"))
    assert answer["summary"]["values"] == 1


def test_a_half_written_query_is_answered_with_a_hint(client: TestClient) -> None:
    model = opened(client, "m17_gan.meta")

    typing = client.get(f"/api/models/{model}/find", params={"q": "op:", "typing": True})

    assert (typing.status_code, typing.json()["hits"]) == (200, [])
    assert typing.json()["hints"] == [client.get(f"/api/models/{model}/find", params={"q": "op:"}).json()["error"]]


def test_accesses_of_all_roles_are_those_of_each(client: TestClient) -> None:
    model = opened(client, "m17_gan.meta")

    def total(role: str) -> int:
        return int(client.get(f"/api/models/{model}/map", params={"role": role}).json()["total_accesses"])

    assert total("all") == sum(map(total, ROLES))
