"""What exists for the sake of another variable, and the rule that tells."""

from __future__ import annotations

import pytest

from scopeview.analysis.context import AnalysisContext
from scopeview.model.model import Model
from scopeview.model.variables import Variable
from tests.graphs import checkpoint, checkpoint_of, model_from_text


def attached(model: Model) -> dict[str, tuple[str, str, str, str]]:
    return {
        a.variable: (a.primary, a.kind, a.holds, a.rule) for a in AnalysisContext(model).auxiliary_variables.values()
    }


def test_an_update_op_tells_its_slots_whatever_they_are_called() -> None:
    model = model_from_text(
        """
        w VariableV2 shape=2
        first VariableV2 shape=2
        second VariableV2 shape=2
        rate Const value=1
        loop/enter RefEnter second
        apply ApplyAdam w first loop/enter rate
        """
    )

    assert attached(model) == {"first": ("w", "slot", "m", "S1"), "second": ("w", "slot", "v", "S1")}


def test_a_value_that_is_read_is_no_slot() -> None:
    model = model_from_text(
        "w VariableV2 shape=2\nrate VariableV2 shape=2\nrate/read Identity rate\n"
        "apply ApplyGradientDescent w rate/read rate/read"
    )

    assert attached(model) == {}


def test_placement_and_name_tell_an_average() -> None:
    model = model_from_text(
        "w VariableV2 shape=2\nw/ExponentialMovingAverage VariableV2 shape=2 class=w\nother VariableV2 shape=2 class=w"
    )

    assert attached(model) == {"w/ExponentialMovingAverage": ("w", "average", "", "S2")}


@pytest.mark.parametrize(
    ("name", "primary"),
    [
        ("net/w/Adam", "net/w"),
        ("net/w/policy_optimizer_1", "net/w"),
        ("train/train/net/w/Adam", "net/w"),
        ("train/net/w/Adam", "net/w"),
        ("Adam/net/w/m", "net/w"),
        ("Adam/m/net/w", "net/w"),
        ("other/net/w", ""),
        ("net/v/Adam", ""),
    ],
)
def test_names_of_a_checkpoint_tell_slots(name: str, primary: str) -> None:
    found = attached(checkpoint({"net/w": [2, 3], name: [2, 3]}))

    assert found == ({name: (primary, "slot", "", "S4")} if primary else {})


def test_another_shape_needs_more_than_a_name() -> None:
    assert attached(checkpoint({"net/w": [2, 3], "net/w/Adafactor": [2]})) == {}

    told = [
        Variable("net/w", "checkpoint", (2, 3), "float32", trainable=True),
        Variable("net/w/Adafactor", "checkpoint", (2,), "float32", trainable=False),
    ]
    assert attached(checkpoint_of(told)) == {"net/w/Adafactor": ("net/w", "slot", "", "S5")}


def test_a_key_of_an_object_graph_tells_the_slot() -> None:
    values = "/.ATTRIBUTES/VARIABLE_VALUE"
    told = [
        Variable("w", "checkpoint", (2,), "float32", checkpoint_keys=(f"net/w{values}",)),
        Variable("Adam/w/m", "checkpoint", (2,), "float32", checkpoint_keys=(f"net/w/.OPTIMIZER_SLOT/opt/m{values}",)),
    ]

    assert attached(checkpoint_of(told)) == {"Adam/w/m": ("w", "slot", "", "S3")}


def test_scalars_of_optimizers_belong_to_no_variable() -> None:
    found = attached(
        checkpoint({"w": [2], "beta1_power_1": [], "net/beta2_power": [], "beta1_power/w": [], "iter": []})
    )

    assert found == {"beta1_power_1": ("", "scalar", "", "S4"), "net/beta2_power": ("", "scalar", "", "S4")}


def test_replicas_are_grouped_with_their_variable() -> None:
    assert attached(checkpoint({"net/w": [2], "net/w/replica_1": [2]})) == {
        "net/w/replica_1": ("net/w", "replica", "", "S4")
    }


def test_a_trainable_variable_below_another_is_a_variable_of_its_own() -> None:
    model = model_from_text(
        "w VariableV2 shape=2\nw/u VariableV2 shape=2", {"trainable_variables": ["w", "w/u"], "variables": ["w", "w/u"]}
    )

    assert attached(model) == {}
