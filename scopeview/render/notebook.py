"""Answers as a notebook shows them: HTML with trees that open, Markdown, and tables for pandas.

Names are escaped, lists are cut at a few hundred lines and say so, and nothing is fetched or run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from scopeview.analysis.answers.inspect import Inspection, OpScopeRecord, VariableRecord, VariableScopeRecord
from scopeview.analysis.answers.sharing import SharingReport
from scopeview.analysis.diff.report import DiffReport
from scopeview.errors import ScopeviewError
from scopeview.model.names import leaf_of, scope_of
from scopeview.render.card import card_rows
from scopeview.render.formats import bytes_text, count, plural, printable, shape_text
from scopeview.render.markdown import markdown as diff_markdown
from scopeview.render.markdown_card import card_markdown

_MOST_SCOPES, _MOST_ROWS, _DEEPEST = 400, 400, 24
_OPEN_ABOVE = 1

Shown = Inspection | SharingReport | DiffReport


def as_html(result: Shown) -> str:
    """Return an answer as HTML for an output cell."""
    if isinstance(result, Inspection):
        return "".join(_model(result))
    if isinstance(result, SharingReport):
        return "".join(_sharing(result))
    return "".join(_diff(result))


def as_markdown(result: Shown) -> str:
    """Return an answer as Markdown, for what shows no HTML."""
    if isinstance(result, Inspection):
        return card_markdown(result.card, result.model.path)
    if isinstance(result, DiffReport):
        return diff_markdown(result)
    lines = [f"**{_shared(result)}**", "", "| variable | shape | uses | call sites |", "|---|---|---|---|"]
    for use in result.variables[:_MOST_ROWS]:
        sites = ", ".join(f"`{_cell(site.scope or '(root)')}`" for site in use.call_sites[:8])
        lines.append(f"| `{_cell(use.name)}` | {shape_text(use.shape)} | {use.uses} | {sites} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return printable(text).replace("|", "\\|").replace("`", "'")


def as_rows(result: Shown) -> list[dict[str, Any]]:
    """Return the rows of a table: one for each variable."""
    if isinstance(result, Inspection):
        return [
            {
                "name": one.name,
                "shape": one.shape,
                "dtype": one.dtype,
                "parameters": one.parameters,
                "size_bytes": one.size_bytes,
                "trainable": one.trainable,
                "uses": one.uses,
                "collections": one.collections,
                "checkpoint_keys": one.checkpoint_keys,
            }
            for one in result.variables
        ]
    if isinstance(result, SharingReport):
        return [
            {"variable": use.name, "call_site": site.scope, "relation": site.relation, "times": site.times}
            for use in result.variables
            for site in use.call_sites
        ]
    return [
        {"status": e.status, "a": e.a, "b": e.b, "shape_a": e.shape_a, "shape_b": e.shape_b, "dtype_b": e.dtype_b}
        for e in result.entries
    ]


def as_dataframe(result: Shown) -> Any:
    """Return the rows of an answer as a pandas DataFrame.

    Raises:
        ScopeviewError: pandas is not installed.
    """
    try:
        import pandas
    except ImportError as error:
        raise ScopeviewError("to_dataframe() needs pandas, and it is not installed; pip install pandas") from error
    return pandas.DataFrame.from_records(as_rows(result))


def _model(found: Inspection) -> Iterator[str]:
    summary = found.model
    yield f"<b>{_text(summary.path)}</b><br>"
    facts = (plural(summary.ops, "op"), plural(summary.variables, "variable"), bytes_text(summary.size_bytes))
    yield f"{_text(summary.format)} · {' · '.join(facts)}"
    yield from (f"<br>! {_text(note)}" for note in summary.notes[:8])
    rows = [(label, " · ".join(phrases)) for label, phrases in card_rows(found.card)]
    yield _table(("", ""), rows)
    yield from _tree("variables", found.variable_scopes, found.variables)
    yield from _tree("ops", found.op_scopes, ())


def _tree(
    title: str, scopes: Sequence[VariableScopeRecord | OpScopeRecord], variables: Sequence[VariableRecord]
) -> Iterator[str]:
    """Yield a tree of scopes that open; records stand in the order of their paths, each before what it holds."""
    if not scopes and not variables:
        return
    of_scope: dict[str, list[VariableRecord]] = {}
    for variable in variables:
        of_scope.setdefault(scope_of(variable.name), []).append(variable)
    yield f"<details open><summary><b>{title}</b></summary>{_leaves(of_scope.get('', []))}"
    ends = 1
    for scope in scopes[:_MOST_SCOPES]:
        depth = min(scope.depth, _DEEPEST)
        while ends > depth:
            yield "</details>"
            ends -= 1
        is_open = " open" if depth <= _OPEN_ABOVE else ""
        yield (
            f'<details{is_open} style="margin-left:1.2em"><summary>{_text(leaf_of(scope.path))}/ '
            f"<small>{_size(scope)}</small></summary>{_leaves(of_scope.get(scope.path, []))}"
        )
        ends += 1
    yield "</details>" * (ends - 1)
    if len(scopes) > _MOST_SCOPES:
        yield f"<small>{len(scopes) - _MOST_SCOPES:,} more scopes: scopeview.view(model) shows them</small>"
    yield "</details>"


def _size(scope: VariableScopeRecord | OpScopeRecord) -> str:
    if isinstance(scope, OpScopeRecord):
        return plural(scope.ops, "op")
    flags = f" · {_text(' · '.join(scope.flags))}" if scope.flags else ""
    return f"{plural(scope.variables, 'variable')}, {plural(scope.parameters, 'parameter')}{flags}"


def _leaves(variables: Sequence[VariableRecord]) -> str:
    rows = [
        (leaf_of(one.name), f"{one.dtype}{shape_text(one.shape)}", f"{one.uses} uses" if one.uses > 1 else "")
        for one in variables[:_MOST_ROWS]
    ]
    more = f"<small>{len(variables) - _MOST_ROWS:,} more</small>" if len(variables) > _MOST_ROWS else ""
    return f'<div style="margin-left:1.2em">{_table(("", "", ""), rows)}{more}</div>' if rows else ""


def _shared(report: SharingReport) -> str:
    return f"{report.shared:,} of {plural(report.model_variables, 'variable')} used at several places"


def _sharing(report: SharingReport) -> Iterator[str]:
    yield f"<b>{_shared(report)}</b>"
    for use in report.variables[:_MOST_ROWS]:
        head = f"{_text(use.name)} {shape_text(use.shape)} · {plural(use.uses, 'use')}"
        rows = [
            (site.scope or "(root)", site.relation, " <- ".join(str(f) for s in site.code[:1] for f in s.frames[:3]))
            for site in use.call_sites
        ]
        history = f"<small>{_text(use.history.summary)}</small>" if use.history is not None else ""
        yield f"<details><summary>{head}</summary>{history}{_table(('call site', 'relation', 'lines'), rows)}</details>"
    if report.total > _MOST_ROWS:
        yield f"<small>{report.total - _MOST_ROWS:,} more</small>"


def _diff(report: DiffReport) -> Iterator[str]:
    yield f"<b>{_text(report.a.path)} → {_text(report.b.path)}</b><br>"
    yield ", ".join(f"{count(number)} {_text(status)}" for status, number in report.summary.items() if number)
    if report.restore is not None:
        yield f"<br><b>{_text(report.restore.verdict.sentence)}</b>"
    shown = report.folded_rules[:_MOST_ROWS]
    rules = [(rule.from_ or "(root)", rule.to or "(root)", count(rule.variables)) for rule in shown]
    if rules:
        yield _table(("from", "to", "variables"), rules)
    changed = [entry for entry in report.entries if entry.status != "same"]
    rows = [
        (e.status, e.a or "", e.b or "", shape_text(e.shape_a), shape_text(e.shape_b)) for e in changed[:_MOST_ROWS]
    ]
    if rows:
        table = _table(("status", "old", "new", "shape", "shape"), rows)
        yield f"<details open><summary>{plural(len(changed), 'change')}</summary>{table}</details>"
    if len(changed) > _MOST_ROWS:
        yield f"<small>{len(changed) - _MOST_ROWS:,} more</small>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "".join(f'<{tag} style="text-align:left">{_text(cell)}</{tag}>' for cell in cells)

    head = f"<tr>{line(heads, 'th')}</tr>" if any(heads) else ""
    body = "".join(f"<tr>{line(row, 'td')}</tr>" for row in rows)
    return f"<table>{head}{body}</table>"


def _text(text: str) -> str:
    return escape(printable(text))
