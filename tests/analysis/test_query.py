from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopeview.analysis.query import FIELDS, glob_pattern, parse_query, parse_shape, shape_matches
from scopeview.errors import QueryError


def test_a_query_is_words_and_terms() -> None:
    query = parse_query("weights op:MatMul 'name:a b' op:Mat*")

    assert query.words == ("weights",)
    assert query.values("op") == ("MatMul", "Mat*")
    assert query.values("name") == ("a b",)
    assert (query.wants_ops, query.wants_variables) == (True, False)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the query is empty"),
        ("color:red", "there is no search field 'color'; the fields are name"),
        ("op:", "needs a value, such as op:MatMul"),
        ("shape:3", "must stand in brackets"),
        ("shape:[a]", "may hold numbers"),
        ("in:files", "it is in:ops or in:variables"),
        ("trainable:maybe", "it is trainable:yes or trainable:no"),
        ("'open", "close the quote"),
    ],
)
def test_what_cannot_be_understood_is_explained(text: str, says: str) -> None:
    with pytest.raises(QueryError, match=says.replace("[", r"\[")):
        parse_query(text)


@pytest.mark.parametrize(
    ("pattern", "shape", "fits"),
    [
        ("[*,256]", (3, 256), True),
        ("[*,256]", (None, 256), True),
        ("[?,256]", (None, 256), True),
        ("[?,256]", (3, 256), False),
        ("[*,256]", (256,), False),
        ("[]", (), True),
        ("[]", (1,), False),
        ("[...]", None, True),
        ("[*]", None, False),
        ("[...,3]", (1, 2, 3), True),
        ("[1,...,3]", (1, 3), True),
        ("[1,...,3]", (3,), False),
        ("[...]", (), True),
    ],
)
def test_shapes_fit_patterns(pattern: str, shape: tuple[int | None, ...] | None, fits: bool) -> None:
    assert shape_matches(parse_shape(pattern), shape) is fits


@given(st.text(), st.text())
def test_a_glob_without_wild_characters_is_the_text_itself(text: str, other: str) -> None:
    plain = text.replace("*", "").replace("?", "")

    assert glob_pattern(plain).fullmatch(plain)
    assert bool(glob_pattern(plain).fullmatch(other)) == (other == plain)


def test_many_stars_do_not_make_matching_slow() -> None:
    assert glob_pattern("*" * 60 + "b").fullmatch("a" * 2000) is None
    assert glob_pattern("*a" * 12 + "*b").fullmatch("a" * 10_000) is None


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=8))
def test_globs_match_as_fnmatch_does(glob: str, text: str) -> None:
    assert bool(glob_pattern(glob).fullmatch(text)) == fnmatchcase(text, glob)


def test_every_field_has_a_description() -> None:
    assert all(FIELDS.values())
