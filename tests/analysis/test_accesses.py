"""Readers and writers of the samples, as the mechanisms say; and against `op.consumers()` of TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.accesses import Accesses, AccessIndex
from scopeview.model.model import Model, Origin
from scopeview.readers.graph.assemble import assemble
from scopeview.readers.graph.nodes import Span
from tests.messages import message
from tests.oracle import Oracle
from tests.places import SAMPLES, samples


def load(name: str) -> Model:
    return scopeview.load(SAMPLES / name)


def scopes(name: str, variable: str) -> list[str]:
    """The op scopes that read a variable in the forward computation."""
    model = load(name)
    (found,) = model.variables.named(variable)
    return sorted({a.scope for a in AnalysisContext(model).accesses(found).readers if a.role == "forward"})


@pytest.mark.parametrize(
    ("name", "variable", "readers"),
    [
        ("m05_reuse.meta", "shared_scope/v", ["shared_scope", "shared_scope_1"]),
        ("m05_reuse_resource.meta", "shared_scope/v", ["shared_scope", "shared_scope_1"]),
        ("m08_cell_reentry.meta", "rnn_cell/cell/w", ["rnn_cell/cell", "rnn_cell_1/cell"]),
        ("m09_loop_unrolled.meta", "rnn/cell/w", ["rnn/cell", *(f"rnn/cell_{i}" for i in range(1, 10))]),
        ("m09_lstm_unrolled.meta", "basic_lstm_cell/kernel", ["step_0/basic_lstm_cell"]),
        ("m10_name_scope.meta", "foo/v", ["foo/bar"]),
        ("m11_both_scopes.meta", "encoder/weight", ["model/encoder"]),
        ("m12_name_scope_mistake.pb", "w", ["layer1"]),
        ("m13_scope_object.meta", "foo/w", ["bar/baz/foo_1", "foo"]),
        ("m14_unmarked_reentry.meta", "foo/w", ["", "foo"]),
        ("m16_auto_reuse.meta", "s/weights", ["s", "s_1", "s_2"]),
        ("m17_gan.meta", "discriminator/hidden/weights", ["discriminator/hidden", "discriminator_1/hidden"]),
        ("m17_gan.meta", "generator/weights", ["generator"]),
        ("m18_missed_sharing.meta", "filter/conv1_weights", ["filter"]),
        ("m19_shared_filter.meta", "image_filters/conv1/weights", ["image_filters/conv1", "image_filters/conv1_1"]),
        ("m20_towers.meta", "net/weights", ["tower_0/net", "tower_1/net"]),
        ("m25_tied_weights.meta", "encoder/weights", ["decoder", "encoder"]),
        ("m26_blocks.meta", "block1/conv1/kernel", ["block1/block1/conv1"]),
        ("m27_while_v1_ref.meta", "net/w", ["loop"]),
        ("m27_while_v1_resource.meta", "net/w", ["loop"]),
        ("m27_while_v2_resource.meta", "net/w", ["loop"]),
        ("m27_while_v2_ref.meta", "net/w", ["loop"]),
        ("m27_cond_v1_ref.meta", "net/w", ["choice"]),
        ("m27_cond_v1_resource.meta", "net/w", ["choice"]),
        ("m27_cond_v2_resource.meta", "net/w", ["choice"]),
        ("m27_cond_v2_ref.meta", "net/w", ["choice"]),
        ("m30_frozen_resource.pb", "layer1/weights", ["layer1"]),
    ],
)
def test_readers_are_found_by_dataflow(name: str, variable: str, readers: list[str]) -> None:
    assert scopes(name, variable) == readers


def test_a_layer_object_reads_in_its_first_scope_at_every_step() -> None:
    """Unlike a re-entered scope, a layer that is called again stays in one op scope: ten reads, one scope."""
    model = load("m09_lstm_unrolled.meta")
    (kernel,) = model.variables.named("basic_lstm_cell/kernel")

    forward = [a.op for a in AnalysisContext(model).accesses(kernel).readers if a.role == "forward"]

    assert forward == [f"step_0/basic_lstm_cell/MatMul{suffix}" for suffix in ("", *(f"_{i}" for i in range(1, 10)))]


def test_what_keeps_a_variable_running_is_no_use_of_it() -> None:
    model = load("m24_adam.meta")
    (weights,) = model.variables.named("dense/weights")

    both = AnalysisContext(model).accesses(weights)
    found = {(a.op, a.role, a.writes) for a in (*both.readers, *both.writers)}

    assert found == {
        ("dense/weights/Assign", "init", True),
        ("dense/MatMul", "forward", False),
        ("gradients/dense/MatMul_grad/MatMul", "gradient", False),
        ("Adam/update_dense/weights/ApplyAdam", "update", True),
        ("save/SaveV2", "save", False),
        *((op, "save", True) for op, _, _ in found if op.startswith("save/Assign")),
    }


def test_every_op_that_takes_a_variable_is_a_reader_a_writer_or_hands_it_on(oracle: Oracle) -> None:
    """TensorFlow's own consumers of every variable op; those that hand it on are followed and not listed."""
    for row in samples():
        if row["format"] != "meta_graph" or "logdir" in row["path"]:
            continue
        model = load(row["path"])
        truth = oracle.ask("meta_graph", SAMPLES / row["path"], text=model.origin.text)["consumers"]
        handing_on = {
            "Identity",
            "Enter",
            "RefEnter",
            "Switch",
            "RefSwitch",
            "ReadVariableOp",
            "While",
            "If",
            "StatelessIf",
        }
        context = AnalysisContext(model)
        for variable in model.variables:
            both = context.accesses(variable)
            found = {a.op for a in (*both.readers, *both.writers) if not a.function}
            for handle in (variable.handle_op, *(part.name for part in variable.parts)):
                for consumer in truth.get(handle, ()):
                    table_row = model.graph.row(consumer)
                    assert table_row is not None
                    assert consumer in found or model.graph.op_type(table_row) in handing_on, (row["path"], consumer)


