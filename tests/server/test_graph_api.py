"""The routes show the computation of a SavedModel of TF 2, or the program that is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.server.test_api import opened


@pytest.fixture
def asked(client: TestClient) -> Any:
    identity = opened(client, "m29_keras")

    def get(route: str, **query: Any) -> Any:
        return client.get(f"/api/models/{identity}/{route}", params=query)

    return get


def test_trees_pictures_and_searches_show_the_computation(asked: Any) -> None:
    assert "model" in [row["path"] for row in asked("tree").json()["rows"]]
    labels = [item["label"] for item in asked("graph", scope="model").json()["items"]]
    assert {"shared", "head"} <= set(labels)
    assert asked("find", q="op:MatMul in:ops").json()["program"] == "serving_default"
    assert asked("show", name="model/head/MatMul").json()["ops"][0]["type"] == "MatMul"
    assert asked("graph/opening").status_code == 200
    assert asked("map").json()["ribbons"]


def test_the_main_graph_is_one_parameter_away(asked: Any) -> None:
    assert asked("graph", scope="model", program="main").status_code == 404
    main = asked("find", q="op:StatefulPartitionedCall in:ops", program="main").json()
    assert main["program"] == ""
    assert main["ops"] > 0
    gone = asked("graph", program="gone")
    assert gone.status_code == 404
    assert "serving_default" in gone.json()["error"]


def test_a_function_is_drawn_from_the_library(asked: Any) -> None:
    name = asked("inspection").json()["functions"][0]["name"]
    assert asked("graph", function=name).status_code == 200


def test_the_card_and_the_programs(asked: Any) -> None:
    card = asked("card").json()
    assert card == asked("inspection").json()["card"]
    assert card["program"] == "serving_default"
    assert [program["name"] for program in asked("programs").json()] == ["serving_default", "main"]
    assert asked("card/markdown").json()["markdown"].startswith("### `m29_keras`")


def test_boxes_are_measured_by_cost_and_by_overlay(asked: Any) -> None:
    assert [one["name"] for one in asked("graph/measures").json()] == ["flops", "output bytes", "parameters"]
    drawn = {item["id"] for item in asked("graph").json()["items"]}
    found = asked("graph/measure", name="output bytes").json()
    assert found["measure"]["unit"] == "bytes"
    assert {item["id"] for item in found["items"]} <= drawn
    refused = asked("graph/measure", name="time")
    assert (refused.status_code, "there is no measure 'time'" in refused.json()["error"]) == (404, True)
    assert asked("costs").json()["total"]["ops"] > 0


def test_programs_are_compared_as_they_are_drawn(client: TestClient, asked: Any) -> None:
    one, other = opened(client, "m29_keras"), opened(client, "m29_module")
    for scope in ("", "model"):
        same = client.get("/api/diff/graph", params={"a": one, "b": one, "scope": scope})
        assert (same.status_code, same.json()["items"]) == (200, [])
    found = client.get("/api/diff/graph", params={"a": one, "b": other, "scope": "model"})
    assert found.status_code == 200
    assert any(item["gone"] for item in found.json()["items"])
    main = client.get("/api/diff/graph", params={"a": one, "b": other, "program": "main", "scope": "model"})
    assert main.status_code == 404
