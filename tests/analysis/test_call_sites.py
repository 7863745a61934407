"""How op scopes relate to variable scopes, and what counts as one call site."""

from __future__ import annotations

import pytest

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.call_sites import CallSite, match_scope
from tests.graphs import model_from_text


def sites(text: str, name: str) -> list[str]:
    context = AnalysisContext(model_from_text(text))
    (variable,) = context.model.variables.named(name)
    return [_described(site) for site in context.call_sites(variable)]


def _described(site: CallSite) -> str:
    return f"{site.relation} {site.scope}{f' x{site.times}' if site.times > 1 else ''}"


@pytest.mark.parametrize(
    ("variable_scope", "op_scope", "relation", "entry"),
    [
        ("foo", "foo", "home", "foo"),
        ("foo", "foo/bar", "below", "foo"),
        ("foo", "foo_1", "re-entry", "foo_1"),
        ("foo", "FOO_1", "re-entry", "FOO_1"),
        ("foo", "ns/foo", "prefixed", "ns/foo"),
        ("rnn/cell", "rnn/while/cell/x", "prefixed", "rnn/while/cell"),
        ("rnn/cell", "rnn_2/while/cell_1/x", "re-entry", "rnn_2/while/cell_1"),
        ("layer_0", "layer", "cross", "layer"),
        ("layer_1", "layer_1_1", "re-entry", "layer_1_1"),
        ("dense_1", "dense", "cross", "dense"),
        ("a/b", "b/a", "cross", "b/a"),
        ("", "tower_0", "prefixed", "tower_0"),
        ("", "", "home", ""),
        ("foo", "", "cross", ""),
        ("foo", "foo_01", "cross", "foo_01"),
    ],
)
def test_scopes_are_matched_segment_by_segment(variable_scope: str, op_scope: str, relation: str, entry: str) -> None:
    assert match_scope(variable_scope, op_scope) == (relation, entry)


W = "s/w VariableV2 shape=2\ns/w/read Identity s/w\n"


def test_scopes_within_one_entry_are_one_call_site_unless_they_are_numbered() -> None:
    one = W + "s/dense/Reshape Neg s/w/read\ns/dense/Tensordot/a Neg s/w/read\ns/other/b Neg s/w/read"
    steps = W + "s/cell/a Neg s/w/read\ns/cell_1/a Neg s/w/read\ns/cell_2/a Neg s/w/read"

    assert sites(one, "s/w") == ["home s"]
    assert sites(steps, "s/w") == ["below s/cell", "below s/cell_1", "below s/cell_2"]


def test_equal_ops_of_one_scope_are_uses_of_their_own() -> None:
    assert sites(W + "s/MatMul MatMul s/w/read\ns/MatMul_1 MatMul s/w/read\ns/L2Loss L2Loss s/w/read", "s/w") == [
        "home s x2"
    ]


def test_the_branches_of_a_cond_are_one_use() -> None:
    branches = """
        p Placeholder
        s/if/Switch Switch s/w/read p
        s/if/MatMul MatMul s/if/Switch:0
        s/if/MatMul_1 MatMul s/if/Switch:1
    """

    assert sites(W + branches, "s/w") == ["below s/if"]


def test_a_scope_that_lies_in_another_user_belongs_to_it() -> None:
    text = W + "decode/a Neg s/w/read\ndecode/inner/b Neg s/w/read\nencode/c Neg s/w/read"

    assert sites(text, "s/w") == ["cross decode", "cross encode"]


def test_evidence_distinguishes_a_reentry_from_a_scope_that_only_reads() -> None:
    text = (
        W
        + """
        x Placeholder
        s/y Mul x s/w/read
        s_1/y Mul x s/w/read
        s_2/u VariableV2 shape=2
        s_2/u/read Identity s_2/u
        s_2/z Sub s_2/u/read s/w/read
    """
    )
    context = AnalysisContext(model_from_text(text))

    found = {site.scope: site.evidence for site in context.call_sites(context.model.variables.named("s/w")[0])}

    assert found == {"s": ("E1",), "s_1": ("E1", "E2", "E3", "E4"), "s_2": ("E1",)}


def test_a_variable_scope_is_entered_where_any_of_its_variables_is_used() -> None:
    text = (
        W
        + """
        s/l/b VariableV2 shape=2
        s/l/b/read Identity s/l/b
        s/y Neg s/w/read
        s_1/l/z Neg s/l/b/read
        """
    )
    context = AnalysisContext(model_from_text(text))

    assert [(site.relation, site.scope) for site in context.call_sites_of_scope("s")] == [
        ("home", "s"),
        ("re-entry", "s_1"),
    ]
    assert context.call_sites_of_scope("nowhere") == ()
