from __future__ import annotations

from collections import Counter

import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.lint.by_scope import findings_by_scope
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.run import lint
from scopeview.analysis.trees.pages import tree_page
from scopeview.errors import NotFoundError
from tests.places import SAMPLES

GAN = AnalysisContext(scopeview.load(SAMPLES / "m17_gan.meta"))


def test_children_of_a_scope_with_their_badges() -> None:
    rows = tree_page(GAN, "variables", "discriminator/hidden").rows

    assert [(r.path, r.size, r.uses, r.slots, r.trainable) for r in rows] == [
        ("discriminator/hidden/weights", 24, 2, 2, True),
        ("discriminator/hidden/biases", 6, 2, 2, True),
    ]
    assert tree_page(GAN, "variables").left_out == 20
    ops = {row.path: row for row in tree_page(GAN, "ops").rows}
    assert (ops["Adam_d"].is_scope, ops["Adam_d"].has_own, ops["Adam_d"].type, ops["Adam_d"].role) == (
        True,
        True,
        "NoOp",
        "update",
    )
    assert ops["z"].type == "Placeholder"


def test_twins_are_one_row_that_names_them_all() -> None:
    context = AnalysisContext(scopeview.load(SAMPLES / "m09_loop_unrolled.meta"))

    row = next(row for row in tree_page(context, "ops", "rnn").rows if row.members)

    assert row.members == tuple(f"rnn/cell_{i}" for i in range(1, 10))
    assert row.size == 45
    apart = tree_page(context, "ops", "rnn", fold=False).rows
    assert not any(row.members for row in apart)
    assert {row.path for row in apart} >= set(row.members)


def test_findings_are_counted_where_they_are_and_above() -> None:
    context = AnalysisContext(scopeview.load(SAMPLES / "m18_missed_sharing.meta"))
    wheres = [found.where for found in lint(Subject(context), severity="warning").findings]

    found = findings_by_scope(context).children

    assert {path: one.warnings + one.errors for path, one in found.items()} == Counter(w.split("/")[0] for w in wheres)
    assert found["filter"].first.startswith("2 equal sub-networks, filter, filter_1,")
    assert findings_by_scope(context, "filter").children == {}


def test_pages_are_slices_of_the_whole() -> None:
    whole = tree_page(GAN, "ops", limit=1000)

    pages = [tree_page(GAN, "ops", offset=offset, limit=7) for offset in range(0, whole.total, 7)]

    assert [row for page in pages for row in page.rows] == list(whole.rows)
    assert {page.total for page in pages} == {len(whole.rows)}


def test_a_scope_that_is_not_there_is_refused() -> None:
    with pytest.raises(NotFoundError, match="there is no scope 'nope' among the ops"):
        tree_page(GAN, "ops", "nope")
