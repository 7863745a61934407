"""Uses, roles, state of optimizers and first values, held against what TensorFlow does when it runs the graph."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import scopeview
from scopeview.analysis.answers.totals import parameter_totals
from scopeview.analysis.context import AnalysisContext
from tests.places import ROOT

SEED = 7


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("networks")
    command = [sys.executable, "-m", "tests.analysis.derive.networks", str(folder), str(SEED)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
    return folder, json.loads((folder / "truth.json").read_text("utf-8"))


def graphs(measured: tuple[Path, dict[str, Any]], kind: str) -> Iterator[tuple[str, AnalysisContext, dict[str, Any]]]:
    folder, truth = measured
    found = [name for name in truth if name.startswith(kind)]
    assert len(found) >= 6
    for name in found:
        yield name, AnalysisContext(scopeview.load(folder / name)), truth[name]


def test_a_variable_is_used_as_often_as_outputs_change_with_it(measured: tuple[Path, dict[str, Any]]) -> None:
    for name, context, truth in graphs(measured, "sharing"):
        uses = {variable.name: context.uses(variable) for variable in context.model.variables}

        assert uses == truth["uses"], name


def test_forward_is_what_the_loss_depends_on(measured: tuple[Path, dict[str, Any]]) -> None:
    for name, context, truth in graphs(measured, "training"):
        graph = context.model.graph
        rows = {op: graph.row(op) for op in truth["floats"]}
        role = {op: context.roles.of(row) for op, row in rows.items() if row is not None}

        # What the loss depends on computes; of what computes, only constants and fed values have no gradient.
        wrong = [op for op in truth["connected"] if role.get(op, "forward") != "forward"]
        others = [
            op
            for op, of_op in role.items()
            if of_op == "forward"
            and op not in truth["connected"]
            and graph.op_type(rows[op]) not in ("Const", "Placeholder", "VariableV2")  # type: ignore[arg-type]
        ]
        assert (wrong, others) == ([], []), name


def test_what_a_step_changes_is_a_weight_or_belongs_to_one(measured: tuple[Path, dict[str, Any]]) -> None:
    for name, context, truth in graphs(measured, "training"):
        auxiliary = context.auxiliary_variables
        own = [variable.name for variable in context.model.variables if variable not in auxiliary]
        kept = {fact.variable for fact in auxiliary}

        assert set(truth["moved"]) <= {*truth["weights"], *kept}, name
        assert {fact.primary for fact in auxiliary} <= {*truth["weights"], ""}, name
        assert not {*truth["weights"]} & kept, name
        assert parameter_totals(context).trained == truth["trained"], (name, own)


def test_first_values_are_drawn_as_their_initializers_say(measured: tuple[Path, dict[str, Any]]) -> None:
    for name, context, truth in graphs(measured, "initial"):
        for variable in context.model.variables:
            assert variable.initializer is not None
            kind, said = variable.initializer.kind, variable.initializer.arguments
            mean, spread, low, high, corner = truth["drawn"][variable.name]
            where = (name, variable.name, variable.initializer)
            match kind:
                case "random_normal":
                    assert mean == pytest.approx(said["mean"], abs=0.05 + spread / 20), where
                    assert spread == pytest.approx(said["stddev"], rel=0.05), where
                case "truncated_normal":
                    assert mean == pytest.approx(said["mean"], abs=0.05 + spread / 20), where
                    assert spread / 0.8796 == pytest.approx(said["stddev"], rel=0.05), where
                case "random_uniform":
                    assert (low, high) == pytest.approx((said["minval"], said["maxval"]), abs=0.02), where
                case "identity":
                    assert (corner, low) == pytest.approx((said.get("gain", 1.0), min(0.0, corner))), where
                case "zeros" | "ones" | "constant":
                    value = {"zeros": 0.0, "ones": 1.0}.get(kind, said.get("value"))
                    assert (low, high) == pytest.approx((value, value)), where
                case _:
                    assert not said, where  # named by its op: nothing is said that could be wrong
