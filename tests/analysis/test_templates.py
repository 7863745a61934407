"""Many names in a few words, and every one of them counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scopeview.analysis.diff.templates import fold_names


def texts(names: list[str]) -> list[str]:
    return [template.text for template in fold_names(names)]


def test_numbers_and_alternatives_become_braces() -> None:
    assert texts([f"a/layer_{i}/{p}/w" for i in range(12) for p in ("q", "k", "v")]) == ["a/layer_{0..11}/{q,k,v}/w"]
    assert texts(["beta1_power", "beta2_power"]) == ["beta{1,2}_power"]
    assert texts(["a/w/Adam", "a/w/Adam_1"]) == ["a/w/{Adam,Adam_1}"]
    assert texts([f"w_{i}" for i in range(0, 40, 3)]) == ["w_*"]
    assert texts(["w"]) == ["w"]


def test_what_differs_in_its_numbers_is_not_joined() -> None:
    names = ["l_0/a", "l_1/a", "l_0/b"]

    assert texts(names) == ["l_{0,1}/a", "l_0/b"]


def test_many_scopes_are_named_by_the_ends_of_their_names() -> None:
    scopes = ("conv", "head/a", "x/y/z", "pool", "deep/er/and/deeper", "last", "one/more")
    names = [f"{scope}/act_quant/{end}" for scope in scopes for end in ("min", "max")]

    assert texts(names) == ["*/act_quant/{min,max}"]


@given(st.lists(st.text("ab/_19", min_size=1, max_size=12), max_size=40))
def test_every_name_is_in_one_template(names: list[str]) -> None:
    found = [name for template in fold_names(names) for name in template.names]

    assert sorted(found) == sorted(set(names))
