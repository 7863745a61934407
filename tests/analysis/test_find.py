from __future__ import annotations

import pytest

import scopeview
from scopeview.analysis.answers.find import Hit, find, find_while_typing
from scopeview.analysis.context import AnalysisContext
from scopeview.model.model import Model
from scopeview.readers.tensorflow.importing import with_import
from tests.graphs import model_from_text
from tests.places import SAMPLES


@pytest.fixture(scope="module")
def gan() -> Model:
    return scopeview.load(SAMPLES / "m17_gan.meta")


def names(model: Model, query: str) -> list[str]:
    return [f"{hit.what} {hit.name}" for hit in find(AnalysisContext(model), query, limit=1000).hits]


def test_fields_join_by_and(gan: Model) -> None:
    assert names(gan, "trainable:yes shape:[*,6] dtype:float32") == [
        "variable discriminator/hidden/weights",
        "variable generator/hidden/weights",
    ]
    assert names(gan, "op:MatMul dtype:float32") == names(gan, "op:matmul dtype:FLOAT32")  # TensorFlow's own words
    assert names(gan, "op:MatMul scope:discriminator_1") == [
        "op discriminator_1/hidden/MatMul",
        "op discriminator_1/logits/MatMul",
    ]
    assert names(gan, "key:*beta1_power") == ["variable beta1_power"]
    assert names(gan, "kind:ref name:generator/* trainable:no in:variables")[:1] == ["variable generator/biases/Adam_g"]


def test_words_are_found_anywhere_in_any_case(gan: Model) -> None:
    found = find(AnalysisContext(gan), "ADAM_D hidden/bias in:variables")

    assert [hit.name for hit in found.hits] == [
        "discriminator/hidden/biases/Adam_d",
        "discriminator/hidden/biases/Adam_d_1",
    ]


def test_collections_hold_variables_and_ops(gan: Model) -> None:
    variables = find(AnalysisContext(gan), "collection:trainable_variables in:variables").variables
    assert variables == len([v for v in gan.variables if v.trainable])

    model = scopeview.load(SAMPLES / "m22_collections.meta")
    assert names(model, "collection:losses") == ["op loss"]
    assert names(model, "collection:endpoints") == ["op y"]
    assert names(model, "collection:FROZEN_VARS in:variables") == ["variable net/frozen"]


def test_devices_are_matched_on_both() -> None:
    model = scopeview.load(SAMPLES / "m20_towers.meta")

    assert names(model, "device:*GPU:1") == [
        "op tower_1/net/Const",
        "op tower_1/net/MatMul",
        "op tower_1/net/loss",
    ]
    assert names(model, "device:*CPU* in:variables") == ["variable net/weights"]


def test_pages_follow_each_other_without_gap_or_overlap(gan: Model) -> None:
    whole = find(AnalysisContext(gan), "hidden", limit=10_000)
    pages: list[Hit] = []
    for offset in range(0, whole.total, 7):
        page = find(AnalysisContext(gan), "hidden", limit=7, offset=offset)
        assert (page.variables, page.ops, page.total) == (whole.variables, whole.ops, whole.total)
        pages += page.hits

    assert tuple(pages) == whole.hits
    assert len(whole.hits) == whole.variables + whole.ops


def test_function_bodies_are_searched_and_arguments_are_not_ops() -> None:
    model = scopeview.load(SAMPLES / "m29_module")

    found = find(AnalysisContext(model), "op:MatMul", limit=100)

    truth = sum(f.body.type_counts().get("MatMul", 0) for f in model.functions.values())
    assert found.total == truth > 0
    assert all(hit.function for hit in found.hits)
    assert find(AnalysisContext(model), "op:_Arg").total == 0


def test_shapes_of_ops_come_from_attributes_or_from_tensorflow() -> None:
    model = model_from_text("c Const value=1,2,3\np Placeholder shape=4,5\nr Relu p")
    assert names(model, "shape:[3]") == ["op c"]
    assert names(model, "shape:[4,*] dtype:float32") == ["op p"]
    assert names(model, "shape:[...] in:ops") == ["op c", "op p"]

    imported = with_import(scopeview.load(SAMPLES / "m11_both_scopes.meta"), timeout_s=120)
    assert names(imported, "shape:[?,2] in:ops") == ["op model/encoder/MatMul"]
    assert names(imported, "op:MatMul dtype:float32 shape:[*,2]") == ["op model/encoder/MatMul"]


def test_numbers_of_elements_and_a_hint_where_a_shape_has_other_dimensions() -> None:
    gan = AnalysisContext(scopeview.load(SAMPLES / "m17_gan.meta"))

    large = find(gan, "parameters:>20 in:variables").hits
    assert {hit.name.partition("/Adam")[0] for hit in large} == {"discriminator/hidden/weights", "generator/weights"}
    (hint,) = find(gan, "shape:[*,*,6]").hints
    assert hint == "shape:[*,*,6] asks for 3 dimensions; shape:[...,6] is any number of them"


def test_scopes_are_found_by_their_own_names() -> None:
    gan = AnalysisContext(scopeview.load(SAMPLES / "m17_gan.meta"))

    assert find(gan, "hidden").scopes[:3] == ("discriminator/hidden", "discriminator_1/hidden", "generator/hidden")
    assert find(gan, "discriminator/hid in:variables").scopes == ("discriminator/hidden",)
    assert find(gan, "hidden op:MatMul").scopes == ()
    assert (find(gan, "hidden", limit=2).scopes, find(gan, "hidden", limit=2).total_scopes > 2) == (
        ("discriminator/hidden", "discriminator_1/hidden"),
        True,
    )


NETS = """
net/x          Placeholder
net/dense      Relu         net/x
net/dense_1    Relu         net/dense
gradients/net/dense  Neg    net/dense_1
dense/out      Tanh         net/dense_1
"""


def test_what_is_typed_is_found_with_the_ends_of_paths_first() -> None:
    context = AnalysisContext(model_from_text(NETS))

    typed = find_while_typing(context, "dense in:ops").hits

    assert [hit.name for hit in typed] == ["net/dense", "dense/out", "net/dense_1", "gradients/net/dense"]
    assert [hit.name for hit in find_while_typing(context, "dense/out").hits] == ["dense/out"]


def test_names_near_a_misspelled_one_are_offered(gan: Model) -> None:
    context = AnalysisContext(gan)

    assert find(context, "wieghts").near == ("generator/weights",)
    assert find(context, "generator/wieghts in:variables").near == ("generator/weights",)
    assert find(context, "weights").near == find(context, "qqqq").near == ()
