"""What whoever looks has hidden is not drawn, and what is looked at alone is all that is."""

from __future__ import annotations

import pytest

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.graph_view.subgraph import picture
from scopeview.analysis.graph_view.view_options import ViewOptions
from scopeview.errors import QueryError
from tests.graphs import model_from_text

GRAPH = """
x           Placeholder  dtype=float32
a/w         VariableV2   shape=3,4
a/w/read    Identity     a/w
a/MatMul    MatMul       x  a/w/read
a/drop/Mul  Mul          a/MatMul  x
b/drop/Mul  Mul          a/drop/Mul  x
b/Exp       Exp          b/drop/Mul
c           Neg          b/Exp
"""


@pytest.fixture(scope="module")
def context() -> AnalysisContext:
    return AnalysisContext(model_from_text(GRAPH))


def drawn(context: AnalysisContext, scope: str = "", **rules: list[str]) -> set[str]:
    options = ViewOptions(
        hidden=frozenset(rules.get("hidden", [])),
        only=frozenset(rules.get("only", [])),
        shown=frozenset(rules.get("shown", [])),
    )
    return {item.id for item in picture(context, scope, view_options=options).items if item.hidden_by is None}


@pytest.mark.parametrize(
    ("hidden", "root", "inside"),
    [
        (["scope:a"], {"x", "b", "c"}, set()),
        (["op:Mul"], {"x", "a", "b", "c"}, {"a/w", "a/MatMul"}),
        (["name:*/drop/*"], {"x", "a", "b", "c"}, {"a/w", "a/MatMul"}),
        (["name:c", "op:Placeholder"], {"a", "b"}, {"a/w", "a/MatMul", "a/drop"}),
        (["scope:b", "scope:a/w"], {"x", "a", "c"}, {"a/MatMul", "a/drop"}),
    ],
)
def test_what_fits_a_rule_is_hidden(
    context: AnalysisContext, hidden: list[str], root: set[str], inside: set[str]
) -> None:
    assert drawn(context, hidden=hidden) == root
    assert drawn(context, "a", hidden=hidden) == inside


def test_what_is_looked_at_alone(context: AnalysisContext) -> None:
    assert drawn(context, only=["scope:a/drop", "op:Exp"]) == {"a", "b"}
    assert drawn(context, "a", only=["scope:a/drop"]) == {"a/drop"}
    assert drawn(context, only=["scope:a", "scope:b"], hidden=["op:Exp", "scope:b/drop"]) == {"a"}
    assert drawn(context, hidden=["scope:a"], shown=["a"]) == {"x", "a", "b", "c"}


def test_edges_of_what_is_hidden_are_still_counted(context: AnalysisContext) -> None:
    options = ViewOptions(hidden=frozenset(["scope:a"]))
    everything, less = picture(context), picture(context, view_options=options)
    assert (less.edges, len(less.links)) == (everything.edges, len(everything.links))
    assert {item.id: item.hidden_by for item in less.items}["a"] == "rule"


@pytest.mark.parametrize(
    ("query", "sentence"), [("trainable:yes", "finds variables only"), ("opp:x", "no search field")]
)
def test_what_cannot_hide_ops_is_refused(context: AnalysisContext, query: str, sentence: str) -> None:
    with pytest.raises(QueryError, match=sentence):
        drawn(context, hidden=[query])
