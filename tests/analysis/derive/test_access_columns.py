"""What columns say of simple variables is what following each of them says."""

from __future__ import annotations

from pathlib import Path

import pytest

import scopeview
from scopeview.analysis.answers.totals import is_trained
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.access_columns import simple_uses
from scopeview.model.names import scope_of
from tests.graphs import model_from_text
from tests.places import SAMPLES

GRAPHS = sorted(SAMPLES.glob("*.meta"))


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_simple_variables_are_as_when_each_is_followed(path: Path) -> None:
    model = scopeview.load(path)
    context = AnalysisContext(model)  # of a graph this small, nothing is done in columns
    found = simple_uses(model, context.roles)
    variables = {variable.identity: variable for variable in model.variables}

    assert found.times == {one: context.uses(variables[one]) for one in found.times}
    used = {one: variables[one] for one in found.only_op}
    assert {one: model.graph.name(row) for one, row in found.only_op.items()} == {
        one: access.works_for for one, variable in used.items() for access in context.accesses(variable).forward
    }
    for one, row in found.only_op.items():
        (site,) = context.call_sites(used[one])
        assert (site.program, site.scope, site.times) == ("", scope_of(model.graph.name(row)), 1)
    assert sorted(found.only_op) == sorted(one for one, times in found.times.items() if times)
    assert {one: {model.graph.name(row) for row in rows} for one, rows in found.writers.items()} == {
        one: {access.op for access in context.accesses(variables[one]).writers} for one in found.writers
    }
    assert found.is_trained == {one: is_trained(context, variables[one]) for one in found.is_trained}


def test_variables_that_nothing_reads_are_used_nowhere() -> None:
    model = model_from_text("\n".join(f"v{number} VariableV2 shape=3" for number in range(300)))
    context = AnalysisContext(model)

    assert {context.uses(variable) for variable in model.variables} == {0}
    assert simple_uses(model, context.roles).only_op == {}


def test_most_variables_are_simple() -> None:
    model = scopeview.load(SAMPLES / "m17_gan.meta")
    found = simple_uses(model, AnalysisContext(model).roles)

    assert len(found.is_trained) == len(model.variables)
    assert len(found.times) == len(model.variables) - 4  # four are shared
