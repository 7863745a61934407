"""`scopeview sharing`: variables by the op scopes that use them, and the whole story of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from scopeview.analysis.answers.sharing import SharingReport, VariableUse
from scopeview.analysis.derive.accesses import Access
from scopeview.analysis.derive.auxiliary import AuxiliaryVariable
from scopeview.analysis.derive.call_sites import CallSite
from scopeview.analysis.derive.roles import ROLES
from scopeview.analysis.trees.folding import fold_twins
from scopeview.model.names import leaf_of, scope_of, split_uniquifier
from scopeview.render.formats import count, folded_label, initializer_text, plural, printable, shape_text
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text
from scopeview.render.text.table import Cell, Column, Items, print_table
from scopeview.render.text.traced import print_history, print_site_lines

_EVIDENCE = {
    "E1": "dataflow",
    "E2": "no variable of its own",
    "E3": "same op types",
    "E4": "no initializers",
}
_SITE_COLUMNS = (Column(), Column(style="quiet"), Column(align="right"), Column(), Column(style="quiet"))
_NO_USES = (
    ("penalty", "a penalty for its size"),
    ("predicate", "chooses what runs"),
    ("copy", "copied to another variable"),
)
_VARIABLES_NAMED = 12
_MANY, _SCOPES = 40, 12
"""Shared variables from which on they are shown by scope first, and how many scopes."""


def print_sharing(console: Console, report: SharingReport) -> None:
    """Print how many variables are shared, then each group of variables that the same call sites use."""
    whole = f"{report.shared:,} of {plural(report.model_variables, 'variable')} used at several places"
    listed = "" if report.total == report.shared else f"; {report.total:,} listed"
    console.print(Text(f"{whole}{listed}", style="heading"))
    if (len(report.scopes) < report.shared and len(report.scopes) > 1) or report.shared > _MANY:
        for found in report.scopes[:_SCOPES]:
            places = ", ".join(printable(place) or "(root)" for place in found.call_sites)
            scope = f"{printable(found.scope)}/" if found.scope else "(root)"
            console.print(Text(f"  {scope}  {plural(found.variables, 'variable')} at {places}"))
        if len(report.scopes) > _SCOPES:
            console.print(Text(f"  … {len(report.scopes) - _SCOPES:,} more scopes: --json lists them", style="quiet"))
    for group in _groups(report.variables):
        _group(console, group)
    if len(report.variables) < report.total:
        console.print(Text(f"  … {report.total - len(report.variables):,} more: --limit lists them", style="quiet"))


def _groups(variables: Iterable[VariableUse]) -> Iterable[Sequence[VariableUse]]:
    """Group the variables of one scope that have the same call sites."""
    groups: dict[object, list[VariableUse]] = {}
    for variable in variables:
        sites = tuple((site.program, site.scope, site.times) for site in variable.call_sites)
        groups.setdefault((scope_of(variable.name), sites, variable.unread), []).append(variable)
    return groups.values()


def _group(console: Console, group: Sequence[VariableUse]) -> None:
    first = group[0]
    scope = scope_of(first.name)
    named = [f"{leaf_of(v.name)} {shape_text(v.shape)}" for v in group[:_VARIABLES_NAMED]]
    more = f", {len(group) - len(named):,} more" if len(group) > len(named) else ""
    console.print()
    console.print(
        Text.assemble(
            (f"{printable(scope)}/" if scope else "(root) ", "title"),
            f" {printable(', '.join(named))}{more}",
            (f"  {_places(first)}" if first.uses else "", "heading"),
        )
    )
    for note in dict.fromkeys(v.note for v in group if v.note):
        console.print(Text(f"    ! {printable(note)}", style="warning"))
    if first.unread:
        console.print(Text(f"    not read: {printable(first.unread)}", style="quiet"))
    print_call_sites(console, [_merged(same) for same in zip(*(v.call_sites for v in group), strict=True)])


def _places(use: VariableUse) -> str:
    """Say at how many call sites a variable is used, and how often where that is more."""
    sites = plural(len(use.call_sites), "call site")
    return sites if use.uses == len(use.call_sites) else f"used {use.uses} times at {sites}"


def _merged(sites: Sequence[CallSite]) -> CallSite:
    """Return one call site of several variables with the reads of all of them."""
    return replace(sites[0], reads=tuple(dict.fromkeys(read for site in sites for read in site.reads)))


def print_call_sites(console: Console, sites: Sequence[CallSite]) -> None:
    """Print one line for each call site; numbered ones that are alike become one."""
    groups = fold_twins(
        sites,
        lambda site: site.scope,
        lambda site: (site.program, site.relation, site.times, len(site.reads), site.evidence),
        lambda site: site.times,
    )
    rows: list[Sequence[Cell]] = []
    for group in groups:
        site = group.items[0]
        program = f"{site.program}: " if site.program else ""
        rows.append(
            (
                f"{program}{(folded_label(group.label) if len(group.items) > 1 else group.label) or '(root)'}",
                site.relation,
                f"{site.times} times" if site.times > 1 else "",
                Items(tuple(dict.fromkeys(_read_text(read, site) for read in site.reads))),
                "; ".join([*(_EVIDENCE[code] for code in site.evidence if code != "E1"), *_counted(site)]),
            )
        )
    print_table(console, _SITE_COLUMNS, rows, indent="    ", gives=-1)
    print_site_lines(console, sites)


def _counted(site: CallSite) -> list[str]:
    """Say why the uses of a call site are not as many as its reads."""
    times = "once" if site.times == 1 else f"{site.times} times"
    return [f"counted {times}: {printable(site.counted)}"] if site.counted else []


def _read_text(read: str, site: CallSite) -> str:
    """Return the last segment of an op, without its number where several numbered ops are shown as so many times."""
    leaf = leaf_of(read)
    return split_uniquifier(leaf)[0] if site.times > 1 else leaf


def print_variable(console: Console, use: VariableUse) -> None:
    """Print everything about one variable: where it was made, what uses, writes and stores it."""
    console.print(Text.assemble(("variable ", "heading"), (printable(use.name), "title")))
    trainable = {True: ", trainable", False: ", not trainable", None: ""}[use.trainable]
    context: list[tuple[str, Cell]] = [
        ("is", f"{use.kind} {shape_text(use.shape)} {use.dtype}{trainable}"),
        ("created in", printable(use.creation_scope) or ("(root)" if use.readers or use.writers else "")),
        ("initializer", initializer_text(use.initializer)),
        ("collections", Items(use.collections)),
        ("checkpoint keys", Items(use.checkpoint_keys)),
        ("object paths", Items(use.object_paths)),
    ]
    shown = [(name, cell) for name, cell in context if cell and not (isinstance(cell, Items) and not cell.texts)]
    print_table(console, (Column(style="quiet"), Column()), shown, gives=-1)
    if use.note:
        console.print(Text(f"  ! {printable(use.note)}", style="warning"))
    print_history(console, use.history)
    print_use(console, use)
    console.print()


def print_use(console: Console, use: VariableUse) -> None:
    """Print the call sites of a variable, its readers and writers by role, what is attached to it, and its savers."""
    if use.call_sites:
        console.print(
            Text(f"  {_places(use) if use.uses > len(use.call_sites) else f'used at {_places(use)}'}", style="quiet")
        )
        print_call_sites(console, use.call_sites)
    elif use.unread:
        console.print(Text(f"  not read: {printable(use.unread)}", style="quiet"))
    for reason, noun in _NO_USES:
        reads = [read for read in use.readers if read.no_use == reason and read.role == "forward"]
        ops = tuple(dict.fromkeys(printable(read.works_for) for read in reads))
        if ops:
            row = (f"no use, {noun}", Items(ops))
            print_table(console, [Column(style="quiet"), Column()], [row], indent="  ", gives=-1)
    _accesses(console, "read by", use.readers)
    _accesses(console, "written by", use.writers)
    if use.is_cut:
        console.print(Text("  ! functions call functions so often that not every access is listed", style="warning"))
    if use.belongs_to is not None:
        console.print(Text(f"  exists for {printable(_auxiliary_text(use.belongs_to))}", style="quiet"))
    if use.slots:
        console.print(Text(f"  auxiliary variables ({len(use.slots)})", style="quiet"))
        rows = [(printable(slot.variable), slot.kind, slot.holds, f"rule {slot.rule}") for slot in use.slots]
        print_table(console, [Column(), Column(style="quiet"), Column(), Column(style="quiet")], rows, indent="    ")
    if use.savers:
        console.print(Text("  savers", style="quiet"))
        stored = [(e.op, "restores" if e.restores else "saves", e.key, e.slice_spec) for e in use.savers]
        print_table(console, [Column()] * 4, stored, indent="    ")


def _auxiliary_text(auxiliary: AuxiliaryVariable) -> str:
    whose = f"the variable {auxiliary.primary}" if auxiliary.primary else "an optimizer"
    holds = f", {auxiliary.holds}" if auxiliary.holds else ""
    return f"{whose} ({auxiliary.kind} {auxiliary.slot}{holds}; rule {auxiliary.rule})"


def _accesses(console: Console, heading: str, found: Sequence[Access]) -> None:
    """Print accesses by scope and role, the computation's own first."""
    groups: dict[tuple[str, str, str], list[Access]] = {}
    for access in sorted(found, key=lambda access: -ROLES.index(access.role)):
        groups.setdefault((access.role, access.program, access.scope), []).append(access)
    if not groups:
        return
    console.print(Text(f"  {heading}", style="quiet"))
    rows = [
        (
            role,
            (f"{program}: " if program else "") + (scope or "(root)"),
            count(len(group)),
            Items(tuple(_name(access) for access in group)),
        )
        for (role, program, scope), group in groups.items()
    ]
    columns = [Column(style="quiet"), Column(), Column(align="right"), Column(style="quiet")]
    print_table(console, columns, rows, indent="    ", gives=-1)


def _name(access: Access) -> str:
    return f"{access.function}: {access.op}" if access.function else access.op
