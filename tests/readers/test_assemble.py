"""Variables, frozen constants, collections, functions and savers, from graphs that are written out here."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

import scopeview
from sample_graphs.build_broken import field, graph_of
from scopeview.model.model import Model, Origin
from scopeview.readers.budget import ITEM_BYTES
from scopeview.readers.graph.assemble import assemble
from scopeview.readers.graph.nodes import Span
from scopeview.readers.meta_graph import read_meta_graph
from tests.graphs import graph_def_from_text, model_from_text
from tests.messages import message
from tests.places import SAMPLES


def meta(text: str, **collections: Any) -> Model:
    """A MetaGraph with bytes collections; values are messages or bytes."""
    proto = message("MetaGraphDef")()
    proto.graph_def.ParseFromString(graph_def_from_text(text))
    for name, values in collections.items():
        raw = [v if isinstance(v, bytes) else v.SerializeToString() for v in values]
        proto.collection_def[name].bytes_list.value.extend(raw)
    content = proto.SerializeToString()
    return read_meta_graph(content, Span(0, len(content)), Origin("x", "meta_graph"))


GRAPH = "w VariableV2 shape=2\nw/Assign Assign w v\nv Const value=1,2"


def variable(name: str = "w") -> Any:
    return message("VariableDef")(variable_name=f"{name}:0", initializer_name=f"{name}/Assign", trainable=True)


def test_a_custom_collection_holds_variables_only_if_its_nodes_exist() -> None:
    saver = message("SaverDef")(save_tensor_name="w:0", restore_op_name="r")
    model = meta(GRAPH, mine=[variable()], strings=[b"just text"], savers=[saver], lookalike=[saver])

    assert {c.name: (c.kind, [m.kind for m in c.members]) for c in model.collections} == {
        "mine": ("variables", ["variable"]),
        "strings": ("bytes", ["value"]),
        "savers": ("savers", ["saver"]),
        "lookalike": ("bytes", ["value"]),
    }


def test_a_collection_that_names_what_is_gone_dangles() -> None:
    model = meta(GRAPH, variables=[variable(), variable("gone")])

    assert [(d.kind, d.where, d.name) for d in model.dangling] == [("collection", "variables", "gone:0")]


def test_damaged_messages_of_a_collection_are_kept_as_bytes() -> None:
    model = meta(GRAPH, queue_runners=[b"\xff\xff\xff"])

    assert [(c.kind, c.members[0].text) for c in model.collections] == [("bytes", "3 bytes")]


def test_queue_runners_any_values_and_empty_collections() -> None:
    proto = message("MetaGraphDef")()
    proto.graph_def.ParseFromString(graph_def_from_text(GRAPH))
    proto.collection_def["queue_runners"].bytes_list.value.append(
        message("QueueRunnerDef")(queue_name="w").SerializeToString()
    )
    anys = proto.collection_def["assets"].any_list.value
    anys.add(type_url="type.googleapis.com/tensorflow.AssetFileDef", value=b"\xff")
    anys.add(type_url="type.googleapis.com/other.Message", value=b"123")
    proto.collection_def["nothing"].SetInParent()
    proto.collection_def["rates"].float_list.value.append(0.5)
    raw = proto.SerializeToString()

    model = read_meta_graph(raw, Span(0, len(raw)), Origin("x", "meta_graph"))

    assert {c.name: (c.kind, [m.text for m in c.members]) for c in model.collections} == {
        "assets": (
            "any",
            ["type.googleapis.com/tensorflow.AssetFileDef, damaged", "type.googleapis.com/other.Message, 3 bytes"],
        ),
        "nothing": ("empty", []),
        "queue_runners": ("queue_runners", ["w"]),
        "rates": ("floats", ["0.5"]),
    }


def test_without_the_trainable_collection_a_definition_says_it() -> None:
    assert meta(GRAPH, variables=[variable()]).variables[0].trainable is True
    old = message("VariableDef")(variable_name="w:0", initializer_name="w/Assign")
    assert meta(GRAPH, variables=[old]).variables[0].trainable is None  # files before 1.10 have no such field
    assert meta(GRAPH).variables[0].trainable is None
    assert meta(GRAPH, variables=[old], trainable_variables=[old]).variables[0].trainable is True


def test_initializers_that_have_no_usual_form_are_named_by_their_op() -> None:
    model = model_from_text(
        """
        a         VariableV2  shape=2
        a/Assign  Assign      a  made
        made      MyOp        a
        b         VariableV2  shape=2
        r         RestoreV2
        b/Assign  Assign      b  r
        c         VariableV2  shape=2
        c/Assign  Assign      c  gone
        d         VariableV2  shape=2
        """
    )

    found = {v.name: v.initializer and (v.initializer.kind, v.initializer.op) for v in model.variables}
    assert found == {"a": ("MyOp", "made"), "b": None, "c": None, "d": None}


def test_frozen_variables_are_distinguished_from_other_constants() -> None:
    model = model_from_text(
        """
        w                          Const     value=1,2
        w/read                     Identity  w
        plain                      Const     value=3
        copy                       Identity  plain
        r                          Const     value=4,5
        a/ReadVariableOp           Identity  r
        mixed                      Const     value=4,5
        b/ReadVariableOp           Identity  mixed
        other                      Relu      mixed
        tied                       Const     value=8,9
        t/ReadVariableOp           Identity  tied
        look                       GatherV2  tied
        d/ReadVariableOp/resource  Const     value=6,7
        d/ReadVariableOp           Identity  d/ReadVariableOp/resource
        """
    )

    assert [(v.name, v.kind, v.shape, bool(v.note)) for v in model.variables] == [
        ("d/ReadVariableOp/resource", "frozen", (2,), True),
        ("r", "frozen", (2,), False),
        ("tied", "frozen", (2,), False),
        ("w", "frozen", (2,), False),
    ]


def test_functions_with_gradients_twins_and_damage() -> None:
    library = message("FunctionDefLibrary")()
    for name in ("f", "f", "g"):
        function = library.function.add()
        function.signature.name = name
        argument = function.signature.input_arg.add(name="x")
        argument.type_attr = "T"
        function.signature.input_arg.add(name="n", number_attr="N", type=1)
        function.signature.input_arg.add(name="l", type_list_attr="Tin")
        function.signature.output_arg.add(name="y", type=1)
        function.ret["y"] = "gone:out:0"
        function.node_def.add(name="a", op="Relu", input=["x", "nowhere"])
    library.gradient.add(function_name="f", gradient_func="g")
    library.gradient.add(function_name="missing", gradient_func="g")
    damaged = field(1, b"\xff\xff\xff\xff") + field(1, field(3, b"\xff")) + field(2, b"\xff\xff")
    raw = field(2, library.SerializeToString() + damaged)

    model = assemble(raw, [Span(0, len(raw))], Origin("x", "graph_def"))

    assert set(model.functions) >= {"f", "g"}
    assert model.functions["f"].gradient == "g"
    assert [a.dtype for a in model.functions["f"].arguments] == ["$T", "$N*float32", "$Tin"]
    assert ("duplicate", "function library", "f") in [(d.kind, d.where, d.name) for d in model.dangling]
    assert ("input", "f: a", "nowhere") in [(d.kind, d.where, d.name) for d in model.dangling]
    assert any("is damaged" in note for note in model.notes)


def test_a_call_of_a_function_that_is_not_there_dangles() -> None:
    graph = message("GraphDef")()
    node = graph.node.add(name="call", op="PartitionedCall")
    node.attr["f"].func.name = "gone"
    raw = graph.SerializeToString()

    model = assemble(raw, [Span(0, len(raw))], Origin("x", "graph_def"))

    assert [(d.kind, d.where, d.name) for d in model.dangling] == [("function", "call", "gone")]


def test_a_signature_whose_tensor_is_gone_dangles_and_sparse_ones_name_their_components() -> None:
    proto = message("MetaGraphDef")()
    proto.graph_def.ParseFromString(graph_def_from_text("v NoOp\ni NoOp\ns NoOp"))
    signature = proto.signature_def["serve"]
    sparse = signature.inputs["x"].coo_sparse
    sparse.values_tensor_name, sparse.indices_tensor_name, sparse.dense_shape_tensor_name = "v:0", "i:0", "s:0"
    signature.inputs["c"].composite_tensor.components.add(name="v:0")
    signature.outputs["y"].name = "gone:0"
    raw = proto.SerializeToString()

    model = read_meta_graph(raw, Span(0, len(raw)), Origin("x", "meta_graph"))

    (found,) = model.signatures
    assert [i.tensor for i in found.inputs] == ["v:0", "v:0, i:0, s:0"]
    assert [(d.kind, d.where, d.name) for d in model.dangling] == [("signature", "serve", "gone:0")]


def test_a_metagraph_is_read_past_a_damaged_field() -> None:
    graph = field(2, graph_def_from_text("a NoOp"))
    raw = field(1, field(5, b"1.0")) + field(5, b"\xff\xff") + graph + b"\x00"

    model = read_meta_graph(raw, Span(0, len(raw)), Origin("x", "meta_graph"))

    assert (model.origin.tensorflow_version, list(model.graph.names)) == ("1.0", ["a"])
    assert len(model.notes) == 2
    assert "signature_def of the MetaGraph could not be decoded" in model.notes[0]
    assert "the MetaGraph is damaged at byte" in model.notes[1]


def test_a_graph_is_read_up_to_its_damage() -> None:
    raw = graph_def_from_text("a NoOp\nb NoOp") + b"\x00\x01"

    model = assemble(raw, [Span(0, len(raw))], Origin("x", "graph_def"))

    assert list(model.graph.names) == ["a", "b"]
    assert model.notes == (f"the graph is damaged at byte {len(raw) - 2}; what stands before it is shown",)


def test_a_damaged_node_keeps_what_can_be_read_of_it() -> None:
    raw = field(1, field(1, b"n") + field(2, b"Op") + field(3, b"a:1") + field(4, b"/cpu:0") + b"\x00")
    raw += field(1, b"\x00")

    model = assemble(raw, [Span(0, len(raw))], Origin("x", "graph_def"))

    row = model.graph.row("n")
    assert row is not None
    assert (model.graph.op_type(row), model.graph.device(row)) == ("Op", "/cpu:0")
    assert model.graph.dangling == ((row, "a:1"),)
    assert "(unnamed node 2)" in model.graph.names


def test_shared_names_and_containers_are_kept_apart_from_names() -> None:
    graph = message("GraphDef")()
    node = graph.node.add(name="import/w", op="VarHandleOp")
    node.attr["shared_name"].s = b"w"
    node.attr["container"].s = b"box"
    raw = graph.SerializeToString()

    (found,) = assemble(raw, [Span(0, len(raw))], Origin("x", "graph_def")).variables

    assert (found.name, found.handle_op, found.shared_name, found.container) == ("import/w", "import/w", "w", "box")
    assert (found.dtype, found.shape) == ("unknown", None)


def test_savers_of_the_first_format_are_read() -> None:
    graph = message("GraphDef")()
    graph.ParseFromString(
        graph_def_from_text(
            "w VariableV2 shape=2\nf Const\nsave Save f names w ^w\nr Restore f names\nw/Assign Assign w r"
        )
    )
    names = graph.node.add(name="names", op="Const")
    names.attr["value"].tensor.string_val.append(b"the/key")
    raw = graph.SerializeToString()

    model = assemble(raw, [Span(0, len(raw))], Origin("x", "graph_def"))

    assert [(e.op, e.key, e.handle_op, e.restores) for e in model.savers] == [
        ("save", "the/key", "w", False),
        ("r", "the/key", "w", True),
    ]
    assert model.variables[0].checkpoint_keys == ("the/key",)


def test_a_saver_in_functions_is_followed_to_the_callers_variables() -> None:
    model = scopeview.load(SAMPLES / "m29_module")

    saved = {entry.key: entry.handle_op for entry in model.savers if not entry.restores}
    restored = {entry.key: entry.handle_op for entry in model.savers if entry.restores and entry.handle_op}
    keys = {f"layers/{i}/.ATTRIBUTES/VARIABLE_VALUE" for i in (0, 1)}
    assert {key: handle for key, handle in saved.items() if handle} == restored
    assert restored.keys() == keys


def hostile_graphs() -> dict[str, bytes]:
    """Graphs of up to 1 MB in which little names much, one for each way."""
    shared, edges, objects = message("GraphDef")(), message("GraphDef")(), message("SavedModel")()
    constant = shared.node.add(name="k", op="Const")
    constant.attr["value"].tensor.string_val.extend([b"a"] * 100_000)
    for number in range(5000):
        shared.node.add(name=f"s{number}", op="SaveV2", input=["k", "k", "k"])
    edges.node.add(name="x", op="NoOp", input=["x"] * 200_000)
    meta = objects.meta_graphs.add()
    meta.graph_def.node.add(name="x", op="NoOp")
    for number in range(6000):  # a chain: the paths grow with its square
        child = meta.object_graph_def.nodes.add().children.add()
        child.node_id, child.local_name = number + 1, "next"
    deep = [("/".join([str(number), *["a"] * 9000, "v"]), "VariableV2", ()) for number in range(40)]
    restore = ("r", "RestoreV2", ("r", "r", "r"))
    product = (("i", "Identity", ("r",) * 30_000), *((f"a{number}", "Assign", ("v", "i")) for number in range(10_000)))
    chain = [("i0", "Identity", ("r",)), *((f"i{n}", "Identity", (f"i{n - 1}",)) for n in range(1, 30_000))]
    return {
        "restored at many places": graph_of(restore, ("v", "VariableV2", ()), *product),
        "restored through a chain": graph_of(restore, *chain),
        "shared keys": shared.SerializeToString(),
        "edges": edges.SerializeToString(),
        "objects": objects.SerializeToString(),
        "depth": graph_of(*deep),
        "tiny ops": graph_of(*((f"{number:x}", "A", ()) for number in range(60_000))),
        "a long name": graph_of(("x" * 1_000_000, "VariableV2", ())),
    }


@pytest.mark.parametrize("kind", hostile_graphs())
def test_a_small_graph_buys_little_work(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.pb"
    path.write_bytes(hostile_graphs()[kind])
    started = time.thread_time()

    model = scopeview.load(path)
    names = len(model.op_scopes) + len(model.variable_scopes)

    assert time.thread_time() - started < 12
    assert names < 500_000
    assert len(model.savers) <= (384 << 20) // ITEM_BYTES  # what the budget allows
    if kind in ("shared keys", "objects", "restored at many places"):
        assert any("--limit-memory allows more" in note for note in model.notes)
