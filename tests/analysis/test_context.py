"""One context is asked by many threads at once and answers as if one had asked."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from scopeview import load
from scopeview.analysis import context as context_module
from scopeview.analysis.answers.inspect import inspect
from scopeview.analysis.answers.scope_map import scope_map
from scopeview.analysis.answers.sharing import sharing
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive import savers, structure
from scopeview.analysis.diff.report import diff
from scopeview.analysis.graph_view import graph_index, scope_layer
from scopeview.analysis.graph_view.changes import changes_in_picture
from scopeview.analysis.graph_view.subgraph import picture
from scopeview.analysis.graph_view.view_options import DEFAULT_VIEW
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.run import lint
from scopeview.analysis.trees.pages import tree_page
from scopeview.render.as_json import dumps
from tests.places import SAMPLES

GAN = SAMPLES / "m17_gan.meta"

QUESTIONS = (
    inspect,
    sharing,
    lambda context: scope_map(context, [], []),
    lambda context: picture(context, ""),
    lambda context: picture(context, "generator"),
    lambda context: changes_in_picture(context, diff(context, context).graph, "generator"),
    lambda context: lint(Subject(context)),
    lambda context: tree_page(context, "variables", ""),
)


def test_threads_get_the_answers_of_one_and_no_fact_is_computed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [dumps(question(AnalysisContext(load(GAN)))) for question in QUESTIONS]
    computed: Counter[str] = Counter()

    def counted(name: str, function):  # type: ignore[no-untyped-def]
        def compute(*arguments: object) -> object:
            computed[name] += 1
            return function(*arguments)

        return compute

    for name in ("find_auxiliary_variables", "Roles", "AccessIndex", "CallSites", "find_twins"):
        monkeypatch.setattr(context_module, name, counted(name, getattr(context_module, name)))
    monkeypatch.setattr(savers, "find_saving", counted("find_saving", savers.find_saving))
    monkeypatch.setattr(graph_index, "scope_hashes", counted("hashes", structure.scope_hashes))
    context = AnalysisContext(load(GAN))
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda number: dumps(QUESTIONS[number % len(QUESTIONS)](context)), range(64)))

    assert answers == expected * 8
    assert set(computed.values()) == {1}


def test_layers_are_dropped_and_computed_by_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_index, "_LAYERS_KEPT", 1)
    context = AnalysisContext(load(GAN))
    index = graph_index.graph_index_of(context)
    scopes = [scope_layer.scope_of_path(index, path) for path in ("", "generator", "discriminator")]

    def items(number: int) -> int:
        scope = scopes[number % 3]
        assert scope is not None
        return len(scope_layer.layer_of(index, scope, DEFAULT_VIEW).items)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(items, range(300))) == [items(number) for number in range(3)] * 100
