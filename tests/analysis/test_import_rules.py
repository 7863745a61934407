"""What is certain to be refused, compared with what TensorFlow refuses when it imports the graph."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.run import Finding, lint
from scopeview.model.registered_ops import registered_ops
from tests.graphs import graph_def_from_text, model_from_text
from tests.oracle import Oracle
from tests.places import ROOT

CODES = ["G30", "G31", "G32", "G33", "G34"]


def found(text: str) -> list[Finding]:
    return list(lint(Subject(AnalysisContext(model_from_text(text))), select=CODES).findings)


def refusal(oracle: Oracle, folder: Path, text: str) -> str:
    path = folder / "graph.pb"
    path.write_bytes(graph_def_from_text(text))
    return str(oracle.ask("graph_def", path, text=False).get("refused", ""))


def test_the_list_is_that_of_tensorflow(oracle: Oracle) -> None:
    answer = oracle.ask("registered_ops", "")
    if answer["version"] != registered_ops().version:
        pytest.skip(f"the list is of TensorFlow {registered_ops().version}, here is {answer['version']}")

    assert (ROOT / "scopeview/model/registered_ops.txt").read_text("utf-8") == answer["text"], (
        "run: python -m tests.oracle_ops > scopeview/model/registered_ops.txt"
    )


X = "x Placeholder dtype=float32\ny Placeholder dtype=float32\n"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("a TRTEngineOp x", "G30", "TRTEngineOp is no op type"),
        ("a Addons>GatherTree x", "G30", "Addons>GatherTree is no op type"),
        ("a", "G33", "a without a type"),
        ("net/s RefSwitch x y", "G31", "net/s: an input must be a reference to a variable, and x (Placeholder)"),
        ("net/s Assign x y", "G31", "net/s: an input must be a reference"),
        ("net/s MatMul x", "G34", "net/s: MatMul takes 2 inputs, and has 1"),
        ("net/s Relu x y", "G34", "net/s: Relu takes 1 inputs, and has 2"),
    ],
)
def test_what_is_certain_is_refused_by_tensorflow(
    text: str, code: str, said: str, oracle: Oracle, tmp_path: Path
) -> None:
    path = tmp_path / "graph.pb"
    lines = X + text if text != "a" else X
    raw = graph_def_from_text(lines)
    if text == "a":
        raw += b"\x0a\x03\x0a\x01a"  # a node that has a name alone
    path.write_bytes(raw)

    findings = lint(Subject(AnalysisContext(scopeview.load(path))), select=CODES).findings

    assert [(f.code, f.message[: len(said)]) for f in findings] == [(code, said)]
    assert "refused" in oracle.ask("graph_def", path, text=False)


@pytest.mark.parametrize("seed", range(3))
def test_a_frozen_training_branch_is_one_finding_that_names_its_ops(seed: int, oracle: Oracle, tmp_path: Path) -> None:
    chance = random.Random(seed)
    layers = [f"{chance.choice(['conv', 'block', 'stage'])}_{i}" for i in range(chance.randint(3, 9))]
    text = "train Placeholder dtype=float32\n" + "".join(
        f"{layer}/bn/mean Const value=0\n{layer}/bn/cond/Switch RefSwitch {layer}/bn/mean train\n" for layer in layers
    )

    (finding,) = found(text)

    assert (finding.code, set(finding.evidence)) == ("G31", {f"{layer}/bn/cond/Switch" for layer in layers})
    assert "the variable was frozen" in finding.message
    assert refusal(oracle, tmp_path, text)


def test_variables_and_what_refers_to_them_are_right() -> None:
    text = X + (
        "w VariableV2 shape=2\nw/Assign Assign w x\nw/read Identity w\ns RefSwitch w y\ne RefIdentity s\n"
        "m MatMul x w/read\n"
    )

    assert found(text) == []


def test_cycles_are_found_and_loops_are_none() -> None:
    ring = "a Add x d\nb Neg a\nc Neg b\nd Neg c ^e\nout Neg d\ne NoOp ^b\n"
    loop = "enter Enter x\nm Merge enter next\nnext NextIteration body\nbody Neg m\n"

    (finding,) = [f for f in found(X + ring) if f.code == "G32"]

    assert set(finding.evidence) <= {"a", "b", "c", "d", "e"}
    assert {"a", "b", "d"} <= set(finding.evidence)
    assert [f for f in found(X + loop) if f.code == "G32"] == []
    assert len([f for f in found(X + ring + "p Neg q\nq Neg p\n") if f.code == "G32"]) == 2


def test_functions_and_their_bodies_are_known_op_types() -> None:
    from tests.places import SAMPLES

    for name in ("m29_module", "m29_keras"):
        findings = lint(Subject(AnalysisContext(scopeview.load(SAMPLES / name))), select=CODES).findings
        assert findings == ()
