"""Keras 3 exports every variable twice: one variable per object, and the keys that the loader reads."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import scopeview
from scopeview.analysis.answers.totals import parameter_totals
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.restore import restore
from scopeview.readers import read_beside
from scopeview.render.text.console import make_console
from scopeview.render.text.inspect import print_header
from tests.oracle import Oracle

_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"


@pytest.mark.parametrize(("units", "dropout"), [([8, 3], False), ([4], False), ([7, 6, 2], True)])
def test_a_keras_3_export_has_one_variable_per_object(
    oracle: Oracle, tmp_path: Path, units: list[int], dropout: bool
) -> None:
    truth = oracle.ask("build_keras3", tmp_path, units=units, dropout=dropout)
    assert "refused" not in truth, truth
    model = scopeview.load(tmp_path)
    by_key = {key.removesuffix(_VALUE): variable for variable in model.variables for key in variable.checkpoint_keys}
    assert {key: list(by_key[key].shape or ()) for key in truth["shapes"]} == truth["shapes"]
    assert all(by_key[key].handle_op and by_key[key].full_name for key in truth["shapes"])
    assert not [variable.name for variable in model.variables if variable.name.startswith("Variable")]
    bound = {identity for binding in model.bindings for identity in binding.variables if identity}
    assert bound <= {by_key[key].identity for key in truth["shapes"]}
    context = AnalysisContext(model)
    totals = parameter_totals(context)
    assert totals.trained == truth["trained"]
    copied = int(model.variables.parameters.sum()) - (totals.trained or 0) - (totals.not_trained or 0)
    out = io.StringIO()
    print_header(make_console(file=out, whole=True), scopeview.inspect(model).model)
    assert f"{copied:,} in copies)" in out.getvalue()
    beside = read_beside(model)
    assert beside is not None
    report = restore(context, AnalysisContext(beside))
    assert (len(report.missing), len(report.mismatched), len(report.unused)) == (0, 0, 0)
