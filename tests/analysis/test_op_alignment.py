"""Two graphs by the same code under other names: the order in which TensorFlow made the ops says which is which."""

from __future__ import annotations

from pathlib import Path

import pytest

import scopeview
from scopeview.analysis.diff.op_alignment import align
from tests.graphs import model_from_text
from tests.oracle import Oracle

OLD = {
    "root": "bert/encoder",
    "layer": "layer",
    "first": "0",
    "q": "query",
    "k": "key",
    "v": "value",
    "kernel": "kernel",
    "bias": "bias",
    "mix": "mix",
    "head": "classifier",
}
CHANGES = [
    ({"root": "model/transformer"}, 0),
    ({"layer": "block", "first": "1"}, 0),
    ({"root": "net", "layer": "stage", "mix": "combine", "head": "logits"}, 0),
    ({"q": "proj_a", "k": "proj_b", "v": "proj_c", "kernel": "w", "bias": "b"}, 0.5),
]


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize(("change", "open_share"), CHANGES)
def test_graphs_by_one_code_align_whatever_their_scopes_are_called(
    change: dict[str, str], open_share: float, train: bool, oracle: Oracle, tmp_path: Path
) -> None:
    depth = 2 + len(change) % 3
    made = [
        oracle.ask("named_net", tmp_path / f"{side}.meta", names=names, depth=depth, train=train)["ops"]
        for side, names in (("a", OLD), ("b", OLD | change))
    ]
    truth = dict(zip(*made, strict=True))
    a, b = (scopeview.load(tmp_path / f"{side}.meta").graph for side in ("a", "b"))

    pairs = {a.name(row): b.name(other) for row, other in align(a, b, {}).pairs.items()}

    wrong = {one: other for one, other in pairs.items() if truth[one] != other}
    assert wrong == {}
    assert len(truth) - len(pairs) <= open_share * len(truth)


def test_what_can_be_either_of_two_is_neither() -> None:
    a = model_from_text("x Placeholder\nold/p Neg x\nold/q Neg x\n").graph
    b = model_from_text("x Placeholder\nnew/r Neg x\nnew/s Neg x\n").graph

    assert {a.name(row): b.name(other) for row, other in align(a, b, {}).pairs.items()} == {"x": "x"}
