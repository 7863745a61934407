"""The graph in a real browser: what is drawn is what the server answers, whatever was opened on the way there."""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from tests.browser.graph_screen import GAN, Serve, check_direction, check_geometry, drawn, item, opened, settle
from tests.graphs import TANGLE, graph_def_from_text
from tests.places import CORPUS, NO_CORPUS, SAMPLES, corpus

OPEN_OR_CLOSE = """([chance, most]) => {
  const scopes = [...document.querySelectorAll('svg.graph .item[aria-expanded]')];
  const open = scopes.filter((one) => one.classList.contains('open'));
  const chosen = open.length > most ? open : scopes;
  chosen[Math.floor(chance * chosen.length)]?.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
}"""
"""Opens or closes a scope by chance; where many are open, it closes one."""

REAL = (
    "minitaur/minitaur_reactive_env/model.ckpt-14000000.meta",
    "scisharp-meta/InceptionV3.meta",
    "dl4j-graphs/lenet_frozen.pb",  # a long chain, which is drawn in columns
)
WALKS = [GAN, SAMPLES / "m27_while_v1_resource.meta", *(CORPUS / name for name in REAL)]


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(*(path for path in WALKS if path.exists()))


def pictures(page: Page, url: str, model: str, scopes: list[str]) -> Iterator[dict[str, Any]]:
    for scope in scopes:
        yield page.request.get(f"{url}api/models/{model}/graph?scope={quote(scope, safe='')}").json()


def in_place(picture: dict[str, Any]) -> list[str]:
    return [item["id"] for item in picture["items"] if item["hidden_by"] is None]


def test_what_is_drawn_is_what_the_server_answers(page: Page, url: str) -> None:
    scopes = ["", "discriminator", "discriminator/hidden", "discriminator_1"]
    model = opened(page, url, op=scopes[1:], auxiliary="shown")

    found, answer = drawn(page), list(pictures(page, url, model, scopes))
    expected = {f"{picture['scope']}\\u000a{name}" for picture in answer for name in in_place(picture)}
    assert {one["key"] for one in found["items"]} == expected
    assert {one["key"].split("\\u000a")[1] for one in found["items"] if one["open"]} == set(scopes[1:])
    links = 0
    for picture in answer:
        hidden = [one["hidden_by"] for one in (*picture["items"], *picture["outside"])]
        links += sum(hidden[link["source"]] is None and hidden[link["target"]] is None for link in picture["links"])
    assert len(found["links"]) == links
    check_geometry(found)
    tip = page.locator('svg.graph .gate[data-scope="/discriminator_1"][data-gate="/discriminator"] title')
    shared = [f"discriminator/{layer}/{name}" for layer in ("hidden", "logits") for name in ("biases", "weights")]
    assert tip.evaluate("(one) => one.textContent").splitlines() == ["from discriminator", *shared]
    for one in (one for picture in answer for one in picture["items"] if one["hidden_by"]):
        panel = page.get_by_role("complementary", name="Hidden by role")
        expect(panel.get_by_title(one["path"], exact=True)).to_have_count(1)


@pytest.mark.parametrize("path", WALKS, ids=lambda path: path.name)
def test_a_walk_ends_in_the_picture_of_its_last_step(page: Page, url: str, path: Path) -> None:
    if not path.exists():
        pytest.skip(NO_CORPUS)
    opened(page, url, path)
    chance = random.Random(path.name)
    for step in range(60):
        page.evaluate(OPEN_OR_CLOSE, [chance.random(), 7])
        if step % 6 == 0:
            settle(page)
            check_geometry(drawn(page))
            check_direction(drawn(page))
    settle(page)
    before = drawn(page)

    page.goto(page.url)
    settle(page)

    after = drawn(page)
    assert sorted(json.dumps(one) for one in before["items"]) == sorted(json.dumps(one) for one in after["items"])
    assert sorted(json.dumps(one) for one in before["links"]) == sorted(json.dumps(one) for one in after["links"])
    check_geometry(after)


CHAIN = "op0 Relu\n" + "".join(f"op{i} Relu op{i - 1}\n" for i in range(1, 3000))
STAR = (
    "".join(f"v{i} VariableV2\nsave/a{i} Identity v{i}\n" for i in range(3000))
    + "save/SaveV2 SaveV2 "
    + " ".join(f"save/a{i}" for i in range(3000))
)
MIXED = "".join(f"big/n{i:05}q/y Type{i}\n" for i in range(700))
WIDE = "".join(f"big/s{i:05}x/y{i} {'Relu' if i % 2 else 'Tanh'}\n" for i in range(10_000))


@pytest.mark.parametrize("text", [CHAIN, STAR, WIDE, MIXED], ids=["chain", "star", "wide", "mixed"])
def test_what_is_huge_is_drawn_and_unfolds(page: Page, serve: Serve, tmp_path: Path, text: str) -> None:
    path = tmp_path / "huge.pb"
    path.write_bytes(graph_def_from_text(text))
    address = serve(path)
    opened(page, address, path, op="big")

    assert 0 < page.locator("svg.graph .item").count() <= 160
    page.locator("svg.graph .item.many").first.dispatch_event("dblclick")
    page.wait_for_url(re.compile("unfold=|items=300"))
    settle(page)
    expect(page.locator("svg.graph")).to_be_visible()
    assert 0 < page.locator("svg.graph .item").count() <= 320


COUNT_JOBS = """
window.jobs = 0;
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (...job) { window.jobs += 1; return post.apply(this, job); };
"""


