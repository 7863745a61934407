"""A report is plain HTML: well nested, without script, every name as text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.report import ModelReport, report
from scopeview.readers import read
from scopeview.render.html import report_html
from tests.graphs import model_from_text
from tests.places import SAMPLES, samples

_EMPTY = {"meta", "br"}


class Page(HTMLParser):
    """What stands where; an element that ends out of turn is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.depth = 0
        self.names: list[tuple[int, str]] = []
        """Names of the trees, each with the number of scopes around it."""
        self._stack: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self._stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        if tag not in _EMPTY:
            self._stack.append((tag, dict(attrs).get("class") or ""))
        self.depth = max(self.depth, len(self._stack))

    def handle_endtag(self, tag: str) -> None:
        assert self._stack.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        classes = [name for _, name in self._stack]
        if classes and classes[-1] == "name" and "tree" in classes:
            is_summary = any(tag == "summary" for tag, _ in self._stack)
            self.names.append((sum(tag == "details" for tag, _ in self._stack) - is_summary, data))


def lines_of(report: ModelReport) -> list[tuple[int, str]]:
    rows = [row for tree in (report.ops, report.variables) for row in tree.rows if row.kind != "more"]
    return [(row.depth, row.label + "/" * (row.kind == "scope")) for row in rows]


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample["path"])
def test_the_trees_of_a_sample_are_nested_as_they_are(sample: dict[str, Any]) -> None:
    path = str(SAMPLES / sample["path"])
    found = report(Subject(AnalysisContext(read(path, tags=sample.get("tags"), artifact=sample.get("artifact")))))

    page = Page(report_html(found))

    assert page.names == lines_of(found)
    assert not {"script", "img", "link", "iframe"} & set(page.elements)


def test_a_hostile_name_is_text() -> None:
    graph = model_from_text("<script>alert(1)</script>\"'&/w VariableV2 shape=2 dtype=float32")

    page = Page(report_html(report(Subject(AnalysisContext(graph)))))

    assert "script" not in page.elements
    assert (0, "<script>alert(1)</") in page.names
    assert (1, "script>\"'&/") in page.names


def test_deep_scopes_are_all_listed_and_nested_so_far_as_browsers_nest() -> None:
    deep = "/".join(f"s{index}" for index in range(600))
    found = report(Subject(AnalysisContext(model_from_text(f"{deep}/x Const\n{deep}/y Neg {deep}/x"))))

    page = Page(report_html(found))

    assert [name for _, name in page.names] == [label for _, label in lines_of(found)]
    assert page.depth < 512


def test_what_is_not_drawn_is_counted() -> None:
    wide = "\n".join(f"scope{chr(97 + index % 26)}{index}x/op{index} T{index}" for index in range(300))
    found = report(Subject(AnalysisContext(model_from_text(wide))), lines=50)

    drawn = sum(row.size for row in found.ops.rows if row.depth == 0)
    assert drawn == 300
    assert "more, not drawn" in report_html(found)
