"""Diff and lint begin with what they say in a sentence; counts, names and rules lead to what they are about."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.graph_screen import Serve
from tests.places import SAMPLES

CHECKPOINT, GRAPH, TWINS = "m33_original.ckpt", "m33_renamed.meta", "m18_missed_sharing.meta"
WORDS = {"old": ("red", "blue"), "new": ("ka", "mo")}
"""Names of equal kernels that nothing pairs."""


def namespace(path: Path, names: Iterable[str]) -> Path:
    """Write a namespace as `inspect --json` does."""
    fields = {"shape": [8, 8], "kind": "checkpoint", "dtype": "float32", "trainable": None, "stored": None}
    rows = [{"name": name, "checkpoint_keys": [name], **fields} for name in names]
    model = {"path": path.name, "format": "checkpoint_v2"}
    path.write_text(json.dumps({"model": model, "variables": rows, "collections": []}))
    return path


@pytest.fixture(scope="module")
def url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("namespaces")
    sides = [
        namespace(folder / f"{side}.json", (f"net/layer_{i}/{word}/kernel" for i in range(3) for word in words))
        for side, words in WORDS.items()
    ]
    return serve(*(SAMPLES / name for name in (CHECKPOINT, GRAPH, TWINS)), *sides)


def opened(page: Page, url: str, view: str, model: str, other: str = "") -> None:
    models = {Path(one["path"]).name: one["id"] for one in page.request.get(f"{url}api/models").json()}
    page.goto(f"{url}?view={view}&model={models[model]}" + (f"&with={models[other]}" if other else ""))


def test_a_diff_begins_with_the_verdict_of_the_restore(page: Page, url: str) -> None:
    opened(page, url, "diff", CHECKPOINT, GRAPH)
    verdict, inspector = page.locator(".verdict"), page.get_by_role("complementary", name="What is selected")

    expect(verdict.locator(".sentence").first).to_have_text(
        "Restore will fail: 6 keys not in the checkpoint (0 of 6 keys fit); "
        "with the assignment map 6 variables are filled. check it"
    )
    expect(page.get_by_label("side A")).to_have_accessible_name("side A: checkpoint")
    verdict.get_by_text("6 x model/layer{1..3}").click()
    verdict.get_by_role("button", name="model/layer2/kernel").click()
    expect(inspector).to_contain_text("model/layer2/kernel")
    verdict.get_by_role("button", name="layer2/weights", exact=True).click()
    expect(inspector.locator("h2")).to_have_text("layer2/weights")
    verdict.get_by_role("link", name="with the assignment map").click()
    expect(page.locator("#assignment-map pre")).to_be_visible()
    page.get_by_role("group", name="what to show").get_by_role("button", name="6 renamed").click()
    expect(page.locator("#entries")).to_be_in_viewport()
    page.locator(".verdict").get_by_role("button", name="check it").click()
    expect(page.get_by_role("region", name="Lint").locator(".verdict")).to_contain_text("Restore will fail: 6 keys")
    page.get_by_role("button", name="compare them").click()
    expect(page.get_by_role("region", name="Diff").locator(".verdict")).to_contain_text("Restore will fail: 6 keys")


def test_open_groups_are_listed_with_all_that_fit(page: Page, url: str) -> None:
    opened(page, url, "diff", "old.json", "new.json")

    page.get_by_role("link", name="6 variables open").click()
    rows = page.locator("#open-groups + table tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first.get_by_role("button")).to_have_text(
        [f"net/layer_0/{word}/kernel" for word in ("red", "blue", "ka", "mo")]
    )
    rows.first.get_by_role("button", name="net/layer_0/mo/kernel").click()
    expect(page.get_by_role("complementary", name="What is selected")).to_contain_text("net/layer_0/mo/kernel")
    expect(page.locator(".chips")).to_contain_text("6 only in the old one")


def test_lint_says_how_much_it_found_and_explains_its_rules(page: Page, url: str) -> None:
    opened(page, url, "lint", TWINS)

    expect(page.locator(".verdict")).to_contain_text("1 warning (")
    page.get_by_role("button", name="G2 missed-sharing").click()
    expect(page.locator(".explanation")).to_contain_text("Why:")
    page.get_by_role("button", name="filter_1/conv1_weights").click()
    expect(page.get_by_role("complementary", name="What is selected")).to_contain_text("filter_1/conv1_weights")
