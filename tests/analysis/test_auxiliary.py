"""What exists for the sake of another variable, and the rule that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopeview import load
from scopeview.analysis.answers.sharing import sharing
from scopeview.analysis.answers.variables import variable_table
from scopeview.analysis.context import AnalysisContext
from scopeview.model.model import Model
from scopeview.model.variables import Variable
from tests.graphs import checkpoint, checkpoint_of, model_from_text
from tests.oracle import Oracle


def attached(model: Model) -> dict[str, tuple[str, str, str, str]]:
    return {a.variable: (a.primary, a.kind, a.holds, a.rule) for a in AnalysisContext(model).auxiliary_variables}


def test_an_update_op_has_its_slots_whatever_they_are_called() -> None:
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

    made = [
        Variable("net/w", "checkpoint", (2, 3), "float32", trainable=True),
        Variable("net/w/Adafactor", "checkpoint", (2,), "float32", trainable=False),
    ]
    assert attached(checkpoint_of(made)) == {"net/w/Adafactor": ("net/w", "slot", "", "S5")}


def test_a_key_of_an_object_graph_names_the_slot() -> None:
    values = "/.ATTRIBUTES/VARIABLE_VALUE"
    made = [
        Variable("w", "checkpoint", (2,), "float32", checkpoint_keys=(f"net/w{values}",)),
        Variable("Adam/w/m", "checkpoint", (2,), "float32", checkpoint_keys=(f"net/w/.OPTIMIZER_SLOT/opt/m{values}",)),
    ]

    assert attached(checkpoint_of(made)) == {"Adam/w/m": ("w", "slot", "", "S3")}


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


def test_weights_of_one_name_have_their_own_slots(oracle: Oracle, tmp_path: Path) -> None:
    """Eager variables are not numbered: all weights are `kernel`, and all slots `kernel/Adam` or `kernel/Adam_1`."""
    widths = [3, 4, 4]
    keys = oracle.ask("weights_of_one_name", tmp_path / "ckpt", name="kernel", widths=widths)
    context = AnalysisContext(load(tmp_path / "ckpt"))
    auxiliary, variables = context.auxiliary_variables, context.model.variables

    weights = [v for v in variables if v.name == "kernel"]
    assert sorted(v.parameters or 0 for v in weights) == [2 * width for width in widths]
    assert [v in auxiliary for v in weights] == [False] * len(widths)
    for weight in weights:
        theirs = [key for key in keys if key.startswith(f"{path_of(weight)}/.OPTIMIZER_SLOT")]
        assert len(theirs) == len(auxiliary.belonging_to(weight)) == 2
        slots = [v for v in variables if v.checkpoint_keys[0] in theirs]
        assert [fact.primary for slot in slots if (fact := auxiliary.of(slot))] == ["kernel"] * 2


def path_of(variable: Variable) -> str:
    return variable.checkpoint_keys[0].partition("/.ATTRIBUTES/")[0]


def test_a_weight_with_the_name_of_a_slot_does_not_vanish() -> None:
    attributes = ".ATTRIBUTES/VARIABLE_VALUE"
    keys = (f"net/w/{attributes}", f"net/w/.OPTIMIZER_SLOT/optimizer/m/{attributes}", f"other/{attributes}")
    names = ("w", "m", "m")  # the last is a weight that somebody called `m`
    context = AnalysisContext(
        checkpoint_of(
            [
                Variable(name, "checkpoint", (2,), "float32", checkpoint_keys=(key,), full_name=name)
                for name, key in zip(names, keys, strict=True)
            ],
            format="checkpoint_object",
        )
    )

    own = [v.checkpoint_keys[0] for v in context.model.variables if v not in context.auxiliary_variables]
    assert sorted(own) == [keys[0], keys[2]]
    assert [row.name for row in variable_table(context).rows] == ["m", "w"]
    assert sharing(context, minimum=0).model_variables == 2
    assert [a.slot for a in context.auxiliary_variables.belonging_to(context.model.variables.named("w")[0])] == ["m"]
