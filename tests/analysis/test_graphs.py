"""Ops are matched by name first and by structure second."""

from __future__ import annotations

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.graphs import GraphDiff, diff_functions, diff_graphs
from scopeview.analysis.diff.report import diff
from tests.graphs import model_from_text
from tests.places import SAMPLES


def compared(a: str, b: str) -> GraphDiff:
    return diff_graphs(model_from_text(a).graph, model_from_text(b).graph, {})


def lines(found: GraphDiff) -> list[tuple[str, str | None, str | None, tuple[str, ...]]]:
    return [(op.status, op.a, op.b, op.aspects) for op in found.ops]


CHAIN = "x Placeholder\nr Relu x\nadd Add x r\nr_1 Relu add\nadd_1 Add add r_1\nr_2 Relu add_1\n"


def test_an_inserted_op_shifts_nothing_but_names() -> None:
    shifted = "x Placeholder\nr Tanh x\nr_1 Relu r\nadd Add x r_1\nr_2 Relu add\nadd_1 Add add r_2\nr_3 Relu add_1\n"

    found = compared(CHAIN, shifted)

    assert (found.added, found.removed) == (1, 0)
    assert lines(found) == [
        ("added", None, "r", ()),
        ("changed", "r", "r_1", ("inputs",)),
        ("renamed", "r_1", "r_2", ()),
        ("renamed", "r_2", "r_3", ()),
    ]


def test_every_aspect_of_a_change() -> None:
    a = "x Placeholder\ny Placeholder\nt Neg x\ns Const value=1\ni Neg x\nd Neg x device=/gpu:0\n"
    b = "x Placeholder\ny Placeholder\nt Exp x\ns Const value=2\ni Neg y\nd Neg x device=/gpu:1\n"

    assert {(op.b, op.aspects) for op in compared(a, b).ops} == {
        ("t", ("type",)),
        ("s", ("attributes",)),
        ("i", ("inputs",)),
        ("d", ("device",)),
    }


def test_a_scope_that_moved_is_one_scope() -> None:
    inside = "{0}/a Neg x\n{0}/b/c Exp {0}/a\n"

    found = compared("x Placeholder\n" + inside.format("old"), "x Placeholder\n" + inside.format("new/deep"))

    assert (found.added, found.removed, found.changed, found.renamed) == (0, 0, 0, 2)
    moved = {scope.path: scope.renamed_from for scope in found.scopes if scope.renamed_from}
    assert moved == {"new/deep": "old"} or moved == {"new": "old"}


def test_a_scope_that_could_be_either_of_two_is_neither() -> None:
    inside = "{0}/a Neg x\n"

    found = compared(
        "x Placeholder\n" + inside.format("old"),
        "x Placeholder\n" + inside.format("one") + inside.format("two"),
    )

    assert (found.added, found.removed, found.renamed) == (2, 1, 0)


def test_an_op_that_went_to_another_name_shifts_none_of_its_siblings() -> None:
    a = "x Placeholder\n" + "".join(f"add{'' if not i else f'_{i}'} Neg x\n" for i in range(5))

    found = compared(a, a.replace("add_2 Neg", "sub_2 Exp"))

    assert {(op.status, op.b or op.a) for op in found.ops} == {("removed", "add_2"), ("added", "sub_2")}


def test_placement_and_storage_count_under_the_names_of_the_other_side() -> None:
    a = "w VarHandleOp shape=2 shared_name=w\nv VarHandleOp shape=2 shared_name=v\ny Neg w class=w\n"

    assert lines(compared(a, a.replace("class=w", "class=v"))) == [("changed", "y", "y", ("attributes",))]
    assert lines(compared(a, a.replace("shared_name=v", "shared_name=w"))) == [("changed", "v", "v", ("attributes",))]


def test_inputs_that_are_missing_are_compared_by_their_names() -> None:
    assert lines(compared("y Neg gone", "y Neg lost")) == [("changed", "y", "y", ("inputs",))]


def test_functions_are_compared_whatever_their_counters() -> None:
    module = scopeview.load(SAMPLES / "m29_module")
    same = {f"{name.rpartition('_')[0]}_999{i}": body for i, (name, body) in enumerate(module.functions.items())}
    other = dict(module.functions)
    del other["__inference_encode_19"]

    assert list(diff_functions(module.functions, same)) == []
    assert [(one.status, one.a) for one in diff_functions(module.functions, other)] == [
        ("removed", "__inference_encode_19")
    ]


def test_renamed_variables_carry_their_ops_along() -> None:
    found = diff(
        AnalysisContext(scopeview.load(SAMPLES / "m07_layers.meta")),
        AnalysisContext(scopeview.load(SAMPLES / "m33_renamed.meta")),
    ).report.graph

    assert found is not None
    assert (found.added, found.removed, found.changed, found.renamed) == (0, 0, 2, 51)
    assert {op.b for op in found.ops if op.status == "changed"} == {
        "save/RestoreV2/tensor_names",
        "save/SaveV2/tensor_names",
    }


def test_changes_are_rolled_up() -> None:
    a = "".join(f"s/t/op{c} Neg x\n" for c in "abc") + "x Placeholder\n"
    b = a.replace("Neg", "Exp")

    found = diff_graphs(model_from_text(a).graph, model_from_text(b).graph, {})

    assert (found.total, len(found.ops), found.same) == (3, 3, 1)
    assert [(scope.path, scope.changed, scope.same) for scope in found.scopes] == [
        ("", 3, 1),
        ("s", 3, 0),
        ("s/t", 3, 0),
    ]
