"""Two checkpoints in columns differ as the same two read entry by entry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.listing import Listing, beside_changes
from scopeview.analysis.diff.matching.rules import guidance_of
from scopeview.analysis.diff.namesakes import find_namesakes
from scopeview.analysis.diff.namespace import namespace_of
from scopeview.analysis.diff.recipes import Recipe
from scopeview.analysis.diff.report import Diff, diff
from scopeview.readers import read
from scopeview.readers.checkpoint import index_columns
from scopeview.render.as_json import document
from scopeview.render.text.diff_lines import lines
from scopeview.writers.checkpoint import write_checkpoint
from scopeview.writers.tensors import TensorToWrite

Variables = dict[str, tuple[tuple[int, ...], int]]
"""Shape, and the number that all values have, by name."""


def _network(layers: int) -> Variables:
    """Return layers of which most have two slots, some an average, and one slot's name a variable of its own."""
    found: Variables = {"global_step": ((), 3), "beta1_power": ((), 4)}
    for layer in range(layers):
        scope = f"net/block_{layer // 3}/dense_{layer % 3}"
        for leaf, shape, value in (("kernel", (4, 6), layer + 9), ("bias", (6,), 0), ("bn/gamma", (6,), layer + 70)):
            found[f"{scope}/{leaf}"] = shape, value
            found |= {f"{scope}/{leaf}/{slot}": (shape, value + 200) for slot in ("Adam", "Adam_1")}
        found[f"{scope}/kernel/ExponentialMovingAverage"] = (4, 6), layer + 400
    found["net/block_0/dense_0/kernel/Adam/Momentum"] = (4, 6), 1
    return found


CHANGES: Mapping[str, Callable[[str], str]] = {
    "nothing": lambda name: name,
    "a scope": lambda name: name.replace("block_1", "unit_1"),
    "a leaf": lambda name: name.replace("/bias", "/offset"),
    "a root": lambda name: f"model/{name}",
    "numbers": lambda name: re.sub(r"block_(\d+)", lambda number: f"block_{int(number[1]) + 1}", name),
    "slots": lambda name: name.replace("Adam_1", "Momentum"),
}


def _filled(shape: tuple[int, ...], value: int) -> Iterator[NDArray[np.generic]]:
    yield np.full(shape, value, np.float32)


@pytest.fixture
def differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Diff]]:
    """Return a diff of variables, in columns and entry by entry."""

    def write(name: str, variables: Variables) -> Path:
        tensors = [
            TensorToWrite(key, "float32", shape, partial(_filled, shape, value))
            for key, (shape, value) in sorted(variables.items())
        ]
        write_checkpoint(tmp_path / name, tensors)
        return tmp_path / name

    def differ(a: Variables, b: Variables, **asked: object) -> list[Diff]:
        paths = write("a", a), write("b", b)
        found = []
        for fewest in (1, 1 << 40):
            monkeypatch.setattr(index_columns, "FEWEST", fewest)
            found.append(diff(*(AnalysisContext(read(path)) for path in paths), **asked))  # type: ignore[arg-type]
        return found

    return differ


def _shown(recipe: Recipe) -> object:
    """Return what a recipe says."""
    return recipe.target.name, recipe.pieces, recipe.evidence, recipe.columns


@pytest.mark.parametrize("change", CHANGES)
def test_columns_say_what_entries_say(change: str, differ: Callable[..., list[Diff]]) -> None:
    a = _network(15)
    b = {
        CHANGES[change](name): (shape, value + (index % 7 == 1))
        for index, (name, (shape, value)) in enumerate(a.items())
    }
    b["net/block_9/kernel"] = (4, 6), 5000
    for guidance in ({}, {"guidance": guidance_of((), {}, "proposed", ("net/block_0/dense_1/kernel",))}):
        in_columns, one_by_one = differ(a, b, **guidance)

        assert document(in_columns.report) == document(one_by_one.report)
        assert in_columns.filled == one_by_one.filled
        assert [*map(_shown, in_columns.recipes)] == [*map(_shown, one_by_one.recipes)]
        assert list(in_columns.filled) == list(one_by_one.filled)


def test_namesakes_are_not_made_before_somebody_asks(differ: Callable[..., list[Diff]]) -> None:
    a = _network(12)
    b = {name.replace("block_2", "unit_2"): value for name, value in a.items()}
    found, one_by_one = differ(a, b)

    assert isinstance(found.report.entries, Listing)
    assert len(found.report.entries) == len(a)
    assert {entry.status for entry in found.report.entries.judged} == {"renamed"}
    changed = [line for line in lines(beside_changes(found.report.entries), whole=False) if line.status != "same"]
    every = lines(one_by_one.report.entries, whole=False)
    assert [(line.name, line.status, len(line.entries)) for line in changed] == [
        (line.name, line.status, len(line.entries)) for line in every if line.status != "same"
    ]


def test_namesakes_agree_in_shape_and_size(differ: Callable[..., list[Diff]]) -> None:
    a: Variables = {"one": ((2, 3), 1), "other": ((2, 3), 2), "third": ((6,), 3)}
    found, _ = differ(a, {"one": ((3, 2), 1), "other": ((2, 3), 4), "fourth": ((6,), 3)})
    sides = found.comparison.a, found.comparison.b
    pairs = find_namesakes(*sides, ((), ()))

    assert pairs is not None
    assert ([*pairs.names], pairs.differ.tolist()) == (["other"], [True])
    assert (pairs.others(0), pairs.others(1)) == (["one", "third"], ["fourth", "one"])
    assert find_namesakes(*sides, (["other"], ())) is not None
    assert len(find_namesakes(*sides, ((), ["other"])) or ()) == 0
    assert namespace_of(sides[0].context).entries["third"].shape == (6,)
