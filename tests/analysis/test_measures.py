"""Numbers and texts on the boxes of a picture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.graph_view.measures import ItemMeasure, measure_picture, measures
from scopeview.errors import NotFoundError
from scopeview.model.overlay import Overlay
from scopeview.model.recorded_runs import OpRun, RecordedRun, RecordedRuns
from tests.graphs import model_from_text

GRAPH = """
x          Placeholder  dtype=float32 shape=2,3
a/w        VariableV2   shape=3,4
a/w/read   Identity     a/w
a/MatMul   MatMul       x  a/w/read
a/Neg      Neg          a/MatMul
b/c/Neg    Neg          a/Neg
b/Exp      Exp          b/c/Neg
"""


@pytest.fixture(scope="module")
def context() -> AnalysisContext:
    return AnalysisContext(model_from_text(GRAPH))


def by_id(context: AnalysisContext, name: str, *overlays: Overlay, scope: str = "") -> dict[str, ItemMeasure]:
    return {item.id: item for item in measure_picture(context, scope, name, overlays).items}


def test_a_box_has_the_sum_of_its_ops(context: AnalysisContext) -> None:
    found = by_id(context, "parameters")
    assert {key: item.number for key, item in found.items()} == {"a": 12.0}
    assert found["a"].shade == 4
    assert {name.name for name in measures(context)} == {"flops", "output bytes", "parameters"}
    assert by_id(context, "output bytes")["x"].number == 24.0


def test_an_overlay_finds_ops_scopes_and_variables(context: AnalysisContext) -> None:
    overlay = Overlay("load", {"a/w": 2.0, "a/Neg": 4.0, "b/c": 10.0, "gone": 1.0}, scale=(0.0, 10.0))
    found = measure_picture(context, "", "overlay load", [overlay])

    assert {item.id: (item.number, item.shade) for item in found.items} == {"a": (3.0, 1), "b": (10.0, 4)}
    assert found.bounds == (0.0, 2.0, 4.0, 6.0, 8.0, 10.0)
    assert (found.unmatched, found.total_unmatched) == (("gone",), 1)
    inside = by_id(context, "overlay load", overlay, scope="a")
    assert {key: item.number for key, item in inside.items()} == {"a/w": 2.0, "a/Neg": 4.0}


@pytest.mark.parametrize(("combine", "number"), [("mean", 3.0), ("sum", 6.0), ("max", 4.0), ("min", 2.0)])
def test_a_box_without_a_value_combines_those_inside(context: AnalysisContext, combine: str, number: float) -> None:
    overlay = Overlay("load", {"a/w": 2.0, "a/Neg": 4.0}, combine=combine)  # type: ignore[arg-type]
    assert by_id(context, "overlay load", overlay)["a"].number == number
    named = Overlay("load", {"a/w": 2.0, "a": 7.0}, combine=combine)  # type: ignore[arg-type]
    assert by_id(context, "overlay load", named)["a"].number == 7.0


def test_texts_say_whether_there_are_several(context: AnalysisContext) -> None:
    overlay = Overlay("owner", {"a/w": "ana", "a/Neg": "ana", "a/MatMul": "bo", "b/c": "bo"})
    found = measure_picture(context, "", "overlay owner", [overlay])
    assert {item.id: item.text for item in found.items} == {"a": "ana, …", "b": "bo"}
    assert found.bounds == ()
    with pytest.raises(NotFoundError, match="there is no measure 'time'"):
        measure_picture(context, "", "time")


def test_each_of_several_recorded_steps_is_a_measure(context: AnalysisContext) -> None:
    def recorded(*names: str) -> AnalysisContext:
        runs = tuple(
            RecordedRun(name, {"b/Exp": OpRun(10.0 * number, number, ("cpu",), 1)})
            for number, name in enumerate(names, 1)
        )
        return AnalysisContext(replace(context.model, runs=RecordedRuns(lambda: runs)))

    two = recorded("one", "a: b")
    assert by_id(two, "time: one")["b"].number == 10.0
    assert by_id(two, "time: a: b")["b"].number == by_id(two, "time")["b"].number == 20.0
    assert by_id(two, "memory: one")["b"].number == 1.0
    assert {one.name for one in measures(two)} >= {"time", "time: one", "memory: a: b"}
    assert not [one.name for one in measures(recorded("one")) if ":" in one.name]
    with pytest.raises(NotFoundError, match="time: one"):
        measure_picture(two, "", "time: two")
