from __future__ import annotations

import scopeview
from scopeview.model.shapes import byte_count, element_count
from scopeview.model.variables import Part, Variable, VariableTable
from tests.places import SAMPLES


def test_sizes_follow_from_shape_and_dtype() -> None:
    sizes = [
        (v.parameters, v.size_bytes)
        for v in (
            Variable("a", "ref", (3, 4), "float32"),
            Variable("b", "ref", (None, 4), "float32"),
            Variable("c", "ref", None, "float32"),
            Variable("d", "ref", (), "float64"),
            Variable("e", "ref", (5,), "string"),
            Variable("f", "ref", (1 << 40, 1 << 40), "float32"),
        )
    ]

    assert sizes == [(12, 48), (None, None), (None, None), (1, 8), (0, None), (None, None)]
    assert element_count((0, 5)) == 0
    assert byte_count((2,), "float32_ref") == 8


def test_a_table_is_sorted_by_path_and_finds_parts_by_name() -> None:
    part = Part("p/w/part_0", (0,), (2,))
    table = VariableTable(
        [
            Variable("b", "ref", (1,), "float32"),
            Variable("a!", "ref", (1,), "float32"),
            Variable("a/w", "ref", (1,), "float32"),
            Variable("p/w", "partitioned", (4,), "float32", parts=(part,)),
            Variable("b", "ref", (2,), "float32"),
        ]
    )

    assert table.names == ("a/w", "a!", "b", "b", "p/w")
    assert [v.shape for v in table.named("b")] == [(1,), (2,)]
    assert table.named("p/w/part_0") == table.named("p/w") == (table[4],)
    assert table.named("nothing") == ()
    assert len(table.scopes) == 3


def test_the_public_api_is_what_it_lists() -> None:
    assert scopeview.__all__ == sorted(scopeview.__all__)
    assert all(hasattr(scopeview, name) for name in scopeview.__all__)
    assert not hasattr(scopeview, "nothing")


def test_a_model_says_what_it_is_in_a_line() -> None:
    model = scopeview.load(SAMPLES / "m17_gan.meta")

    assert repr(model) == f"<Model {SAMPLES / 'm17_gan.meta'} (meta_graph): 397 ops, 28 variables>"
    assert repr(model.variables) == "<VariableTable of 28 variables>"
