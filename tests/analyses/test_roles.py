"""What ops are for: structure before names."""

from __future__ import annotations

import scopeview
from scopeview.analyses.facts import Facts
from scopeview.analyses.roles import ROLES
from scopeview.model.model import Model
from tests.graphs import model_from_text, saver
from tests.places import SAMPLES


def roles(model: Model) -> dict[str, str]:
    facts = Facts(model)
    return {model.graph.name(row): facts.roles.of(row) for row in model.graph}


TRAINING = """
x                        Placeholder
w                        VariableV2  shape=2
w/Initializer/zeros      Const       value=0
w/Assign                 Assign      w  w/Initializer/zeros
w/read                   Identity    w
y                        Mul         x  w/read
loss                     Sum         y
grads/fill               Const       value=1
grads/y/mul              ReluGrad    grads/fill  y
clip/norm                L2Loss      grads/y/mul
clip/scaled              Mul         grads/y/mul  clip/norm
rate/start               Const       value=1
rate                     Neg         rate/start
step                     ApplyGradientDescent  w  rate  clip/scaled
train                    NoOp        ^step
init                     NoOp        ^w/Assign
loss_tag                 Const       strings=loss
seen                     Mean        y
loss_summary             ScalarSummary  loss_tag  seen
merged                   MergeSummary   loss_summary
both                     NoOp        ^train  ^init
"""


def test_structure_tells_roles_without_any_name_of_tensorflows() -> None:
    found = roles(model_from_text(TRAINING + saver({"w": "w"}, name="keep")))

    assert {name: role for name, role in found.items() if not name.startswith("keep")} == {
        **dict.fromkeys(["x", "w", "w/read", "y", "loss"], "forward"),
        **dict.fromkeys(["w/Initializer/zeros", "w/Assign", "init"], "init"),
        **dict.fromkeys(["grads/y/mul", "clip/norm", "clip/scaled", "grads/fill"], "gradient"),
        **dict.fromkeys(["rate/start", "rate", "step", "train"], "update"),
        **dict.fromkeys(["loss_tag", "loss_summary", "merged", "seen"], "summary"),
        "both": "bookkeeping",
    }
    assert {role for name, role in found.items() if name.startswith("keep")} == {"save"}


def test_the_loss_is_forward_although_only_gradients_and_summaries_look_at_it() -> None:
    found = roles(model_from_text("x Placeholder\nloss MatMul x x\nshape Shape loss\ngradients/g Fill shape loss"))

    assert (found["loss"], found["gradients/g"]) == ("forward", "gradient")


def test_what_has_a_gradient_stays_forward_when_a_summary_alone_shows_it() -> None:
    text = "x Placeholder\nloss Mean x\nshow ScalarSummary loss\n"

    assert roles(model_from_text(text))["loss"] == "summary"
    assert roles(model_from_text(text + "gradients/loss_grad/Shape Const value=1"))["loss"] == "forward"
    assert roles(model_from_text(text, {"losses": ["loss:0"]}))["loss"] == "forward"


def test_a_network_that_only_a_summary_shows_stays_forward() -> None:
    found = roles(
        model_from_text("x Placeholder\nw Const value=1\nconv Conv2D x w\nimage Cast conv\nshown ImageSummary image")
    )

    assert (found["conv"], found["image"], found["shown"]) == ("forward", "summary", "summary")


def test_a_scope_called_save_or_update_is_no_saver_and_no_optimiser() -> None:
    found = roles(model_from_text("save/x Placeholder\nupdate_state/y Neg save/x\ngradientsy/z Neg update_state/y"))

    assert set(found.values()) == {"forward"}


def test_moving_averages_are_updates_and_states_are_forward() -> None:
    found = roles(
        model_from_text(
            """
            mean VariableV2 shape=2
            mean/read Identity mean
            x Placeholder
            d Const value=0.1
            avg/sub Sub mean/read x
            avg/mul Mul avg/sub d
            avg AssignSub mean avg/mul
            state VariableV2 shape=2
            state/zeros Const value=0
            state/Assign Assign state state/zeros
            next Add state x
            keep Assign state next
            """
        )
    )

    assert {n: found[n] for n in ("avg/sub", "avg/mul", "avg", "mean", "next", "keep", "state")} == {
        **dict.fromkeys(["avg/sub", "avg/mul", "avg", "mean"], "update"),
        **dict.fromkeys(["next", "keep", "state"], "forward"),
    }


def test_control_flow_that_asks_whether_a_variable_is_initialised_is_no_use_of_it() -> None:
    facts = Facts(scopeview.load(SAMPLES / "m24_moving_average.meta"))

    (weights,) = facts.model.variables.named("dense/weights")

    assert [site.scope for site in facts.call_sites(weights)] == ["dense"]


def test_functions_that_save_are_told_from_functions_that_compute() -> None:
    model = scopeview.load(SAMPLES / "m29_module")
    facts = Facts(model)

    of_functions = {name: set(facts.roles.codes(name).tolist()) for name in model.functions}

    saving = {name for name in of_functions if "traced" in name}
    assert saving and all(of_functions[name] == {ROLES.index("save")} for name in saving)
    assert of_functions["__inference_call_27"] == {ROLES.index("forward")}


def test_every_op_has_one_role_and_counts_add_up() -> None:
    model = scopeview.load(SAMPLES / "m17_gan.meta")
    facts = Facts(model)

    counts = facts.roles.counts()

    assert sum(counts.values()) == len(model.graph)
    assert list(counts) == ["forward", "save", "init", "bookkeeping", "gradient", "update"]
    assert [model.graph.name(row) for row in facts.roles.rows("update")][:2] == ["Adam_d", "Adam_d/Assign"]
