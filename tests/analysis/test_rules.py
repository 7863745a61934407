"""What is meant is a note, and what looks alike and is not is a warning."""

from __future__ import annotations

import pytest

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.run import lint
from scopeview.model.variables import Variable
from tests.graphs import checkpoint_of, model_from_text, ref_variable, saver

ASSET = """
    file VariableV2 dtype=string
    file/initial_value Const strings=vocabulary.txt
    file/Assign Assign file file/initial_value
    moved Const strings=other.txt
    Assign Assign file moved
"""


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (ASSET, "info"),
        (ASSET.replace("moved Const", "moved Placeholder"), "warning"),
        (ref_variable("file"), "warning"),
    ],
    ids=["a constant text", "a text that is fed", "a number"],
)
def test_the_file_name_of_an_asset_is_no_value_that_is_lost(text: str, severity: str) -> None:
    model = model_from_text(ref_variable("w") + "y Neg w/read" + text + saver({"w": "w"}), {"variables": ["w"]})

    found = {finding.code: finding for finding in lint(Subject(AnalysisContext(model))).findings}

    assert {code: (found[code].where, found[code].severity) for code in ("G9", "G18")} == {
        "G9": ("file", severity),
        "G18": ("file", severity),
    }


def layer(name: str, scope: str) -> str:
    """A layer of two weights in a variable scope, entered in a name scope."""
    weights = ref_variable(f"{name}/w", "2,2") + ref_variable(f"{name}/b")
    ops = f"{scope}/{name}/MatMul MatMul x {name}/w/read\n{scope}/{name}/Add Add {scope}/{name}/MatMul {name}/b/read\n"
    return weights + ops


@pytest.mark.parametrize(
    ("text", "where", "severity"),
    [
        (layer("dense", "output"), "output", "warning"),
        (layer("a", "clone_0") + layer("b", "clone_0"), "clone_0", "info"),
        (layer("a", "net/replica3") + layer("b", "net/replica3"), "net/replica3", "info"),
        (layer("a", "fc_1"), "fc_1", "warning"),
        (layer("a", "model") + layer("b", "model"), "model", "warning"),
        (ref_variable("step", "") + "train/Add Add x step/read\n", "train", "info"),
    ],
    ids=["a layer", "a clone", "a replica", "one layer of a number", "a model", "a counter"],
)
def test_a_name_scope_that_is_meant_is_a_note(text: str, where: str, severity: str) -> None:
    found = lint(Subject(AnalysisContext(model_from_text("x Placeholder\n" + text))), select=["G25"]).findings

    assert [(finding.where, finding.severity) for finding in found] == [(where, severity)]


@pytest.mark.parametrize(("name", "severity"), [("Variable", "info"), ("net/Variable", "info"), ("kernel", "warning")])
def test_variables_that_nobody_named_are_a_note(name: str, severity: str) -> None:
    of_path = (
        Variable(path, "checkpoint", (2,), "float32", checkpoint_keys=(path,), full_name=name, object_paths=(path,))
        for path in "ab"
    )
    model = checkpoint_of(tuple(of_path), format="checkpoint_object")

    found = lint(Subject(AnalysisContext(model)), select=["O1"]).findings

    assert [(finding.where, finding.severity) for finding in found] == [(name, severity)]
