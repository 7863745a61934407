from __future__ import annotations

import pytest

import scopeview
from scopeview.analysis.answers.show import detail
from scopeview.analysis.context import AnalysisContext
from scopeview.errors import NotFoundError
from scopeview.model.attributes import DType, ShapeValue
from scopeview.model.scopes import ScopeId
from scopeview.readers.tensorflow.importing import with_import
from tests.graphs import model_from_text
from tests.places import SAMPLES

MODEL = model_from_text(
    """
    net/w       VariableV2  shape=2,3  device=/cpu:0
    net/w/read  Identity    net/w
    net/y       MatMul      x  net/w/read  ^net/w  gone:1
    net/z       Split       net/y
    out         AddN        net/z:1  net/z:0  net/z:1
    x           Placeholder shape=4,2
    """
)


def test_an_op_has_its_inputs_consumers_and_attributes() -> None:
    (op,) = detail(AnalysisContext(MODEL), "net/y").ops

    assert [(link.op, link.slot, link.port, link.dtype, link.shape) for link in op.inputs] == [
        ("x", 0, 0, "float32", (4, 2)),
        ("net/w/read", 1, 0, None, None),
        ("net/w", 2, -1, None, None),
    ]
    assert op.dangling_inputs == ("gone:1",)
    assert [(link.op, link.slot) for link in op.consumers] == [("net/z", 0)]
    (variable_op,) = detail(AnalysisContext(MODEL), "net/w").ops
    assert variable_op.attributes == {"dtype": DType("float32"), "shape": ShapeValue((2, 3))}
    assert (variable_op.type, variable_op.device, variable_op.definition) == ("VariableV2", "/cpu:0", 0)


def test_a_tensor_has_the_consumers_of_that_output_only() -> None:
    (op,) = detail(AnalysisContext(MODEL), "net/z:1").ops

    assert [(link.op, link.slot) for link in op.consumers] == [("out", 0), ("out", 2)]
    (whole,) = detail(AnalysisContext(MODEL), "^net/z").ops
    assert whole.total_consumers == 3


def test_one_name_may_be_several_things() -> None:
    found = detail(AnalysisContext(MODEL), "net/w")

    assert [v.variable.name for v in found.variables] == ["net/w"]
    assert [s.path for s in found.scopes] == ["net/w"]
    assert len(found.ops) == 1


def test_a_scope_has_counts_types_devices_and_children() -> None:
    found = detail(AnalysisContext(MODEL), "net/")

    (scope,) = found.scopes
    assert (scope.ops, scope.devices, scope.child_scopes) == (4, ("/cpu:0",), ("net/w",))
    assert scope.op_types == {"Identity": 1, "MatMul": 1, "Split": 1, "VariableV2": 1}
    (variables,) = found.variable_scopes
    assert (variables.total_variables, variables.parameters, variables.size_bytes) == (1, 6, 24)


def test_long_lists_are_cut_and_keep_their_totals() -> None:
    model = model_from_text("a NoOp\n" + "\n".join(f"s/b{i}/c NoOp ^a" for i in range(9)))

    (op,) = detail(AnalysisContext(model), "a", limit=4).ops
    (scope,) = detail(AnalysisContext(model), "s", limit=4).scopes

    assert (len(op.consumers), op.total_consumers) == (4, 9)
    assert (len(scope.child_scopes), scope.total_child_scopes) == (4, 9)


def test_variables_are_found_by_key_by_path_and_as_tensors() -> None:
    savers = scopeview.load(SAMPLES / "m31_renaming_savers.meta")
    (found,) = detail(AnalysisContext(savers), "old/name").variables
    assert found.variable.name == "net/w"
    assert {(entry.op, entry.restores) for entry in found.use.savers if entry.key == "old/name"} == {
        ("save/SaveV2", False),
        ("save/RestoreV2", True),
    }
    assert detail(AnalysisContext(savers), "net/w:0").variables[0].variable.name == "net/w"

    objects = scopeview.load(SAMPLES / "m32_object.ckpt")
    assert detail(AnalysisContext(objects), "net/a/b.c").variables[0].variable.name == "odd"
    assert len(detail(AnalysisContext(objects), "l0").variables) == 2


def test_functions_and_their_ops_are_found() -> None:
    model = scopeview.load(SAMPLES / "m27_cond_v2_resource.meta")
    name = next(name for name in model.functions if "true" in name)

    (function,) = detail(AnalysisContext(model), name).functions
    assert function.ops == model.functions[name].op_count
    assert any("resource" in argument for argument in function.arguments)
    (op,) = detail(AnalysisContext(model), f"{name}: mul_0").ops
    assert (op.function, op.type) == (name, "Mul")
    assert [(link.op, link.argument) for link in op.inputs] == [("ReadVariableOp", "value"), ("mul/y", "output")]
    with pytest.raises(NotFoundError, match=f"near it: {name}: mul_0"):
        detail(AnalysisContext(model), f"{name}: mull_0")


def test_collections_are_found_by_name() -> None:
    model = scopeview.load(SAMPLES / "m22_collections.meta")

    (collection,) = detail(AnalysisContext(model), "FROZEN_VARS").collections
    assert [(m.text, m.kind, m.target) for m in collection.members] == [("net/frozen:0", "variable", "net/frozen")]


def test_names_that_are_near_are_proposed() -> None:
    with pytest.raises(NotFoundError, match="near it: net/w"):
        detail(AnalysisContext(MODEL), "other/w")
    with pytest.raises(NotFoundError, match="near it: net/w/read"):
        detail(AnalysisContext(MODEL), "net/w/raed")
    with pytest.raises(NotFoundError, match="is called 'zzzzzz'; there are: net/w, "):
        detail(AnalysisContext(MODEL), "zzzzzz")


def test_shapes_that_tensorflow_inferred_are_shown() -> None:
    model = with_import(scopeview.load(SAMPLES / "m25_tied_weights.meta"), timeout_s=120)

    (op,) = detail(AnalysisContext(model), "decoder/Add").ops

    assert [(link.op, link.shape) for link in op.inputs] == [
        ("decoder/MatMul", (None, 6)),
        ("decoder/biases/read", (6,)),
    ]


def test_a_scope_of_a_function_is_shown_under_its_name() -> None:
    context = AnalysisContext(scopeview.load(SAMPLES / "m27_while_v2_resource.meta"))
    for name, function in context.model.functions.items():
        tree = function.body.scopes
        for scope in map(ScopeId, range(1, len(tree))):
            (found,) = detail(context, f"{name}: {tree.path(scope)}").scopes
            assert (found.path, found.ops, sum(found.op_types.values())) == (
                tree.path(scope),
                *[len(tree.rows(scope))] * 2,
            )
            assert sum(found.roles.values()) == found.ops