def test_a_layout_that_nobody_waits_for_is_given_up(page: Page, serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "tangle.pb"
    path.write_bytes(graph_def_from_text(TANGLE))
    page.add_init_script(COUNT_JOBS)
    opened(page, serve(path), path)
    (engine,) = page.workers
    jobs = page.evaluate("window.jobs")

    item(page, "\\\\u000abig").dispatch_event("dblclick")
    page.wait_for_url("**op=big**")
    page.wait_for_function("(before) => window.jobs > before", arg=jobs)
    with engine.expect_event("close"):
        item(page, "\\\\u000abig").dispatch_event("dblclick")

    settle(page)
    expect(page.locator("svg.graph .item")).to_have_count(1)


def test_every_link_is_drawn_however_many_come_in_and_go_out(page: Page, serve: Serve, tmp_path: Path) -> None:
    sources = "".join(f"in{i}x Placeholder\n" for i in range(40))
    inside = "".join(f"s/op{i}x Relu in{i}x\n" for i in range(40))
    targets = "".join(f"out{i}x Type{i} s/op{i}x\n" for i in range(40))
    path = tmp_path / "gates.pb"
    path.write_bytes(graph_def_from_text(sources + inside + targets))
    opened(page, serve(path), path, op="s")

    found = drawn(page)

    ends = {(link["source"], link["target"]) for link in found["links"] if link["scope"] == "s"}
    assert ends == {(f"in{i}x", f"s/op{i}x") for i in range(40)} | {(f"s/op{i}x", f"out{i}x") for i in range(40)}
    assert sum(link["scope"] == "" for link in found["links"]) == 80
    assert len(found["gates"]) == 2 * 24
    check_geometry(found)
    expect(page.locator('svg.graph .gate[data-gate="/"] text').first).to_have_text("17 more")


PAINTED = """async ([content, rows]) => {
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const painted = [0, 0];
  for (let at = 4; at < data.length; at += 4) {
    if (data[at] === data[0] && data[at + 1] === data[1] && data[at + 2] === data[2]) continue;
    if (Math.floor(at / 4 / image.width) >= rows) break;
    painted[0] = Math.max(painted[0], (at / 4) % image.width);
    painted[1] = Math.max(painted[1], Math.floor(at / 4 / image.width));
  }
  return { size: [image.width, image.height], painted };
}"""
"""The size of a picture, and how far to the right and down its first rows are painted."""


def test_the_drawing_is_saved_with_its_text(page: Page, url: str) -> None:
    opened(page, url)
    with page.expect_download() as saved:
        page.get_by_role("button", name="save the graph as SVG").click()

    svg = "{http://www.w3.org/2000/svg}"
    found = ElementTree.fromstring(saved.value.path().read_text("utf-8"))
    texts = [text.text for text in found.iter(f"{svg}text")]
    assert {"discriminator", "loss_d"} <= set(texts)
    with page.expect_download() as saved:
        page.get_by_role("button", name="save the graph as PNG").click()
    box = page.locator("svg.graph").bounding_box()
    assert box is not None
    rows = round(2 * box["height"])
    answer = page.evaluate(PAINTED, [base64.b64encode(saved.value.path().read_bytes()).decode(), rows])
    legend = [one.text for one in found.iter(f"{svg}text") if one.get("class") == "sign"]
    entries = page.locator(".key .entry").evaluate_all("(all) => all.map((one) => one.childNodes[1].textContent)")
    assert {*entries, "data, thicker for larger or more tensors"} <= set(legend)
    height = float(found.attrib["height"])
    assert height > box["height"] + 18  # the legend is below it
    assert answer["size"] == pytest.approx([box["width"] * 2, height * 2], abs=1)
    items = page.locator("svg.graph .item").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect())")
    drawn_to = [
        2 * (max(one[side] for one in items) - start) for side, start in (("right", box["x"]), ("bottom", box["y"]))
    ]
    assert answer["painted"] == pytest.approx(drawn_to, abs=6)


@pytest.mark.skipif(not corpus(), reason=NO_CORPUS)
def test_nothing_to_draw_is_said(page: Page, serve: Serve) -> None:
    page.goto(serve(SAMPLES / "m33_original.ckpt"))
    page.locator(".line").first.wait_for()  # what has no graph is shown as its table at first
    page.get_by_role("navigation", name="Views").get_by_role("button", name="Graph").click()

    expect(page.get_by_role("region", name="Graph")).to_contain_text("There are no ops here")


def test_a_diff_is_marked_in_the_drawing(page: Page, serve: Serve, tmp_path: Path) -> None:
    texts = {
        "old.pb": "x Placeholder\nenc/a Relu x\nenc/b Tanh enc/a\nold/c Neg enc/b\nloss Sum old/c",
        "new.pb": "x Placeholder\nenc/a Relu x\nenc/b Sigmoid enc/a\nenc/more Exp enc/b\n"
        "new/c Abs enc/more\nloss Sum new/c",
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(graph_def_from_text(text))
    address = serve(*(tmp_path / name for name in texts))
    opened(page, address, tmp_path / "old.pb")

    page.get_by_label("compare with").select_option(index=1)

    expect(item(page, "\\\\u000aold")).to_have_class("item scope hue0 diff-gone")
    expect(item(page, "\\\\u000aenc")).to_contain_text("+1 ~1")
    expect(item(page, "\\\\u000ax")).not_to_contain_text("~")
    hidden = page.get_by_role("complementary", name="Hidden by role")
    expect(hidden.get_by_role("button", name="new", exact=True)).to_be_visible()
    item(page, "\\\\u000aenc").dblclick()
    expect(item(page, "enc\\\\u000aenc/b")).to_have_class("item op hue0 diff-changed")
    hidden.get_by_role("button", name="new", exact=True).click()
    expect(page.get_by_role("complementary", name="What is selected")).to_contain_text("op scope")
