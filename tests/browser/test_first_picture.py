"""First pictures hold the bars: they can be read, all of each is on the canvas, and it shows the computation."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from benchmarks.first_picture import SETTLED, measure
from tests.browser.graph_screen import Serve
from tests.places import CORPUS, NO_CORPUS, SAMPLES, corpus

REAL = (
    "minitaur/minitaur_reactive_env/model.ckpt-14000000.meta",
    "rnn-attention/model.meta",
    "basic-pitch/nmp",
    "bleurt/test_checkpoint",
    "guild/projects/model-proxies/logs",
)
"""A learner around one hub, a loop, a SavedModel of TF 2, one of TF 1 with a BERT, and a logdir."""


def check(page: Page, url: str, path: Path) -> None:
    page.goto(url)
    page.get_by_label("Model", exact=True).wait_for()
    models = {model["path"]: model["id"] for model in page.request.get(f"{url}api/models").json()}
    page.wait_for_function(SETTLED)
    page.get_by_label("Model", exact=True).select_option(models[str(path)])
    is_shown = f"(model) => location.search.includes(model) && ({SETTLED})()"
    page.wait_for_function(is_shown, arg=models[str(path)])
    assert measure(page).missed() == []


def test_of_equal_towers_one_is_open(page: Page, serve: Serve) -> None:
    path = SAMPLES / "m26_blocks.meta"
    check(page, serve(path, SAMPLES / "m17_gan.meta"), path)


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(*(CORPUS / path for path in REAL))


@pytest.mark.skipif(not corpus(), reason=NO_CORPUS)
@pytest.mark.parametrize("path", REAL)
def test_of_real_graphs(page: Page, url: str, path: str) -> None:
    check(page, url, CORPUS / path)
