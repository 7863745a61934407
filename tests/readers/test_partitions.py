from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scopeview
from scopeview.readers.graph.partitions import parse_slice
from tests.graphs import model_from_text
from tests.places import SAMPLES


def test_parts_of_a_sample_come_from_its_variable_definitions_and_from_its_saver() -> None:
    (variable,) = scopeview.load(SAMPLES / "m28_partitioned.meta").variables

    assert (variable.name, variable.kind, variable.shape) == ("p/w", "partitioned", (10, 4))
    assert [(p.name, p.offset, p.shape) for p in variable.parts] == [
        ("p/w/part_0", (0, 0), (4, 4)),
        ("p/w/part_1", (4, 0), (3, 4)),
        ("p/w/part_2", (7, 0), (3, 4)),
    ]
    assert variable.checkpoint_keys == ("p/w",)
    assert variable.collections == ("trainable_variables", "variables")


def test_the_saver_of_a_bare_graph_names_the_parts() -> None:
    from scopeview.model.model import Origin
    from scopeview.readers.graph.assemble import assemble
    from scopeview.readers.graph.nodes import Span
    from tests.messages import message

    meta = message("MetaGraphDef").FromString((SAMPLES / "m28_partitioned.meta").read_bytes())
    raw = meta.graph_def.SerializeToString()

    (variable,) = assemble(raw, [Span(0, len(raw))], Origin("x", "graph_def")).variables

    assert (variable.name, variable.shape, len(variable.parts)) == ("p/w", (10, 4), 3)
    assert (variable.trainable, variable.note) == (None, "")


def test_stored_slices_of_a_checkpoint_have_places_and_checksums() -> None:
    (variable,) = scopeview.load(SAMPLES / "m28_partitioned.ckpt").variables

    assert [(p.offset, p.shape) for p in variable.parts] == [((0, 0), (4, 4)), ((4, 0), (3, 4)), ((7, 0), (3, 4))]
    stored = [part.stored for part in variable.parts if part.stored is not None]
    assert [place.size_bytes for place in stored] == [64, 48, 48]
    assert [place.offset for place in stored] == [0, 64, 112]
    assert all(place.checksum for place in stored)


def named(text: str) -> list[tuple[str, str, object, str]]:
    return [(v.name, v.kind, v.shape, v.note) for v in model_from_text(text).variables]


def test_names_alone_join_parts_that_differ_along_one_axis() -> None:
    note = "grouped by the names of its parts"

    assert named("p/part_0 VariableV2 shape=4,3\np/part_1 VariableV2 shape=2,3") == [("p", "partitioned", (6, 3), note)]
    assert named("p/part_0 VariableV2 shape=4,3\np/part_1 VariableV2 shape=4,5") == [("p", "partitioned", (4, 8), note)]
    assert named("p/part_0 VariableV2 shape=4\np/part_1 VariableV2 shape=4") == [("p", "partitioned", (8,), note)]


@pytest.mark.parametrize(
    "text",
    [
        "p/part_0 VariableV2 shape=4,3",
        "p/part_0 VariableV2 shape=4,3\np/part_2 VariableV2 shape=4,3",
        "p/part_0 VariableV2 shape=4,3\np/part_1 VariableV2 shape=5,6",
        "p/part_0 VariableV2 shape=4,3\np/part_1 VariableV2 shape=4",
        "p/part_0 VariableV2 shape=4\np/part_1 VariableV2 shape=4 dtype=int32",
        "p/part_0 VariableV2 dtype=float32\np/part_1 VariableV2 dtype=float32",
    ],
)
def test_names_that_only_look_like_parts_stay_apart(text: str) -> None:
    assert {kind for _, kind, _, _ in named(text)} == {"ref"}


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5), st.integers(1, 9)), min_size=1, max_size=4))
def test_slice_specifications_are_read_as_they_are_written(axes: list[tuple[int, int, int]]) -> None:
    full = " ".join(str(size) for size, _, _ in axes)
    spec = f"{full} " + ":".join(f"{start},{length}" for _, start, length in axes)

    assert parse_slice(spec) == tuple(map(tuple, zip(*axes, strict=True)))


@pytest.mark.parametrize("text", ["", "10", "10 4", "10 a,b", "10 4 0,4", "x 0,1"])
def test_what_is_no_slice_specification_is_none(text: str) -> None:
    assert parse_slice(text) is None
