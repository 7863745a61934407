"""The pairs of a diff edited by hand: by mouse and by keyboard, kept in the address, and taken away as files."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from scopeview.readers import read
from tests.browser.graph_screen import Serve
from tests.browser.test_verdicts import CHECKPOINT, GRAPH, WORDS, namespace, opened
from tests.places import SAMPLES


@pytest.fixture(scope="module")
def url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("pairs")
    sides = [
        namespace(folder / f"{side}.json", (f"net/layer_{i}/{word}/kernel" for i in range(2) for word in words))
        for side, words in WORDS.items()
    ]
    return serve(*(SAMPLES / name for name in (CHECKPOINT, GRAPH)), *sides)


def edits(page: Page) -> dict[str, object]:
    """Return what the address says of the pairs."""
    found = parse_qs(urlsplit(page.url).query).get("edits", ["{}"])[0]
    return dict(json.loads(found))


def box(page: Page, title: str) -> Locator:
    return page.locator(f".map .box:has(> title:text-is('{title}'))")


def drag(page: Page, start: Locator, x: float, y: float) -> None:
    """Drag the end of a box near the gap to a point of the page."""
    place = start.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] - 8, place["y"] + 12)
    page.mouse.down()
    page.mouse.move(x - 9, y, steps=2)
    page.mouse.move(x, y)
    page.mouse.up()


def test_pairs_are_made_by_mouse_and_keyboard_and_change_the_diff(page: Page, url: str) -> None:
    opened(page, url, "diff", "old.json", "new.json")
    bar, chips = page.get_by_role("region", name="Edit the pairs"), page.locator(".chips")
    expect(chips).to_contain_text("4 only in the old one")
    bar.get_by_role("button", name="edit the pairs").click()

    for path in ("net", "net/layer_0", "net/layer_0/red", "net/layer_0/ka", "net/layer_1"):
        box(page, f"scope {path}").first.locator("text").first.click()
    target = box(page, "variable net/layer_0/ka/kernel").bounding_box()
    assert target is not None
    drag(page, box(page, "variable net/layer_0/red/kernel"), target["x"] + 40, target["y"] + 12)
    expect(chips).to_contain_text("1 renamed")
    assert edits(page) == {"pairs": {"net/layer_0/red/kernel": "net/layer_0/ka/kernel"}}
    expect(bar).to_contain_text("without your edits: 0 variables renamed")

    box(page, "variable net/layer_0/red/kernel").focus()
    page.keyboard.press("Delete")
    assert edits(page) == {"pairs": {"net/layer_0/red/kernel": None}}
    box(page, "scope net/layer_1/blue").focus()
    page.keyboard.press("p")
    expect(bar).to_contain_text("net/layer_1/blue of the old one: choose its counterpart in the new one")
    box(page, "scope net/layer_1/ka").focus()
    page.keyboard.press("p")
    expect(bar.locator(".said")).to_contain_text("net/layer_1/blue → net/layer_1/ka rule")
    page.go_back()
    expect(bar.locator(".said li")).to_have_count(1)
    bar.get_by_role("button", name="undo all").click()
    expect(chips).to_contain_text("4 only in the old one")
    page.get_by_role("button", name="take net/layer_1/red/kernel").first.click()
    page.get_by_role("button", name="pair net/layer_1/red/kernel with net/layer_1/mo/kernel").first.click()
    expect(chips).to_contain_text("1 renamed")
    bar.get_by_label("rule: replace").fill("red")
    bar.get_by_label("by", exact=True).fill("ka")
    bar.get_by_role("button", name="add rule").click()
    assert edits(page)["rules"] == ["red=ka"]
    page.reload()
    expect(bar.locator(".said li")).to_have_count(2)


def test_the_map_the_code_and_the_file_are_taken_away_as_edited(page: Page, url: str, tmp_path: Path) -> None:
    opened(page, url, "diff", CHECKPOINT, GRAPH)
    page.get_by_role("region", name="Edit the pairs").get_by_role("button", name="edit the pairs").click()
    first = page.get_by_role("button", name="reject the pair of").first
    gone = str(first.get_attribute("aria-label")).removeprefix("reject the pair of ")
    first.click()
    expect(page.locator(".verdict .sentence").first).to_contain_text("5 variables are filled")
    away = page.get_by_role("region", name="Take away")

    with page.expect_download() as saved:
        away.get_by_role("button", name="save").click()
    pairs = json.loads(Path(saved.value.path()).read_text())
    assert (len(pairs), pairs[gone]) == (6, None)
    away.get_by_label("code", exact=True).select_option("tf1")
    away.get_by_role("button", name="show").click()
    expect(away.locator("pre")).to_contain_text("def load(session, path):")
    expect(away.locator("pre")).not_to_contain_text(f"'{gone}'")
    away.get_by_role("button", name="convert").click()
    with page.expect_download() as made:
        away.get_by_role("link", name="download").click()
    made.value.save_as(tmp_path / made.value.suggested_filename)
    written = {v.name for v in read(tmp_path / made.value.suggested_filename).variables}
    assert written == {other for other in pairs.values() if other}
