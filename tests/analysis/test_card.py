"""The card says of a model what its structure proves, and no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import scopeview
from scopeview.analysis.answers.card import CardTensor, ModelCard, model_card
from scopeview.analysis.card import full_card
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.repeats import find_repeats
from scopeview.readers import read_beside
from scopeview.render.card import card_rows
from scopeview.render.markdown_card import card_markdown
from tests.cli.running import Run
from tests.graphs import graph_def_from_text
from tests.places import SAMPLES


def card(name: str) -> ModelCard:
    model = scopeview.load(SAMPLES / name)
    beside = read_beside(model)
    return full_card(AnalysisContext(model), AnalysisContext(beside) if beside is not None else None)


def card_of(text: str, tmp_path: Path) -> ModelCard:
    path = tmp_path / "graph.pb"
    path.write_bytes(graph_def_from_text(text))
    return full_card(AnalysisContext(scopeview.load(path)))


def names(tensors: tuple[CardTensor, ...]) -> list[str]:
    return [tensor.name for tensor in tensors]


BARE = """
    image      Placeholder  shape=4,8 dtype=float32
    label      Placeholder  shape=4 dtype=float32
    w          VariableV2   shape=8,2
    w/read     Identity     w
    y          MatMul       image w/read
    prob       Softmax      y
    hist/tag   Const
    hist       HistogramSummary  hist/tag prob
    step       Const
    next       AddV2        step step
