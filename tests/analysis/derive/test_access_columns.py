"""What columns say of simple variables is what following each of them says."""

from __future__ import annotations

from pathlib import Path

import pytest

import scopeview
from scopeview.analysis.answers.totals import is_trained
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.access_columns import simple_uses
from tests.places import SAMPLES

GRAPHS = sorted(SAMPLES.glob("*.meta"))


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_simple_variables_are_as_when_each_is_followed(path: Path) -> None:
    model = scopeview.load(path)
    context = AnalysisContext(model)  # of a graph this small, nothing is done in columns
    found = simple_uses(model, context.roles)
    variables = {variable.identity: variable for variable in model.variables}

    assert found.times == {one: context.uses(variables[one]) for one in found.times}
    assert found.is_trained == {one: is_trained(context, variables[one]) for one in found.is_trained}


def test_most_variables_are_simple() -> None:
    model = scopeview.load(SAMPLES / "m17_gan.meta")
    found = simple_uses(model, AnalysisContext(model).roles)

    assert len(found.is_trained) == len(model.variables)
    assert len(found.times) == len(model.variables) - 4  # four are shared
