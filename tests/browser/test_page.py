"""The page in a real browser, over a real server, as a person uses it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page, expect

from tests.graphs import graph_def_from_text, graph_def_of_scopes
from tests.places import ROOT, SAMPLES

Serve = Callable[..., str]


@pytest.fixture(scope="module")
def url(serve: Serve) -> str:
    names = ("m17_gan.meta", "m33_original.ckpt", "m33_renamed.meta")
    return serve(*(SAMPLES / name for name in names))


def opened(page: Page, url: str, **query: str) -> Page:
    page.goto(url + "?" + "&".join(f"{key}={value}" for key, value in {"view": "map", **query}.items()))
    page.locator(".tree .row").first.wait_for()
    return page


def tree_rows(page: Page) -> list[str]:
    return page.locator(".tree .row .name").all_inner_texts()


def view(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Views").get_by_role("button", name=name).click()


def test_the_tree_is_walked_by_keyboard(page: Page, url: str) -> None:
    opened(page, url)
    page.get_by_role("tree").focus()
    assert tree_rows(page) == ["generator", "discriminator"]

    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tree .row", has_text="logits")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".tree .row", has_text="weights")).to_be_visible()
    assert tree_rows(page) == ["generator", "discriminator", "hidden", "weights", "biases", "logits"]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".tree .row", has_text="logits")).to_have_count(0)
    page.keyboard.type("g")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary").get_by_role("heading", level=2)).to_have_text("generator")


def test_a_variable_shows_its_call_sites_and_they_lead_on(page: Page, url: str) -> None:
    opened(page, url, var="discriminator").locator(".tree .row", has_text="hidden").dblclick()
    page.locator(".tree .row", has_text="weights").click()

    inspector = page.get_by_role("complementary")
    expect(inspector).to_contain_text("used at 2 call sites")
    assert inspector.locator(".sites li").all_inner_texts() == [
        "discriminator/hidden home",
        "discriminator_1/hidden re-entry",
    ]
    inspector.get_by_role("button", name="discriminator_1/hidden", exact=True).first.click()
    expect(inspector.get_by_role("heading", level=2)).to_have_text("discriminator_1/hidden")
    page.go_back()
    expect(inspector.get_by_role("heading", level=2)).to_have_text("discriminator/hidden/weights")


def test_ribbons_are_those_that_the_server_counts(page: Page, url: str) -> None:
    with page.expect_response("**/map?**") as first:
        opened(page, url)
    assert len(first.value.json()["ribbons"]) == 3
    expect(page.locator(".ribbon")).to_have_count(3)

    with page.expect_response("**/map?**left=discriminator**") as second:
        page.locator(".map .box.scope", has_text="discriminator").first.locator("text").first.click()
    expect(page.locator(".ribbon")).to_have_count(len(second.value.json()["ribbons"]))
    page.get_by_label("shared only").check()
    expect(page.locator(".map .box", has_text="generator")).to_have_count(0)
    page.get_by_label("accesses").select_option("update")
    expect(page.locator(".ribbon.write").first).to_be_attached()
    page.get_by_label("shared only").uncheck()
    with page.expect_response("**/map?**role=all**") as every:
        page.get_by_label("accesses").select_option("all")
    assert every.value.json()["total_accesses"] > second.value.json()["total_accesses"] + 8
    expect(page.get_by_role("region", name="Map")).to_contain_text(f"{every.value.json()['total_accesses']} accesses")


def test_search_finds_and_leads_there(page: Page, url: str) -> None:
    opened(page, url)
    page.keyboard.press("/")
    page.keyboard.type("op:MatMul role:forward generator")

    expect(page.locator("#hits [role=option]")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary")).to_contain_text("MatMul")


def test_a_misspelled_name_leads_to_the_nearest(page: Page, url: str) -> None:
    opened(page, url)
    page.keyboard.press("/")
    page.keyboard.type("wieghts")

    expect(page.locator(".hits .near")).to_contain_text("generator/weights")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary").get_by_role("heading", level=2)).to_have_text("generator/weights")


def test_a_link_brings_everything_back(page: Page, url: str) -> None:
    opened(page, url)
    page.locator(".tree .row", has_text="discriminator").dblclick()
    expect(page.locator(".tree .row")).to_have_count(4)
    view(page, "Variables")
    with page.expect_response("**/variables?**sort=name**limit=200**"):
        page.get_by_role("button", name="sort by name").click()
    expect(page.locator(".line").first).to_contain_text("discriminator")
    page.locator(".line", has_text="generator/weights").click()
    expect(page.locator(".line.selected")).to_contain_text("generator/weights")
    page.wait_for_url(re.compile("[?&]var=generator"))  # the way to what is selected is opened, and in the address
    before = page.url, tree_rows(page), page.locator(".line").all_inner_texts()

    page.goto("about:blank")
    page.goto(before[0])
    page.locator(".line").first.wait_for()

    expect(page.get_by_role("complementary").get_by_role("heading", level=2)).to_have_text("generator/weights")
    expect(page.locator(".tree .row .name")).to_have_text(before[1])
    expect(page.locator(".line")).to_have_count(len(before[2]))
    assert (page.url, page.locator(".line").all_inner_texts()) == (before[0], before[2])
    page.go_back()


def test_the_table_sorts_and_filters(page: Page, url: str) -> None:
    opened(page, url, view="variables")
    page.locator(".line").first.wait_for()
    assert page.locator(".line").count() == 8

    expect(page.locator(".line").first).to_contain_text("24")
    page.get_by_role("button", name="sort by parameters").click()
    expect(page.locator(".line").first).not_to_contain_text("24")
    page.get_by_label("Filter the variables").fill("shared:>1 scope:discriminator/logits")
    expect(page.locator(".line")).to_have_count(2)
    page.get_by_label("auxiliary variables too").check()
    page.get_by_label("Filter the variables").fill("name:*Adam_d")
    expect(page.locator(".line")).to_have_count(4)


def test_a_diff_of_two_and_the_copy_of_its_map(page: Page, url: str) -> None:
    opened(page, url)
    view(page, "Diff")
    page.get_by_label("side A").select_option(label="m33_original.ckpt")
    page.get_by_label("side B").select_option(label="m33_renamed.meta")

    expect(page.locator(".chips")).to_contain_text("6 renamed")
    assert page.locator("tr.renamed").count() == 6
    page.get_by_text("assignment map for").click()
    page.locator("#assignment-map").get_by_role("button", name="copy", exact=True).click()
    expect(page.get_by_role("button", name="copied")).to_be_visible()
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert copied["layer1/weights"] == "model/layer1/kernel"


def test_lint_collections_and_themes(page: Page, url: str) -> None:
    opened(page, url, view="lint")
    expect(page.get_by_text("0 warnings")).to_be_visible()
    view(page, "Collections")
    expect(page.get_by_role("region", name="Collections")).to_contain_text("train_op")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="switch between light and dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_file_from_this_computer_is_opened(page: Page, url: str) -> None:
    opened(page, url)
    page.get_by_role("button", name="open…").click()
    page.get_by_label("files").set_input_files(SAMPLES / "m05_reuse.meta")

    expect(page.locator(".summary")).to_contain_text("14 ops")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_ribbons_of_a_diff_open_on_both_sides_and_match_the_server(page: Page, url: str) -> None:
    models = {Path(model["path"]).name: model["id"] for model in page.request.get(f"{url}api/models").json()}
    a, b = models["m33_original.ckpt"], models["m33_renamed.meta"]
    with page.expect_response("**/diff/map?**") as closed:
        opened(page, url, model=a, view="diff", **{"with": b})
    expect(page.locator(".ribbon.renamed")).to_have_count(len(closed.value.json()["ribbons"]))

    with page.expect_response("**/diff/map?**left=model**") as more:
        page.locator(".box.scope", has_text="model").locator("text").first.click()
    found = more.value.json()
    expect(page.locator(".ribbon")).to_have_count(len(found["ribbons"]))
    assert page.locator(".box > title").all_text_contents() == [
        f"{'scope' if node['is_scope'] else 'variable'} {node['path']}" for node in (*found["a"], *found["b"])
    ]
    page.get_by_role("button", name="close all scopes").click()
    expect(page.locator(".ribbon")).to_have_count(3)


def test_an_import_through_tensorflow_joins_what_is_shown(page: Page, serve: Serve) -> None:
    opened(page, serve(SAMPLES / "m30_frozen_ref.pb"), tree="ops", at="layer2/MatMul")
    inspector = page.get_by_role("complementary")
    expect(inspector).to_contain_text("layer1/Relu float32")
    expect(inspector).not_to_contain_text("float32[?, 8]")

    page.get_by_role("button", name="import through TensorFlow").click()

    expect(page.locator(".summary")).to_contain_text("TensorFlow is importing it")
    expect(page.locator(".summary")).to_contain_text("imported by TensorFlow")
    expect(inspector).to_contain_text("layer1/Relu float32[?, 8]")


def test_what_tensorflow_refuses_is_a_finding_in_its_words(page: Page, serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "custom.pb"
    path.write_bytes(graph_def_from_text("a NoOp\nb NoOneKnowsThisOp ^a"))
    opened(page, serve(path), tree="ops")

    page.get_by_role("button", name="import through TensorFlow").click()
    page.get_by_role("button", name="TensorFlow refuses it: see Lint").click()

    expect(page.get_by_role("region", name="Lint")).to_contain_text("NoOneKnowsThisOp")


def test_findings_stand_in_the_tree(page: Page, serve: Serve) -> None:
    opened(page, serve(SAMPLES / "m18_missed_sharing.meta"))

    badges = page.locator(".tree .badge.finding")
    expect(badges).to_have_text(["! 1"])  # one cause, at the first of the equal scopes
    expect(badges.first).to_have_attribute("title", re.compile("1 warning: .*filter_1"))


def test_both_trees_stand_side_by_side_where_there_is_room(page: Page, url: str) -> None:
    page.set_viewport_size({"width": 1920, "height": 1000})
    opened(page, url)

    expect(page.get_by_role("tree", name="Ops")).to_be_visible()
    expect(page.get_by_role("tree", name="Variables")).to_be_visible()


HOSTILE = [
    '<img src=x onerror="document.title=1">',
    "a'b\"c`",
    "../../etc",
    "x" * 10_000,
    "\u202eabc",
    "😀",
    "a b&c=d#e?f",
]


def test_hostile_names_are_drawn_as_text(page: Page, serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "hostile.pb"
    path.write_bytes(graph_def_of_scopes(HOSTILE))

    other = shutil.copy(SAMPLES / "m17_gan.meta", tmp_path / "other.meta")

    opened(page, serve(path, Path(other)))
    for row in range(page.locator(".tree .row").count()):
        page.locator(".tree .row").nth(row).click()
        expect(page.get_by_role("complementary").get_by_role("heading", level=2)).not_to_be_empty()
    shown = {
        "Graph": ".item",
        "Map": ".box",
        "Variables": ".line",
        "Collections": ".empty",
        "Diff": ".entries tr",
        "Lint": ".chip",
    }
    for name, drawn in shown.items():
        view(page, name)
        page.get_by_role("region", name=name).locator(drawn).first.wait_for(state="attached")
        assert page.locator("img").count() == 0
    page.get_by_label("Search ops and variables").fill("w")
    expect(page.locator("#hits [role=option]:not(.more)")).not_to_have_count(0)
    assert "<img src=x onerror" in " ".join(page.locator("#hits [title]").all_inner_texts())
    assert page.locator("img").count() == 0
    assert page.title().endswith("· scopeview")
    assert "\\u202eabc" in " ".join(tree_rows(page))


@pytest.mark.parametrize(
    "name", ["m29_keras", "m27_while_v2_resource.meta", "m30_frozen_v2.pb", "m32_object.ckpt", "m28_partitioned.meta"]
)
def test_every_view_works_on_other_kinds(page: Page, serve: Serve, name: str) -> None:
    opened(page, serve(SAMPLES / name))
    for shown in ("Graph", "Map", "Variables", "Collections", "Diff", "Lint", "Costs"):
        view(page, shown)
        expect(page.get_by_role("region", name=shown)).to_be_visible()
    page.get_by_role("tab", name="ops").click()
    page.locator(".left").get_by_text("No ops").or_(page.locator(".tree .row").first).wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("shown", ["graph", "map", "variables", "collections", "diff", "lint", "costs"])
def test_nothing_is_in_the_way_of_anyone(page: Page, url: str, shown: str, scheme: str) -> None:
    """The rules of axe-core, with nothing selected and with a scope, at the widths of a phone, a tablet and a desk."""
    axe = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("needs axe-core, which pip install -e . brings into web/node_modules")
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    opened(page, url, view=shown)
    page.get_by_role("region", name=shown.capitalize()).wait_for()
    page.locator(".inspector .part").first.wait_for()
    page.evaluate(axe.read_text("utf-8"))
    if scheme == "dark":  # the same page in other colors
        assert faults(page, {"runOnly": ["color-contrast"]}) == []
        return
    found = faults(page)

    page.locator(".tree .row").first.click()
    page.get_by_role("complementary").get_by_role("heading", level=2).wait_for()
    for width in (390, 1000):
        page.set_viewport_size({"width": width, "height": 900})
        found += faults(page)
    page.get_by_label("Search ops and variables").fill("discriminator")
    page.locator("#hits [role=option]").first.wait_for()
    assert [*found, *faults(page)] == []


def faults(page: Page, options: dict[str, list[str]] | None = None) -> list[tuple[str, list[str]]]:
    """Return what axe-core finds fault with."""
    violations = page.evaluate("(options) => axe.run(options)", options or {})["violations"]
    return [(fault["id"], [node["html"][:200] for node in fault["nodes"]]) for fault in violations]


def test_pictures_are_saved(page: Page, url: str) -> None:
    with page.expect_response("**/map?**") as answered:
        opened(page, url)
    page.locator(".ribbon").first.wait_for(state="attached")
    with page.expect_download() as saved:
        page.get_by_role("button", name="save the map as SVG").click()

    drawn = ElementTree.fromstring(saved.value.path().read_text("utf-8"))
    svg = "{http://www.w3.org/2000/svg}"
    assert len(drawn.findall(f".//{svg}path")) == len(answered.value.json()["ribbons"])
    assert "discriminator" in " ".join(text.text or "" for text in drawn.iter(f"{svg}text"))
    assert not [element for element in drawn.iter() if "var(" in " ".join(element.attrib.values())]
    # Drawn alone it fills its own frame: nothing is moved out of it.
    saved_path = saved.value.path()
    page.goto("about:blank")
    page.set_content(saved_path.read_text("utf-8"))
    frame, boxes = page.evaluate(
        """() => { const box = element => element.getBoundingClientRect().toJSON();
        const drawn = [...document.querySelectorAll("svg .box, svg .ribbon")];
        return [box(document.querySelector("svg")), drawn.map(box)]; }"""
    )
    assert all(frame["left"] <= box["left"] and box["right"] <= frame["right"] for box in boxes)
    assert all(frame["top"] <= box["top"] and box["bottom"] <= frame["bottom"] for box in boxes)
    assert (frame["left"], frame["top"]) == (8, 8)  # the margin of a page's body, and none of its own
    page.goto(url)

    view(page, "Variables")
    with page.expect_download() as saved:
        page.get_by_role("button", name="save the treemap as PNG").click()
    assert saved.value.path().read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_with_nothing_selected_the_model_shows_its_card(page: Page, serve: Serve) -> None:
    url = serve(SAMPLES / "m24_adam.meta")
    opened(page, url)
    model = page.request.get(f"{url}api/models").json()[0]["id"]
    card = page.request.get(f"{url}api/models/{model}/card").json()
    about = page.get_by_role("complementary", name="What is selected")

    named = {"inputs": "inputs", "outputs": "outputs", "losses": "losses", "largest": "largest parts"}
    for field, title in named.items():
        expect(about.get_by_role("heading", name=title)).to_have_count(1 if card[field] else 0)
    for part in card["largest"]:
        expect(about.get_by_role("button", name=part["path"], exact=True)).to_be_visible()
    expect(about).to_contain_text(f"{card['parameters']['trained']:,}")
    about.get_by_role("button", name="copy as Markdown").click()
    expect(about.get_by_role("button", name="copied")).to_be_visible()
    markdown = page.request.get(f"{url}api/models/{model}/card/markdown").json()["markdown"]
    assert page.evaluate("navigator.clipboard.readText()") == markdown

    about.get_by_role("button", name=card["largest"][0]["path"], exact=True).click()
    expect(about.get_by_role("heading", level=2)).to_have_text(card["largest"][0]["path"])