"""


def test_a_bare_graph_shows_what_is_fed_and_what_it_computes(tmp_path: Path) -> None:
    found = card_of(BARE, tmp_path)
    assert names(found.inputs) == ["image", "label"]
    assert [one.is_used for one in found.inputs] == [True, False]
    assert found.inputs[0].shape == (4, 8)
    assert names(found.outputs) == ["prob"]
    assert found.losses == ()


def test_what_only_a_saver_or_a_constant_computes_is_no_end(tmp_path: Path) -> None:
    saver = """
        save/Const   Const
        save/names   Const
        save/SaveV2  SaveV2  save/Const save/names save/names w
        save/ctl     Identity  save/Const ^save/SaveV2
    """
    assert names(card_of(BARE + saver, tmp_path).outputs) == ["prob"]


@pytest.mark.parametrize("branches", [1, 3])
def test_what_repeats_a_predicate_is_no_output(branches: int, tmp_path: Path) -> None:
    """`tf.cond` makes `pred_id`, `switch_t` and `switch_f` of its predicate, and some of them are read by nothing."""
    text = BARE + "training Placeholder dtype=bool\n"
    for number in range(branches):
        cond = f"cond_{number}" if number else "cond"
        text += f"""
            {cond}/Switch      Switch    training training
            {cond}/switch_t    Identity  {cond}/Switch:1
            {cond}/switch_f    Identity  {cond}/Switch
            {cond}/pred_id     Identity  training
            {cond}/Neg/Switch  Switch    image {cond}/pred_id
            {cond}/Neg         Neg       {cond}/Neg/Switch:1
            {cond}/Abs         Abs       {cond}/Neg/Switch
            {cond}/Merge       Merge     {cond}/Abs {cond}/Neg
            {cond}_1/pred_id   Identity  training
        """
    merged = [f"cond_{number}/Merge" if number else "cond/Merge" for number in range(branches)]
    assert names(card_of(text, tmp_path).outputs) == ["prob", *merged]


def test_a_loss_is_where_gradients_begin(tmp_path: Path) -> None:
    training = """
        cost                      Mean   prob label
        gradients/cost_grad/Fill  Fill   step
        gradients/prob_grad/Mul   Mul    gradients/cost_grad/Fill prob
        gradients/y_grad/MatMul   MatMul gradients/prob_grad/Mul image
        train/rate                Const
        train/update_w            ApplyGradientDescent  w train/rate gradients/y_grad/MatMul
    """
    found = card_of(BARE.replace("hist ", "histogram "), tmp_path)
    assert names(found.losses) == []
    found = card_of(BARE + training, tmp_path)
    assert names(found.losses) == ["cost"]
    assert "cost" not in names(found.outputs)


def test_the_gan_of_the_samples() -> None:
    found = card("m17_gan.meta")
    assert names(found.inputs) == ["z", "real"]
    assert sorted(names(found.losses)) == ["loss_d", "loss_g"]
    assert (found.parameters.trained, found.parameters.optimizer) == (89, 182)
    assert found.total_shared == 4
    assert [part.path for part in found.largest] == ["generator", "discriminator"]
    assert found.errors == 0


def test_a_saved_model_shows_its_signature_and_its_checkpoint() -> None:
    found = card("m29_keras")
    assert found.program == "serving_default"
    assert names(found.inputs) == ["x"]
    assert names(found.outputs) == ["head"]
    assert found.restore is not None
    assert (found.restore.will_load, found.restore.missing) == (4, 0)


@pytest.mark.parametrize(
    ("labels", "pattern"), [(["layer_0", "layer_1", "layer_2"], "net/layer_{i}"), (["b1", "b2"], "net/b{i}")]
)
def test_equal_parts_are_counted(labels: list[str], pattern: str, tmp_path: Path) -> None:
    lines = ["net/x  Placeholder"]
    before = "net/x"
    for label in labels:
        lines += [
            f"net/{label}/{op}  {op}  {source}" for op, source in (("Relu", before), ("Neg", f"net/{label}/Relu"))
        ]
        lines += [f"net/{label}/{op}  {op}  net/{label}/Neg" for op in ("Exp", "Abs")]
        before = f"net/{label}/Exp"
    path = tmp_path / "graph.pb"
    path.write_bytes(graph_def_from_text("\n".join(lines)))
    model = scopeview.load(path)
    (found,) = find_repeats(model.graph, 2, lambda _scope: True)
    assert (found.pattern, len(found.scopes), found.ops) == (pattern, len(labels), 4)
    assert [part.count for part in model_card(AnalysisContext(model)).repeated] == [len(labels)]


def test_a_checkpoint_has_parameters_and_no_ends() -> None:
    found = card("m32_after.ckpt")
    assert not found.inputs
    assert not found.outputs
    assert found.parameters.trained
    assert found.parameters.trained > 0


def test_the_card_stands_in_json_text_markdown_and_reports(scopeview: Run) -> None:
    path = SAMPLES / "m17_gan.meta"
    found = json.loads(scopeview("inspect", path, "--json").out)["card"]
    assert found["losses"][0]["name"] == "loss_d"
    assert json.loads(scopeview("report", path, "--json").out)["card"] == found
    assert "losses" in scopeview("inspect", path).out.split("\nops")[0]
    assert "losses" not in scopeview("inspect", path, "--variables").out
    assert "- **losses**: `loss_d" in scopeview("inspect", path, "--markdown").out
    assert "<dt>losses</dt>" in scopeview("report", path, "-o", "-").out


def test_names_are_data_in_every_form(tmp_path: Path) -> None:
    found = card_of(BARE + "\n<b>`x`\x1b[31m  Placeholder\nz  Relu  <b>`x`\x1b[31m", tmp_path)
    text = "\n".join(phrase for _, phrases in card_rows(found) for phrase in phrases)
    assert "\x1b" not in text
    assert "\x1b" not in card_markdown(found, "a\x1bb")
    assert "`` <b>`x`" in card_markdown(found, "a") or "``<b>`x`" in card_markdown(found, "a")


PENALIZED = """
    image      Placeholder  shape=4,8 dtype=float32
    w          VariableV2   shape=8,2
    w/read     Identity     w
    y          MatMul       image w/read
    lap        StatelessWhile  y
    lap/Identity    Identity  lap
    lap/Identity_1  Identity  lap:1
    prob       Softmax      y
    cost       Mean         lap/Identity_1
    square     L2Loss       w/read
    both       AddN         cost square
    total      AddV2        both square
    {root}/cost_grad/Fill    Fill    prob
    {other}/square_grad/Mul  Mul     {root}/cost_grad/Fill w/read
    {root}/lap_grad/Empty    EmptyTensorList  prob
"""


def test_a_sum_of_what_was_differentiated_is_the_loss_and_a_loop_is_none(tmp_path: Path) -> None:
    """`tf.gradients` leaves no op behind for a sum; but what two calls differentiate are two losses."""
    found = card_of(PENALIZED.format(root="gradients", other="gradients"), tmp_path)

    assert names(found.losses) == ["total"]
    assert names(found.outputs) == ["prob"]

    apart = card_of(PENALIZED.format(root="gradients", other="gradients_1"), tmp_path)

    assert names(apart.losses) == ["cost", "square"]
