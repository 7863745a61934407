"""Lists in one order of which both lack members."""

from __future__ import annotations

import random

import pytest

from scopeview.analysis.diff.matching.core import match_items
from scopeview.analysis.diff.matching.entries import Item
from scopeview.analysis.diff.matching.gaps import MISSING, Alignment, companions_missing, with_missing
from scopeview.analysis.diff.matching.modules import modules_of
from tests.renames.changes import dropped
from tests.renames.rows import KERAS, Model, Row, each, numbers

PARTS = ("widen", "filter", "narrow")


def items(*names: str) -> list[Item]:
    return [Item(name, (4,) if name.endswith(("gamma", "beta")) else (4, 4), "float32") for name in names]


def test_only_what_every_best_order_pairs_is_certain() -> None:
    assert Alignment("abcd", "abcd").certain() == [(0, 0), (1, 1), (2, 2), (3, 3)]
    assert Alignment("abbc", "abc").certain() == [(0, 0), (3, 2)]
    assert Alignment("ab", "ba").certain() == []
    assert Alignment("", "a").certain() == []


def test_a_missing_member_keeps_its_place() -> None:
    assert Alignment(["a", "b", "b", "c"], ["a", None, "b", "c"]).certain() == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_far_places_are_not_near() -> None:
    near = Alignment("abcdefgh", "abcdefgh").is_near()

    assert near[0, 0] and near[3, 4]
    assert not near[0, 7]


def test_numbers_show_what_is_missing() -> None:
    side = modules_of(items(*(f"layer-{n}/kernel" for n in (0, 1, 3, 4, 5, 6, 8))))
    scattered = modules_of(items(*(f"layer-{n}/kernel" for n in (0, 3, 6, 9))))

    assert with_missing(side, range(7)) == [0, 1, MISSING, 2, 3, 4, 5, MISSING, 6]
    assert with_missing(scattered, range(4)) == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", ["kernel", "norm"])
def test_a_norm_shows_that_its_kernel_is_missing_and_the_reverse(kind: str) -> None:
    gone = "c/kernel" if kind == "kernel" else "c/norm/gamma"
    names = [name for scope in "abcdef" for name in (f"{scope}/kernel", f"{scope}/norm/gamma") if name != gone]
    side = modules_of(items(*names))
    ranked = [n for n, m in enumerate(side) if m.is_norm == (kind == "norm")]

    found = companions_missing(side, ranked, kind)

    assert [n for n in found if n != MISSING] == ranked
    assert found.index(MISSING) == 2


def counted(depth: int) -> Model:
    """Return convolutions with norms, which one side names by their parts and the other counts."""
    rows: list[Row] = []
    for n in range(depth):
        ours, size = f"net/stage_{n // 3}_{PARTS[n % 3]}", 8 << (n // 3 % 4)
        window = 1 + n % 3
        rows.append(("linear", f"{ours}_conv", f"layer_with_weights-{2 * n}", (window, window, size, size)))
        rows.append(("batch_norm", f"{ours}_conv_bn", f"layer_with_weights-{2 * n + 1}", (size,)))
    return Model("counted", KERAS, KERAS, rows)


def towers(depth: int) -> Model:
    """Return equal towers of unrelated names, which the order of the lists distinguishes."""
    rows: list[Row] = [
        ("linear", "{tower}/down_{{layer}}/conv", "{tower}/enc{{layer}}_c", (3, 3, 8, 8)),
        ("norm", "{tower}/down_{{layer}}/norm", "{tower}/enc{{layer}}_n", (8,)),
    ]
    ends: list[Row] = [
        ("dense", "{tower}/entry", "{tower}/first", (4, 8)),
        ("dense", "{tower}/out", "{tower}/last", (8, 3)),
    ]
    found: list[Row] = []
    for tower in (("M", "xy"), ("N", "yx")):
        inside = list(each([ends[0], *rows, ends[1]], tower=[tower]))
        found += [inside[0], *each(inside[1:-1], layer=numbers(depth)), inside[-1]]
    return Model("towers", KERAS, KERAS, found)


@pytest.mark.parametrize(("model", "least"), [(counted(18), 0.9), (towers(6), 0.75)], ids=["counted", "towers"])
@pytest.mark.parametrize("seed", range(3))
def test_order_decides_where_both_lists_have_gaps(model: Model, least: float, seed: int) -> None:
    case = dropped(model, random.Random(f"gaps {seed}"))
    found = {match.a: match.b for match in match_items(case.a, case.b).matches}

    wrong = {one: other for one, other in found.items() if case.truth.get(one) != other}
    assert not wrong
    assert len(found) >= least * len(case.truth)
