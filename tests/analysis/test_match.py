"""Renames are found with evidence, and nothing is guessed."""

from __future__ import annotations

import random
import zlib
from dataclasses import replace

import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.match import Matching, match
from scopeview.analysis.diff.matching.rules import rewritten, rule_of
from scopeview.analysis.diff.namespace import namespace_of
from scopeview.analysis.diff.restore import LEAF_SYNONYMS
from scopeview.model.model import Model
from scopeview.model.variables import StoredSlice, VariableTable
from tests.graphs import checkpoint, checkpoint_of
from tests.places import CORPUS, NO_CORPUS, SAMPLES, corpus


def matched(a: Model, b: Model) -> Matching:
    return match(namespace_of(AnalysisContext(a)), namespace_of(AnalysisContext(b)))


def pairs(a: dict[str, list[int]], b: dict[str, list[int]]) -> dict[str, tuple[str, str]]:
    """Renamed pairs of two checkpoints without checksums: name in A to name in B and confidence."""
    found = matched(_without_values(checkpoint(a)), _without_values(checkpoint(b)))
    return {pair.a.name: (pair.b.name, pair.confidence) for pair in found.pairs if pair.a.name != pair.b.name}


def _without_values(model: Model) -> Model:
    return replace(model, variables=VariableTable([replace(v, stored=None, parts=()) for v in model.variables]))


def test_a_prefix_and_other_words_for_the_same_thing() -> None:
    a = {"l1/weights": [2, 3], "l1/biases": [3], "l2/weights": [3, 4], "l2/biases": [4]}
    b = {"model/l1/kernel": [2, 3], "model/l1/bias": [3], "model/l2/kernel": [3, 4], "model/l2/bias": [4]}

    assert pairs(a, b) == {
        "l1/weights": ("model/l1/kernel", "high"),
        "l1/biases": ("model/l1/bias", "high"),
        "l2/weights": ("model/l2/kernel", "high"),
        "l2/biases": ("model/l2/bias", "high"),
    }


def test_a_segment_in_the_middle_a_number_and_the_case() -> None:
    assert pairs({"net/cell/q": [2, 3]}, {"net/basic/cell/q": [2, 3]}) == {"net/cell/q": ("net/basic/cell/q", "medium")}
    assert pairs({"fc/kernel": [2, 3]}, {"fc_1/kernel": [2, 3]}) == {"fc/kernel": ("fc_1/kernel", "medium")}
    assert pairs({"Foo/table": [2, 3]}, {"foo/table": [2, 3]}) == {"Foo/table": ("foo/table", "medium")}


def test_one_vote_to_replace_a_scope_is_a_proposal() -> None:
    found = matched(
        _without_values(checkpoint({"gen/out/kernel": [2, 3]})),
        _without_values(checkpoint({"disc/out/kernel": [2, 3]})),
    )

    assert (found.pairs, found.proposals) == ((), {"gen/out/kernel": "disc/out/kernel"})


def test_a_layer_that_went_and_one_that_came_are_two() -> None:
    def layers(*numbers: int) -> dict[str, list[int]]:
        return {f"enc/layer_{n}/{leaf}": [4, 4 + i] for n in numbers for i, leaf in enumerate(("q", "k", "v"))}

    assert pairs(layers(0, 1, 2, 3), layers(1, 2, 3, 4)) == {}


def test_a_well_proved_rule_holds_for_another_shape() -> None:
    a = {f"net/l{i}/q": [2, i] for i in range(4)} | {"net/out/kernel": [9, 10]}
    b = {f"m/net/l{i}/q": [2, i] for i in range(4)} | {"m/net/out/kernel": [9, 12]}

    assert pairs(a, b)["net/out/kernel"] == ("m/net/out/kernel", "medium")


