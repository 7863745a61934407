"""`scopeview inspect`: header, the two trees, collections, signatures, functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scopeview.analysis.answers.inspect import Inspection, ModelSummary, VariableRecord
from scopeview.analysis.answers.tree_lines import OpLine, TreeLines, VariableLine
from scopeview.analysis.trees.outline import Outline, OutlineRow
from scopeview.model.model import Signature
from scopeview.render.format_names import format_name
from scopeview.render.formats import (
    bytes_text,
    count,
    plural,
    printable,
    shape_text,
    short_count,
)
from scopeview.render.text.card import print_card
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text
from scopeview.render.text.table import Cell, Column, Items, print_table
from scopeview.render.text.tree import print_outline

_TYPES_SHOWN = 4

_OTHERS_SHOWN = 12
"""Other artifacts of a folder that the header names; the JSON has them all."""

_QUIET_DETAILS = ("git_version",)
"""Details that the JSON has and the header leaves out."""


@dataclass(frozen=True, slots=True)
class Sections:
    """Which lists to print, and how many lines of each; None for all."""

    collections: bool = True
    signatures: bool = True
    functions: bool = True
    lines: int | None = 10
    say_none: bool = False
    """Whether a list that is empty says so: it was asked for by name."""
    card: bool = True
    """Whether the card stands above them."""


def print_inspection(console: Console, inspection: Inspection, trees: TreeLines, sections: Sections) -> None:
    """Print an inspection, with the two trees as far as they were asked for."""
    summary = inspection.model
    print_header(console, summary)
    if sections.card:
        print_card(console, inspection.card)
    if trees.ops is not None and (trees.has_ops or not summary.variables):
        what = f"ops of {printable(trees.program)}, calls inlined" if trees.program else "ops"
        _heading(console, _titled(what, trees.scope))
        _print_ops(console, trees.ops, trees.op_lines)
    if trees.variables is not None and (summary.variables or summary.ops):
        _heading(console, _titled("variables", trees.scope))
        _print_variables(console, summary, trees.variables, trees.variable_lines)
    if sections.collections:
        _print_list(console, "collections", _collection_rows(inspection), sections, numeric=1)
    if sections.signatures:
        _print_list(console, "signatures", [_signature(s) for s in inspection.signatures], sections)
    if sections.functions:
        _print_list(console, "functions", _function_rows(inspection), sections, gives=2)
    if inspection.dangling:
        dangling = [(d.kind, printable(d.where), f"-> {printable(d.name)}") for d in inspection.dangling]
        _print_list(console, "dangling", dangling, sections)
    if inspection.imported is not None:
        from scopeview.render.text.imported import print_import

        print_import(console, inspection.imported)


def print_header(console: Console, summary: ModelSummary) -> None:
    """Print what the artifact is, its totals, and what a reader must know."""
    kind = format_name(summary.format, summary.details) + (" (text)" if summary.text else "")
    version = f"TensorFlow {summary.tensorflow_version}" if summary.tensorflow_version else ""
    producer = f"producer {summary.producer}" if summary.producer else ""
    tags = f"tags {', '.join(summary.tags)}" if summary.tags else ""
    context = " · ".join(printable(fact) for fact in (kind, version, tags, producer) if fact)
    name = printable(summary.path) + (f"  [{printable(summary.artifact)}]" if summary.artifact else "")
    console.print(Text(name, style="title"), no_wrap=True, overflow="ellipsis")
    console.print(Text(f"  {context}", style="quiet"), no_wrap=True, overflow="ellipsis")
    unknown = f" + {plural(summary.unknown_sizes, 'unknown size')}" if summary.unknown_sizes else ""
    totals = [
        plural(summary.ops, "op") if summary.ops else "",
        _variables_text(summary),
        f"{_parameters(summary.parameters)}{unknown}{_parts(summary)}",
        bytes_text(summary.size_bytes),
        plural(summary.functions, "function") if summary.functions else "",
    ]
    console.print(Text(f"  {' · '.join(total for total in totals if total)}"))
    details = " · ".join(
        f"{name.replace('_', ' ')} {printable(text)}"
        for name, text in summary.details.items()
        if name not in _QUIET_DETAILS
    )
    if details:
        console.print(Text(f"  {details}", style="quiet"), no_wrap=True, overflow="ellipsis")
    if summary.checkpoint:
        console.print(Text(f"  values in {printable(_prefix(summary.checkpoint))}", style="quiet"))
    for note in summary.notes:
        console.print(Text(f"  ! {printable(note)}", style="warning"))
    if summary.also_here:
        shown = summary.also_here[:_OTHERS_SHOWN]
        others = [f"{printable(other.name)} ({other.kind}, {bytes_text(other.size_bytes)})" for other in shown]
        more = len(summary.also_here) - len(shown)
        text = ", ".join(others) + (f" and {count(more)} more" if more else "")
        console.print(Text(f"  also here (--artifact NAME): {text}", style="quiet"))


def _prefix(table: str) -> str:
    """Return the name under which TensorFlow knows the checkpoint of a table."""
    return table.rpartition("/")[2].removesuffix(".index")


def _parts(summary: ModelSummary) -> str:
    """Part the parameters by what changes them, as far as that is known and more than one part has any."""
    of_model = [summary.parameters_trained, summary.parameters_not_trained, summary.parameters_optimizer]
    known_parts = [number for number in of_model if number is not None]
    parts = (
        *zip(of_model, ("trained", "not trained", "optimizer state"), strict=True),
        (summary.parameters - sum(known_parts) if len(known_parts) == len(of_model) else 0, "in copies"),
    )
    known = [f"{_number(number)} {noun}" for number, noun in parts if number]
    is_whole = len(known) == 1 and summary.parameters_optimizer == 0
    return "" if not known or is_whole else f" ({', '.join(known)})"


def _number(number: int) -> str:
    return f"{number:,}" if number < 10_000 else short_count(number)


def _variables_text(summary: ModelSummary) -> str:
    """Tell what computes from what is kept for training it."""
    if not summary.attached_variables:
        return plural(summary.variables, "variable")
    kept = f"{summary.variables - summary.attached_variables:,} + {summary.attached_variables:,} for training"
    return f"{plural(summary.variables, 'variable')} ({kept})"


def _titled(what: str, scope: str) -> str:
    return f"{what} in {printable(scope)}" if scope else what


def _parameters(number: int) -> str:
    return plural(number, "parameter") if number < 10_000 else f"{short_count(number)} parameters"


def _heading(console: Console, text: str) -> None:
    console.print()
    console.print(Text(text, style="heading"))


def _print_ops(console: Console, outline: Outline, lines: Sequence[OpLine | None]) -> None:
    columns = (Column(), Column("ops", "right", "number"), Column("types", style="quiet", least=24))
    print_outline(console, outline, columns, [*map(_op_cells, outline.rows, lines)], "op")
    if outline.left_out:
        _quiet_line(console, f"{plural(outline.left_out, 'op')} of other roles hidden by role by --hide-roles")


def _op_cells(row: OutlineRow, line: OpLine | None) -> Sequence[Cell]:
    if line is None:
        return ("", "")
    return ("", line.own_type) if row.kind == "leaf" else (count(line.ops), _types(line))


def _types(line: OpLine) -> Items:
    own = f"{line.own_type} · " if line.own_type else ""
    shown = [f"{name} {number}" if number > 1 else name for name, number in list(line.types.items())[:_TYPES_SHOWN]]
    return Items((own + shown[0], *shown[1:]), len(line.types) > _TYPES_SHOWN)


def _no_variables(summary: ModelSummary) -> str:
    none = "none: no variable op, and no constant that carries the marks of freezing"
    if not summary.large_constants:
        return none
    constants = plural(summary.large_constants, "large constant")
    return f"{none}; {constants} of {bytes_text(summary.large_constant_bytes)} may be weights whose marks are gone"


def _print_variables(
    console: Console, summary: ModelSummary, outline: Outline, lines: Sequence[VariableLine | None]
) -> None:
    if not summary.variables:
        console.print(Text(f"  {_no_variables(summary)}", style="quiet"))
        return
    columns = (
        Column(),
        Column("parameters", "right", "number"),
        Column("shape"),
        Column("dtype"),
        Column("", style="trainable"),
        Column("", style="quiet", least=6),
    )
    print_outline(console, outline, columns, [*map(_variable_cells, outline.rows, lines)], "variable")
    if outline.left_out:
        kept = plural(outline.left_out, "variable")
        _quiet_line(console, f"{kept} kept for training (slots, averages, scalars): --all shows them in the tree")


def _variable_cells(row: OutlineRow, line: VariableLine | None) -> Sequence[Cell]:
    if line is None:
        return ("", "", "", "", "")
    number = "?" if line.parameters is None else count(line.parameters)
    if line.record is None:
        return (number, plural(line.below * row.twins, "variable"), "", "", _flags(line.flags))
    trainable = "trainable" if line.record.trainable else ""
    return (number, shape_text(line.record.shape), line.record.dtype, trainable, _marks(line.record, line))


def _flags(flags: Sequence[str]) -> Items:
    """Say with which reuse flags a scope was entered, as a trace recorded it; `show` says at which lines."""
    said = dict.fromkeys(flag.partition(" at ")[0] for flag in flags)
    return Items((" · ".join(said),) if said else ())


def _quiet_line(console: Console, text: str) -> None:
    console.print(Text(f"  {text}", style="quiet"), no_wrap=True)


def _marks(variable: VariableRecord, line: VariableLine) -> Items:
    """Say what else a reader should know, most important first."""
    marks = [f"! {variable.note}"] if variable.note else []
    if variable.uses > 1:
        sites = line.call_sites
        marks.append(f"shared by {plural(sites, 'call site')}" if sites > 1 else f"used {variable.uses} times")
    if line.slots:
        marks.append(f"+ {', '.join(line.slots[:3])}{', …' if len(line.slots) > 3 else ''}")
    if line.below:
        marks.append(f"+ {plural(line.below, 'variable')} below")
    if variable.parts:
        marks.append(f"in {plural(len(variable.parts), 'part')}")
    if variable.kind in ("frozen", "object"):
        marks.append(variable.kind)
    marks += [f"key {key}" for key in variable.checkpoint_keys if key != variable.name]
    return Items(tuple(marks))


def _signature(signature: Signature) -> Sequence[Cell]:
    return (
        signature.name,
        Items(tuple(f"{i.key}: {i.dtype}{shape_text(i.shape)}" for i in signature.inputs)),
        Items(tuple(f"-> {o.key}: {o.dtype}{shape_text(o.shape)}" for o in signature.outputs)),
    )


def _collection_rows(inspection: Inspection) -> list[Sequence[Cell]]:
    return [
        (c.name, count(c.size), c.kind, Items(tuple(m.text for m in c.members[:8]), c.size > 8))
        for c in inspection.collections
    ]


def _function_rows(inspection: Inspection) -> list[Sequence[Cell]]:
    return [
        (f.name, plural(f.ops, "op"), Items(f.arguments), Items(tuple(f"-> {result}" for result in f.results)))
        for f in inspection.functions
    ]


def _print_list(
    console: Console,
    heading: str,
    rows: Sequence[Sequence[Cell]],
    sections: Sections,
    numeric: int | None = None,
    gives: int = -1,
) -> None:
    """Print one list under its heading, cut to a number of lines.

    `numeric` is the column of numbers, `gives` the one that is cut first where the width does not do.
    """
    if not rows and not sections.say_none:
        return
    _heading(console, f"{heading} ({len(rows)})")
    lines = sections.lines
    shown = rows if lines is None or len(rows) <= lines else rows[: max(1, lines - 1)]
    if not rows:
        console.print(Text("  none", style="quiet"))
        return
    columns = [
        Column(align="right" if index == numeric else "left", style="quiet" if index else "")
        for index in range(len(rows[0]))
    ]
    print_table(console, columns, shown, gives=gives)
    if len(shown) < len(rows):
        console.print(Text(f"  … {len(rows) - len(shown):,} more: --all shows them", style="quiet"))
