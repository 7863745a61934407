"""Equal sub-networks with variables of their own: found by structure, a note where they are meant, else a warning."""

from __future__ import annotations

import pytest

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.run import lint
from tests.graphs import model_from_text


def layer(weight: str, data: str, out: str) -> str:
    """A layer of one weight."""
    return f"""
        {weight} VariableV2 shape=2
        {weight}/initial_value Const value=0
        {weight}/Assign Assign {weight} {weight}/initial_value
        {weight}/read Identity {weight}
        {out} MatMul {data} {weight}/read
    """


def network(first: str, second: str, data: str, scope: str = "") -> str:
    outs = (f"{scope}/" if scope else "") + first.replace("/", "_")
    return layer(first, data, f"{outs}_hidden") + layer(second, f"{outs}_hidden", f"{outs}_out")


def found(text: str) -> list[tuple[str, str]]:
    report = lint(Subject(AnalysisContext(model_from_text(text))), select=["G2"])
    return [(finding.severity, finding.message) for finding in report.findings]


X, Y = "x Placeholder\n", "y Placeholder\n"
TWO = X + Y + network("k1", "k2", "x") + network("q", "r", "y")


def test_equal_networks_are_found_without_scopes_and_under_any_names() -> None:
    assert found(TWO) == [("warning", "2 equal sub-networks, k1, q, have 2 variables each and share none")]


def test_the_largest_family_is_named_and_not_the_pairs_of_a_loss() -> None:
    three = TWO + "z Placeholder\n" + network("m", "n", "z") + "a Mul k1_out q_out\nb Mul k1_out m_out\n"

    ((severity, message),) = found(three)

    assert (severity, message[:40]) == ("warning", "3 equal sub-networks, k1, m, q, have 2 v")


@pytest.mark.parametrize(
    ("text", "purpose"),
    [
        (X + network("k1", "k2", "x") + network("q", "r", "x"), "they take the same input, as heads and ensembles do"),
        (TWO + "copy Assign q k1/read\n", "one is assigned from the other, as a target network is"),
        (
            TWO + "g Const value=1\nu1 ApplyGradientDescent k1 g g\nu2 ApplyGradientDescent q g g\n",
            "each is trained by itself",
        ),
        (
            TWO + "z Placeholder\nu Placeholder\nz_hidden MatMul z k1/read\nu_hidden MatMul u q/read\n",
            "each is used for several inputs as it is",
        ),
    ],
)
def test_variables_of_their_own_that_are_meant_are_a_note(text: str, purpose: str) -> None:
    ((severity, message),) = found(text)

    assert severity == "info"
    assert message.endswith(f": {purpose}")


def test_steps_of_two_recurrent_networks_are_no_sharing_that_is_meant() -> None:
    steps = "k1_next MatMul k1_out k1/read\nq_next MatMul q_out q/read\n"

    assert [severity for severity, _ in found(TWO + steps)] == ["warning"]


def test_what_is_stacked_shared_or_different_is_not_found() -> None:
    stacked = X + network("k1", "k2", "x") + network("q", "r", "k1_out")
    shared = X + Y + layer("k", "x", "one") + "two MatMul y k/read\n"
    different = X + Y + network("k1", "k2", "x") + layer("q", "y", "q_hidden") + "q_out Relu q_hidden\n"

    assert [found(text) for text in (stacked, shared, different.replace("q_hidden MatMul", "q_hidden Conv2D"))] == [
        [],
        [],
        [],
    ]


def test_two_lookups_in_tables_of_their_own_are_no_finding() -> None:
    tables = X + Y + layer("s", "x", "a").replace("MatMul x s/read", "GatherV2 s/read x")
    assert found(tables + layer("t", "y", "b").replace("MatMul y t/read", "GatherV2 t/read y")) == []


def test_notes_that_are_not_listed_are_counted() -> None:
    heads = Subject(AnalysisContext(model_from_text(X + network("k1", "k2", "x") + network("q", "r", "x"))))

    report = lint(heads, select=["G2"], severity="warning")

    assert (report.findings, report.counts, report.withheld) == ((), {}, {"info": 1})
