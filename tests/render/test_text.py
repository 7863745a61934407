"""What a terminal shows, whole, at a fixed width."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console as RichConsole
from rich.text import Text as RichText

import scopeview
from scopeview.analysis.trees.outline import View, op_forest, outline
from scopeview.render.text.console import PIPE_WIDTH, make_console
from scopeview.render.text.styled import Text, cell_len
from scopeview.render.text.table import Column, Items, print_table
from scopeview.render.text.tree import print_outline
from tests.graphs import model_from_text


def printed(width: int, rows: list[tuple[str, ...]], gives: int = 0) -> list[str]:
    out = io.StringIO()
    console = make_console(file=out)
    console.width = width
    print_table(console, [Column("name"), Column("size", "right"), Column()], rows, gives=gives)
    return out.getvalue().splitlines()


def test_columns_are_aligned() -> None:
    assert printed(40, [("a", "1", "x"), ("long name", "1,000", "")]) == [
        "  name        size",
        "  a              1  x",
        "  long name  1,000",
    ]


def test_a_column_that_does_not_fit_is_cut_in_its_middle() -> None:
    lines = printed(40, [("a/" * 40 + "end", "1", "x")])

    assert max(map(len, lines)) <= 40
    assert lines[1].startswith("  a/")
    assert "…" in lines[1]
    assert "a/end" in lines[1]


def test_wide_characters_count_twice() -> None:
    lines = printed(30, [("\u5c42" * 40, "1", "x"), ("b", "2", "y")])

    assert lines[1].endswith("  x")
    assert lines[2].endswith("  y")


def test_scattered_numbers_of_siblings_are_shortened_in_text_alone() -> None:
    numbers = [7 * n for n in range(40)]
    text = "\n".join(f"net/layer_{n}/a NoOp\nnet/layer_{n}/b NoOp" for n in numbers)
    found = outline(op_forest(model_from_text(text).graph), View(lines=9))
    out = io.StringIO()
    print_outline(make_console(file=out), found, [Column()], [()] * len(found.rows), "op")

    assert f"layer_[{','.join(map(str, numbers))}]" in [row.label for row in found.rows]
    assert "layer_[0,7,14,… 36 more,273]" in out.getvalue()


def test_in_a_narrow_terminal_every_line_still_fits() -> None:
    rows: list[tuple[str, ...]] = [("n" * 50, "9" * 20, "t" * 50)]

    assert max(map(len, printed(30, rows))) <= 30
    assert max(map(len, printed(30, rows, gives=-1))) <= 30


def test_a_table_without_rows_prints_nothing() -> None:
    assert printed(40, []) == []


def test_a_pipe_gets_whole_names_and_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    console = make_console(file=io.StringIO())

    assert (console.width, console.has_styles) == (PIPE_WIDTH, False)
    assert make_console(color=True, file=io.StringIO()).has_styles
    styled = io.StringIO()
    make_console(color=True, file=styled).print(Text("x", style="bold"))
    assert "\x1b[1m" in styled.getvalue()
    plain = io.StringIO()
    make_console(color=False, file=plain).print(Text("x", style="bold"))
    assert plain.getvalue() == "x\n"


_CHARACTERS = st.text(st.sampled_from("ab  \t\n/\u2502\u2026\u00d7\u2192\u5c42\u0301\U0001f600"), max_size=40)


@given(
    st.lists(st.tuples(_CHARACTERS, st.sampled_from(["", "title", "quiet"])), max_size=4),
    st.integers(4, 60),
    st.booleans(),
)
def test_what_is_written_as_it_is_is_what_rich_would_print(
    parts: list[tuple[str, str]], width: int, is_cut: bool
) -> None:
    ours, theirs = io.StringIO(), io.StringIO()
    console = make_console(file=ours)
    console.width = width
    console.print(Text.assemble(*parts), no_wrap=is_cut, overflow="ellipsis" if is_cut else None)
    text = RichText("".join(part for part, _ in parts))
    rich = RichConsole(file=theirs, width=width, highlight=False, markup=False, emoji=False)
    rich.print(text, no_wrap=is_cut, overflow="ellipsis" if is_cut else None, crop=True)

    assert ours.getvalue() == theirs.getvalue()
    assert cell_len(text.plain) == text.cell_len


def test_the_version_is_a_string_of_numbers() -> None:
    assert all(part.isdecimal() for part in scopeview.__version__.split("."))


def test_lists_leave_whole_items_out() -> None:
    items = Items(("Identity 377", "AssignVariableOp 376", "Const 5"))

    assert [items.fitted(width) for width in (80, 40, 36, 20, 5)] == [
        "Identity 377, AssignVariableOp 376, Const 5",
        "Identity 377, AssignVariableOp 376, …",
        "Identity 377, …",
        "Identity 377, …",
        "Identity 377, …",
    ]
    assert Items(("a", "b"), is_cut=True).fitted(80) == "a, b, …"
    assert Items(()).fitted(80) == ""


def test_every_cell_is_made_printable() -> None:
    out = io.StringIO()
    print_table(make_console(file=out), [Column(), Column()], [("a\x1b[31m", Items(("b\u202e", "c\x07")))])

    assert out.getvalue() == "  a\\x1b[31m  b\\u202e, c\\x07\n"
