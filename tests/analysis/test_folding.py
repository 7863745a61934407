from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scopeview.analysis.trees.folding import MIN_TWINS, fold_twins


def fold(labels: list[str], structures: dict[str, str] | None = None) -> list[tuple[str, int]]:
    groups = fold_twins(labels, lambda label: label, lambda label: (structures or {}).get(label, ""), lambda _: 1)
    return [(group.label, len(group.items)) for group in groups]


def test_numbered_twins_become_a_range() -> None:
    assert fold([f"step_{i}" for i in range(100)]) == [("step_[0-99]", 100)]
    assert fold(["conv1", "conv2", "conv3", "save"]) == [("conv[1-3]", 3), ("save", 1)]
    assert fold(["0", "1", "2", "3"]) == [("[0-3]", 4)]
    assert fold(["x_09", "x_10", "x_11"]) == [("x_[09-11]", 3)]


def test_the_bare_name_is_the_first_of_tensorflows_numbers() -> None:
    assert fold(["cell", "cell_1", "cell_2", "cell_4"]) == [("cell, cell_[1-2,4]", 4)]


def test_the_odd_one_out_stays() -> None:
    structures = {"tower_2": "other"}

    assert fold([f"tower_{i}" for i in range(5)], structures) == [("tower_[0-1,3-4]", 4), ("tower_2", 1)]


def test_few_or_different_siblings_are_left_alone() -> None:
    assert fold(["cell", "cell_1"]) == [("cell", 1), ("cell_1", 1)]
    assert fold(["a1", "a2", "a3"], {"a1": "x", "a2": "y", "a3": "z"}) == [("a1", 1), ("a2", 1), ("a3", 1)]


@given(st.lists(st.from_regex(r"[ab](_?[0-9]{1,2})?", fullmatch=True), unique=True, max_size=20), st.randoms())
def test_every_item_is_in_exactly_one_group(labels: list[str], random: object) -> None:
    structures = {label: str(hash(label) % 2) for label in labels}
    groups = fold_twins(labels, lambda label: label, structures.__getitem__, lambda _: 1)

    assert sorted(item for group in groups for item in group.items) == sorted(labels)
    for group in groups:
        assert len(group.items) == 1 or len(group.items) >= MIN_TWINS
        assert len({structures[item] for item in group.items}) == 1
