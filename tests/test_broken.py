"""Damaged, hostile and foreign files open as far as they go, or are refused in one sentence."""

from __future__ import annotations

import tomllib

import pytest

import scopeview
from scopeview.analyses.inspection import inspect
from scopeview.render.as_json import dumps
from tests.places import BROKEN

MANIFEST = tomllib.loads((BROKEN / "manifest.toml").read_text("utf-8"))


@pytest.mark.parametrize(("name", "says"), MANIFEST["opens"].items())
def test_opens_and_says_what_is_wrong(name: str, says: str) -> None:
    model = scopeview.load(BROKEN / name)

    dumps(inspect(model))
    if says:
        assert any(says in note for note in model.notes), model.notes
    else:
        assert model.notes == ()


@pytest.mark.parametrize(("name", "says"), MANIFEST["refused"].items())
def test_is_refused_in_one_sentence(name: str, says: str) -> None:
    with pytest.raises(scopeview.ScopeviewError) as caught:
        scopeview.load(BROKEN / name)

    message = str(caught.value)
    assert says in message
    assert "\n" not in message
    assert caught.value.exit_code == 2


def test_every_broken_file_is_in_the_manifest() -> None:
    on_disk = {path.name for path in BROKEN.iterdir()} - {"manifest.toml"}

    assert on_disk == MANIFEST["opens"].keys() | MANIFEST["refused"].keys()


def test_dangling_inputs_and_repeated_names_are_listed() -> None:
    model = scopeview.load(BROKEN / "dangling.pb")

    assert [(d.kind, d.where, d.name) for d in model.dangling] == [
        ("input", "b", "gone:2"),
        ("input", "b", "^missing"),
        ("duplicate", "a", "a"),
    ]


def test_hostile_names_are_kept_as_they_are() -> None:
    from sample_graphs.build_broken import HOSTILE_NAMES

    model = scopeview.load(BROKEN / "hostile_names.pb")

    assert sorted(model.graph.names) == sorted(HOSTILE_NAMES)
    tree = model.op_scopes
    assert tree.to_networkx().number_of_nodes() == len(tree)


def test_what_is_left_of_a_truncated_file_equals_the_beginning_of_the_whole() -> None:
    whole = scopeview.load(BROKEN.parent / "artifacts" / "m17_gan.meta")
    cut = scopeview.load(BROKEN / "truncated.meta")

    by_definition = sorted(whole.graph, key=lambda row: whole.graph.columns.definition[row])
    first = {whole.graph.name(row) for row in by_definition[: len(cut.graph)]}
    assert set(cut.graph.names) == first
