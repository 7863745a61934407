"""`scopeview collections`: what each holds, how they differ, what the savers store."""

from __future__ import annotations

from collections.abc import Sequence

from scopeview.analysis.answers.collections import CollectionsReport
from scopeview.render.formats import count, plural, printable
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text
from scopeview.render.text.table import Cell, Column, Items, print_table

_QUIET = Column(style="quiet")


def print_collections(console: Console, report: CollectionsReport, *, whole: bool) -> None:
    """Print the collections, one line each; with `whole`, their members too."""
    if not report.collections:
        why = "none" if report.has_collections else "none: a bare GraphDef and a checkpoint have no collections"
        console.print(Text.assemble(("collections", "heading"), f"  {why}"))
    elif whole:
        for detail in report.collections:
            _members(console, detail.collection.name, report)
    else:
        _overview(console, report)
    _differences(console, report)
    _savers(console, report)


def _overview(console: Console, report: CollectionsReport) -> None:
    console.print(Text(f"collections ({len(report.collections)})", style="heading"))
    rows: list[Sequence[Cell]] = []
    for detail in report.collections:
        found = detail.collection
        kinds = ", ".join(plural(number, kind) for kind, number in detail.kinds.items())
        names = Items(tuple(member.target or member.text for member in found.members[:8]), found.size > 8)
        rows.append((found.name, count(found.size), kinds, names))
    print_table(console, [Column(), Column(align="right"), _QUIET, Column()], rows, gives=-1)


def _members(console: Console, name: str, report: CollectionsReport) -> None:
    detail = next(found for found in report.collections if found.collection.name == name)
    kind = detail.collection.kind
    title = Text.assemble(("collection ", "heading"), (printable(name), "title"), (f"  stored as {kind}", "quiet"))
    console.print(title)
    others = {m.variable: [other for other in m.collections if other != name] for m in report.variables}
    rows: list[Sequence[Cell]] = []
    for member in detail.collection.members:
        name_of = member.target or member.text
        stored_as = "" if name_of == member.text else member.text
        rows.append((name_of, member.kind, stored_as, Items(tuple(others.get(name_of, ())))))
    headings = (Column("member"), Column("is", style="quiet"), Column("stored as", style="quiet"), Column("also in"))
    print_table(console, headings, rows, gives=-1)
    if detail.listed_twice:
        console.print(Text(f"  ! listed twice: {printable(', '.join(detail.listed_twice))}", style="warning"))
    console.print()


def _differences(console: Console, report: CollectionsReport) -> None:
    if not report.differences:
        return
    console.print()
    console.print(Text("differences", style="heading"))
    rows = [
        (f"{d.left} − {d.right}", count(len(d.variables)), d.meaning, Items(d.variables)) for d in report.differences
    ]
    print_table(console, [Column(), Column(align="right"), _QUIET, Column()], rows, gives=-1)


def _savers(console: Console, report: CollectionsReport) -> None:
    saving = report.saving
    if not saving.savers:
        if report.has_collections:
            console.print(Text("\nsavers  none: the graph has no op that saves or restores", style="quiet"))
        return
    console.print()
    console.print(Text("savers", style="heading"))
    rows: list[Sequence[Cell]] = []
    for saver in saving.savers:
        renamed = tuple(f"{entry.variable} as {entry.key}" for entry in saver.renamed)
        others = tuple(f"{key} (no variable)" for key in saver.others)
        name = saver.op if saver.ops == 1 else f"{saver.op} and {saver.ops - 1} more"
        rows.append(
            (name, "restores" if saver.restores else "saves", plural(len(saver.keys), "key"), Items(renamed + others))
        )
    print_table(console, [Column(), _QUIET, Column(align="right"), Column()], rows, gives=-1)
    if saving.never_saved:
        head = f"  never saved ({len(saving.never_saved)}): "
        names = Items(saving.never_saved).fitted(max(40, console.width - len(head)))
        console.print(Text(head + printable(names), style="warning"))
