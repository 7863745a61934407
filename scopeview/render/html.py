"""A report as one HTML file: no script, nothing fetched, every name escaped by Jinja."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from scopeview import __version__
from scopeview.analysis.report import ModelReport, ReportRow, ReportTree
from scopeview.render.card import card_rows
from scopeview.render.colors import style_sheet
from scopeview.render.formats import bytes_text, count, plural, printable, shape_text, short_count

_MOST_NESTED = 200
"""Deepest element inside an element; browsers stop nesting at 512, and lines below stand side by side."""
_OPEN_ABOVE = 1
"""Scopes above this depth are open when the report is opened."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a tree, and how many scopes end behind it."""

    row: ReportRow
    is_parent: bool
    is_open: bool
    ends: int


def report_html(report: ModelReport, *, date: str = "") -> str:
    """Write a report as a page that a browser, a mail or a review shows as it is; it is dated today by default."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("scopeview.render"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters.update(
        printable=printable, count=count, plural=plural, bytes=bytes_text, short=short_count, shape=shape_text
    )
    findings = [list(group) for _, group in groupby(report.lint.findings, key=lambda found: found.code)]
    return environment.get_template("report.html").render(
        report=report,
        colors=Markup(style_sheet()),
        card=list(card_rows(report.card)),
        trees=(("ops", "Op scopes", report.ops), ("variables", "Variable scopes", report.variables)),
        lines=lines,
        findings=findings,
        version=__version__,
        date=date or datetime.now(tz=UTC).date().isoformat(),
    )


def lines(tree: ReportTree) -> Iterator[Line]:
    """Nest the lines of a tree without recursion: each says whether it begins a scope and how many end behind it."""
    depths = [min(row.depth, _MOST_NESTED) for row in tree.rows]
    for index, row in enumerate(tree.rows):
        following = depths[index + 1] if index + 1 < len(depths) else 0
        is_parent = following > depths[index]
        yield Line(row, is_parent, row.depth < _OPEN_ABOVE, max(0, depths[index] - following))
