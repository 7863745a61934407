"""The maps are run: TensorFlow fills a graph with them, and every value is compared."""

from __future__ import annotations

import re

import pytest

import scopeview
from scopeview.analyses.diff.maps import assignment_map, regex_rules
from scopeview.analyses.diff.match import match
from scopeview.analyses.diff.namespace import namespace_of
from scopeview.analyses.diff.report import diff
from scopeview.analyses.facts import Facts
from tests.graphs import checkpoint
from tests.oracle import Oracle
from tests.places import SAMPLES

PAIRS = [
    ("m33_original.ckpt", "m33_renamed.meta"),
    ("m33_original.ckpt", "m07_layers.meta"),
    ("m32_after.ckpt", "m17_gan.meta"),
    ("m32_before.ckpt", "m17_gan.meta"),
    ("m32_v1.ckpt", "m17_gan.meta"),
    ("m28_partitioned.ckpt", "m28_partitioned.meta"),
]


def facts(name: str) -> Facts:
    return Facts(scopeview.load(SAMPLES / name))


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_init_from_checkpoint_restores_equal_values_by_the_map(a: str, b: str, oracle: Oracle) -> None:
    report = diff(facts(a), facts(b)).report
    pairs = {entry.b: entry.a for entry in report.entries if entry.a is not None and entry.b is not None}
    assert len(pairs) == len(report.entries)

    answer = oracle.ask(
        "init_from", SAMPLES / b, checkpoint=str(SAMPLES / a), mapping=dict(report.assignment_map), pairs=pairs
    )

    assert answer == {"compared": len(pairs), "unequal": []}


@pytest.mark.parametrize(("a", "b"), PAIRS[:3])
def test_the_saver_restores_equal_values(a: str, b: str, oracle: Oracle) -> None:
    found = diff(facts(a), facts(b))
    pairs = {entry.b: entry.a for entry in found.report.entries if entry.a is not None and entry.b is not None}

    answer = oracle.ask("restore_by", SAMPLES / b, checkpoint=str(SAMPLES / a), code=found.as_saver(), pairs=pairs)

    assert answer == {"compared": len(pairs), "unequal": []}


def mapped(a: dict[str, list[int]], b: dict[str, list[int]]) -> dict[str, str]:
    ours, theirs = namespace_of(Facts(checkpoint(a))), namespace_of(Facts(checkpoint(b)))
    return assignment_map(match(ours, theirs).pairs, theirs.entries)


def test_a_scope_is_used_only_where_all_of_it_is_covered() -> None:
    a = {"old/l1/w": [2, 3], "old/l1/q": [3, 5], "old/l2/w": [4, 3], "old/l2/q": [9, 5]}
    b = {name.replace("old", "new"): shape for name, shape in a.items()}

    assert mapped(a, b) == {"old/": "new/"}
    assert mapped(a, {**b, "new/l2/extra": [7, 7]}) == {
        "old/l1/": "new/l1/", "old/l2/w": "new/l2/w", "old/l2/q": "new/l2/q",
    }  # fmt: skip
    assert mapped(a, a) == {"/": "/"}


def test_rules_as_regular_expressions_rename_every_variable() -> None:
    report = diff(facts("m33_original.ckpt"), facts("m33_renamed.meta")).report

    def renamed(name: str) -> str:
        for pattern, replacement in report.regex_rules:
            name = re.sub(pattern, replacement, name)
        return name

    assert {entry.a: entry.b for entry in report.entries} == {
        entry.a: renamed(entry.a) for entry in report.entries if entry.a is not None
    }


def test_names_are_quoted_in_regular_expressions() -> None:
    ((pattern, replacement),) = regex_rules([("a.b(/", "c\\1/")])

    assert re.sub(pattern, replacement, "a.b(/w") == "c\\1/w"