def test_many_rules_and_long_names_take_no_time_that_grows_with_their_square() -> None:
    many = {f"s{i // 4}/l{i % 4}/q": [1 + i, 3] for i in range(4000)}
    long = {"/".join(["x"] * 2000) + f"/v{i}": [i + 1] for i in range(50)}

    renamed = pairs(many, {name.replace("/", "/in/", 1): shape for name, shape in many.items()})
    assert len(renamed) == 4000
    assert len(pairs(long, {f"y/{name}": shape for name, shape in long.items()})) == 50


def test_two_claims_on_one_variable_are_none() -> None:
    a = {"tower_0/w": [2, 3], "tower_1/w": [2, 3]}

    assert pairs(a, {"w": [2, 3]}) == {}
    assert pairs({"w": [2, 3]}, a) == {}


def test_a_word_that_every_layer_has_is_no_evidence() -> None:
    found = matched(
        _without_values(checkpoint({"dnn/logits/bias": [1]})), _without_values(checkpoint({"d/h4/bias": [1]}))
    )

    assert found.pairs == ()
    assert found.proposals == {"dnn/logits/bias": "d/h4/bias"}


def test_equal_values_are_proof_unless_they_are_all_zero_or_one() -> None:
    def stored(name: str, checksum: int, is_blank: bool) -> Model:
        model = checkpoint({name: [5, 5]})
        kept = StoredSlice(0, 0, 100, checksum, is_blank)
        return checkpoint_of([replace(model.variables[0], stored=kept)])

    (pair,) = matched(stored("a/x", 7, False), stored("b/y", 7, False)).pairs
    assert (pair.b.name, pair.evidence, pair.confidence) == ("b/y", "same checksum", "certain")
    assert matched(stored("a/x", 7, True), stored("b/y", 7, True)).pairs == ()
    assert matched(stored("a/x", 7, False), stored("b/y", 8, False)).pairs == ()


def test_slots_follow_their_variable_and_scalars_need_one_that_does() -> None:
    a = {"l/w": [2, 3], "l/w/Adam": [2, 3], "l/w/Adam_1": [2, 3], "beta1_power": []}
    b = {"m/l/w": [2, 3], "m/l/w/Adam": [2, 3], "m/l/w/Adam_1": [2, 3], "m/beta1_power": []}

    assert pairs(a, b) == {
        "l/w": ("m/l/w", "medium"),
        "l/w/Adam": ("m/l/w/Adam", "high"),
        "l/w/Adam_1": ("m/l/w/Adam_1", "high"),
        "beta1_power": ("m/beta1_power", "medium"),
    }
    assert pairs({"beta1_power": []}, {"m/beta1_power": []}) == {}


def test_zeros_and_ones_of_a_real_checkpoint_are_blank() -> None:
    model = scopeview.load(SAMPLES / "m33_original.ckpt")

    blank = {v.name: v.stored.is_blank for v in model.variables if v.stored is not None}

    assert blank == {f"layer{i}/{leaf}": leaf == "biases" for i in (1, 2, 3) for leaf in ("biases", "weights")}


# Random renames of real checkpoints: what is recovered without looking at values. The rates are in docs/performance.md.

TRIALS, SEED = 240, 7


