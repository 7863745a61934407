"""Ten tasks of a day, done without a mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.graph_screen import GAN, Serve, settle
from tests.browser.graph_screen import opened as opened_graph
from tests.browser.test_verdicts import CHECKPOINT, GRAPH, opened
from tests.places import SAMPLES


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(GAN, SAMPLES / CHECKPOINT, SAMPLES / GRAPH)


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until something has the focus."""
    target.first.wait_for()
    for _ in range(150):
        if target.evaluate_all("(all) => all.includes(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached by Tab")


def test_a_graph_is_looked_at_without_a_mouse(page: Page, url: str) -> None:
    opened_graph(page, url)
    selected = page.get_by_role("complementary", name="What is selected").get_by_role("heading", level=2)

    bar = page.get_by_role("region", name="Graph").locator(".bar").first.bounding_box()
    assert bar is not None
    assert bar["height"] < 45  # one line, whatever is offered

    page.keyboard.press("?")  # 1: which keys are there
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")  # 2: find an op and go to it
    page.keyboard.type("discriminator/hidden/MatMul")
    page.keyboard.press("Enter")
    expect(selected).to_have_text("discriminator/hidden/MatMul")
    settle(page)
    tab_to(page, page.locator("svg.graph"))
    page.keyboard.press("t")  # 3: what feeds it
    expect(page.get_by_role("button", name="trace inputs")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    page.keyboard.press("h")  # 4: hide it, and bring it back
    expect(page).to_have_url(re.compile("hide="))
    page.keyboard.press("H")
    expect(page).not_to_have_url(re.compile("hide="))
    tab_to(page, page.locator(".more summary"))  # 5: turn the flow, in a menu
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("inputs left"))
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile("inputs=left"))
    page.keyboard.press("Escape")
    expect(page.locator(".more")).not_to_have_attribute("open", "")
    page.keyboard.press("v")  # 6: walk the tree of variables
    tab_to(page, page.get_by_role("tree"))
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(selected).to_have_text("generator")


def test_variables_are_compared_and_paired_without_a_mouse(page: Page, url: str) -> None:
    opened(page, url, "variables", CHECKPOINT)
    tab_to(page, page.get_by_role("button", name="shape"))  # 7: sort the table
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("sort"))
    page.keyboard.press("5")  # 8: the diff, and what a restore lacks
    expect(page.get_by_role("region", name="Diff").locator(".verdict")).to_be_visible()
    opened(page, url, "diff", GRAPH, CHECKPOINT)
    tab_to(page, page.get_by_role("link", name="with the assignment map"))
    page.keyboard.press("Enter")
    expect(page.locator("#assignment-map pre")).to_be_visible()
    tab_to(page, page.get_by_role("button", name="edit the pairs"))  # 9: reject a pair
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="reject the pair of"))
    page.keyboard.press("Enter")
    expect(page.locator(".verdict .sentence").first).to_contain_text("5 variables are filled")
    page.keyboard.press("6")  # 10: lint, and to what it found
    finding = page.get_by_role("region", name="Lint").locator(".rule li .link")
    tab_to(page, finding)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("at="))
