from __future__ import annotations

import json

import scopeview
from scopeview.analysis.answers.inspect import inspect
from scopeview.analysis.context import AnalysisContext
from scopeview.render.as_json import dumps
from tests.graphs import model_from_text
from tests.places import SAMPLES

CONTRACT = {
    "model": {
        "path",
        "format",
        "tensorflow_version",
        "tags",
        "ops",
        "functions",
        "variables",
        "parameters",
        "size_bytes",
    },
    "op_scopes": {"path", "ops"},
    "variables": {
        "name",
        "shape",
        "dtype",
        "parameters",
        "size_bytes",
        "trainable",
        "kind",
        "collections",
        "initializer",
        "device",
        "handle_op",
        "checkpoint_keys",
    },
    "collections": {"name", "kind", "size", "members"},
}


def test_the_json_has_the_names_of_the_contract() -> None:
    found = json.loads(dumps(inspect(AnalysisContext(scopeview.load(SAMPLES / "m17_gan.meta")))))

    assert found.keys() >= CONTRACT.keys() | {"signatures", "functions", "dangling"}
    assert found["model"].keys() >= CONTRACT["model"]
    for name in ("op_scopes", "variables", "collections"):
        assert all(row.keys() >= CONTRACT[name] for row in found[name])


def test_a_small_graph_in_full() -> None:
    model = model_from_text(
        """
        net/w       VariableV2  shape=2,3
        net/w/read  Identity    net/w
        net/y       MatMul      x  net/w/read
        x           Placeholder
        """
    )

    found = inspect(AnalysisContext(model))

    assert (found.model.ops, found.model.variables, found.model.parameters, found.model.size_bytes) == (4, 1, 6, 24)
    assert [(s.path, s.depth, s.ops, s.direct_ops) for s in found.op_scopes] == [("net", 1, 3, 2), ("net/w", 2, 1, 1)]
    assert [(s.path, s.variables, s.parameters, s.size_bytes) for s in found.variable_scopes] == [("net", 1, 6, 24)]
    (variable,) = found.variables
    assert (variable.name, variable.shape, variable.kind, variable.trainable) == ("net/w", (2, 3), "ref", None)


def test_scope_and_depth_leave_out_the_rest_and_keep_the_totals() -> None:
    model = scopeview.load(SAMPLES / "m17_gan.meta")

    found = inspect(AnalysisContext(model), scope="discriminator", depth=1)

    assert {s.path for s in found.op_scopes} == {"discriminator", "discriminator/hidden", "discriminator/logits"}
    assert {v.name.split("/")[0] for v in found.variables} == {"discriminator"}
    assert found.model == inspect(AnalysisContext(model)).model


def test_unknown_sizes_are_counted_and_not_guessed() -> None:
    found = inspect(AnalysisContext(model_from_text("a VariableV2 shape=2\nb VariableV2 dtype=float32")))

    assert (found.model.parameters, found.model.unknown_sizes) == (2, 1)


def test_keys_that_are_no_variables_are_listed() -> None:
    assert inspect(AnalysisContext(scopeview.load(SAMPLES / "m29_module"))).other_keys == (
        "_CHECKPOINTABLE_OBJECT_GRAPH",
    )
    assert inspect(AnalysisContext(scopeview.load(SAMPLES / "m31_renaming_savers.meta"))).other_keys == ()


def test_functions_have_arguments_and_results() -> None:
    found = inspect(AnalysisContext(scopeview.load(SAMPLES / "m27_while_v2_resource.meta")))

    names = sorted(function.name.rstrip("0123456789") for function in found.functions)
    assert names == ["loop_body_", "loop_cond_"]
    (body,) = [function for function in found.functions if "body" in function.name]
    assert "resource" in " ".join(body.arguments)
    assert body.ops > 0


def test_signatures_name_their_tensors() -> None:
    found = inspect(AnalysisContext(scopeview.load(SAMPLES / "m29_two_tag_sets", tags=["serve"])))

    (signature,) = found.signatures
    assert (signature.name, signature.method) == ("serving_default", "tensorflow/serving/predict")
    assert [(i.key, i.tensor, i.dtype, i.shape) for i in signature.inputs] == [("x", "x:0", "float32", (None, 3))]
