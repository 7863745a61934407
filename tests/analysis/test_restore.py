"""What a restore would do, held against what `Saver.restore` does."""

from __future__ import annotations

import scopeview
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.comparison import restore_report
from scopeview.analysis.diff.restore import restore
from tests.graphs import checkpoint, model_from_text
from tests.oracle import Oracle
from tests.places import SAMPLES


def test_missing_keys_of_the_renamed_model_are_those_that_tensorflow_names(oracle: Oracle) -> None:
    graph = AnalysisContext(scopeview.load(SAMPLES / "m33_renamed.meta"))
    stored = AnalysisContext(scopeview.load(SAMPLES / "m33_original.ckpt"))

    found = restore_report(graph, stored)

    truth = oracle.ask("restore", SAMPLES / "m33_renamed.meta", checkpoint=str(SAMPLES / "m33_original.ckpt"))
    assert truth["error"].startswith("NotFoundError")
    assert truth["key"] in {missing.key for missing in found.missing}
    assert {m.key: (m.kind, m.near) for m in found.missing} == {
        f"model/layer{i}/{new}": ("prefix", f"layer{i}/{old}")
        for i in (1, 2, 3)
        for new, old in (("kernel", "weights"), ("biases", "biases"))
    }
    assert (found.asked_by, found.found, found.mismatched) == ("saver", 0, ())
    assert sorted(found.unused) == sorted(f"layer{i}/{leaf}" for i in (1, 2, 3) for leaf in ("biases", "weights"))


def test_what_fits_is_found_and_tensorflow_restores_it(oracle: Oracle) -> None:
    found = restore(
        AnalysisContext(scopeview.load(SAMPLES / "m17_gan.meta")),
        AnalysisContext(scopeview.load(SAMPLES / "m32_after.ckpt")),
    )

    assert (found.found, found.missing, found.mismatched, found.unused) == (28, (), (), ())
    truth = oracle.ask("restore", SAMPLES / "m17_gan.meta", checkpoint=str(SAMPLES / "m32_after.ckpt"))
    assert truth == {"error": "", "key": ""}


def test_without_a_saver_every_variable_asks_for_its_own_name() -> None:
    found = restore(
        AnalysisContext(model_from_text("w VariableV2 shape=2\nv VariableV2 shape=3")),
        AnalysisContext(checkpoint({"w": [2], "v": [2]})),
    )

    assert (found.asked_by, found.found, [m.key for m in found.mismatched]) == ("names", 1, ["v"])
    assert not found.mismatched[0].is_silent


def test_two_entries_that_fit_alike_are_no_answer() -> None:
    found = restore_report(
        AnalysisContext(model_from_text("net/w VariableV2 shape=2")),
        AnalysisContext(checkpoint({"a/net/w": [2], "b/net/w": [2]})),
    )

    assert [(m.kind, m.near) for m in found.missing] == [("absent", "")]
