"""Which programs a model has, which is shown where none is named, and that analyses work on them unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import scopeview
from scopeview.analysis.answers.find import find
from scopeview.analysis.answers.inspect import inspect
from scopeview.analysis.answers.programs import programs_of
from scopeview.analysis.answers.sharing import sharing
from scopeview.analysis.answers.show import detail
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.entry_points import default_program, program_names, program_sizes
from scopeview.errors import NotFoundError
from tests.cli.running import Run
from tests.oracle import Oracle
from tests.places import SAMPLES


def context(name: str) -> AnalysisContext:
    return AnalysisContext(scopeview.load(SAMPLES / name))


@pytest.fixture(scope="module")
def built(oracle: Oracle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    assert oracle.ask("build_functions", folder, names=["cell", "net", "steps"], width=6, steps=4) == {}
    return folder


def test_a_signature_stands_for_the_function_that_it_wraps() -> None:
    model = context("m29_module").model
    assert program_names(model) == ("serving_default", "encode", "main")
    assert default_program(model) == "serving_default"


def test_a_graph_of_tensorflow_1_is_shown_as_it_is() -> None:
    for name in ("m17_gan.meta", "m27_cond_v2_resource.meta"):
        assert default_program(context(name).model) == "main"


def test_without_serving_default_the_largest_is_shown(built: Path) -> None:
    model = scopeview.load(built)
    sizes = program_sizes(model)
    assert sizes["serving_default"] > sizes["decode"] > 0
    others = tuple(signature for signature in model.signatures if signature.name != "serving_default")
    object.__setattr__(model, "signatures", others)
    assert default_program(model) == max(set(program_names(model)) - {"main"}, key=lambda name: sizes[name])


def test_programs_are_listed_with_what_they_take_and_give(built: Path) -> None:
    records = {record.name: record for record in programs_of(AnalysisContext(scopeview.load(built)))}
    serving = records["serving_default"]
    assert serving.is_default
    assert [info.key for info in serving.inputs] == ["x"]
    assert [info.key for info in serving.outputs] == ["code", "named", "same"]
    assert serving.ops > records["main"].ops
    assert not records["main"].is_default
    assert not serving.stops
    graph = scopeview.program(scopeview.load(built)).graph
    assert all(graph.row(info.tensor.partition(":")[0]) is not None for info in (*serving.inputs, *serving.outputs))


def test_op_scopes_come_from_the_bodies(built: Path) -> None:
    found = AnalysisContext(scopeview.load(built)).in_program()
    scopes = found.model.op_scopes
    assert scopes.find("net/cond/then") is not None
    assert scopes.find("while/body") is not None
    assert not found.model.graph.rows_of_type("PartitionedCall", "StatefulPartitionedCall")


def test_variables_keep_their_names_in_the_program(built: Path) -> None:
    found = AnalysisContext(scopeview.load(built)).in_program("decode")
    (read,) = found.model.graph.rows_of_type("ReadVariableOp")
    handle = found.model.graph.name(found.model.graph.inputs(read)[0].source)
    assert [v.name for v in found.model.variables if v.handle_op == handle]


def test_a_part_that_is_applied_twice_is_shared_in_the_program(built: Path) -> None:
    shared = sharing(AnalysisContext(scopeview.load(built)).in_program("serving_default")).variables
    assert [[(site.scope, site.program) for site in use.call_sites] for use in shared] == [
        [("net/__call__", ""), ("net/__call___1", ""), ("while/body", "")]
    ]


def test_what_several_programs_use_is_shared_between_them() -> None:
    found = context("m29_module")
    assert found.for_sharing() is found
    assert found.for_sharing("encode") is not found
    assert context("m29_keras").for_sharing().model.entry is not None


def test_a_concrete_function_is_a_program_with_its_variables() -> None:
    graph = context("m29_module").in_program("encode").model.graph
    assert {graph.name(row): graph.op_type(row) for row in graph}["x"] == "Placeholder"
    (handle,) = graph.rows_of_type("VarHandleOp")
    assert graph.attributes(handle)["shape"] is not None


def test_find_and_show_fall_back_to_the_main_graph() -> None:
    keras = context("m29_keras")
    assert find(keras, "op:MatMul", program=None).ops == 3
    assert find(keras, "op:SaveV2", program=None).ops > 0
    assert find(keras, "op:SaveV2", program=None).program == ""
    assert detail(keras, "model/head/MatMul", program=None).program == "serving_default"
    assert detail(keras, "StatefulPartitionedCall", program=None).program == ""
    with pytest.raises(NotFoundError):
        detail(keras, "model/head/MatMul", program="main")


def test_the_json_keeps_the_main_graph(scopeview: Run) -> None:
    path = SAMPLES / "m29_keras"
    found = json.loads(scopeview("inspect", path, "--json").out)
    assert found["model"]["ops"] == 15
    assert [program["name"] for program in found["programs"]] == ["serving_default", "main"]
    asked = json.loads(scopeview("inspect", path, "--json", "--program", "serving_default").out)
    assert asked["model"]["ops"] == 15
    assert "model/shared" in [scope["path"] for scope in asked["op_scopes"]]


def test_every_command_takes_a_program(scopeview: Run) -> None:
    path = SAMPLES / "m29_keras"
    assert "model/" in scopeview("inspect", path).out.replace("model/ ", "model/")
    assert "StatefulPartitionedCall" in scopeview("inspect", path, "--program", "main").out
    for command in (["sharing", path], ["find", path, "op:MatMul"], ["show", path, "shared/kernel"], ["lint", path]):
        assert scopeview(*command, "--program", "serving_default").code in (0, 1)
        assert "it has: " in scopeview(*command, "--program", "gone").err
    assert "model/shared" in scopeview("export", path, "--levels", "3", "--format", "json").out


def test_show_says_which_line_of_python_created_an_op(oracle: Oracle, tmp_path: Path, scopeview: Run) -> None:
    truth = oracle.ask("build_with_code_lines", tmp_path)
    (op,) = json.loads(scopeview("show", tmp_path, "MatMul", "--json").out)["ops"]
    assert (op["code"][0]["line"], op["code"][0]["function"]) == (truth["line"], "apply")
    assert op["code"][0]["file"].endswith("oracle_inlining.py")
    assert op["inlined_from"].endswith(": MatMul")
    assert f"oracle_inlining.py:{truth['line']} in apply" in scopeview("show", tmp_path, "MatMul").out


def test_inspection_lists_the_scopes_of_the_program_that_is_named() -> None:
    keras = context("m29_keras")
    assert [scope.path for scope in inspect(keras).op_scopes] != [
        scope.path for scope in inspect(keras, program="serving_default").op_scopes
    ]
