"""The graph in a real browser: what is drawn is what the server tells, whatever was opened on the way there."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from tests.graphs import graph_def_from_text
from tests.places import CORPUS, NO_CORPUS, SAMPLES, corpus

Serve = Callable[..., str]
Drawn = dict[str, Any]

KEYS = "(all) => all.map((one) => one.dataset.key)"
OPEN_OR_CLOSE = """([chance, most]) => {
  const scopes = [...document.querySelectorAll('svg.graph .item:has(.twist)')];
  const open = scopes.filter((one) => one.classList.contains('open'));
  const chosen = open.length > most ? open : scopes;
  chosen[Math.floor(chance * chosen.length)]?.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
}"""
"""Opens or closes a scope by chance; where many are open, it closes one."""

SHIFT = "document.querySelector('svg.graph > g').getAttribute('transform')"
SETTLED = """() => {
  const svg = document.querySelector('svg.graph');
  return !!svg?.dataset.settled && !svg.getAnimations({ subtree: true }).length;
}"""
"""What was asked for is drawn, and nothing moves any more."""
REAL = ("minitaur/minitaur_reactive_env/model.ckpt-14000000.meta", "scisharp-meta/InceptionV3.meta")
WALKS = [SAMPLES / "m17_gan.meta", SAMPLES / "m27_while_v1_resource.meta", *(CORPUS / name for name in REAL)]


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    return serve(*(path for path in WALKS if path.exists()))


def opened(page: Page, url: str, path: Path = WALKS[0], **query: str | list[str]) -> str:
    """Open the graph of a model; returns its id."""
    models = {model["path"]: model["id"] for model in page.request.get(f"{url}api/models").json()}
    page.goto(f"{url}?{urlencode({'model': models[str(path)], 'view': 'graph', **query}, doseq=True)}")
    settle(page)
    return str(models[str(path)])


def settle(page: Page) -> None:
    """Wait until what was asked for is drawn, and nothing moves any more."""
    page.wait_for_function(SETTLED, timeout=60_000)


def drawn(page: Page) -> Drawn:
    """Return what is on the screen, in the coordinates of the drawing."""
    found: Drawn = page.evaluate(
        """() => {
          const place = (g) => { const m = new DOMMatrix(getComputedStyle(g).transform); return [m.e, m.f]; };
          const box = (g) => { const r = g.querySelector('rect:not(.behind)'); const [x, y] = place(g);
            return [x, y, +r.getAttribute('width'), +r.getAttribute('height')]; };
          const all = (selector) => [...document.querySelectorAll('svg.graph ' + selector)];
          return {
            items: all('.item').map((g) => ({ key: g.dataset.key, open: g.classList.contains('open'), box: box(g) })),
            gates: all('.gate').map((g) => {
              const [scope, id] = [g.dataset.scope.slice(1), g.dataset.gate.slice(1)];
              return { scope, id, box: box(g) }; }),
            links: all('.link').map((g) => { const path = g.querySelector('.line'), length = path.getTotalLength();
              const [a, b] = [path.getPointAtLength(0), path.getPointAtLength(length)];
              const [scope, source, target] = ['scope', 'source', 'target'].map((name) => g.dataset[name].slice(1));
              return { scope, source, target, ends: [[a.x, a.y], [b.x, b.y]] }; }),
          };
        }"""
    )
    return found


def pictures(page: Page, url: str, model: str, scopes: list[str]) -> Iterator[dict[str, Any]]:
    for scope in scopes:
        yield page.request.get(f"{url}api/models/{model}/graph?scope={quote(scope, safe='')}").json()


def in_place(picture: dict[str, Any]) -> list[str]:
    return [item["id"] for item in picture["items"] if item["aside"] is None]


def check_geometry(found: Drawn) -> None:
    """No two boxes of one scope overlap, and every line ends on what it links."""
    scopes: dict[str, list[list[float]]] = {}
    for item in found["items"]:
        scopes.setdefault(item["key"].split("\\u000a")[0], []).append(item["box"])
    for boxes in scopes.values():
        for index, (x, y, width, height) in enumerate(boxes):
            for left, top, wide, high in boxes[index + 1 :]:
                assert (
                    x + width <= left + 0.5
                    or left + wide <= x + 0.5
                    or y + height <= top + 0.5
                    or top + high <= y + 0.5
                )
    places = {item["key"]: [item["box"]] for item in found["items"]}
    for gate in found["gates"]:
        places.setdefault(f"{gate['scope']}\\u000a{gate['id']}", []).append(gate["box"])
    for link in found["links"]:
        for end, name in zip(link["ends"], (link["source"], link["target"]), strict=True):
            assert any(near(end, box) for box in places[f"{link['scope']}\\u000a{name}"]), (link, name)


def near(point: list[float], box: list[float]) -> bool:
    (x, y), (left, top, width, height) = point, box
    return left - 2 <= x <= left + width + 2 and top - 2 <= y <= top + height + 2


def item(page: Page, key: str) -> Any:
    return page.locator(f'svg.graph .item[data-key="{key}"]')


def test_what_is_drawn_is_what_the_server_tells(page: Page, url: str) -> None:
    scopes = ["", "discriminator", "discriminator/hidden", "discriminator_1"]
    model = opened(page, url, op=scopes[1:])

    found, told = drawn(page), list(pictures(page, url, model, scopes))
    expected = {f"{picture['scope']}\\u000a{name}" for picture in told for name in in_place(picture)}
    assert {one["key"] for one in found["items"]} == expected
    assert {one["key"].split("\\u000a")[1] for one in found["items"] if one["open"]} == set(scopes[1:])
    links = 0
    for picture in told:
        aside = [one["aside"] for one in (*picture["items"], *picture["outside"])]
        links += sum(aside[link["source"]] is None and aside[link["target"]] is None for link in picture["links"])
    assert len(found["links"]) == links
    check_geometry(found)
    for one in (one for picture in told for one in picture["items"] if one["aside"]):
        expect(page.get_by_role("complementary", name="Set aside").get_by_title(one["path"], exact=True)).to_have_count(
            1
        )


@pytest.mark.parametrize("path", WALKS, ids=lambda path: path.name)
def test_a_walk_ends_in_the_picture_of_its_last_step(page: Page, url: str, path: Path) -> None:
    if not path.exists():
        pytest.skip(NO_CORPUS)
    opened(page, url, path)
    chance = random.Random(path.name)
    for step in range(300):
        page.evaluate(OPEN_OR_CLOSE, [chance.random(), 7])
        if step % 25 == 0:
            settle(page)
            check_geometry(drawn(page))
    settle(page)
    before = drawn(page)

    page.goto(page.url)
    settle(page)

    after = drawn(page)
    assert sorted(json.dumps(one) for one in before["items"]) == sorted(json.dumps(one) for one in after["items"])
    assert sorted(json.dumps(one) for one in before["links"]) == sorted(json.dumps(one) for one in after["links"])
    check_geometry(after)


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


def test_a_link_tells_its_edges_and_a_trace_its_ops(page: Page, url: str) -> None:
    model = opened(page, url)
    link = page.locator('svg.graph .link[data-source="/discriminator"][data-target="/discriminator_1"]')
    link.locator(".grip").dispatch_event("click")

    inspector = page.get_by_role("complementary", name="What is selected")
    expect(inspector).to_contain_text("4 edges")
    told = page.request.get(f"{url}api/models/{model}/graph/edges?source=discriminator&target=discriminator_1").json()
    for edge in told["edges"]:
        expect(inspector.get_by_role("button", name=edge["source"], exact=True)).to_have_count(1)
    assert "link=discriminator" in page.url

    item(page, "\\\\u000aloss_g").click()
    page.get_by_role("button", name="trace inputs").click()
    expect(page.get_by_role("status").filter(has_text="feed it")).to_be_visible()
    trace = page.request.get(f"{url}api/models/{model}/graph/trace?name=loss_g&direction=inputs").json()
    lit = {f"\\u000a{name}" for one in trace["lit"] for name in one["items"]}
    bright = page.locator("svg.graph .item:not(.faint)").evaluate_all(KEYS)
    assert set(bright) == {key for key in lit if item(page, key.replace("\\", "\\\\")).count()}
    page.get_by_label("steps").select_option("1")
    expect(page.get_by_role("status").filter(has_text="3 ops feed it")).to_be_visible()
    assert "depth=1" in page.url
    page.get_by_role("button", name="end trace").click()
    item(page, "\\\\u000az").click()
    item(page, "\\\\u000aadd").click(modifiers=["Shift"])
    expect(page.get_by_role("status").filter(has_text="lie between them")).to_be_visible()


def test_the_address_brings_the_picture_back(page: Page, url: str) -> None:
    opened(page, url, op="discriminator", colour="type", inputs="left", role="save", at="discriminator/hidden")
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
    expect(page.get_by_label("colour")).to_have_value("type")


def test_the_legend_is_what_is_on_the_screen(page: Page, url: str) -> None:
    opened(page, url, op=["discriminator", "discriminator/hidden"])
    for colouring in ("role", "type", "sharing", "structure", "dtype", "collection", "device"):
        page.get_by_label("colour").select_option(colouring)
        entries = page.locator(".key .entry")
        counts = [int(text) for text in page.locator(".key .entry .quiet").all_inner_texts()]
        hues = page.locator("svg.graph .item:not(.open)[class*=hue]").count()
        assert (len(counts), sum(counts)) == (entries.count(), hues)


def test_what_is_set_aside_comes_back_and_goes_again(page: Page, url: str) -> None:
    opened(page, url)
    aside = page.get_by_role("complementary", name="Set aside")
    expect(item(page, "\\\\u000asave")).to_have_count(0)

    aside.get_by_role("button", name="draw save in place").click()
    expect(item(page, "\\\\u000asave")).to_be_visible()
    assert "show=save" in page.url
    aside.get_by_title("draw all that serves gradient in place").click()
    expect(item(page, "\\\\u000agradients")).to_be_visible()
    settle(page)
    check_geometry(drawn(page))
    page.go_back()
    expect(item(page, "\\\\u000agradients")).to_have_count(0)
    page.get_by_label("set aside", exact=True).uncheck()
    expect(aside).to_have_count(0)


def test_it_is_shown_from_elsewhere(page: Page, url: str) -> None:
    opened(page, url)
    page.get_by_role("navigation", name="Views").get_by_role("button", name="Variables").click()
    page.locator(".line", has_text="discriminator/hidden/weights").first.click()
    page.get_by_role("button", name="show in graph").click()
    settle(page)

    chosen = item(page, "discriminator/hidden\\\\u000adiscriminator/hidden/weights")
    expect(chosen).to_have_class("item variable hue0 shared selected")
    expect(chosen).to_be_in_viewport()
    expect(chosen).to_contain_text("2 places")


def test_a_function_is_drawn_as_a_root_of_its_own(page: Page, serve: Serve) -> None:
    address = serve(SAMPLES / "m27_while_v2_resource.meta")
    model = page.request.get(f"{address}api/models").json()[0]["id"]
    told = page.request.get(f"{address}api/models/{model}/inspection").json()
    function = (
        told["functions"]["functions"][0]["name"]
        if isinstance(told["functions"], dict)
        else told["functions"][0]["name"]
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


CHAIN = "op0 Relu\n" + "".join(f"op{i} Relu op{i - 1}\n" for i in range(1, 3000))
STAR = "".join(f"v{i} VariableV2\nsave/a{i} Identity v{i}\n" for i in range(3000)) + "save/SaveV2 SaveV2 " + " ".join(
    f"save/a{i}" for i in range(3000)
)  # fmt: skip
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
    assert saved.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.skipif(not corpus(), reason=NO_CORPUS)
def test_nothing_to_draw_is_said(page: Page, serve: Serve) -> None:
    page.goto(serve(SAMPLES / "m33_original.ckpt"))

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
    aside = page.get_by_role("complementary", name="Set aside")
    expect(aside.get_by_role("button", name="new", exact=True)).to_be_visible()
    item(page, "\\\\u000aenc").dblclick()
    expect(item(page, "enc\\\\u000aenc/b")).to_have_class("item op hue0 diff-changed")
    aside.get_by_role("button", name="new", exact=True).click()
    expect(page.get_by_role("complementary", name="What is selected")).to_contain_text("op scope")
