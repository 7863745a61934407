"""The graph in a real browser: selecting, tracing, coloring, what is hidden by role, what an address brings back."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.graph_screen import GAN, KEYS, SHIFT, Serve, check_geometry, drawn, item, opened, settle
from tests.graphs import graph_def_from_text
from tests.places import SAMPLES


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(GAN)


def test_by_keyboard_alone(page: Page, url: str) -> None:
    opened(page, url)
    page.locator("svg.graph").focus()
    page.keyboard.press("Tab")
    inspector = page.get_by_role("complementary", name="What is selected")
    for _ in range(20):
        if page.evaluate("document.activeElement.dataset.key") == "\\u000adiscriminator":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    settle(page)
    expect(item(page, "discriminator\\\\u000adiscriminator/hidden")).to_be_visible()
    expect(inspector.get_by_role("heading", level=2)).to_have_text("discriminator")

    page.keyboard.press("ArrowUp")
    expect(inspector.get_by_role("heading", level=2)).to_have_text("discriminator/logits")
    page.keyboard.press("e")
    expect(inspector.get_by_role("heading", level=2).first).to_have_text("discriminator/hidden → discriminator/logits")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    expect(page.locator("svg.graph .item.faint").first).to_be_attached()
    expect(page.get_by_role("status").filter(has_text="feed it")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("svg.graph .item.faint")).to_have_count(0)
    box = page.evaluate(SHIFT)
    page.keyboard.press("+")
    page.wait_for_function(
        "(box) => document.querySelector('svg.graph > g').getAttribute('transform') !== box", arg=box
    )
    page.keyboard.press("f")


def test_a_link_lists_its_edges_and_a_trace_its_ops(page: Page, url: str) -> None:
    model = opened(page, url)
    link = page.locator('svg.graph .link[data-source="/discriminator"][data-target="/discriminator_1"]')
    link.locator(".grip").dispatch_event("click")

    inspector = page.get_by_role("complementary", name="What is selected")
    expect(inspector).to_contain_text("4 edges")
    answer = page.request.get(f"{url}api/models/{model}/graph/edges?source=discriminator&target=discriminator_1").json()
    for edge in answer["edges"]:
        expect(inspector.get_by_role("button", name=edge["source"], exact=True)).to_have_count(1)
    assert "link=discriminator" in page.url

    item(page, "\\\\u000aloss_g").click()
    page.get_by_role("button", name="trace inputs").click()
    expect(page.get_by_role("status").filter(has_text="feed it")).to_be_visible()
    trace = page.request.get(f"{url}api/models/{model}/graph/trace?name=loss_g&direction=inputs").json()
    lit = {f"\\u000a{name}" for one in trace["lit"] for name in one["items"]}
    bright = page.locator("svg.graph .item:not(.faint)").evaluate_all(KEYS)
    assert set(bright) == {key for key in lit if item(page, key.replace("\\", "\\\\")).count()}
    page.get_by_role("button", name="hidden by role").click()
    panel = page.get_by_role("complementary", name="Hidden by role")
    rows = panel.locator("li:not(.faint) button[title='draw in the graph']")
    expect(panel.locator("li.faint")).not_to_have_count(0)
    assert rows.count() == 0  # what trains and saves feeds no loss
    page.get_by_label("steps").select_option("1")
    expect(page.get_by_role("status").filter(has_text="3 ops feed it")).to_be_visible()
    assert "depth=1" in page.url
    page.get_by_role("button", name="end trace").click()
    item(page, "\\\\u000az").click()
    item(page, "\\\\u000aadd").click(modifiers=["Shift"])
    page.keyboard.press("p")
    expect(page.get_by_role("status").filter(has_text="lie between them")).to_be_visible()
    assert "trace=paths" in page.url


def test_several_are_selected_and_what_they_share_is_listed(page: Page, url: str) -> None:
    opened(page, url)
    item(page, "\\\\u000adiscriminator").click()
    item(page, "\\\\u000adiscriminator_1").click(modifiers=["Shift"])
    item(page, "\\\\u000az").click(modifiers=["Control"])
    chosen = page.locator("svg.graph .item.selected")
    inspector = page.get_by_role("complementary", name="What is selected")
    expect(chosen).to_have_count(3)
    expect(inspector).to_contain_text("no variable in common")
    expect(page.get_by_role("button", name="paths between")).to_have_count(0)

    inspector.get_by_role("button", name="leave out z", exact=True).click()

    part = inspector.locator(".part").first
    expect(part).to_contain_text("2 selected")
    for layer in ("hidden", "logits"):
        for name in ("weights", "biases"):
            expect(part.get_by_role("button", name=f"discriminator/{layer}/{name}", exact=True)).to_have_count(1)
    page.get_by_role("button", name="trace outputs").click()
    expect(page.get_by_role("status").filter(has_text="fed by it")).to_be_visible()
    page.goto(page.url)
    expect(chosen).to_have_count(2)
    item(page, "\\\\u000az").click()
    expect(chosen).to_have_count(1)
    assert "also=" not in page.url and "trace=" not in page.url


def test_the_address_brings_the_picture_back(page: Page, url: str) -> None:
    opened(page, url, op="discriminator", color="type", inputs="left", role="save", at="discriminator/hidden")
    page.mouse.move(700, 500)
    page.mouse.wheel(0, -300)
    page.wait_for_url("**box=**")
    settle(page)
    before = page.url, drawn(page), page.evaluate(SHIFT)

    page.goto("about:blank")
    page.goto(before[0])
    settle(page)

    assert drawn(page) == before[1]
    numbers = [
        [float(number) for number in text.replace("translate(", "").replace(") scale(", " ").rstrip(")").split()]
        for text in (page.evaluate(SHIFT), before[2])
    ]
    assert numbers[0] == pytest.approx(numbers[1], abs=1)
    expect(item(page, "\\\\u000asave")).to_be_visible()
    expect(page.get_by_label("color")).to_have_value("type")


def test_a_page_without_an_address_opens_what_computes_most(page: Page, serve: Serve) -> None:
    address = serve(SAMPLES / "m24_adam.meta")
    page.goto(address)
    page.wait_for_url("**op=dense**")
    settle(page)
    expect(item(page, "\\\\u000adense")).to_have_class(re.compile("open"))

    page.get_by_role("button", name="close all").click()
    page.reload()
    settle(page)
    expect(item(page, "\\\\u000adense")).not_to_have_class(re.compile("open"))


def test_the_legend_is_what_is_on_the_screen(page: Page, url: str) -> None:
    opened(page, url, op=["discriminator", "discriminator/hidden"])
    for coloring in ("role", "type", "sharing", "structure", "dtype", "collection", "device"):
        page.get_by_label("color").select_option(coloring)
        entries = page.locator(".key .entry")
        counts = [int(text) for text in page.locator(".key .entry .quiet").all_inner_texts()]
        hues = page.locator("svg.graph .item:not(.open)[class*=hue]").count()
        assert (len(counts), sum(counts)) == (entries.count(), hues)


def test_what_is_hidden_by_role_comes_back_and_goes_again(page: Page, url: str) -> None:
    opened(page, url)
    panel = page.get_by_role("complementary", name="Hidden by role")
    expect(item(page, "\\\\u000asave")).to_have_count(0)
    expect(panel).to_have_count(0)  # it takes no room from the graph until it is wanted

    page.get_by_role("button", name="hidden by role").click()
    panel.get_by_role("button", name="draw save in the graph").click()
    expect(item(page, "\\\\u000asave")).to_be_visible()
    assert "show=save" in page.url
    panel.get_by_title("draw all ops of role gradient in the graph").click()
    expect(item(page, "\\\\u000agradients")).to_be_visible()
    settle(page)
    check_geometry(drawn(page))
    page.go_back()
    expect(item(page, "\\\\u000agradients")).to_have_count(0)
    page.get_by_role("button", name="hidden by role").click()
    expect(panel).to_have_count(0)


def test_it_is_shown_from_elsewhere(page: Page, url: str) -> None:
    opened(page, url)
    page.get_by_role("navigation", name="Views").get_by_role("button", name="Variables").click()
    page.locator(".line", has_text="discriminator/hidden/weights").first.click()
    page.get_by_role("button", name="show in graph").click()
    settle(page)

    chosen = item(page, "discriminator/hidden\\\\u000adiscriminator/hidden/weights")
    expect(chosen).to_have_class("item variable hue2 shared selected")
    expect(chosen).to_be_in_viewport()
    expect(chosen).to_contain_text("2 call sites")


def test_what_is_named_elsewhere_is_opened_unfolded_and_brought_back(page: Page, serve: Serve, tmp_path: Path) -> None:
    units = [f"net/unit_{i}/conv" for i in range(1, 7)]
    layers = "".join(f"{unit}/w VariableV2 shape=2\n{unit}/y Mul {unit}/w x\n" for unit in units)
    saver = "t Const value=1\nsave/deep/SaveV2 SaveV2 x t t t\n"
    path = tmp_path / "units.pb"
    total = f"total AddN {' '.join(f'{unit}/y' for unit in units)}\n"
    path.write_bytes(graph_def_from_text(f"x Placeholder\n{layers}{total}{saver}"))
    opened(page, serve(path), path)
    search = page.get_by_role("combobox", name="Search ops and variables")

    for scope, name in (("net/unit_5/conv", "y"), ("save/deep", "SaveV2")):
        search.fill(f"name:{scope}/{name} in:ops")
        page.locator(f"#hits [title='{scope}/{name}']").wait_for()
        search.press("Enter")
        chosen = item(page, f"{scope}\\\\u000a{scope}/{name}")
        expect(chosen).to_have_class(re.compile("selected"))
        settle(page)
        expect(chosen).to_be_in_viewport()
    page.locator(".more summary").click()
    page.get_by_role("button", name="collapse groups", exact=True).click()
    expect(page.locator("svg.graph .item.many")).to_have_count(1)


def test_a_function_is_drawn_as_a_root_of_its_own(page: Page, serve: Serve) -> None:
    address = serve(SAMPLES / "m27_while_v2_resource.meta")
    model = page.request.get(f"{address}api/models").json()[0]["id"]
    answer = page.request.get(f"{address}api/models/{model}/inspection").json()
    function = (
        answer["functions"]["functions"][0]["name"]
        if isinstance(answer["functions"], dict)
        else answer["functions"][0]["name"]
    )
    page.goto(f"{address}?{urlencode({'model': model, 'function': function})}")
    settle(page)

    expect(page.locator("svg.graph .item.argument").first).to_be_visible()
    for chosen in (".item.argument", ".item.op"):
        page.locator(f"svg.graph {chosen}").first.dispatch_event("click")
        expect(
            page.get_by_role("complementary", name="What is selected").get_by_role("heading", name="op", exact=True)
        ).to_be_visible()
    page.get_by_role("button", name="main graph").click()
    expect(page.locator("svg.graph .item.argument")).to_have_count(0)

    page.get_by_role("combobox", name="Search ops and variables").fill("op:While in:ops")
    page.locator("#hits").get_by_role("option").first.wait_for()
    page.keyboard.press("Enter")
    inspector = page.get_by_role("complementary", name="What is selected")
    expect(inspector.get_by_role("heading", level=2)).to_have_text("loop")
    for function in ("loop_body_213", "loop_cond_212"):
        inspector.get_by_role("button", name=function, exact=True).click()
        expect(page.get_by_role("navigation", name="Where")).to_have_text(f"main graph › {function}")
        answer = page.request.get(f"{address}api/models/{model}/show?name={function}").json()["functions"][0]
        for text in (*answer["arguments"], *answer["results"]):
            expect(inspector.get_by_text(text, exact=True)).to_have_count(1)
        page.go_back()


def test_boxes_are_hidden_and_isolated_by_hand_and_by_query(page: Page, url: str) -> None:
    opened(page, url)
    rules = page.get_by_role("form", name="What is hidden")
    item(page, "\\\\u000adiscriminator").click()
    page.get_by_role("button", name="hide", exact=True).click()
    settle(page)
    expect(item(page, "\\\\u000adiscriminator")).to_have_count(0)
    expect(rules).to_contain_text("scope:discriminator")

    page.keyboard.press("Shift+H")
    settle(page)
    expect(item(page, "\\\\u000adiscriminator")).to_have_count(1)
    page.get_by_role("button", name="by query…").click()
    rules.get_by_label("what to do with what fits").select_option("show only")
    rules.get_by_label("Query of what to hide").fill("scope:generator")
    page.keyboard.press("Enter")
    settle(page)
    assert page.locator("svg.graph .item").evaluate_all(KEYS) == ["\\u000agenerator"]
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    settle(page)
    assert page.locator("svg.graph .item").evaluate_all(KEYS) == ["\\u000agenerator"]


ALONE = """() => [...document.querySelectorAll('svg.graph .item:not(.open)')].map((one) => {
  const middle = (part) => { const box = one.querySelector(part).getBoundingClientRect();
    return (box.top + box.bottom) / 2; };
  return Math.abs(middle('.name') - middle('.body'));
})"""
BLANK = """() => [...document.querySelectorAll('svg.graph :is(.gate, .turn)')].filter((one) => {
  const isSeen = (part) => getComputedStyle(one.querySelector(part)).display !== 'none';
  return isSeen('rect') && !isSeen('text');
}).length"""


def test_zoomed_out_names_stand_alone_in_the_middle_and_no_mark_is_blank(page: Page, url: str) -> None:
    opened(page, url, op=["discriminator", "discriminator/hidden"])
    svg = page.locator("svg.graph")

    for _ in range(12):
        if "far" in (svg.get_attribute("class") or ""):
            break
        page.get_by_role("button", name="zoom out").click()
        settle(page)
    expect(svg).to_have_class(re.compile(r"\bfar\b"))
    expect(page.locator("svg.graph .item .below").first).to_be_hidden()
    assert max(page.evaluate(ALONE)) < 2
    stem = page.locator("svg.graph .gate .stem").first
    assert stem.evaluate("(one) => getComputedStyle(one).display") != "none"
    assert page.evaluate(BLANK) == 0
