"""Whatever is folded, a graph without circles is drawn without circles."""

from __future__ import annotations

import random
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.graph_view.expanded import WholeGraph, whole_graph
from scopeview.analysis.graph_view.items import in_order
from scopeview.analysis.graph_view.subgraph import picture
from scopeview.analysis.graph_view.view_options import ViewOptions
from tests.graphs import model_from_text

TYPES = ("Relu", "Add", "Mul", "Tanh")


def drawn(text: str, limit: int) -> WholeGraph:
    return whole_graph(AnalysisContext(model_from_text(text)), view_options=ViewOptions(limit=limit))


def is_ordered(found: WholeGraph) -> bool:
    graph: nx.DiGraph[int] = nx.DiGraph((link.source, link.target) for link in found.links)
    return bool(nx.is_directed_acyclic_graph(graph))


@pytest.mark.parametrize(("count", "limit"), [(400, 150), (40, 7), (9, 1), (500, 20)])
def test_a_chain_is_drawn_as_a_chain(count: int, limit: int) -> None:
    lines = ["in Placeholder"]
    lines += [f"n{i} {TYPES[i * 7919 % 4]} {f'n{i - 1}' if i else 'in'}" for i in range(count)]
    found = drawn("\n".join(lines), limit)

    assert is_ordered(found)
    assert len(found.nodes) <= limit
    assert sum(node.item.ops for node in found.nodes) == count + 1
    assert len(found.links) == len(found.nodes) - 1


@pytest.mark.parametrize("limit", [20, 60])
def test_runs_of_a_long_level_follow_each_other_and_leave_its_inputs_alone(limit: int) -> None:
    inputs = [f"fed_{letter}" for letter in "abcde"]
    lines = [f"{name} {'Placeholder' if i else 'PlaceholderWithDefault'}" for i, name in enumerate(inputs)]
    lines += [f"n{i} {TYPES[i * 7919 % 4]} {f'n{i - 1}' if i else inputs[0]} {inputs[i % 5]}" for i in range(400)]
    found = drawn("\n".join(lines), limit)
    fed = [node.item for node in found.nodes if not set(inputs).isdisjoint((node.item.path, *node.item.members))]
    runs = [index for index, node in enumerate(found.nodes) if node.item.group == "run"]
    links = {(link.source, link.target) for link in found.links}

    assert [(item.group, item.ops) for item in fed] == [("", 1), ("alike", 4)]
    assert set(pairwise(runs)) <= links
    assert all(source < target for source, target in links if source in runs and target in runs)


@given(st.integers(0, 10_000), st.integers(2, 12))
def test_any_graph_without_circles_is(seed: int, limit: int) -> None:
    chance = random.Random(seed)
    lines: list[str] = []
    for i in range(chance.randint(1, 40)):
        inputs = [
            f"{'^' if chance.random() < 0.2 else ''}{name}"
            for name in chance.sample([line.split()[0] for line in lines], min(len(lines), chance.randint(0, 3)))
        ]
        scope = f"s{i // 3}/" if chance.random() < 0.3 else ""
        lines.append(f"{scope}n{i} {chance.choice(TYPES)} {' '.join(sorted(inputs, key=lambda n: n[0] == '^'))}")
    found = drawn("\n".join(lines), limit)
    scopes: nx.DiGraph[str] = nx.DiGraph()
    for line in lines:
        name, _, *inputs = line.split()
        scopes.add_edges_from((source.strip("^").split("/")[0], name.split("/")[0]) for source in inputs)
    scopes.remove_edges_from(list(nx.selfloop_edges(scopes)))

    assert sum(node.item.ops for node in found.nodes) == len(lines)
    if nx.is_directed_acyclic_graph(scopes):
        assert is_ordered(found)


def test_what_is_on_a_circle_by_itself_is_still_drawn() -> None:
    lines = [f"n{i} {TYPES[i % 4]} n{(i - 1) % 50}" for i in range(50)]
    found = drawn("\n".join(lines), 10)

    assert len(found.nodes) <= 10
    assert sum(node.item.ops for node in found.nodes) == 50


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_an_order_has_every_node_once_and_no_link_back(links: list[tuple[int, int]]) -> None:
    import numpy as np

    links = [(a, b) for a, b in links if a != b]
    source, target = (np.array([link[side] for link in links], dtype=np.int64) for side in (0, 1))
    order = in_order(10, source, target)

    assert sorted(order) == list(range(10))
    graph: nx.DiGraph[int] = nx.DiGraph(links)
    if nx.is_directed_acyclic_graph(graph):
        assert all(order.index(a) < order.index(b) for a, b in links)


def test_the_edge_of_a_handle_says_the_shape_of_its_variable() -> None:
    text = "v VarHandleOp shape=500,32 shared_name=v\nids Placeholder\nr ReadVariableOp v\ny Add r ids"
    found = picture(AnalysisContext(model_from_text(text)))

    assert ("float32", (500, 32)) in [(link.dtype, link.shape) for link in found.links]
