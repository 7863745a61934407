"""What ops are for: structure before names."""

from __future__ import annotations

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.roles import ROLES
from scopeview.model.model import Model
from tests.graphs import model_from_text, saver
from tests.places import SAMPLES


def roles(model: Model) -> dict[str, str]:
    context = AnalysisContext(model)
    return {model.graph.name(row): context.roles.of(row) for row in model.graph}


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
shown                    Reshape     seen
loss_summary             ScalarSummary  loss_tag  shown
merged                   MergeSummary   loss_summary
both                     NoOp        ^train  ^init
"""


def test_structure_gives_roles_without_any_name_of_tensorflows() -> None:
    found = roles(model_from_text(TRAINING + saver({"w": "w"}, name="keep")))

    assert {name: role for name, role in found.items() if not name.startswith("keep")} == {
        **dict.fromkeys(["x", "w", "w/read", "y", "loss"], "forward"),
        **dict.fromkeys(["w/Initializer/zeros", "w/Assign", "init"], "init"),
        **dict.fromkeys(["grads/y/mul", "clip/norm", "clip/scaled", "grads/fill"], "gradient"),
        **dict.fromkeys(["rate/start", "rate", "step", "train"], "update"),
        **dict.fromkeys(["loss_tag", "loss_summary", "merged", "shown", "seen"], "summary"),
        "both": "bookkeeping",
    }
    assert {role for name, role in found.items() if name.startswith("keep")} == {"save"}


def test_the_loss_is_forward_although_only_gradients_and_summaries_look_at_it() -> None:
    found = roles(model_from_text("x Placeholder\nloss MatMul x x\nshape Shape loss\ngradients/g Fill shape loss"))

    assert (found["loss"], found["gradients/g"]) == ("forward", "gradient")


def test_a_result_that_only_a_summary_shows_is_a_result_and_what_measures_it_is_not() -> None:
    text = "x Placeholder\nprob Sigmoid x\nmean Mean prob\nflat Reshape mean\nshow ScalarSummary flat\n"

    assert roles(model_from_text(text)) == {
        **dict.fromkeys(["x", "prob"], "forward"),
        **dict.fromkeys(["mean", "flat", "show"], "summary"),
    }
    assert roles(model_from_text(text, {"losses": ["flat:0"]}))["flat"] == "forward"
    assert roles(model_from_text(text + "gradients/flat_grad/Shape Const value=1"))["flat"] == "forward"


def test_statistics_of_weights_that_only_summaries_read_are_summaries() -> None:
    text = """
        w VariableV2 shape=2
        w/read Identity w
        x Placeholder
        y MatMul x w/read
        mean Mean w/read
        off Sub w/read mean
        squares Square off
        spread Sqrt squares
        show ScalarSummary spread
    """

    found = roles(model_from_text(text))

    assert {found[name] for name in ("mean", "off", "squares", "spread", "show")} == {"summary"}
    assert {found[name] for name in ("w", "w/read", "y")} == {"forward"}


def test_a_transposed_convolution_is_no_gradient() -> None:
    text = "x Placeholder\nw Const value=1\ny Conv2DBackpropInput w x\ngradients/y_grad/Conv2D Conv2D y x\n"

    found = roles(model_from_text(text))

    assert (found["y"], found["gradients/y_grad/Conv2D"]) == ("forward", "gradient")


def test_an_optimizer_that_is_spelt_out_is_one() -> None:
    """Keras before 2.3 writes weights and accumulators by plain assignments, and reads both again for nothing."""
    model = model_from_text(
        """
        w VarHandleOp shape=2 shared_name=w
        y/ReadVariableOp ReadVariableOp w
        x Placeholder
        y MatMul x y/ReadVariableOp
        a VarHandleOp shape=2 shared_name=a
        opt/gradients/y_grad/MatMul MatMul x y
        opt/r ReadVariableOp a
        opt/new_a AddV2 opt/r opt/gradients/y_grad/MatMul
        opt/assign_a AssignVariableOp a opt/new_a
        opt/again_a ReadVariableOp a ^opt/assign_a
        opt/root Sqrt opt/r
        opt/step RealDiv opt/gradients/y_grad/MatMul opt/root
        opt/w ReadVariableOp w
        opt/new_w Sub opt/w opt/step
        opt/assign_w AssignVariableOp w opt/new_w
        opt/again_w ReadVariableOp w ^opt/assign_w
        train NoOp ^opt/again_a ^opt/again_w
        """
    )
    context = AnalysisContext(model)

    found = roles(model)
    assert {name: role for name, role in found.items() if role == "forward"} == dict.fromkeys(
        ["w", "y/ReadVariableOp", "x", "y"], "forward"
    )
    assert found["train"] == found["opt/assign_a"] == found["opt/assign_w"] == "update"
    assert [(a.variable, a.primary, a.rule) for a in context.auxiliary_variables] == [("a", "w", "S1")]
    (w,) = model.variables.named("w")
    assert [site.reads for site in context.call_sites(w)] == [("y",)]


def test_batch_normalization_averages_in_a_branch_of_its_own() -> None:
    found = roles(
        model_from_text(
            """
            mean VarHandleOp shape=2
            x Placeholder
            bn/cond_1/ReadVariableOp ReadVariableOp mean
            bn/cond_1/Merge Merge bn/cond_1/ReadVariableOp
            bn/cond_1/AssignMovingAvg/read ReadVariableOp mean
            bn/cond_1/AssignMovingAvg/sub Sub bn/cond_1/AssignMovingAvg/read x
            bn/cond_1/AssignMovingAvg/mul Mul bn/cond_1/AssignMovingAvg/sub x
            bn/cond_1/AssignMovingAvg/AssignSub AssignSubVariableOp mean bn/cond_1/AssignMovingAvg/mul
            bn/cond/ReadVariableOp ReadVariableOp mean
            bn/y Sub x bn/cond/ReadVariableOp
            """
        )
    )

    assert {name for name, role in found.items() if role == "forward"} == {
        "mean",
        "x",
        "bn/cond/ReadVariableOp",
        "bn/y",
    }


def test_initializers_of_a_module_that_is_applied_again_are_no_use() -> None:
    context = AnalysisContext(
        model_from_text(
            """
            m/w VarHandleOp shape=2
            m/w/Initializer/zeros Const value=0
            m/w/Assign AssignVariableOp m/w m/w/Initializer/zeros
            m_apply/w/Initializer/zeros Const value=0
            m_apply/w/Assign AssignVariableOp m/w m_apply/w/Initializer/zeros
            m_apply/w/Read/ReadVariableOp ReadVariableOp m/w
            m_apply/y/ReadVariableOp ReadVariableOp m/w
            m_apply/y Neg m_apply/y/ReadVariableOp
            """
        )
    )
    (w,) = context.model.variables.named("m/w")

    assert [(site.scope, site.reads) for site in context.call_sites(w)] == [("m_apply", ("m_apply/y",))]
    assert {access.role for access in context.accesses(w).writers} == {"init"}


def test_variables_of_slots_are_updates_although_collections_list_them() -> None:
    text = """
        w VariableV2 shape=2
        w/read Identity w
        y Neg w/read
        w/Momentum VariableV2 shape=2
        w/Momentum/read Identity w/Momentum
        g Const value=1
        u ApplyMomentum w w/Momentum g
    """
    found = roles(model_from_text(text, {"variables": ["w", "w/Momentum"]}))

    assert (found["w"], found["w/Momentum"], found["w/Momentum/read"]) == ("forward", "update", "bookkeeping")


def test_a_network_that_only_a_summary_shows_stays_forward() -> None:
    found = roles(
        model_from_text("x Placeholder\nw Const value=1\nconv Conv2D x w\nimage Cast conv\nshown ImageSummary image")
    )

    assert (found["conv"], found["image"], found["shown"]) == ("forward", "summary", "summary")


def test_what_writes_a_variable_is_never_part_of_a_summary() -> None:
    found = roles(
        model_from_text("n VariableV2 shape=2\nx Placeholder\ncount AssignAdd n x\nshown ScalarSummary count")
    )

    assert found["count"] == "forward"


def test_a_scope_called_save_or_update_is_no_saver_and_no_optimizer() -> None:
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


def test_control_flow_that_asks_whether_a_variable_is_initialized_is_no_use_of_it() -> None:
    context = AnalysisContext(scopeview.load(SAMPLES / "m24_moving_average.meta"))

    (weights,) = context.model.variables.named("dense/weights")

    assert [site.scope for site in context.call_sites(weights)] == ["dense"]


def test_functions_that_save_are_distinguished_from_functions_that_compute() -> None:
    model = scopeview.load(SAMPLES / "m29_module")
    context = AnalysisContext(model)

    of_functions = {name: set(context.roles.codes(name).tolist()) for name in model.functions}

    saving = {name for name in of_functions if "traced" in name}
    assert saving and all(of_functions[name] == {ROLES.index("save")} for name in saving)
    assert of_functions["__inference_call_27"] == {ROLES.index("forward")}


def test_the_name_of_a_file_is_asked_for_by_the_saver_alone() -> None:
    found = roles(scopeview.load(SAMPLES / "m29_module"))

    names = [name for name in found if name.endswith("saver_filename")]
    assert names and {found[name] for name in names} == {"save"}
    fed = roles(model_from_text("x Placeholder\nt Const value=1\nsave/SaveV2 SaveV2 x t t t\ny Relu x"))
    assert fed["x"] == "forward"


def test_every_op_has_one_role_and_counts_add_up() -> None:
    model = scopeview.load(SAMPLES / "m17_gan.meta")
    context = AnalysisContext(model)

    counts = context.roles.counts()

    assert sum(counts.values()) == len(model.graph)
    assert list(counts) == ["forward", "save", "init", "bookkeeping", "gradient", "update"]
    assert [model.graph.name(row) for row in context.roles.rows("update")][:2] == ["Adam_d", "Adam_d/Assign"]


def test_an_op_says_which_rule_decided() -> None:
    context = AnalysisContext(model_from_text(TRAINING))

    decided = {name: context.role_rule(name) for name in ("y", "step", "grads/y/mul", "clip/norm", "rate", "both")}

    assert decided == {"y": "", "step": "R1", "grads/y/mul": "R2", "clip/norm": "S2", "rate": "S7", "both": "S6"}


def test_what_joins_lists_of_what_is_not_initialized_is_bookkeeping() -> None:
    """As `tf.estimator` makes them; a graph without collections has no `ready_op` that would say so."""
    text = """
        w VariableV2
        x Placeholder
        y MatMul x w
        report_uninitialized_variables/Is IsVariableInitialized w
        report_uninitialized_variables/Not LogicalNot report_uninitialized_variables/Is
        report_uninitialized_variables/mask Gather w report_uninitialized_variables/Not
        report_uninitialized_resources/Const Const value=1
        axis Const value=0
        concat ConcatV2 report_uninitialized_variables/mask report_uninitialized_resources/Const axis
        size Size concat
        mixed Pack size x
    """

    found = roles(model_from_text(text))

    assert {found[name] for name in ("concat", "axis", "size")} == {"bookkeeping"}
    assert {found[name] for name in ("x", "w", "y", "mixed")} == {"forward"}


def test_what_fills_a_table_is_no_computation() -> None:
    text = """
        table HashTableV2
        keys Const value=1
        fill LookupTableImportV2 table keys keys
        init_all_tables NoOp ^fill
        x Placeholder
        found LookupTableFindV2 table x keys
    """
    found = roles(model_from_text(text))

    assert {name for name, role in found.items() if role == "init"} == {"fill", "init_all_tables"}
    assert (found["table"], found["found"]) == ("forward", "forward")


def test_a_gradient_penalty_and_an_adversarial_example_are_computed() -> None:
    text = """
        x Placeholder
        w VariableV2 shape=2
        w/read Identity w
        y MatMul x w/read
        gradients/y_grad/MatMul MatMul y w/read
        norm Square gradients/y_grad/MatMul
        penalty Sum norm
        gradients_1/penalty_grad/Tile Mul penalty w/read
        moved Sign gradients/y_grad/MatMul
        adversarial Add x moved
        judged MatMul adversarial w/read
        largest Max gradients/y_grad/MatMul
    """
    found = roles(model_from_text(text))

    assert {found[name] for name in ("norm", "penalty", "moved", "adversarial", "judged")} == {"forward"}
    assert found["largest"] == "gradient"
