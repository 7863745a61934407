"""What is drawn of the dataflow: every edge is drawn once, whatever is opened, folded or hidden by role."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.graph_view.link_edges import edges_of_link
from scopeview.analysis.graph_view.opening import opening
from scopeview.analysis.graph_view.subgraph import GraphPicture, picture
from scopeview.analysis.graph_view.view_options import ViewOptions
from scopeview.errors import NotFoundError
from scopeview.model.names import is_within
from tests.graphs import model_from_text
from tests.places import CORPUS, NO_CORPUS, SAMPLES, corpus, samples

CHOICES = {
    "m29_two_tag_sets": {"tags": ["serve"]},
    "m29_logdir": {"artifact": "v1/events.out.tfevents.sample:meta_graph"},
}
GAN = AnalysisContext(scopeview.load(SAMPLES / "m17_gan.meta"))


def of_text(text: str) -> AnalysisContext:
    return AnalysisContext(model_from_text(text))


def ends(found: GraphPicture) -> Iterator[tuple[str, str, int, int]]:
    names = [item.label for item in found.items] + [f"^{outside.label}" for outside in found.outside]
    for link in found.links:
        yield names[link.source], names[link.target], link.data, link.control


def true_edges(context: AnalysisContext, scope: str) -> int:
    """Count the edges with an end in a scope, one op at a time."""
    table = context.model.graph
    return sum(
        edge.source >= 0 and (is_within(table.name(row), scope) or is_within(table.name(edge.source), scope))
        for row in table
        for edge in table.inputs(row)
    )


def check(context: AnalysisContext, scope: str, view_options: ViewOptions = ViewOptions()) -> GraphPicture:  # noqa: B008 - frozen
    """Hold a picture against the graph: every op in one item, every edge in one link or within one item."""
    found = picture(context, scope, view_options=view_options)
    inside = sum(is_within(name, scope) for name in context.model.graph.names)
    assert found.ops == sum(item.ops for item in found.items) == inside
    assert found.edges == true_edges(context, scope)
    assert found.edges == found.edges_within + sum(link.data + link.control for link in found.links)
    assert len(found.links) == found.total_links
    assert len({item.id for item in found.items}) == len(found.items)
    for link in found.links:
        assert link.source != link.target
        assert 0 <= link.writes <= link.data >= link.tensors > 0 or link.data == link.tensors == link.writes == 0
        assert link.weights <= link.data
    assert all(sum(item.roles.values()) == item.ops for item in found.items)
    return found


def test_a_gan_reads_from_its_inputs_to_its_losses() -> None:
    found = check(GAN, "")

    in_place = [item.label for item in found.items if item.hidden_by is None]
    assert in_place == [
        "z",
        "real",
        "generator",
        "discriminator",
        "discriminator_1",
        "Neg",
        "Softplus",
        "Softplus_1",
        "add",
        "loss_d",
        "Neg_1",
        "Softplus_2",
        "loss_g",
    ]
    assert {item.label: item.hidden_by for item in found.items if item.hidden_by} == {
        "gradients": "gradient",
        "gradients_1": "gradient",
        "beta1_power": "update",
        "beta2_power": "update",
        "beta1_power_1": "update",
        "beta2_power_1": "update",
        "Adam_d": "update",
        "Adam_g": "update",
        "save": "save",
    }
    links = set(ends(found))
    assert {("z", "generator", 1, 0), ("generator", "discriminator_1", 1, 0), ("add", "loss_d", 1, 0)} <= links
    assert ("discriminator", "discriminator_1", 4, 0) in links  # the weights that both share
    loss = next(item for item in found.items if item.label == "loss_d")
    assert (loss.kind, loss.ops, [constant.preview for constant in loss.constants]) == ("op", 2, [("0", "1")])


def test_a_variable_is_one_node_with_its_call_sites() -> None:
    found = check(GAN, "discriminator/hidden")

    weights = next(item for item in found.items if item.label == "weights")
    assert (weights.kind, weights.uses, weights.slots, weights.shape, weights.dtype) == (
        "variable",
        2,
        2,
        (4, 6),
        "float32",
    )
    assert weights.call_sites == ("discriminator/hidden", "discriminator_1/hidden")
    assert weights.can_open
    assert ("weights", "MatMul", 1, 0) in set(ends(found))
    unfolded = check(GAN, "discriminator/hidden/weights")
    assert {"weights", "Assign", "read", "Initializer", "Adam_d", "Adam_d_1"} == {item.label for item in unfolded.items}
    outside = {one.label: one for one in picture(GAN, "discriminator_1/hidden").outside}
    assert outside["discriminator"].scope == ""
    shared = ("discriminator/hidden/biases", "discriminator/hidden/weights")
    assert (outside["discriminator"].variables, outside["discriminator"].total_variables) == (shared, 2)


def test_scopes_to_open_at_first_begin_with_most_of_the_computation() -> None:
    stages = "".join(f"net/deep/stage_{i}/y Relu x\nnet/deep/stage_{i}/z Tanh net/deep/stage_{i}/y\n" for i in "abcd")
    context = AnalysisContext(
        model_from_text(f"x Placeholder\n{stages}net/out Neg net/deep/stage_d/z\nloss/sum Sum net/out")
    )

    stages_of_a_size = ("net/deep/stage_a", "net/deep/stage_b", "net/deep/stage_c", "net/deep/stage_d")
    assert opening(context).scopes == ("net", "net/deep", *stages_of_a_size, "loss")
    assert opening(GAN).scopes[:2] == ("discriminator", "generator")
    weights = "".join(f"held/w_{i} VariableV2 shape=2\nheld/w_{i}/read Identity held/w_{i}\n" for i in range(9))
    used = "".join(f"net/y_{i} Neg held/w_{i}/read\n" for i in range(9))
    assert opening(AnalysisContext(model_from_text(weights + used))).scopes == ("net",)
    many = "".join(f"net/op_{i}x Type{i} x\n" for i in range(40))
    assert opening(AnalysisContext(model_from_text(f"x Placeholder\n{many}"))).scopes == ("net",)


def test_a_root_of_equal_towers_alone_is_drawn_tower_by_tower() -> None:
    towers = "".join(f"tower_{i}/x Placeholder\ntower_{i}/y Relu tower_{i}/x\n" for i in range(6))
    found = opening(AnalysisContext(model_from_text(towers)))
    assert found.scopes == ("tower_0",)
    assert len(found.unfolded) == 1
    assert found.unfolded[0].startswith("tower_")
    assert opening(AnalysisContext(model_from_text(f"{towers}z Neg tower_0/y"))).unfolded == ()


PIPELINE = """
images Placeholder
shape Shape images
rows StridedSlice shape zero
zero Const value=0
flat Pack rows one
one Const value=-1
reshaped Reshape images flat
half Cast reshaped
net/dense/MatMul MatMul half
net/dense/out Identity net/dense/MatMul
loss Mean net/dense/out axis
axis Const value=0
crop StridedSlice images zero
seen Relu crop
"""


def test_plumbing_is_folded_into_the_op_that_takes_it() -> None:
    context = AnalysisContext(model_from_text(PIPELINE))

    items = {item.path: set(item.plumbing) for item in check(context, "").items}
    assert items["reshaped"] == {"shape", "rows", "flat"}  # a chain is folded to its end
    assert "half" in items  # what a scope takes stays outside it
    assert "crop" in items  # a slice of an image is part of the computation
    assert "zero" in items  # it goes to two
    drawn = picture(context, "", view_options=ViewOptions(plumbing=True))
    assert {"shape", "rows", "flat"} <= {item.path for item in drawn.items}
    unfolded = picture(context, "", view_options=ViewOptions(unfolded=frozenset({"rows"})))
    assert "rows" in {item.path for item in unfolded.items}


def test_no_scope_gets_anything_from_itself() -> None:
    text = "half Const value=0.5\nx Placeholder\nloop While x half\nloop/one Const value=1\nloop/out Add loop loop/one"
    context = AnalysisContext(model_from_text(text))

    assert [item.path for item in check(context, "").items] == ["half", "x", "loop"]
    inside = check(context, "loop")
    assert [item.path for item in inside.items] == ["loop", "loop/out"]
    assert [one.path for one in inside.outside] == ["half", "x"]


def test_ops_in_collections_are_marked_as_variables_are() -> None:
    found = check(AnalysisContext(scopeview.load(SAMPLES / "m22_collections.meta")), "")

    assert {item.path: item.collections for item in found.items if item.path in ("y", "loss", "mean_1", "update")} == {
        "y": ("endpoints",),
        "loss": ("losses",),
        "mean_1": ("summaries",),
        "update": ("update_ops",),
    }


def test_a_constant_shows_its_value_whoever_reads_it() -> None:
    text = "half Const value=0.5\nx Placeholder\nx/axes Const value=0,1\na Mul x half\nb Add x half\nc Sum x x/axes"
    found = check(AnalysisContext(model_from_text(text)), "")

    by_label = {item.label: [(one.name, one.preview) for one in item.constants] for item in found.items}
    assert by_label["half"] == [("half", ("0.5",))]
    assert by_label["a"] == by_label["b"] == []


def test_what_stands_for_variables_of_a_module_keeps_no_initializer_in_place() -> None:
    text = """
        x Placeholder
        y Relu x
        w VariableV2 shape=2
        w/Assign Assign w dead/zeros
        dead/w Placeholder
        dead/zeros Const value=0,0
        alone Placeholder
    """
    found = check(AnalysisContext(model_from_text(text)), "")

    by_label = {item.label: item.hidden_by for item in found.items}
    assert (by_label["dead"], by_label["alone"], by_label["x"]) == ("init", None, None)


def test_writes_are_distinguished_from_reads() -> None:
    found = picture(GAN, "", view_options=ViewOptions(roles=frozenset({"update"})))
    names = [item.label for item in found.items]

    link = next(link for link in found.links if names[link.source] == "generator" and names[link.target] == "Adam_g")
    assert link.writes == 4
    assert all(item.hidden_by != "update" for item in found.items)


@pytest.mark.parametrize("path", sorted({sample["path"] for sample in samples()}))
def test_every_edge_is_drawn_once_in_every_scope_of_a_sample(path: str) -> None:
    context = AnalysisContext(scopeview.load(SAMPLES / path, **CHOICES.get(path, {})))  # type: ignore[arg-type]
    paths = ["", *(context.model.op_scopes.path(scope) for scope in range(1, len(context.model.op_scopes)))]  # type: ignore[arg-type]
    for scope in random.Random(path).sample(paths, min(len(paths), 25)):
        check(context, scope)


@pytest.mark.skipif(not corpus(), reason=NO_CORPUS)
def test_every_edge_is_drawn_once_in_real_graphs() -> None:
    rows = [row for row in corpus() if row["parses"] == "yes" and 500 < int(row["nodes"] or 0) < 8000]
    for row in sorted(rows, key=lambda row: row["entry"])[::12]:
        try:
            context = AnalysisContext(scopeview.load(CORPUS / row["entry"]))
        except scopeview.ScopeviewError:
            continue
        tree = context.model.op_scopes
        largest = sorted(range(len(tree)), key=lambda scope: -len(tree.rows(scope)))[:4]  # type: ignore[arg-type]
        for scope in largest:
            check(context, tree.path(scope))  # type: ignore[arg-type]


def test_what_lies_on_a_way_of_data_is_never_hidden() -> None:
    text = "x Placeholder\nw VariableV2 shape=2\na/gradients/g ReluGrad x x\ny MatMul a/gradients/g w"
    context = of_text(text + "\nsave/SaveV2 SaveV2 y")

    hidden = {item.label: item.hidden_by for item in picture(context).items}

    assert hidden["a"] is None
    assert hidden["save"] == "save"
    assert {item.hidden_by for item in picture(context, "save").items} == {None}  # there is nothing else to look at


def test_what_is_hidden_by_role_is_brought_back_by_role_and_one_by_one() -> None:
    def hidden(view_options: ViewOptions) -> set[str]:
        return {item.label for item in check(GAN, "", view_options).items if item.hidden_by}

    assert "save" not in hidden(ViewOptions(roles=frozenset({"save"})))
    assert "save" in hidden(ViewOptions(shown=frozenset({"gradients"})))
    assert "gradients" not in hidden(ViewOptions(shown=frozenset({"gradients"})))


def test_a_series_includes_its_first_and_the_odd_one_out_stays() -> None:
    chain = "x Placeholder\n" + "".join(f"c{number(i)}/y Relu {before(i)}\n" for i in range(8))
    odd = "c_8/y Tanh c_7/y\nc_8/z Relu c_8/y"
    adds = "a Placeholder\n" + "".join(
        f"add{number(i)} Add {f'add{number(i - 1)}' if i else 'a'} a\n" for i in range(6)
    )

    found = check(of_text(chain + odd), "")
    assert [(item.label, item.total_members, item.group) for item in found.items] == [
        ("x", 1, ""),
        ("c, c_[1-7]", 8, "series"),
        ("c_8", 1, ""),
    ]
    series = check(of_text(adds), "").items[1]
    assert (series.label, series.total_members, series.members[0]) == ("add, add_[1-5]", 6, "add")
    unfolded = check(of_text(chain + odd), "", ViewOptions(unfolded=frozenset({"c_3"})))
    assert [item.label for item in unfolded.items] == ["x", "c", *(f"c_{i}" for i in range(1, 9))]


def number(i: int) -> str:
    return f"_{i}" if i else ""


def before(i: int) -> str:
    return f"c{number(i - 1)}/y" if i else "x"


def test_twins_that_would_feed_themselves_are_drawn_apart() -> None:
    text = "x Placeholder\n" + "".join(
        f"c_{i}/y Relu {f'pool{i - 1}' if i else 'x'}\npool{i} MaxPool c_{i}/y\n" for i in range(6)
    )

    assert {item.total_members for item in check(of_text(text), "").items} == {1}


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("op0 Relu\n" + "".join(f"op{i} Relu op{i - 1}\n" for i in range(1, 3000)), 1),
        (
            "".join(f"v{i} VariableV2\nsave/a{i} Identity v{i}\n" for i in range(3000))
            + "save/SaveV2 SaveV2 "
            + " ".join(f"save/a{i}" for i in range(3000)),
            2,
        ),
        ("".join(f"s{i:05}x/y{i} {'Relu' if i % 2 else 'Tanh'}\n" for i in range(10_000)), 150),
        ("".join(f"n{chr(97 + i % 26)}{i * 7919 % 10_007}q Type{i % 40}\n" for i in range(10_000)), 150),
    ],
    ids=["chain", "star", "scopes", "ops"],
)
def test_a_level_of_thousands_is_bounded_and_counts_all_of_it(text: str, most: int) -> None:
    found = check(of_text(text), "")

    assert 0 < len(found.items) <= most
    wide = check(of_text(text), "", ViewOptions(limit=300))
    assert len(wide.items) <= 300


def test_the_edges_of_a_link_are_those_of_the_graph() -> None:
    found = picture(GAN)
    names = [item.id for item in found.items]

    for link in found.links:
        listed = edges_of_link(GAN, "", names[link.source], names[link.target], limit=1000)
        assert listed.total == len(listed.edges) == link.data + link.control
        assert sum(edge.port < 0 for edge in listed.edges) == link.control
        assert sum(edge.writes for edge in listed.edges) == link.writes
        assert len({(edge.source, edge.port) for edge in listed.edges if edge.port >= 0}) == link.tensors
    page = edges_of_link(GAN, "", "generator", "Adam_g", offset=2, limit=3)
    assert (len(page.edges), page.total, page.offset) == (3, 12, 2)
    with pytest.raises(NotFoundError, match="nothing called 'nope' in the picture of the root"):
        edges_of_link(GAN, "", "nope", "Adam_g")


def test_the_body_of_a_function_is_drawn_by_itself() -> None:
    context = AnalysisContext(scopeview.load(SAMPLES / "m27_while_v2_resource.meta"))
    calls = {call for item in picture(context).items for call in item.calls}
    for scope in ("while", *(item.path for item in picture(context).items if item.can_open)):
        if context.model.op_scopes.find(scope) is not None:
            calls |= {call for item in picture(context, scope).items for call in item.calls}

    assert calls
    for name in calls:
        found = picture(context, function=name)
        body = context.model.functions[name].body
        assert sum(item.ops for item in found.items) == len(body)
        assert Counter(item.kind for item in found.items)["argument"] > 0
    with pytest.raises(NotFoundError, match="no function"):
        picture(context, function="nope")
    with pytest.raises(NotFoundError, match="no scope 'nope'"):
        picture(context, "nope")


@pytest.mark.parametrize(("layers", "steps"), [(3, 8), (4, 5)])
def test_layers_stay_alone_where_steps_between_them_are_folded(layers: int, steps: int) -> None:
    """Steps of more ops than a layer has: what a network is made of is not lost among them."""
    lines, before = ["x Placeholder"], "x"
    for layer in range(layers):
        name = f"part{chr(97 + layer)}"
        lines += [f"{name}/w VariableV2 shape=2", f"{name}/MatMul MatMul {before} {name}/w"]
        before = f"{name}/MatMul"
        for step in range(steps):
            scope = f"step_{layer}{chr(97 + step)}"
            ops = ["Neg", "Exp", "Tanh", "Relu"][: 3 + step % 2]
            for op in ops:
                lines.append(f"{scope}/{op} {op} {before}")
                before = f"{scope}/{op}"
    context = of_text("\n".join(lines))

    found = check(context, "", ViewOptions(limit=3 * layers + 1))

    alone = {item.label for item in found.items if item.ops == 2}
    assert {f"part{chr(97 + layer)}" for layer in range(layers)} <= alone
    assert any(" … " in item.label for item in found.items)
