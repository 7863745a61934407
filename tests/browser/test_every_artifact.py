"""Every view, on every sample and on real artifacts of each kind, without a word on the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.places import CORPUS, NO_CORPUS, SAMPLES, corpus, samples

Serve = Callable[..., str]

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


def show_every_view(page: Page, url: str, path: str) -> None:
    page.goto(url)
    page.get_by_label("Model", exact=True).select_option(value=model_of(page, path))
    choices = page.locator(".welcome button")
    page.locator(".summary").or_(choices.first).first.wait_for()
    if choices.count():
        choices.first.click()
    page.locator(".summary > span").first.wait_for()
    for shown in ("Graph", "Map", "Variables", "Collections", "Diff", "Lint"):
        page.get_by_role("navigation", name="Views").get_by_role("button", name=shown).click()
        expect(page.get_by_role("region", name=shown)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)
        if shown == "Graph":
            page.locator("svg.graph[data-settled*=model]").wait_for()
    for tree in ("ops", "variables"):
        page.get_by_role("tab", name=tree).click()
        page.locator(".left p.quiet").or_(page.locator(".tree .row").first).first.wait_for()


def model_of(page: Page, path: str) -> str:
    """Return the id of the model of a path."""
    page.get_by_label("Model", exact=True).wait_for()
    ids = {model["path"]: model["id"] for model in page.request.get(f"{page.url.split(chr(63))[0]}api/models").json()}
    return str(ids[path])


@pytest.mark.parametrize("path", PATHS)
def test_of_a_sample(page: Page, url: str, path: str) -> None:
    show_every_view(page, url, str(SAMPLES / path))


@pytest.mark.skipif(not corpus(), reason=NO_CORPUS)
@pytest.mark.parametrize("index", range(10))
def test_of_a_real_artifact(page: Page, url: str, index: int) -> None:
    show_every_view(page, url, str(CORPUS / list(real())[index]))
