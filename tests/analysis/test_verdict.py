"""The verdict of a restore, compared with what `Saver.restore` does."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.comparison import restore_report
from scopeview.analysis.diff.report import diff
from scopeview.analysis.diff.verdict import RestoreVerdict
from scopeview.errors import QueryError
from tests.graphs import checkpoint, model_from_text
from tests.oracle import Oracle

Recipe = list[list[Any]]


def net(seed: int) -> Recipe:
    chance = random.Random(seed)
    words = chance.sample(["stem", "body", "neck", "gate", "tail"], 4)
    makers = chance.choices(["get_variable", "partitioned", "variable"], k=4)
    return [[m, f"{w}/w", [chance.randint(6, 9), 4], 3] for m, w in zip(makers, words, strict=True)]


def changed(kind: str, recipe: Recipe) -> Recipe:
    """Return what the graph asks for, where the checkpoint has a recipe."""
    first, *rest = recipe
    maker, name, (rows, columns), parts = first
    match kind:
        case "same":
            return recipe
        case "renamed":
            return [[maker, f"model/{name}", [rows, columns], parts], *rest]
        case "reshaped":
            return [[maker, name, [rows + 1, columns], parts], *rest]
        case "added":
            return [*recipe, ["get_variable", "new/head", [3, 2], 0]]
        case "fewer":
            return rest
        case _:
            return [*recipe, ["adam", "", [], 0]]


@pytest.mark.parametrize(
    ("kind", "style"),
    [*itertools.product(["same", "renamed", "reshaped", "added", "fewer", "adam"], ["ref", "resource"])],
)
def test_the_verdict_is_what_tensorflow_does(kind: str, style: str, oracle: Oracle, tmp_path: Path) -> None:
    recipe = net(len(kind))
    oracle.ask("build", tmp_path / "old.ckpt", recipe=recipe, style="ref", save=True)
    oracle.ask("build", tmp_path / "new", recipe=changed(kind, recipe), style=style, save=False)

    verdict = restore_report(
        AnalysisContext(scopeview.load(tmp_path / "new.meta")), AnalysisContext(scopeview.load(tmp_path / "old.ckpt"))
    ).verdict

    truth = oracle.ask("restore", tmp_path / "new.meta", checkpoint=str(tmp_path / "old.ckpt"))
    assert verdict.succeeds is (truth["error"] == ""), truth
    assert verdict.sentence.startswith("Restore will succeed" if verdict.succeeds else "Restore will fail: ")
    if truth["key"]:
        assert truth["key"] in {key for cause in verdict.causes if cause.is_fatal for key in cause.keys}


def verdict_of(graph: str, stored: dict[str, list[int]]) -> RestoreVerdict:
    return restore_report(AnalysisContext(model_from_text(graph)), AnalysisContext(checkpoint(stored))).verdict


def test_moving_averages_in_both_directions() -> None:
    shapes = {f"net/l{i}/w": [2, i + 3] for i in range(4)}
    plain = "".join(f"{name} VariableV2 shape=2,{shape[1]}\n" for name, shape in shapes.items())
    averages = {f"{name}/ExponentialMovingAverage": shape for name, shape in shapes.items()}

    (cause,) = verdict_of(plain, averages).causes
    found = diff(AnalysisContext(checkpoint(averages)), AnalysisContext(model_from_text(plain)), from_averages=True)

    assert cause.kind == "average" and len(cause.keys) == 4
    assert "moving averages of these variables" in cause.message and "--averages" in cause.cure
    assert found.filled == {name: f"{name}/ExponentialMovingAverage" for name in shapes}
    with pytest.raises(QueryError):
        diff(AnalysisContext(checkpoint(averages)), AnalysisContext(model_from_text(plain))).as_saver()


def test_what_is_not_asked_for_does_not_make_a_restore_fail() -> None:
    verdict = verdict_of("w VariableV2 shape=2", {"w": [2], "w/Adam": [2], "w/Adam_1": [2], "old/head": [3]})

    assert verdict.succeeds and verdict.sentence == "Restore will succeed: 1 of 1 key"
    assert [(cause.kind, cause.is_fatal, cause.is_auxiliary) for cause in verdict.causes] == [
        ("unused", False, False),
        ("unused", False, True),
    ]


def test_a_graph_that_asks_for_nothing_says_so() -> None:
    assert verdict_of("x Placeholder", {"w": [2]}).sentence.startswith("Nothing to restore")
