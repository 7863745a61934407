from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scopeview.model.names import (
    CONTROL,
    InputRef,
    leaf_of,
    parse_function_input,
    parse_input,
    scope_of,
    sort_key,
    split_uniquifier,
)

PATHS = st.lists(st.text(max_size=3), min_size=1, max_size=5).map("/".join)


@given(st.lists(st.text(alphabet="ab/!\0\1\2", max_size=6)))
def test_sort_key_orders_as_lists_of_segments_do(names: list[str]) -> None:
    assert sorted(names, key=sort_key) == sorted(names, key=lambda name: name.split("/"))


@given(PATHS)
def test_scope_and_leaf_are_the_two_halves_of_a_name(name: str) -> None:
    scope, leaf = scope_of(name), leaf_of(name)

    assert (f"{scope}/{leaf}" if "/" in name else leaf) == name


@given(
    st.text(alphabet="ab/^:", min_size=1).filter(lambda t: not t.startswith("^") and ":" not in t), st.integers(0, 9)
)
def test_inputs_are_split_as_they_are_written(op: str, port: int) -> None:
    assert parse_input(f"{op}:{port}") == InputRef(op, "", port)
    assert parse_input(f"^{op}") == InputRef(op, "", CONTROL)
    assert parse_input(op) == InputRef(op, "", 0)
    assert parse_function_input(f"{op}:out:{port}") == InputRef(op, "out", port)
    assert parse_function_input(f"^{op}") == InputRef(op, "", CONTROL)


def test_what_only_looks_like_an_index_stays_in_the_name() -> None:
    assert parse_input("a:b").op == "a:b"
    assert parse_input("a:٣").op == "a:٣"  # a digit of another script
    assert parse_input("a:99999999999999").op == "a:99999999999999"


def test_numbers_that_tensorflow_does_not_add_are_no_uniquifiers() -> None:
    assert split_uniquifier("cell_12") == ("cell", 12)
    assert split_uniquifier("_1") == ("_1", 0)
    assert split_uniquifier("cell_0") == ("cell_0", 0)
    assert split_uniquifier("layer1") == ("layer1", 0)
