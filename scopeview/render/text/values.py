"""`scopeview values`: a line per variable, and for a single one its histogram."""

from __future__ import annotations

from scopeview.analysis.answers.values import ValuesReport, VariableValues
from scopeview.render.formats import plural, printable, shape_text
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text
from scopeview.render.text.table import Column, print_table

_BARS = " ▁▂▃▄▅▆▇█"


def print_values(console: Console, report: ValuesReport) -> None:
    """Print how the values of each variable are distributed."""
    console.print(Text(plural(report.total, "variable"), style="heading"))
    headings = ("", "shape", "mean", "deviation", "minimum", "maximum", "zeros", "")
    columns = [
        Column(heading, "right" if 2 <= index <= 6 else "left", "quiet" if index in (1, 7) else "")
        for index, heading in enumerate(headings)
    ]
    print_table(console, columns, [_row(found) for found in report.variables])
    left = report.total - report.offset - len(report.variables)
    if left > 0:
        following = report.offset + len(report.variables)
        console.print(Text(f"  … {left:,} more: --offset {following} shows the next page", style="quiet"))


def _row(found: VariableValues) -> tuple[str | Text, ...]:
    kind = f"{found.dtype}{shape_text(found.shape)}"
    if found.unread:
        return (found.variable, kind, "", "", "", "", "", Text(printable(found.unread), style="warning"))
    faults = [f"{count:,} {word}" for count, word in ((found.nan, "NaN"), (found.inf, "Inf")) if count]
    numbers = (found.mean, found.deviation, found.minimum, found.maximum)
    share = f"{found.zeros / found.elements:.0%}" if found.zeros and found.elements else ""
    remark = Text(", ".join(faults), style="error") if faults else Text(bars(found.histogram), style="quiet")
    return (found.variable, kind, *(_number(number) for number in numbers), share, remark)


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:.4g}"


def bars(histogram: tuple[int, ...]) -> str:
    """Draw a histogram in one line; a bin that holds anything at all is never blank.

    >>> bars((0, 1, 50, 100))
    ' ▁▄█'
    """
    most = max(histogram, default=0)
    return "".join(_BARS[0 if not count else max(1, round(8 * count / most))] for count in histogram)
