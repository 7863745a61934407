"""Names in Markdown are text, whatever is in them."""

from __future__ import annotations

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.report import diff
from scopeview.render.markdown import markdown
from tests.graphs import checkpoint

BAD = "a```b</td><script>|*x*`\x1b[31m"


def test_a_hostile_name_ends_no_fence_and_acts_on_nothing() -> None:
    report = diff(AnalysisContext(checkpoint({f"{BAD}/w": [2]})), AnalysisContext(checkpoint({f"{BAD}/v": [3]}))).report

    shown = markdown(report)

    assert shown.count("```") == 2
    assert "\x1b" not in shown
    assert shown.splitlines()[-1] == "```"


def test_nothing_changed_is_one_line() -> None:
    model = checkpoint({"w": [2]})

    assert (
        markdown(diff(AnalysisContext(model), AnalysisContext(model)).report)
        == "**`(checkpoint)` → `(checkpoint)`**: 1 same"
    )
