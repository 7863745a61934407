"""A scope with others opened in it: every edge is drawn once; and what a diff marks in such a picture."""

from __future__ import annotations

import pytest

from scopeview.analysis.diff.report import diff
from scopeview.analysis.graph_view.changes import changes_in_picture
from scopeview.analysis.graph_view.expanded import whole_graph
from scopeview.model.names import is_within
from tests.analysis.test_graph_view import GAN, check, of_text, true_edges


@pytest.mark.parametrize(
    "opened", [[], ["discriminator"], ["discriminator", "discriminator/hidden", "discriminator_1"]]
)
@pytest.mark.parametrize("layers", [1, 2, 9])
def test_a_scope_with_others_open_has_every_edge_once(opened: list[str], layers: int) -> None:
    for scope in ("", "discriminator"):
        found = whole_graph(GAN, scope, opened, layers=layers)

        assert found.edges == true_edges(GAN, scope)
        assert found.edges == found.edges_within + sum(link.data + link.control for link in found.links)
        closed = [node for node in found.nodes if not node.is_open]
        assert sum(node.item.ops for node in closed) == sum(is_within(name, scope) for name in GAN.model.graph.names)
        ends = {end for link in found.links for end in (link.source, link.target)}
        assert not any(end < len(found.nodes) and found.nodes[end].is_open for end in ends)
        for node in found.nodes:
            if node.parent >= 0:
                assert found.nodes[node.parent].is_open
                assert is_within(node.item.path, found.nodes[node.parent].item.path)


def test_a_diff_is_counted_by_the_items_of_a_picture() -> None:
    a = of_text("x Placeholder\nenc/a Relu x\nenc/b Tanh enc/a\nold/c Neg enc/b\nloss Sum old/c")
    b = of_text(
        "x Placeholder\nenc/a Relu x\nenc/b Sigmoid enc/a\nenc/more Exp enc/b\nnew/c/d Abs enc/more\nloss Sum new/c/d"
    )
    report = diff(a, b).report.graph

    found, back = changes_in_picture(a, report), changes_in_picture(b, diff(b, a).report.graph)

    assert report is not None
    assert {one.id: (one.gone, one.changed, one.new) for one in found.items} == {
        "enc": (0, 1, 1),
        "old": (1, 0, 0),
        "loss": (0, 1, 0),
    }
    assert found.new == ("new",)
    assert {one.id: (one.gone, one.changed, one.new) for one in back.items} == {
        "enc": (1, 1, 0),
        "new": (1, 0, 0),
        "loss": (0, 1, 0),
    }
    assert back.new == ("old",)
    inside = changes_in_picture(a, report, "enc")
    assert [(one.id, one.changed) for one in inside.items] == [("enc/b", 1)]
    assert inside.new == ("enc/more",)
    assert changes_in_picture(a, None).items == ()
    total = sum(one.gone + one.changed + one.renamed for one in found.items)
    assert total == report.removed + report.changed + report.renamed


def test_hostile_names_and_depth_are_drawn_as_they_are() -> None:
    deep = "/".join(["a"] * 2000)
    names = [f"{deep}/x", "<img src=x>", "b twins", "b", "b/", "//", "\u202e/y"]
    context = of_text("\n".join(f"{name.replace(' ', '_')} Relu" for name in names))

    for scope in ("", "a", deep):
        check(context, scope)
