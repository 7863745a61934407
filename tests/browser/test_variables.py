"""The table of variables and the treemap beside it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from scopeview.analysis.answers.costs import costs
from scopeview.analysis.answers.variables import variable_table
from scopeview.analysis.context import AnalysisContext
from scopeview.readers import read
from scopeview.render.as_json import dumps
from scopeview.render.csv import costs_csv, variables_csv
from scopeview.render.formats import short_count
from tests.browser.test_page import Serve, opened
from tests.places import SAMPLES

MODEL = SAMPLES / "m17_gan.meta"


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(MODEL)


def names(page: Page) -> list[str]:
    """Return the whole names; what all of them lie in stands in the heading."""
    found: list[str] = page.locator(".line > :first-child").evaluate_all("cells => cells.map(cell => cell.title)")
    return found


def test_the_filter_is_in_the_address_and_holds_for_the_treemap_too(page: Page, url: str) -> None:
    opened(page, url, view="variables")
    page.locator(".cell.scope", has_text="discriminator").first.locator("text").first.dblclick()

    expect(page.get_by_label("Filter the variables")).to_have_value("scope:discriminator")
    expect(page.locator(".line")).to_have_count(4)
    expect(page.locator(".cell", has_text="generator")).to_have_count(0)
    shown = names(page)
    page.reload()
    expect(page.locator(".line")).to_have_count(4)
    assert names(page) == shown
    expect(page.get_by_label("Filter the variables")).to_have_value("scope:discriminator")
    page.go_back()
    expect(page.locator(".line")).to_have_count(8)


def test_the_table_is_walked_by_keyboard(page: Page, url: str) -> None:
    opened(page, url, view="variables")
    grid = page.get_by_role("grid", name="variables")
    grid.focus()
    heading = page.get_by_role("complementary").get_by_role("heading", level=2)
    order = names(page)
    for key, expected in (("ArrowDown", 0), ("ArrowDown", 1), ("End", 7), ("ArrowUp", 6), ("Home", 0)):
        page.keyboard.press(key)
        expect(heading).to_have_text(order[expected])
    assert grid.get_attribute("aria-rowcount") == "9"
    expect(page.get_by_role("columnheader", name="parameters")).to_have_attribute("aria-sort", "descending")


def test_what_is_saved_is_what_the_table_shows(page: Page, url: str, tmp_path: Path) -> None:
    opened(page, url, view="variables", filter="sort:parameters%20down%20where%20shared:>1")
    page.locator(".line").first.wait_for()
    shown = variable_table(AnalysisContext(read(MODEL)), "shared:>1", sort="parameters", descending=True)
    saved = {}
    for kind in ("CSV", "JSON"):
        with page.expect_download() as download:
            page.get_by_role("button", name=kind, exact=True).click()
        download.value.save_as(tmp_path / kind)
        saved[kind] = (tmp_path / kind).read_text("utf-8")

    assert names(page) == [row.name for row in shown.rows]
    assert saved["CSV"] == variables_csv(shown)
    keys = [head.key for head in shown.columns]
    assert json.loads(saved["JSON"]) == json.loads(
        dumps([dict(zip(keys, row.cells, strict=True)) for row in shown.rows])
    )


def test_every_column_can_be_reached_and_no_name_is_lost(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 1000, "height": 800})
    opened(page, url, view="variables")
    page.locator(".line").first.wait_for()
    table = page.locator(".table")
    table.evaluate("table => table.scrollTo(table.scrollWidth, 0)")

    last = page.get_by_role("columnheader").last.bounding_box()
    first = page.get_by_role("columnheader").first.bounding_box()
    frame = table.bounding_box()
    assert last is not None and first is not None and frame is not None
    assert last["x"] + last["width"] <= frame["x"] + frame["width"]
    assert first["x"] >= frame["x"]  # the name stays where the rest is scrolled


def test_values_of_a_variable_are_shown_for_every_open_checkpoint(page: Page, serve: Serve) -> None:
    url = serve(SAMPLES / "m28_partitioned.meta", SAMPLES / "m28_partitioned.ckpt")
    opened(page, url, view="variables")
    page.locator(".line").first.click()

    values = page.locator(".values")
    expect(values.get_by_role("heading")).to_contain_text("m28_partitioned.ckpt")
    expect(values.locator("dl")).to_contain_text("mean")
    expect(values.get_by_role("img", name="histogram of the values")).to_be_visible()


def test_costs_are_a_table_of_the_parts_of_a_scope_and_numbers_of_the_op_tree(
    page: Page, url: str, tmp_path: Path
) -> None:
    opened(page, url, view="costs", tree="ops")
    context = AnalysisContext(read(str(MODEL)))

    def paths(scope: str, **chosen: Any) -> list[str]:
        return [row.path for row in costs(context, scope, **chosen).rows]

    expect(page.locator(".line")).to_have_count(len(paths("")))
    assert names(page) == paths("")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "costs.csv")
    assert (tmp_path / "costs.csv").read_text("utf-8") == costs_csv(costs(context, limit=500))
    page.get_by_role("button", name="generator/").click()
    expect(page.locator(".line")).to_have_count(len(paths("generator")))
    page.get_by_label("single ops").check()
    page.get_by_role("button", name="sort by output").click()
    expect(page.get_by_role("columnheader", name="sort by output")).to_have_attribute("aria-sort", "descending")
    expect(page.locator(".line").first.locator("> :first-child")).to_have_attribute(
        "title", paths("generator", by_op=True, sort="output_bytes")[0]
    )

    opened(page, url, view="graph", tree="ops", color="flops")
    flops = {row.path: row.flops for row in costs(context, limit=500).rows}
    row = page.locator(".tree .row", has_text="generator").first
    expect(row.locator(".size")).to_have_text(short_count(flops["generator"]))


def test_the_heading_that_rows_are_sorted_by_has_room_for_its_arrow(page: Page, url: str) -> None:
    opened(page, url, view="variables")
    headings = page.get_by_role("columnheader")
    for number in range(headings.count()):
        heading = headings.nth(number)
        heading.get_by_role("button").click()
        expect(heading).to_have_attribute("aria-sort", re.compile("ascending|descending"))
        ends: list[float] = headings.evaluate_all(
            """cells => cells.map((cell) => {
              const text = document.createRange();
              text.selectNodeContents(cell);
              return cell.getBoundingClientRect().right - text.getBoundingClientRect().right;
            })"""
        )
        assert min(ends) >= -0.5, (number, ends)
