"""What `diff` prints is run by TensorFlow, on graphs built by code and on imported ones, and every value compared."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.report import Diff, diff
from scopeview.errors import QueryError
from tests.graphs import checkpoint
from tests.oracle import Oracle

Recipe = list[list[Any]]
MAKERS = ("get_variable", "variable", "keras", "partitioned")


def recipe(seed: int, root: str, makers: tuple[str, ...], parts: int) -> Recipe:
    """Return variables below a root, by names and sizes that a seed chooses; the same names for every root."""
    chance = random.Random(seed)
    sizes = iter(chance.sample(range(5, 60), 12))
    words = iter(chance.sample(["conv", "fc", "cell", "proj", "mix", "gate", "embed", "norm"], 8))
    made: Recipe = []
    for maker in makers:
        name = "/".join([root, *itertools.islice(words, chance.choice([1, 2]))])
        made.append([maker, name, [next(sizes), next(sizes)], parts])
    return made


def variables_of(made: Recipe) -> list[str]:
    return [
        name
        for maker, base, _, _ in made
        for name in ([f"{base}/kernel", f"{base}/bias"] if maker == "keras" else [base])
    ]


def compared(folder: Path) -> Diff:
    return diff(
        AnalysisContext(scopeview.load(folder / "old.ckpt")), AnalysisContext(scopeview.load(folder / "new.meta"))
    )


@pytest.mark.parametrize("style", ["ref", "resource"])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_form_loads_into_graphs_built_by_code_and_imported(
    seed: int, style: str, oracle: Oracle, tmp_path: Path
) -> None:
    old, new = recipe(seed, "old", MAKERS, 3), recipe(seed, "new", MAKERS, 5)
    oracle.ask("build", tmp_path / "old.ckpt", recipe=old, style="ref", save=True)
    oracle.ask("build", tmp_path / "new", recipe=new, style=style, save=False)
    pairs = dict(zip(variables_of(new), variables_of(old), strict=True))

    found = compared(tmp_path)

    for printed, path in itertools.product((found.as_saver(), found.as_init()), (tmp_path / "new.meta", "")):
        answer = oracle.ask(
            "run_code",
            path,
            recipe=new,
            style=style,
            checkpoint=str(tmp_path / "old.ckpt"),
            printed=printed,
            pairs=pairs,
        )
        assert answer == {"compared": 5, "unequal": []}


def test_a_map_of_names_is_printed_only_of_what_can_be_found_by_name(oracle: Oracle, tmp_path: Path) -> None:
    stored = recipe(3, "old", ("get_variable", "partitioned"), 2)
    wanted = recipe(3, "new", ("get_variable", "partitioned"), 4)
    oracle.ask("build", tmp_path / "old.ckpt", recipe=stored, style="ref", save=True)
    oracle.ask("build", tmp_path / "new", recipe=wanted, style="ref", save=False)
    pairs = dict(zip(variables_of(wanted), variables_of(stored), strict=True))

    answer = oracle.ask(
        "run_code",
        "",
        recipe=wanted,
        style="ref",
        checkpoint=str(tmp_path / "old.ckpt"),
        printed=compared(tmp_path).as_names(),
        pairs=pairs,
    )
    assert answer == {"compared": 2, "unequal": []}

    oracle.ask("build", tmp_path / "new", recipe=recipe(3, "new", ("variable", "variable"), 0), style="ref", save=False)
    found = compared(tmp_path)
    with pytest.raises(QueryError, match="--assignment-map prints Python"):
        found.as_names()
    assert found.report.assignment_map == {}


def test_slots_and_the_powers_of_beta_are_restored_with_their_variables(oracle: Oracle, tmp_path: Path) -> None:
    makers = ("get_variable", "get_variable", "variable")
    adam = ["adam", "", [], 0]
    old, new = [*recipe(4, "old", makers, 0), adam], [*recipe(4, "new", makers, 0), adam]
    oracle.ask("build", tmp_path / "old.ckpt", recipe=old, style="ref", save=True)
    oracle.ask("build", tmp_path / "new", recipe=new, style="ref", save=False)
    names = zip(variables_of(new[:-1]), variables_of(old[:-1]), strict=True)
    pairs = {f"{b}{slot}": f"{a}{slot}" for b, a in names for slot in ("", "/Adam", "/Adam_1")}
    pairs |= {f"beta{i}_power": f"beta{i}_power" for i in (1, 2)}

    found = compared(tmp_path)

    for printed in (found.as_saver(), found.as_init()):
        answer = oracle.ask(
            "run_code", "", recipe=new, style="ref", checkpoint=str(tmp_path / "old.ckpt"), printed=printed, pairs=pairs
        )
        assert answer == {"compared": 11, "unequal": []}


def test_a_map_of_nothing_says_why() -> None:
    found = diff(AnalysisContext(checkpoint({"a/q": [2, 3]})), AnalysisContext(checkpoint({"b/r": [4]})))

    for form in (found.as_saver, found.as_init, found.as_names):
        with pytest.raises(QueryError, match="1 only in A, 1 only in B"):
            form()
