from __future__ import annotations

from dataclasses import replace

import scopeview
from scopeview.analysis.derive.tensor_types import output_facts
from scopeview.model.model import Model
from scopeview.readers.tensorflow.importing import with_import
from tests.graphs import model_from_text
from tests.places import SAMPLES


def context(model: Model, op: str, port: int = 0) -> tuple[str | None, object, bool]:
    row = model.graph.row(op)
    assert row is not None
    found = output_facts(model, "", row, port)
    return found.dtype, found.shape, found.shape_known


def test_definitions_of_a_metagraph_tell_the_type_of_every_output() -> None:
    model = replace(
        model_from_text("c Const value=1,2\nx Mystery dtype=int32\ny Other dtype=int32"),
        op_outputs={"Mystery": ("bool", "$dtype", "$missing"), "Other": ("$N*$dtype",)},
    )

    assert [context(model, "x", port)[0] for port in range(4)] == ["bool", "int32", None, None]
    assert context(model, "y") == ("int32", None, False)


def test_of_a_bare_graph_only_what_is_certain_is_said() -> None:
    model = model_from_text(
        """
        c  Const        value=1,2
        p  Placeholder  shape=3,4
        v  VarHandleOp  shape=2
        e  Equal        c  c  dtype=float32
        """
    )

    assert context(model, "c") == (None, (2,), True)
    assert context(model, "p") == ("float32", (3, 4), True)
    assert context(model, "v") == ("resource", (), True)
    assert context(model, "e") == (None, None, False)
    assert context(model, "p", -1) == context(model, "p", 1) == (None, None, False)


def test_tensorflows_inference_comes_first() -> None:
    read = scopeview.load(SAMPLES / "m12_name_scope_mistake.pb")
    imported = with_import(read, timeout_s=120)

    assert context(read, "layer1/MatMul") == ("float32", None, False)
    assert context(imported, "layer1/MatMul") == ("float32", (None, 2), True)
