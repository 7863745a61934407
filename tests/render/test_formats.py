from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from scopeview.model.attributes import (
    DType,
    FunctionRef,
    PlaceholderValue,
    ShapeValue,
    TensorValue,
    Undecodable,
)
from scopeview.render.formats import bytes_text, number_text, printable, short_count, shortened, value_text


@given(st.text())
def test_printable_text_has_nothing_that_a_terminal_acts_on(text: str) -> None:
    found = printable(text)

    assert not [c for c in found if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert found == text or not text.isprintable() or not text.isascii()


@given(st.text(min_size=1), st.integers(1, 40))
def test_shortened_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    found = shortened(text, width)

    assert len(found) <= width
    if len(text) <= width:
        assert found == text
    elif width >= 4:
        assert (found[0], found[-1]) == (text[0], text[-1])


def test_sizes_keep_three_digits() -> None:
    sizes = [0, 999, 1000, 12_345, 999_999, 1_500_000, 2_000_000_000, 10**18]
    assert [bytes_text(size) for size in sizes] == [
        "0 B",
        "999 B",
        "1.00 kB",
        "12.3 kB",
        "1.00 MB",
        "1.50 MB",
        "2.00 GB",
        "1,000 PB",
    ]
    assert [short_count(n) for n in (9_999, 10_000, 1_234_567, 10**12)] == ["9,999", "10.0 k", "1.23 M", "1.00 T"]


def test_every_kind_of_attribute_has_a_text() -> None:
    values = {
        None: "(none)",
        True: "true",
        3: "3",
        0.1: "0.1",
        "text\n": '"text\\n"',
        b"\xff\x00": "2 bytes b'\\xff\\x00'",
        DType("float32"): "float32",
        ShapeValue((None, 3)): "[?, 3]",
        TensorValue("int32", (2,), (1, 2)): "int32[2] 8 B = 1, 2",
        TensorValue("string", (), ("a",)): 'string[] = "a"',
        TensorValue("float32", (99,), (0.5, 0.25)): "float32[99] 396 B = 0.5, 0.25, …",
        PlaceholderValue("T"): "$T",
        Undecodable(9, "why"): "9 bytes that do not decode: why",
        (1, 2): "[1, 2]",
        tuple(range(20)): "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, …]",
        3j: "3j",
    }
    assert {value: value_text(value) for value in values} == values
    assert value_text(FunctionRef("f", {})) == "function f"
    assert number_text(float("inf")) == "inf"
