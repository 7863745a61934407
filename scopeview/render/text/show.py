"""`scopeview show`: one name in full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scopeview.analysis.answers.inspect import CollectionRecord, VariableRecord
from scopeview.analysis.answers.scope_detail import ScopeDetail, VariableScopeDetail
from scopeview.analysis.answers.show import (
    Detail,
    FunctionDetail,
    Link,
    OpDetail,
    VariableDetail,
)
from scopeview.model.code_lines import CodeLine
from scopeview.model.model import Signature
from scopeview.model.names import CONTROL
from scopeview.render.formats import (
    bytes_text,
    count,
    initializer_text,
    plural,
    printable,
    shape_text,
    value_text,
)
from scopeview.render.text.console import Console
from scopeview.render.text.sharing import print_call_sites, print_use
from scopeview.render.text.styled import Text
from scopeview.render.text.table import Cell, Column, Items, print_table
from scopeview.render.text.traced import print_entries, print_history, print_sources

_PAIR = (Column(style="quiet"), Column())

_FRAMES = 3
"""Frames of the stack that created an op, on one line."""


def print_detail(console: Console, found: Detail) -> None:
    """Print everything that stands under a name."""
    for variable in found.variables:
        _variable(console, variable)
    for op in found.ops:
        _op(console, op)
    for scope in found.scopes:
        _scope(console, scope)
    for variable_scope in found.variable_scopes:
        _variable_scope(console, variable_scope)
    for function in found.functions:
        _function(console, function)
    for collection in found.collections:
        _collection(console, collection)
    for signature in found.signatures:
        _signature(console, signature)
    print_sources(console, found.sources)


def _title(console: Console, kind: str, name: str) -> None:
    console.print(Text.assemble((f"{kind} ", "heading"), (printable(name), "title")))


def _context(console: Console, pairs: Iterable[tuple[str, Cell]]) -> None:
    shown = [(name, cell) for name, cell in pairs if cell and not (isinstance(cell, Items) and not cell.texts)]
    print_table(console, _PAIR, shown, gives=-1)


def _variable(console: Console, found: VariableDetail) -> None:
    variable = found.variable
    _title(console, "variable", variable.name)
    _context(console, _variable_facts(variable))
    print_history(console, found.use.history)
    if variable.parts:
        console.print(Text("  parts", style="quiet"))
        rows: list[Sequence[Cell]] = [
            (
                printable(part.name),
                f"at {list(part.offset)}",
                shape_text(part.shape),
                printable(part.device),
            )
            for part in variable.parts
        ]
        print_table(console, [Column()] * 4, rows, indent="    ")
    print_use(console, found.use)
    console.print()


def _variable_facts(variable: VariableRecord) -> Iterable[tuple[str, Cell]]:
    unknown = "unknown: no collection says"
    trainable = {True: "yes", False: "no", None: unknown}[variable.trainable]
    yield "kind", variable.kind
    yield "shape", f"{shape_text(variable.shape)} {variable.dtype}"
    if variable.parameters is not None:
        yield (
            "size",
            f"{plural(variable.parameters, 'parameter')}, {bytes_text(variable.size_bytes)}",
        )
    yield "trainable", trainable if variable.kind != "checkpoint" else ""
    yield "initializer", initializer_text(variable.initializer)
    yield "collections", Items(variable.collections)
    yield "checkpoint keys", Items(variable.checkpoint_keys)
    yield "full name", printable(variable.full_name)
    yield "object paths", Items(variable.object_paths)
    yield "handle op", printable(variable.handle_op or "")
    yield "shared name", printable(variable.shared_name)
    yield "container", printable(variable.container)
    yield "device", printable(variable.device)
    yield "note", variable.note


def _op(console: Console, op: OpDetail) -> None:
    _title(console, "op", op.name)
    _context(
        console,
        [
            ("type", printable(op.type)),
            ("role", f"{op.role}: {op.role_because}{f' (rule {op.role_rule})' if op.role_rule else ''}"),
            ("function", printable(op.function)),
            ("device", printable(op.device)),
            ("inlined from", printable(op.inlined_from)),
            ("position", "" if op.inlined_from else f"{op.definition:,} in the file"),
            ("collections", Items(op.collections)),
            ("created at", Items(tuple(_code_line(line) for line in op.code[:_FRAMES]), len(op.code) > _FRAMES)),
        ],
    )
    if op.attributes:
        console.print(Text("  attributes", style="quiet"))
        rows = [(printable(name), value_text(value)) for name, value in op.attributes.items()]
        print_table(console, _PAIR, rows, indent="    ", gives=-1)
    _links(console, "inputs", op.inputs, len(op.inputs))
    for text in op.dangling_inputs:
        console.print(Text(f"    ! {printable(text)} is not in the graph", style="warning"))
    _links(console, "consumers", op.consumers, op.total_consumers)
    console.print()


def _code_line(line: CodeLine) -> str:
    return printable(str(line))


def _links(console: Console, heading: str, links: Sequence[Link], total: int) -> None:
    if not links:
        return
    console.print(Text(f"  {heading} ({total:,})", style="quiet"))
    rows = [(_tensor(link, heading), printable(link.op_type), _type_text(link)) for link in links]
    print_table(console, [Column(), Column(style="quiet"), Column()], rows, indent="    ")
    if len(links) < total:
        console.print(Text(f"    … {total - len(links):,} more: --limit lists them", style="quiet"))


def _tensor(link: Link, heading: str) -> str:
    if link.port == CONTROL:
        return f"^{printable(link.op)}"
    argument = f":{link.argument}" if link.argument else ""
    if heading == "inputs":
        return f"{printable(link.op)}{argument}:{link.port}"
    return f":{link.port} -> {printable(link.op)} input {link.slot}"


def _type_text(link: Link) -> str:
    if link.port == CONTROL:
        return "control"
    shape = shape_text(link.shape) if link.shape_known else ""
    return f"{link.dtype or ''}{shape}"


def _scope(console: Console, scope: ScopeDetail) -> None:
    _title(console, "op scope", scope.path)
    types = [f"{name} {number}" if number > 1 else name for name, number in scope.op_types.items()]
    _context(
        console,
        [
            ("ops", count(scope.ops)),
            ("types", Items(tuple(types))),
            ("roles", Items(tuple(f"{role} {number}" for role, number in scope.roles.items()))),
            ("uses variables", Items(scope.variables, scope.total_variables > len(scope.variables))),
            ("devices", Items(scope.devices)),
            ("child scopes", Items(scope.child_scopes, scope.total_child_scopes > len(scope.child_scopes))),
        ],
    )
    print_entries(console, scope.entries)
    console.print()


def _variable_scope(console: Console, scope: VariableScopeDetail) -> None:
    _title(console, "variable scope", scope.path)
    size = f"{plural(scope.parameters, 'parameter')}, {bytes_text(scope.size_bytes)}"
    _context(console, [("variables", count(scope.total_variables)), ("size", size)])
    print_entries(console, scope.entries)
    if len(scope.call_sites) > 1:
        console.print(Text("  used from", style="quiet"))
        print_call_sites(console, scope.call_sites)
    rows = [
        (printable(v.name), shape_text(v.shape), v.dtype, "trainable" if v.trainable else "") for v in scope.variables
    ]
    print_table(console, [Column()] * 3 + [Column(style="trainable")], rows, indent="    ")
    if len(scope.variables) < scope.total_variables:
        hidden = scope.total_variables - len(scope.variables)
        console.print(Text(f"    … {hidden:,} more: --limit lists them", style="quiet"))
    console.print()


def _function(console: Console, function: FunctionDetail) -> None:
    _title(console, "function", function.name)
    types = [f"{name} {number}" if number > 1 else name for name, number in function.op_types.items()]
    _context(
        console,
        [
            ("ops", count(function.ops)),
            ("types", Items(tuple(types))),
            ("gradient", printable(function.gradient)),
        ],
    )
    for heading, lines in (("arguments", function.arguments), ("results", function.results)):
        if lines:
            console.print(Text(f"  {heading} ({len(lines)})", style="quiet"))
            print_table(console, [Column()], [(printable(line),) for line in lines], indent="    ")
    console.print()


def _signature(console: Console, signature: Signature) -> None:
    _title(console, "signature", signature.name)
    _context(console, [("method", printable(signature.method))])
    for heading, infos in (("inputs", signature.inputs), ("outputs", signature.outputs)):
        console.print(Text(f"  {heading} ({len(infos)})", style="quiet"))
        rows = [(printable(i.key), f"{i.dtype}{shape_text(i.shape)}", printable(i.tensor)) for i in infos]
        print_table(console, [Column(), Column(), Column(style="quiet")], rows, indent="    ")
    console.print()


def _collection(console: Console, collection: CollectionRecord) -> None:
    _title(console, "collection", collection.name)
    _context(console, [("kind", collection.kind), ("members", count(collection.size))])
    rows = [(printable(member.text), member.kind, printable(member.target or "")) for member in collection.members]
    print_table(console, [Column(), Column(style="quiet"), Column(style="quiet")], rows, indent="    ")
    console.print()
