"""The maps are run: TensorFlow fills graphs with them, built by code or imported, and every value is compared."""

from __future__ import annotations

import itertools
import random
import re
from pathlib import Path
from typing import Any

import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.maps import assignment_map, regex_rules, sources
from scopeview.analysis.diff.match import match
from scopeview.analysis.diff.namespace import namespace_of
from scopeview.analysis.diff.report import Diff, diff
from scopeview.errors import QueryError
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


def context(name: str) -> AnalysisContext:
    return AnalysisContext(scopeview.load(SAMPLES / name))


@pytest.mark.parametrize(("a", "b"), PAIRS)
def test_init_from_checkpoint_restores_equal_values_by_the_map(a: str, b: str, oracle: Oracle) -> None:
    report = diff(context(a), context(b)).report
    pairs = {entry.b: entry.a for entry in report.entries if entry.a is not None and entry.b is not None}
    assert len(pairs) == len(report.entries)

    answer = oracle.ask(
        "init_from", SAMPLES / b, checkpoint=str(SAMPLES / a), mapping=dict(report.assignment_map), pairs=pairs
    )

    assert answer == {"compared": len(pairs), "unequal": []}


@pytest.mark.parametrize(("a", "b"), PAIRS[:3])
def test_the_saver_restores_equal_values(a: str, b: str, oracle: Oracle) -> None:
    found = diff(context(a), context(b))
    pairs = {entry.b: entry.a for entry in found.report.entries if entry.a is not None and entry.b is not None}

    answer = oracle.ask("restore_by", SAMPLES / b, checkpoint=str(SAMPLES / a), code=found.as_saver(), pairs=pairs)

    assert answer == {"compared": len(pairs), "unequal": []}


def mapped(a: dict[str, list[int]], b: dict[str, list[int]]) -> dict[str, str]:
    ours, theirs = namespace_of(AnalysisContext(checkpoint(a))), namespace_of(AnalysisContext(checkpoint(b)))
    return assignment_map(sources(match(ours, theirs).pairs), theirs.entries)


def test_a_scope_is_used_only_where_all_of_it_is_covered() -> None:
    a = {"old/l1/w": [2, 3], "old/l1/q": [3, 5], "old/l2/w": [4, 3], "old/l2/q": [9, 5]}
    b = {name.replace("old", "new"): shape for name, shape in a.items()}

    assert mapped(a, b) == {"old/": "new/"}
    assert mapped(a, {**b, "new/l2/extra": [7, 7]}) == {
        "old/l1/": "new/l1/",
        "old/l2/w": "new/l2/w",
        "old/l2/q": "new/l2/q",
    }
    assert mapped(a, a) == {"/": "/"}


def test_one_source_scope_fills_one_target_scope_and_the_others_by_pairs() -> None:
    a = {"net/w1/q": [2, 3], "net/v1/q": [4, 5]}
    b = {"x/w1/q": [2, 3], "y/v1/q": [4, 5]}

    found = mapped(a, b)

    assert found in ({"net/": "x/", "net/v1/": "y/v1/"}, {"net/": "x/", "net/v1/q": "y/v1/q"}) or len(found) == 2
    filled = {target for target in b if any(_fills(source, name, target) for source, name in found.items())}
    assert filled == set(b)


def _fills(source: str, target: str, variable: str) -> bool:
    return variable == target or (target.endswith("/") and variable.startswith(target))


def test_moving_averages_are_taken_where_they_are_asked_for() -> None:
    a = checkpoint({"w": [2, 3], "w/ExponentialMovingAverage": [2, 3], "b": [3]})

    found = diff(AnalysisContext(a), AnalysisContext(checkpoint({"w": [2, 3], "b": [3]})), from_averages=True).report

    assert found.assignment_map == {"w/ExponentialMovingAverage": "w", "b": "b"}


def test_rules_that_do_not_rename_everything_give_way_to_pairs() -> None:
    a = {"net/l/q": [2, 3], "net/m/q": [4, 5], "net/n/q": [6, 7], "other/x": [8, 9]}
    b = {"new/l/q": [2, 3], "new/m/q": [4, 5], "new/n/q": [6, 7], "other/x": [8, 9]}

    found = diff(AnalysisContext(checkpoint(a)), AnalysisContext(checkpoint(b))).report
    apart = diff(
        AnalysisContext(checkpoint({**a, "l/q": [1]})),
        AnalysisContext(checkpoint({"m/" + n: s for n, s in a.items()} | {"l/q": [1]})),
    ).report

    assert found.regex_rules == [["^net/", "new/"]]
    assert all(pattern.startswith("^") and pattern.endswith("$") for pattern, _ in apart.regex_rules)


def test_rules_as_regular_expressions_rename_every_variable() -> None:
    report = diff(context("m33_original.ckpt"), context("m33_renamed.meta")).report

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


def test_objects_of_tensorflow_2_are_filled_by_their_full_names(oracle: Oracle, tmp_path: Path) -> None:
    old = recipe(6, "old", ("get_variable", "get_variable", "variable"), 0)
    shapes = {name.replace("old", "net"): shape for _, name, shape, _ in old}
    oracle.ask("build", tmp_path / "old.ckpt", recipe=old, style="ref", save=True)
    oracle.ask("write_module", tmp_path / "new.ckpt", shapes=shapes)

    found = diff(*(AnalysisContext(scopeview.load(tmp_path / name)) for name in ("old.ckpt", "new.ckpt")))
    pairs = dict(zip(shapes, variables_of(old), strict=True))
    answer = oracle.ask("assign_by", tmp_path / "old.ckpt", shapes=shapes, printed=found.as_saver(), pairs=pairs)

    assert len(found.filled) == 3
    assert answer == {"unequal": []}


def test_a_scope_in_a_map_fills_all_its_variables() -> None:
    found = diff(context("m39_without_averages.ckpt"), context("m39_asks_for_averages.meta")).report

    assert (found.assignment_map, found.mapped) == ({"/": "/"}, sum(e.kind == "variable" for e in found.entries))
