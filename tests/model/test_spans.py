"""Spans of a buffer, distinguished by their bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scopeview.model import spans
from scopeview.model.spans import SpanIndex, Words, are_same


def columns(pieces: list[bytes]) -> tuple[Words, np.ndarray, np.ndarray]:
    size = np.array([len(piece) for piece in pieces], dtype=np.int64)
    return Words(b"".join(pieces)), np.cumsum(size) - size, size


PIECES = st.lists(
    st.one_of(st.text(alphabet="ab", max_size=20).map(str.encode), st.binary(max_size=9), st.just(b"ab" * 700)),
    max_size=20,
)


@given(PIECES, PIECES)
def test_equal_spans_have_the_same_first_one(pieces: list[bytes], others: list[bytes]) -> None:
    index = SpanIndex(*columns(pieces))
    first = {piece: place for place, piece in reversed(list(enumerate(pieces)))}

    assert index.first.tolist() == [first[piece] for piece in pieces]
    assert index.find(*columns(others)).tolist() == [first.get(piece, -1) for piece in others]
    number, firsts = index.numbered()
    assert [pieces[firsts[at]] for at in number] == pieces


def test_spans_of_one_hash_are_still_distinguished(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first hash of this test is the same for all; the index then takes another seed."""
    hashed, calls = spans.hash_spans, []

    def poor(words: Words, start: np.ndarray, size: np.ndarray, seed: int) -> np.ndarray:
        calls.append(seed)
        return hashed(words, start, size, seed) * np.uint64(len(calls) > 1)

    monkeypatch.setattr(spans, "hash_spans", poor)
    assert SpanIndex(*columns([b"a", b"b", b"a"])).first.tolist() == [0, 1, 0]
    assert len(calls) == 2


@given(PIECES)
def test_bytes_are_compared_and_looked_at_one_by_one(pieces: list[bytes]) -> None:
    words, start, size = columns(pieces)
    changed = Words(bytes(byte ^ (place % 7 == 3) for place, byte in enumerate(words.buffer)))

    same = are_same(words, start, changed, start, size)
    for at, (begin, length) in enumerate(zip(start.tolist(), size.tolist(), strict=True)):
        assert same[at] == (words.content(begin, length) == changed.content(begin, length))


@given(st.binary(max_size=30))
def test_words_beyond_the_end_are_zeros(raw: bytes) -> None:
    words = Words(raw)
    places = np.arange(len(raw) + 3)

    expected = [int.from_bytes(raw[place : place + 8].ljust(8, b"\0"), "little") for place in places]
    assert words.at(places).tolist() == expected
