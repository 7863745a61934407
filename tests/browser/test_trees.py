"""The trees: what is selected elsewhere shows in them, numbered twins come apart, panes are as wide as one likes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_page import Serve, opened, tree_rows
from tests.places import SAMPLES

DEEP = "step_0/basic_lstm_cell/concat_3/axis"


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(SAMPLES / "m09_lstm_unrolled.meta")


def selected_row(page: Page) -> str:
    return page.locator(".tree .row.selected").get_attribute("title") or ""


def test_what_the_search_finds_is_shown_in_the_tree_that_has_it(page: Page, url: str) -> None:
    opened(page, url, tree="variables")
    page.get_by_label("Search ops and variables").fill(f"name:{DEEP}")
    expect(page.locator("#hits [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")

    expect(page.get_by_role("tab", name="ops")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".tree .row.selected")).to_be_visible()
    assert selected_row(page) == DEEP
    rows = tree_rows(page)
    assert "concat_2" in rows and "concat_3" in rows  # they were one group, and it would have stood behind the first

    reloaded = page.url
    page.goto("about:blank")
    page.goto(reloaded)
    expect(page.locator(".tree .row.selected")).to_be_visible()
    assert (selected_row(page), tree_rows(page)) == (DEEP, rows)


def test_a_row_that_is_not_loaded_yet_is_loaded_when_it_is_sought(page: Page, serve: Serve, many: str) -> None:
    opened(page, many, tree="ops")
    assert page.locator(".tree").evaluate("tree => tree.scrollHeight / 26") == 501  # 500 rows, and one for the rest
    page.get_by_label("Search ops and variables").fill("name:op_z_1190")
    expect(page.locator("#hits [role=option]")).to_have_count(1)
    page.keyboard.press("Enter")

    expect(page.locator(".tree .row.selected")).to_be_visible()
    assert selected_row(page) == "op_z_1190"


@pytest.fixture(scope="module")
def many(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """1,200 ops side by side, no two of one type in a run of three, so that nothing folds."""
    from tests.messages import message

    graph = message("GraphDef")()
    for number in range(1200):
        graph.node.add(name=f"op_{'xyz'[number % 3]}_{number}", op=f"Kind{number}")
    path = tmp_path_factory.mktemp("many") / "many.pb"
    path.write_bytes(graph.SerializeToString())
    return serve(path)


def test_hits_come_by_the_page(page: Page, many: str) -> None:
    opened(page, many, tree="ops")
    page.get_by_label("Search ops and variables").fill("op_")
    hits = page.locator("#hits [role=option]:not(.more)")
    expect(page.locator(".hits [role=status]")).to_have_text("0 variables, 1,200 ops")
    expect(hits).to_have_count(100)
    page.locator("#hits .more").click()
    expect(hits).to_have_count(200)
    assert len(set(hits.all_inner_texts())) == 200


def test_digits_are_typed_ahead_in_the_tree(page: Page, many: str) -> None:
    opened(page, many, tree="ops")
    page.get_by_role("tree").focus()
    page.keyboard.type("op_z_2")

    expect(page.locator(".tree .row.active")).to_have_attribute("title", "op_z_2")
    expect(page.get_by_role("region", name="Map")).to_be_visible()
    assert page.locator(".tree .row.active").get_attribute("aria-posinset") == "3"
    assert page.locator(".tree .row.active").get_attribute("aria-setsize") == "1200"


def test_twins_come_apart_by_hand_and_by_key(page: Page, url: str) -> None:
    opened(page, url, tree="ops", op="BasicLSTMCellZeroState")
    rows = page.locator(".tree .row", has_text="Const")
    expect(rows).to_have_count(1)

    rows.locator(".badge.twin").click()
    expect(rows).to_have_count(8)
    page.get_by_role("button", name="collapse groups again").click()
    expect(rows).to_have_count(1)

    rows.first.click()
    page.get_by_role("tree").focus()
    page.keyboard.press("+")
    expect(rows).to_have_count(8)
    page.keyboard.press("-")
    expect(rows).to_have_count(1)


def test_a_star_opens_all_scopes_beside(page: Page, url: str) -> None:
    opened(page, url, tree="ops")
    before, scopes = tree_rows(page), page.locator(".tree .row[aria-expanded=false]").count()
    assert scopes > 2
    page.get_by_role("tree").focus()
    page.keyboard.press("*")

    expect(page.locator(".tree .row[aria-level='1'][aria-expanded=true]")).to_have_count(scopes)
    expect(page.locator(".tree .row[aria-level='2']").first).to_be_visible()
    assert set(before) < set(tree_rows(page))


def test_panes_are_resized_by_hand_and_by_key_and_stay_so(page: Page, url: str) -> None:
    opened(page, url)
    pane, edge = page.locator(".left"), page.get_by_role("separator", name="width of the left pane")

    def width() -> float:
        return float(pane.evaluate("pane => pane.getBoundingClientRect().width"))

    first = width()

    grip = edge.bounding_box()
    assert grip is not None
    page.mouse.move(grip["x"] + 3, 400)
    page.mouse.down()
    page.mouse.move(grip["x"] + 103, 420)
    page.mouse.up()
    assert width() == pytest.approx(first + 100, abs=2)
    edge.focus()
    page.keyboard.press("ArrowLeft")
    assert width() == pytest.approx(first + 84, abs=2)

    page.reload()
    page.locator(".tree .row").first.wait_for()
    assert width() == pytest.approx(first + 84, abs=2)
    edge.dblclick()
    assert width() == first


def test_an_import_that_ends_takes_nobody_out_of_the_tree(page: Page, url: str) -> None:
    opened(page, url, tree="ops")
    page.get_by_role("tree").focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="import through TensorFlow").focus()
    page.keyboard.press("Enter")
    page.get_by_role("tree").focus()
    expect(page.get_by_text("imported by TensorFlow")).to_be_visible()
    page.wait_for_load_state("networkidle")

    assert page.evaluate("document.activeElement.getAttribute('role')") == "tree"
    page.keyboard.press("ArrowDown")
    expect(page.locator(".tree .row.active")).to_have_attribute("title", "step_0")


def test_an_unfinished_search_says_what_is_wrong(page: Page, url: str) -> None:
    opened(page, url)
    page.get_by_label("Search ops and variables").fill("shape:[1,")

    expect(page.locator(".hits")).to_contain_text("must stand in brackets")  # and the console stays quiet


def test_a_double_click_opens_what_it_was_aimed_at_in_a_narrow_window(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 1000, "height": 800})
    opened(page, url, view="map")
    box = page.locator(".map .box.scope", has_text="step_0")
    box.dblclick(position={"x": 150, "y": 12})

    expect(page.get_by_role("complementary").get_by_role("heading", level=2)).to_have_text("step_0")
    expect(page.locator(".map .box[aria-expanded=true]")).to_have_count(1)
