"""What feeds something, what it feeds, and what lies between two: as the edges of the graph say."""

from __future__ import annotations

import pytest

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.graph_view.subgraph import picture
from scopeview.analysis.graph_view.trace import trace
from scopeview.errors import NotFoundError
from scopeview.model.names import is_within
from tests.analysis.test_graph_view import GAN


def truth(context: AnalysisContext, name: str, *, forward: bool) -> set[str]:
    table = context.model.graph
    found = {row for row in table if is_within(table.name(row), name)}
    queue = list(found)
    for row in queue:
        edges = table.consumers(row) if forward else table.inputs(row)
        for edge in edges:
            other = edge.target if forward else edge.source
            if not edge.is_control and other >= 0 and other not in found:
                found.add(other)
                queue.append(other)
    return {table.name(row) for row in found}


@pytest.mark.parametrize("name", ["loss_g", "discriminator_1", "z", "generator/weights/read"])
def test_traces_are_what_the_edges_say(name: str) -> None:
    for direction in ("inputs", "outputs"):
        found = trace(GAN, [name], direction, ["", "generator"])
        expected = truth(GAN, name, forward=direction == "outputs")
        assert (set(found.ops), found.total, found.is_whole) == (expected, len(expected), True)
        items = {item.id for item in picture(GAN).items}
        lit = {one.scope: set(one.items) for one in found.lit}
        assert lit[""] <= items
        assert {path.split("/")[0] for path in expected} & {"generator", "z"} <= lit[""]
    one = trace(GAN, [name], "inputs", depth=1)
    table = GAN.model.graph
    rows = [row for row in table if is_within(table.name(row), name)]
    direct = {table.name(e.source) for row in rows for e in table.inputs(row) if not e.is_control and e.source >= 0}
    assert set(one.ops) == direct | {table.name(row) for row in rows}


def test_paths_lie_between_two_whatever_their_order() -> None:
    both = [trace(GAN, names, "paths") for names in (["z", "loss_d"], ["loss_d", "z"])]

    between = truth(GAN, "z", forward=True) & truth(GAN, "loss_d", forward=False)
    assert set(both[0].ops) == set(both[1].ops) == between
    assert "discriminator_1/hidden/MatMul" in between
    assert trace(GAN, ["z", "real"], "paths").total == 0
    with pytest.raises(NotFoundError, match="name two"):
        trace(GAN, ["z"], "paths")
    with pytest.raises(NotFoundError, match="'nowhere'"):
        trace(GAN, ["nowhere"], "inputs")
