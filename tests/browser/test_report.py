"""A report with the page inside, opened as a file: the views are drawn, and nothing is asked of anybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from scopeview.analysis.answers.find import find
from scopeview.analysis.answers.variables import variable_table
from scopeview.analysis.context import AnalysisContext
from scopeview.readers import read
from scopeview.render.formats import plural
from scopeview.server.interactive_report import interactive_report
from scopeview.server.pages import static_folder
from scopeview.workspace import Workspace
from tests.browser.conftest import PATIENCE_MS
from tests.server.test_interactive_report import hostile_graph


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose console stays quiet, and which asks nothing but its own file and what lies in that."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    found = context.new_page()
    found.set_default_timeout(PATIENCE_MS)
    problems: list[str] = []
    asked: list[str] = []
    found.on("console", lambda message: problems.append(message.text))
    found.on("pageerror", lambda error: problems.append(str(error)))
    found.on("request", lambda request: asked.append(request.url))
    yield found
    opened = found.url.partition("#")[0]
    context.close()
    assert problems == []
    assert {url for url in asked if not url.startswith("blob:")} == {opened}


def written(source: Path, folder: Path) -> str:
    workspace = Workspace()
    workspace.add(read(str(source)))
    report = interactive_report(workspace, static_folder(), most_bytes=4_000_000)
    workspace.shut_down()
    target = folder / "report.html"
    target.write_text(report.html, "utf-8")
    return target.as_uri()


def view(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Views").get_by_role("button", name=name).click()


def test_the_views_are_those_of_the_server_and_hostile_names_are_text(page: Page, tmp_path: Path) -> None:
    page.goto(written(hostile_graph(tmp_path), tmp_path))
    expect(page.get_by_role("note")).to_contain_text("A report of <img src=x onerror=alert(2)>.pb")
    page.locator("svg.graph[data-settled]:not([data-settled=''])").wait_for()

    opened = page.locator("svg.graph .item[aria-expanded=true]")
    before = opened.count()
    page.locator("svg.graph .item[aria-expanded=false]").first.dblclick()
    expect(opened).to_have_count(before + 1)
    boxes = page.locator("svg.graph .item")
    drawn_boxes = boxes.count()
    page.locator("svg.graph .item[aria-expanded=false]").first.click()
    page.get_by_role("button", name="hide", exact=True).click()
    expect(boxes).to_have_count(drawn_boxes - 1)
    page.locator("svg.graph").press("H")
    expect(boxes).to_have_count(drawn_boxes)
    page.locator(".tree .row").first.click()
    expect(page.get_by_role("complementary").get_by_role("heading", level=2)).not_to_be_empty()
    drawn = {
        "Map": ".ribbon",
        "Variables": ".line",
        "Collections": ".empty",
        "Diff": ".empty",
        "Lint": ".verdict",
        "Costs": ".line",
    }
    for name, what in drawn.items():
        view(page, name)
        page.get_by_role("region", name=name).locator(what).first.wait_for(state="attached")
        expect(page.locator(".trouble")).to_have_count(0)
    assert page.locator("img").count() == 0

    address = page.url
    page.goto("about:blank")
    page.goto(address)
    page.get_by_role("region", name="Costs").locator(".line").first.wait_for()
    finds_what_a_server_finds(page, AnalysisContext(read(str(hostile_graph(tmp_path)))))
    page.goto(address.replace("view=costs", "view=variables&at=gone"))
    expect(page.get_by_role("complementary")).to_contain_text("This report does not hold that. To see it: scopeview")


def finds_what_a_server_finds(page: Page, context: AnalysisContext) -> None:
    """Search the file by words and fields, and filter the table of variables, beside the answers of Python."""
    search = page.get_by_label("Search ops and variables")
    for query in ("w", "/w op:identity", "shape:[2]", "y role:forw* dtype:float32", "shared:1", "name:*/y in:ops"):
        found = find(context, query, program=None, is_ranked=True)
        search.fill(query)
        numbers = ((found.total_scopes, "scope"), (found.variables, "variable"), (found.ops, "op"))
        said = ", ".join(plural(number, noun) for number, noun in numbers if number or noun != "scope")
        expect(page.locator(".hits [role=status]")).to_have_text(said)
        names = page.locator(".hits [role=option] .mono").evaluate_all("all => all.map((one) => one.title)")
        assert names == [*found.scopes, *(hit.name for hit in found.hits)]
    search.fill("time:>1ms")
    expect(page.locator(".hits")).to_contain_text("does not hold what time: ask of ops. To see it: scopeview serve")
    page.keyboard.press("Escape")
    view(page, "Variables")
    page.get_by_label("Filter the variables").fill("name:<*/w bytes:>=8")
    shown = variable_table(context, "name:<*/w bytes:>=8", sort="parameters", descending=True)
    expect(page.locator(".line")).to_have_count(shown.total)
    cells = page.locator(".line > :first-child").evaluate_all("all => all.map((one) => one.title)")
    assert cells == [row.name for row in shown.rows] and len(cells) == 2
