"""Lines of code in the map and in the inspector, and the source beside them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.places import ROOT

EXAMPLES = ROOT / "docs" / "examples"


def test_a_line_is_shown_with_those_around_it(page: Page, serve: Callable[..., str], tmp_path: Path) -> None:
    for name in ("train.scopetrace", "train.meta", "train.py"):
        shutil.copy(EXAMPLES / name, tmp_path / name)
    source = (EXAMPLES / "model.py").read_text("utf-8").replace("x: Any, units", "<b>x</b>, units")
    (tmp_path / "model.py").write_text(source, "utf-8")
    page.goto(f"{serve(tmp_path / 'train.scopetrace')}?view=map&op=discriminator_1")

    boxes = page.get_by_role("group", name="variables, op scopes").get_by_role("button")
    expect(boxes.locator(".number").filter(has_text="train.py:11")).to_have_count(1)
    box = boxes.filter(has=page.locator(".number", has_text="train.py:13")).first
    expect(box.locator("title")).to_contain_text("model.py:17 in dense\ncalled at model.py:23")
    box.click()
    page.get_by_label("What is selected").get_by_role("button", name="discriminator/hidden/weights").first.click()

    site = page.locator(".inspector .sites li").filter(has_text="re-entry")
    site.get_by_role("button", name="model.py:17 in dense").click()
    shown = page.get_by_role("list", name="lines of model.py")
    expect(shown).to_have_attribute("start", "11")
    expect(shown.locator("[aria-current]")).to_have_text(source.splitlines()[16])
    expect(shown).to_contain_text("<b>x</b>, units")
    site.get_by_role("button", name="train.py:13").click()
    expect(page.get_by_role("list", name="lines of train.py").locator("[aria-current]")).to_contain_text(
        "discriminator(fake)"
    )
