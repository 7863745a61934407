from __future__ import annotations

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.report import report
from tests.graphs import model_from_text


def test_rows_say_what_is_shared_and_where_findings_are() -> None:
    model = model_from_text("""
        a/w        VariableV2  shape=2,2 dtype=float32
        a/w/read   Identity    a/w
        x          Placeholder
        a/MatMul   MatMul      x  a/w/read
        b/MatMul   MatMul      a/MatMul  a/w/read
        c/v        VariableV2  shape=3 dtype=float32
    """)

    found = report(Subject(AnalysisContext(model)))

    assert [(row.depth, row.path, row.size, row.uses) for row in found.variables.rows] == [
        (0, "a", 4, 0),
        (1, "a/w", 4, 2),
        (0, "c", 3, 0),
        (1, "c/v", 3, 0),
    ]
    assert {row.path: row.shared for row in found.ops.rows if row.kind == "scope"}.items() >= {
        ("a", 1),
        ("b", 1),
        ("c", 0),
    }
    severities = {finding.where: finding.severity for finding in found.lint.findings}
    assert severities["c/v"] == "warning"
    assert [row.path for row in found.variables.rows if row.severity == "warning"] == ["c/v"]
