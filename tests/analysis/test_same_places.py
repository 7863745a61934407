"""Renamed variables are known by what computes with them, where names say nothing; the code of both is the truth."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.counterparts import counterparts
from scopeview.analysis.diff.matching.rules import Guidance
from scopeview.analysis.diff.namespace import namespace_of
from scopeview.analysis.diff.report import DiffReport, diff
from scopeview.model.model import Model
from scopeview.readers.fence import fenced
from tests.graphs import checkpoint, model_from_text, ref_variable
from tests.oracle import Oracle
from tests.places import CORPUS, NO_CORPUS, SAMPLES
from tests.renamed_graphs import write_renamed

PARTS = ("root", "layer", "q", "k", "v", "kernel", "bias", "mix", "head")


def report(a: Model, b: Model) -> DiffReport:
    return diff(AnalysisContext(a), AnalysisContext(b)).report


def pairs(found: DiffReport) -> dict[str, str]:
    return {e.a: e.b for e in found.entries if e.a is not None and e.b is not None}


def nonsense(seed: int) -> dict[str, str]:
    """Names that share no word with those of another seed; only scopes of layers are numbered."""
    chance = random.Random(seed)
    letters = "bdfgklm" if seed % 2 else "nprstvz"
    words = {part: "".join(chance.choice(letters) + chance.choice("aeiou") for _ in range(4)) for part in PARTS}
    return words | {"first": str(seed % 3)}


@pytest.mark.parametrize(
    ("depth", "trains"), [(1, (False, False)), (3, (True, True)), (4, (True, False)), (2, (False, True))]
)
def test_the_same_code_under_names_that_say_nothing(
    depth: int, trains: tuple[bool, bool], oracle: Oracle, tmp_path: Path
) -> None:
    """Where one side trains and the other does not, the last layer may be a new one, and is only proposed."""
    names = nonsense(depth * 2), nonsense(depth * 2 + 1)
    a, b = (
        oracle.ask("named_net", tmp_path / f"{side}.meta", names=names[side], depth=depth, train=train)["ops"]
        for side, train in enumerate(trains)
    )
    weights = (names[0]["kernel"], names[0]["bias"])
    truth = {one: other for one, other in zip(a, b, strict=False) if one.endswith(weights) and "Adam" not in one}
    head = f"{names[0]['head']}/{names[0]['kernel']}"

    found = report(*(scopeview.load(tmp_path / f"{side}.meta") for side in (0, 1)))

    proposed = {entry.a: entry.proposal for entry in found.entries if entry.a is not None and entry.proposal}
    last = {head: truth[head]} if trains[0] != trains[1] else {}
    assert len(truth) == depth * 6 + 1
    assert {one: other for one, other in pairs(found).items() if one in truth} == dict(truth.items() - last.items())
    assert proposed == last


def test_a_checkpoint_is_known_by_the_graph_that_was_saved_with_it(oracle: Oracle, tmp_path: Path) -> None:
    made = [
        oracle.ask("named_net", tmp_path / f"{side}.meta", names=nonsense(side), depth=2, train=False)["ops"]
        for side in (0, 1)
    ]
    old, new = (scopeview.load(tmp_path / f"{side}.meta") for side in (0, 1))
    stored = checkpoint({v.name: [n or 0 for n in v.shape or ()] for v in old.variables})

    found = report(replace(stored, read_graph_beside=lambda: old), new)

    truth = dict(zip(*made, strict=True))
    assert pairs(found) == {variable.name: truth[variable.name] for variable in old.variables}
    assert {entry.evidence for entry in found.entries} == {"same place in the dataflow"}
    assert report(stored, new).summary["renamed"] < len(truth)


def test_a_conversion_takes_what_stands_in_one_place() -> None:
    a, b = (namespace_of(AnalysisContext(two_layers(*names))) for names in ("pqr", ("zz", "yy", "xx")))

    found, *_ = counterparts(a, b, Guidance())

    assert {name: counterpart.name for name, counterpart in found.items()} == {"p": "zz", "q": "yy", "r": "xx"}


def computing(lines: str, *variables: str) -> Model:
    """Return a graph that computes with some variables and an input `x`."""
    return model_from_text("".join(map(ref_variable, variables)) + "x Placeholder dtype=float32\n" + lines)


REAL = {
    "scisharp-meta/kmeans.meta": 0,
    "scisharp-meta/word_cnn.meta": 0,
    "rnn-attention/model.meta": 0,
    "scisharp-meta/lstm_crf_ner.meta": 0,
    "unity-mousegame/models/mousegame/model-500001.cptk.meta": 0,
    "minitaur/minitaur_reactive_env/model.ckpt-14000000.meta": 32,
}
"""Real graphs, and how many variables stay open: two that are used alike, and all of an optimizer of another name."""


@pytest.mark.parametrize(("name", "open_ones"), REAL.items())
def test_a_real_graph_whose_variables_are_called_otherwise(name: str, open_ones: int, tmp_path: Path) -> None:
    if not (CORPUS / name).is_file():
        pytest.skip(NO_CORPUS)
    truth = write_renamed(CORPUS / name, tmp_path / "renamed.meta", seed=len(name))
    original = scopeview.load(CORPUS / name)

    found = pairs(report(original, scopeview.load(tmp_path / "renamed.meta")))

    assert {one: (other, truth[one]) for one, other in found.items() if other != truth[one]} == {}
    assert len(original.variables) - len(found) == open_ones


def two_layers(first: str, second: str, third: str) -> Model:
    lines = f"m Mul x {first}/read\nrelu Relu m\nn Sub relu {second}/read\no Sub {third}/read n"
    return computing(lines, first, second, third)


def test_which_input_a_variable_is_shows_its_place() -> None:
    found = report(two_layers("p", "q", "r"), two_layers("zz", "yy", "xx"))

    assert pairs(found) == {"p": "zz", "q": "yy", "r": "xx"}


def test_names_that_both_sides_have_stay_where_they_are() -> None:
    """Two variables changed places: a restore still goes by their names."""
    found = report(two_layers("p", "q", "r"), two_layers("p", "r", "s"))

    assert pairs(found)["p"] == "p"
    assert pairs(found)["r"] == "r"


def test_equal_towers_stay_open() -> None:
    def towers(one: str, other: str) -> Model:
        return computing(f"m Mul x {one}/read\nn Mul x {other}/read\nr Relu m\ns Relu n", one, other)

    assert pairs(report(towers("gaba", "lodo"), towers("nesu", "tiri"))) == {}


def test_another_head_on_the_same_body_is_not_the_old_one() -> None:
    def net(body: str, heads: str) -> Model:
        names = [body, *heads.split()]
        ops = "".join(map(ref_variable, names))
        lines = [f"y{number} Mul r {name}/read" for number, name in enumerate(names[1:])]
        return model_from_text(
            f"{ops}\nx Placeholder dtype=float32\nm Mul x {body}/read\nr Relu m\n" + "\n".join(lines)
        )

    found = report(net("body", "gaba lodo"), net("body", "nesu"))

    assert pairs(found) == {"body": "body"}


@pytest.mark.parametrize("name", ["model.ckpt.meta", "other.ckpt.meta"])
def test_only_the_meta_of_the_same_prefix_is_of_a_checkpoint(name: str, tmp_path: Path) -> None:
    for file in SAMPLES.glob("m28_partitioned.ckpt.*"):
        shutil.copy(file, tmp_path / file.name.replace("m28_partitioned", "model"))
    shutil.copy(SAMPLES / "m28_partitioned.meta", tmp_path / name)

    read = scopeview.load(tmp_path / "model.ckpt").read_graph_beside

    graph = read() if read is not None else None
    expected = scopeview.load(SAMPLES / "m28_partitioned.meta").graph.names if name.startswith("model") else None
    assert (None if graph is None else graph.graph.names) == expected


def test_a_graph_beside_that_cannot_be_read_or_lies_outside_is_none(tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    for file in SAMPLES.glob("m28_partitioned.ckpt.*"):
        shutil.copy(file, served / file.name)
    meta = served / "m28_partitioned.ckpt.meta"
    with fenced([served]):
        meta.write_bytes(b"\xff" * 100)
        broken = scopeview.load(served / "m28_partitioned.ckpt").read_graph_beside
    assert broken is not None
    assert broken() is None
    meta.unlink()
    shutil.copy(SAMPLES / "m28_partitioned.meta", meta)
    with fenced([served]):
        whole = scopeview.load(served / "m28_partitioned.ckpt").read_graph_beside
    assert whole is not None
    meta.rename(tmp_path / meta.name)
    meta.symlink_to(tmp_path / meta.name)
    assert whole() is None


@pytest.mark.parametrize("body", ["body", "gaba"])
def test_a_head_of_equal_shape_is_new_where_only_one_side_trains(body: str) -> None:
    """Whether its body is renamed with it or not."""

    def net(body: str, head: str, last: str) -> Model:
        names = f"{body}/first", f"{body}/second", f"{head}/kernel", f"{head}/bias"
        lines = "\n".join(f"y{at} Mul y{at - 1} {name}/read" for at, name in enumerate(names, 1))
        return computing(f"y0 Relu x\n{lines}\n{last}", *names)

    found = report(net("body", "lodo", "loss Mean y4"), net(body, "nesu", ""))

    assert pairs(found) == {f"body/{name}": f"{body}/{name}" for name in ("first", "second")}