def test_a_checkpoint_has_no_readers() -> None:
    model = load("m33_original.ckpt")

    assert [AnalysisContext(model).accesses(variable) for variable in model.variables] == [Accesses()] * 6


def calling(*bodies: tuple[str, ...], variables: Sequence[str] = ("w",)) -> Model:
    """Variables that are each an argument of function f0; each f<i> has a reader and calls the functions named."""
    graph = message("GraphDef")()
    for name in variables:
        graph.node.add(name=name, op="VarHandleOp")
        graph.node.add(name=f"call_{name}", op="PartitionedCall", input=[name]).attr["f"].func.name = "f0"
    for number, called in enumerate(bodies):
        function = graph.library.function.add()
        function.signature.name = f"f{number}"
        function.signature.input_arg.add(name="x", type=20)
        function.node_def.add(name="read", op="ReadVariableOp", input=["x"])
        for place, name in enumerate(called):
            node = function.node_def.add(name=f"c{place}", op="PartitionedCall", input=["x"])
            node.attr["f"].func.name = name
    raw = graph.SerializeToString()
    return assemble(raw, [Span(0, len(raw))], Origin("x", "graph_def"))


def test_a_function_that_calls_itself_is_entered_once() -> None:
    model = calling(("f1", "f1"), ("f0", "f1"))

    found = AnalysisContext(model).accesses(model.variables[0])

    assert [(a.function, a.op, a.scope) for a in found.readers] == [
        ("f0", "read", "call_w"),
        ("f1", "read", "call_w/c0"),
        ("f1", "read", "call_w/c1"),
    ]
    assert not found.is_cut


def test_calls_that_multiply_are_cut_and_that_is_said() -> None:
    model = calling(*((f"f{i + 1}", f"f{i + 1}") for i in range(40)), ())

    found = AccessIndex(model, AnalysisContext(model).roles, limit=1000).of(model.variables[0])

    assert found.is_cut
    assert 0 < len(found.readers) <= 1000


def test_many_variables_do_not_multiply_what_is_walked() -> None:
    """Each has 20 levels of functions that call twice: a million readers each, if all were walked."""
    variables, levels = 300, ((f"f{level + 1}", f"f{level + 1}") for level in range(20))
    model = calling(*levels, (), variables=[f"w{number}" for number in range(variables)])
    index = AccessIndex(model, AnalysisContext(model).roles)

    found = [index.of(variable) for variable in model.variables]

    edges = sum(len(table.columns.source) for table in (model.graph, *(f.body for f in model.functions.values())))
    assert all(accesses.is_cut for accesses in found)
    assert sum(len(accesses.readers) for accesses in found) < 2 * (20_000 + edges) + 200 * variables


def test_a_variable_that_is_read_often_among_many_is_not_cut() -> None:
    """An equal share would be some 200 edges of each variable."""
    variables, reads = 400, 1_500
    graph = message("GraphDef")()
    for number in range(variables):
        graph.node.add(name=f"v{number}", op="VarHandleOp")
    for number in range(reads):
        graph.node.add(name=f"read_{number}", op="ReadVariableOp", input=["v7"])
        graph.node.add(name=f"use_{number}", op="Neg", input=[f"read_{number}"])
    raw = graph.SerializeToString()
    model = assemble(raw, [Span(0, len(raw))], Origin("x", "graph_def"))

    (often,) = model.variables.named("v7")
    found = AnalysisContext(model).accesses(often)

    assert not found.is_cut
    assert len(found.readers) == reads
