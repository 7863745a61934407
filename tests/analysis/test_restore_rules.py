"""Findings about a graph and the checkpoint that is to be restored into it: one for each cause."""

from __future__ import annotations

import pytest

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.run import lint
from tests.graphs import checkpoint, model_from_text, ref_variable


@pytest.mark.parametrize(
    ("key", "shape", "entries", "message"),
    [
        ("w/Adam", [2], {"w": [2]}, "the checkpoint has no optimizer state, the graph has Adam: 1 key"),
        ("w/Adam", [2], {"w": [2], "w/Momentum": [2]}, "the optimizer changed, Momentum -> Adam: 1 key of its state"),
        ("beta1_power", [], {"w": [2]}, "the checkpoint has no optimizer state, the graph has an optimizer: 1 key"),
        ("global_step", [], {"w": [2]}, "global_step: the step counter is not in the checkpoint"),
        ("w/ExponentialMovingAverage", [2], {"w": [2]}, "w/ExponentialMovingAverage: the checkpoint has these"),
        ("q", [2], {"w": [2], "q/ExponentialMovingAverage": [2]}, "q: the checkpoint has the moving averages of these"),
        ("q", [2], {"w": [2], "q/part_0": [1], "q/part_1": [1]}, "q: the checkpoint stores every part under a key"),
        ("net/w", [2], {"w": [2], "model/net/w": [2]}, "net/w: stored as model/net/w"),
        ("net/w", [2], {"w": [2], "net/weights": [2]}, "net/w: stored as net/weights"),
        ("Net/w", [2], {"w": [2], "net/w": [2]}, "Net/w: stored as net/w"),
        ("net/q", [2], {"w": [2], "other/r": [3]}, "net/q: not in the checkpoint"),
    ],
)
def test_missing_keys_have_a_cause(key: str, shape: list[int], entries: dict[str, list[int]], message: str) -> None:
    sizes = ",".join(map(str, shape))
    model = model_from_text(ref_variable("w") + ref_variable(key, sizes) + "y Neg w/read")

    report = lint(Subject(AnalysisContext(model), AnalysisContext(checkpoint(entries))), select=["GC1"])

    assert [f.message[: len(message)] for f in report.findings] == [message]
    assert report.findings[0].fix
    assert report.verdict is not None
    assert report.verdict.sentence == "Restore will fail: 1 key not in the checkpoint (1 of 2 keys fit)"


def test_a_resource_variable_of_another_shape_is_restored_without_a_check() -> None:
    model = model_from_text("w VarHandleOp shape=2")

    report = lint(Subject(AnalysisContext(model), AnalysisContext(checkpoint({"w": [3]}))), select=["GC2"])

    assert report.findings[0].message.startswith("w: [3] -> [2] (checkpoint -> graph); TensorFlow 1 loads it without")
    assert report.verdict is not None
    assert (report.verdict.succeeds, report.verdict.fitting) == (True, 0)
    assert report.verdict.sentence.startswith("Restore will succeed, but loads 1 key of another shape without a check")


def test_one_cause_is_one_finding_however_many_keys_it_has() -> None:
    layers = range(40)
    stored = {f"net/layer_{i}/kernel": [3, i + 1] for i in layers}
    quant = "".join(ref_variable(f"net/layer_{i}/q/{end}") for i in layers for end in ("min", "max"))
    kernels = "".join(ref_variable(f"net/layer_{i}/kernel", f"3,{i + 1}") for i in layers)

    report = lint(
        Subject(AnalysisContext(model_from_text(quant + kernels)), AnalysisContext(checkpoint(stored))), select=["GC1"]
    )

    assert [f.message for f in report.findings] == ["80 x net/layer_{0..39}/q/{max,min}: not in the checkpoint"]
    assert report.verdict is not None
    assert (report.verdict.wanted, report.verdict.fitting) == (120, 40)
