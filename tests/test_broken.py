"""Damaged, hostile and foreign files open as far as they go, or are refused in one sentence."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scopeview
from scopeview.analysis.answers.collections import collections
from scopeview.analysis.answers.inspect import inspect
from scopeview.analysis.answers.sharing import sharing
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.report import diff
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.run import lint
from scopeview.model.model import Model
from scopeview.render.as_json import dumps
from tests.places import BROKEN, SAMPLES

MANIFEST = tomllib.loads((BROKEN / "manifest.toml").read_text("utf-8"))


def _ask_everything(model: Model) -> None:
    """Every analysis must have an answer, and JSON for it, whatever the file holds."""
    context = AnalysisContext(model)
    for answer in (
        inspect(context),
        sharing(context, minimum=0, attached=True),
        collections(context),
        lint(Subject(context)),
    ):
        dumps(answer)
    itself = diff(context, AnalysisContext(model)).report
    dumps(itself)
    assert not itself.differs()


@pytest.mark.parametrize(("name", "says"), MANIFEST["opens"].items())
def test_opens_and_says_what_is_wrong(name: str, says: str) -> None:
    model = scopeview.load(BROKEN / name)

    _ask_everything(model)
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


MADE_TWICE = {"G2", "G4", "G6"}
"""Rules that see one cause: which of them lists it depends on what else is there."""


BINARY = sorted(set(SAMPLES.glob("*.meta")) - {SAMPLES / "m16_auto_reuse.meta"})


@pytest.mark.parametrize("path", BINARY, ids=lambda path: path.name)
def test_nothing_is_found_missing_in_what_could_not_be_read(path: Path, tmp_path: Path) -> None:
    """Whatever is found in the beginning of a graph is found in all of it."""
    whole, content = {finding.code for finding in scopeview.lint(scopeview.load(path)).findings}, path.read_bytes()
    cut = tmp_path / path.name
    for part in (0.2, 0.5, 0.8, 0.95):
        cut.write_bytes(content[: int(part * len(content))])
        model = scopeview.load(cut)
        report = scopeview.lint(model)

        assert model.is_partial
        assert {finding.code for finding in report.findings} - whole <= MADE_TWICE
        assert not {"G8", "G9", "G10", "G11"} & set(report.rules_applied)
    assert not scopeview.load(path).is_partial


FUZZED = [
    "m17_gan.meta",
    "m28_partitioned.meta",
    "m30_frozen_ref.pb",
    "m02_nested_scopes.pbtxt",
    "m29_module/saved_model.pb",
    "m29_logdir/v2/events.out.tfevents.sample",
    "m32_v1.ckpt",
    "m32_object.ckpt.index",
]


@pytest.mark.parametrize("name", FUZZED)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_file_damaged_anywhere_opens_or_is_refused(name: str, data: st.DataObject, tmp_path: Path) -> None:
    raw = bytearray((SAMPLES / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place] = data.draw(st.sampled_from([0, 0x0A, 0x7F, 0xFF, raw[place] ^ 1]))
    cut = data.draw(st.one_of(st.just(len(raw)), st.integers(1, len(raw))))
    path = tmp_path / "damaged"
    path.write_bytes(raw[:cut])

    try:
        model = scopeview.load(path)
    except scopeview.ScopeviewError as error:
        assert "\n" not in str(error)
        return
    _ask_everything(model)
    for row in model.graph:
        model.graph.attributes(row)
