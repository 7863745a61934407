"""Every view, on every sample and on real artifacts of each kind, without a word on the console."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import quiet_page
from tests.places import CORPUS, NO_CORPUS, SAMPLES, corpus, samples
from tests.server.live import eventually

Serve = Callable[..., str]

SHOWN = "new URLSearchParams(location.search).get('model')"
PATHS = sorted({sample["path"] for sample in samples()})
KINDS = {
    "graphdef_pb": 2,
    "graphdef_pbtxt": 1,
    "metagraph": 2,
    "savedmodel1": 1,
    "savedmodel2": 1,
    "ckpt_v1": 1,
    "ckpt_v2": 1,
    "ckpt_object": 1,
}


def real() -> Iterator[str]:
    """The largest artifacts of each kind that open; ten in all."""
    for kind, most in KINDS.items():
        rows = [row for row in corpus() if row["kind"] == kind and row["parses"] == "yes"]
        yield from (row["entry"] for row in sorted(rows, key=lambda row: -int(row["nodes"] or 0))[:most])


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(*(SAMPLES / path for path in PATHS), *(CORPUS / entry for entry in real()))


@pytest.fixture(scope="module")
def models(url: str) -> dict[str, dict[str, Any]]:
    """What the server says of each model, by its path, when all have been read."""

    def listed() -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{url}api/models", timeout=60) as answer:
            found: list[dict[str, Any]] = json.load(answer)
            return found

    assert eventually(lambda: all(model["state"] != "loading" for model in listed()))
    return {model["path"]: model for model in listed()}


@pytest.fixture(scope="module")
def session(browser: Browser, url: str) -> Iterator[tuple[Page, list[str]]]:
    """One page for all models, as a person goes from one to the next."""
    with quiet_page(browser) as (page, problems):
        page.goto(url)
        yield page, problems


def show_every_view(page: Page, model: dict[str, Any]) -> None:
    page.get_by_label("Model", exact=True).select_option(value=model["id"])
    identity = model["id"]
    page.wait_for_function(f"() => {SHOWN} === '{identity}'")
    if model["choices"]:
        page.locator(".welcome button").filter(has_text=model["choices"][0]).first.click()
        page.wait_for_function(f"() => {SHOWN} !== '{identity}'")
        identity = page.evaluate(f"() => {SHOWN}")
    page.locator(".summary > span").first.wait_for()
    for shown in ("Graph", "Map", "Variables", "Collections", "Diff", "Lint", "Costs"):
        page.get_by_role("navigation", name="Views").get_by_role("button", name=shown).click()
        expect(page.get_by_role("region", name=shown)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        if shown == "Graph":
            page.locator(f"svg.graph[data-settled*='{identity}']").wait_for()
    for tree in ("ops", "variables"):
        page.get_by_role("tab", name=tree).click()
        page.locator(".left p.quiet").or_(page.locator(".tree .row").first).first.wait_for()


@pytest.mark.parametrize("path", PATHS)
def test_of_a_sample(session: tuple[Page, list[str]], models: dict[str, dict[str, Any]], path: str) -> None:
    page, problems = session
    show_every_view(page, models[str(SAMPLES / path)])
    assert problems == []


@pytest.mark.skipif(not corpus(), reason=NO_CORPUS)
@pytest.mark.parametrize("index", range(10))
def test_of_a_real_artifact(session: tuple[Page, list[str]], models: dict[str, dict[str, Any]], index: int) -> None:
    page, problems = session
    show_every_view(page, models[str(CORPUS / list(real())[index])])
    assert problems == []