def _renamed(rng: random.Random, model: Model) -> tuple[Model, dict[str, str]] | None:
    """Rename a checkpoint by one random rule of each kind; None if that makes two variables one, or swaps names."""
    context = AnalysisContext(model)
    owned = [v.name for v in model.variables if v not in context.auxiliary_variables]
    tops = sorted({name.split("/")[0] for name in owned if "/" in name})
    kind, prefix = rng.choice(["prefix", "strip", "swap", "nested"]), rng.choice(["model", "net", "a/b", "tower_0"])
    swaps = {top: top + rng.choice(["", "_1", "_2", "x"]) for top in tops}
    words = {word: rng.choice(sorted(group)) for group in LEAF_SYNONYMS for word in sorted(group)}
    words = words if rng.random() < 0.6 else {}
    is_numbered = rng.random() < 0.4

    def new(name: str) -> str:
        segments = name.split("/")
        if kind == "prefix":
            segments = [*prefix.split("/"), *segments]
        elif kind == "strip" and len(tops) == 1 and len(segments) > 1:
            segments = segments[1:]
        elif kind == "swap" and len(segments) > 1:
            segments[0] = swaps[segments[0]]
        elif kind == "nested" and len(segments) > 1:
            segments = [segments[0], prefix, *segments[1:]]
        segments[-1] = words.get(segments[-1], segments[-1])
        if is_numbered and len(segments) > 1 and zlib.crc32(segments[-2].encode()) % 3 == 0:
            segments[-2] += "_1"
        return "/".join(segments)

    names = {name: new(name) for name in owned}
    for auxiliary in context.auxiliary_variables:
        follows = auxiliary.variable == f"{auxiliary.primary}/{auxiliary.slot}" and auxiliary.primary in names
        names[auxiliary.variable] = f"{names[auxiliary.primary]}/{auxiliary.slot}" if follows else auxiliary.variable
    is_swapped = any(new_name != name and new_name in names for name, new_name in names.items())
    if len(set(names.values())) != len(names) or is_swapped:
        return None
    variables = [replace(v, name=names[v.name], checkpoint_keys=(names[v.name],)) for v in model.variables]
    return _without_values(replace(model, variables=VariableTable(variables))), names


def _real() -> list[Model]:
    rows = [row for row in corpus() if row["kind"] in ("ckpt_v2", "ckpt_v1")]
    models = [scopeview.load(CORPUS / row["entry"]) for row in rows]
    return [model for model in models if len(model.variables) >= 4]


@pytest.mark.skipif(not corpus(), reason=NO_CORPUS)
def test_random_renames_of_real_checkpoints_are_recovered_and_none_wrongly() -> None:
    rng, models = random.Random(SEED), _real()
    variables = recovered = wrong = trials = 0
    while trials < TRIALS:
        model = rng.choice(models)
        made = _renamed(rng, model)
        if made is None:
            continue
        trials += 1
        renamed, names = made
        found = {pair.a.name: pair.b.name for pair in matched(_without_values(model), renamed).pairs}
        variables += len(names)
        recovered += sum(found.get(name) == new for name, new in names.items())
        wrong += sum(new != names[name] for name, new in found.items())

    assert wrong == 0
    assert recovered / variables > 0.95, f"{recovered} of {variables}"


@pytest.mark.skipif(not corpus(), reason=NO_CORPUS)
def test_checkpoints_that_have_nothing_to_do_with_each_other_have_no_renames() -> None:
    models = _real()
    related = {("minitaur_reactive_env", "minitaur_trotting_env")}
    renamed = [
        (a.origin.path, b.origin.path, pair.a.name, pair.b.name)
        for index, a in enumerate(models)
        for b in models[index + 1 :]
        if not any(x in a.origin.path and y in b.origin.path for x, y in related)
        for pair in matched(_without_values(a), _without_values(b)).pairs
        if pair.a.name != pair.b.name
    ]

    assert renamed == []


def test_rules_take_bounded_time_and_make_bounded_names() -> None:
    doubling = [rule_of("a=a/a")] * 40
    slow = rule_of("{a}{b}{c}{d}{e}x=y")

    assert rewritten("a", doubling) == ""
    assert rewritten("a", doubling[:3]) == "/".join("a" * 8)
    assert rewritten("1" * 50_000, [slow]) == ""
    assert rewritten("layer_12/w", [rule_of("layer_{i}=block{i}")]) == "block12/w"


def test_flat_names_are_not_paired_as_one_side_below_a_root() -> None:
    """Without a scope there is no root whose change would explain anything."""
    assert pairs({"gaba": [7], "lodo": [7]}, {"nesu": [7], "tiri": [7]}) == {}
