"""A plan of a conversion as text: what goes where, then what is left out, grouped by its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from scopeview.analysis.convert import ConvertPlan, ConvertRow, NotConverted
from scopeview.render.formats import bytes_text, plural, printable, shape_text

_FEW = 20


def plan_lines(plan: ConvertPlan, *, lines: int | None = _FEW) -> Iterator[str]:
    """Yield the lines of a plan.

    Args:
        plan: the plan.
        lines: tensors, and names of each reason, to print; None prints all.
    """
    names = "as in " + printable(plan.like) if plan.like else "under their own names"
    yield f"{plural(len(plan.rows), 'tensor')}, {bytes_text(plan.size_bytes)}, {names}"
    rows = [row for row in plan.rows if not row.is_kept]
    shown = rows if lines is None else rows[:lines]
    for row in shown:
        yield f"  {_row(row)}"
    if len(rows) > len(shown):
        yield f"  {len(rows) - len(shown):,} more; --all prints them"
    yield from _grouped("not from the source", _kept(plan), lines)
    yield from _grouped("left out", plan.dropped, lines)
    yield from _grouped("without values", plan.unfilled, lines)


def _kept(plan: ConvertPlan) -> Iterator[NotConverted]:
    return (NotConverted(row.source, row.reason) for row in plan.rows if row.is_kept)


def _row(row: ConvertRow) -> str:
    sources = ", ".join(dict.fromkeys(piece.source for piece in row.pieces)) or row.source
    name = printable(row.key if row.key == sources else f"{sources} -> {row.key}")
    changes = [text for text in (row.reason if row.pieces else "", row.note) if text]
    if not row.pieces and not row.axes and not row.resize and row.source_shape != row.shape:
        changes.append(f"reshaped from {shape_text(row.source_shape)}")
    if row.axes:
        changes.append(f"axes {list(row.axes)}")
    if row.resize:
        changes.append(f"rows {row.source_shape[0]} -> {row.shape[0]} ({row.resize})")
    if row.dtype != row.source_dtype:
        changes.append(f"{row.source_dtype} -> {row.dtype}")
    return f"{name} {shape_text(row.shape)} {row.dtype}" + (f"  {', '.join(changes)}" if changes else "")


def _grouped(what: str, found: Iterable[NotConverted], lines: int | None) -> Iterator[str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for one in found:
        groups[one.reason].append(one.name)
    for reason, names in groups.items():
        yield f"{what}: {plural(len(names), 'variable')}, {printable(reason)}"
        shown = names if lines is None else names[:3]
        more = f" and {len(names) - len(shown):,} more" if len(names) > len(shown) else ""
        yield f"  {printable(', '.join(shown))}{more}"
