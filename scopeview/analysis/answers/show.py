"""What is this name? Everything that a model holds under one name: op, tensor, scope, variable, function, collection.

One name can be several of these at once; all are answered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from scopeview.analysis.answers.inspect import CollectionRecord, VariableRecord, record_of
from scopeview.analysis.answers.scope_detail import (
    ScopeDetail,
    VariableScopeDetail,
    op_scopes_called,
    variable_scopes_called,
)
from scopeview.analysis.answers.sharing import VariableUse, use_of, variables_called
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.roles import Role
from scopeview.analysis.derive.tensor_types import UNKNOWN, output_count, output_facts
from scopeview.analysis.error_words import names_in
from scopeview.analysis.suggestions import not_found
from scopeview.analysis.variable_row import VariableRow
from scopeview.errors import NotFoundError
from scopeview.model.code_lines import CodeLine, SourceLine
from scopeview.model.entry_point import MAIN
from scopeview.model.functions import Function
from scopeview.model.inlined_table import InlinedTable
from scopeview.model.model import Model, Signature
from scopeview.model.names import parse_input
from scopeview.model.ops import MISSING, Edge, OpRow, OpTable
from scopeview.model.shapes import Shape

FUNCTION_SEPARATOR = ": "
"""Between the name of a function and an op of its body, as in `__inference_call_42: dense/MatMul`."""


@dataclass(frozen=True, slots=True)
class Link:
    """One end of an edge, seen from the op at the other."""

    op: str
    op_type: str
    slot: int
    """Position among the inputs of the consuming op."""
    port: int
    """Output index of the producing op; -1 for a control edge."""
    argument: str
    dtype: str | None
    shape: Shape
    shape_known: bool


@dataclass(frozen=True, slots=True)
class Output:
    """One output of an op; dtype and shape as far as the artifact or TensorFlow's import says."""

    port: int
    dtype: str | None
    shape: Shape
    shape_known: bool
    readers: int
    """Ops that read it, each input counted."""


@dataclass(frozen=True, slots=True)
class OpDetail:
    """One op in full."""

    name: str
    function: str
    """The function whose body holds it; empty for the main graph."""
    type: str
    role: Role
    """What it is for."""
    role_rule: str
    """The rule that decided the role; empty for `forward`, which is what no rule takes."""
    role_because: str
    """Why it has this role."""
    device: str
    definition: int
    """Position in the file, from 0."""
    attributes: Mapping[str, object]
    inputs: tuple[Link, ...]
    outputs: tuple[Output, ...]
    """In the order of their ports: all that its definition gives, or else those that are known or read."""
    consumers: tuple[Link, ...]
    total_consumers: int
    dangling_inputs: tuple[str, ...]
    collections: tuple[str, ...]
    inlined_from: str
    """In a program: the function whose body has it, and its name there (`function: op`)."""
    code: tuple[CodeLine, ...]
    """The stack of Python that created it, innermost first; empty where the file does not say."""


@dataclass(frozen=True, slots=True)
class VariableDetail:
    """One variable in full."""

    variable: VariableRecord
    use: VariableUse


@dataclass(frozen=True, slots=True)
class FunctionDetail:
    """One function of the library."""

    name: str
    ops: int
    op_types: Mapping[str, int]
    arguments: tuple[str, ...]
    results: tuple[str, ...]
    gradient: str


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything under one name."""

    name: str
    ops: tuple[OpDetail, ...]
    scopes: tuple[ScopeDetail, ...]
    variables: tuple[VariableDetail, ...]
    variable_scopes: tuple[VariableScopeDetail, ...]
    functions: tuple[FunctionDetail, ...]
    collections: tuple[CollectionRecord, ...]
    signatures: tuple[Signature, ...]
    sources: tuple[SourceLine, ...] = ()
    """The lines of code that the answer names, where they were asked for and can be read."""
    program: str = ""
    """The program that the ops and scopes belong to; empty for the main graph and its functions."""


def detail(context: AnalysisContext, name: str, *, limit: int = 50, program: str | None = MAIN) -> Detail:
    """Look a name up: `a/b`, `a/b:0`, `^a/b`, `a/`, a checkpoint key, a function, `function: op`, a collection.

    An error message of TensorFlow is looked through for the first name that there is.

    Args:
        context: where to look.
        name: the name.
        limit: how many consumers, child scopes and variables of a scope to list; totals are always given.
        program: whose ops and scopes to look among; None for those of the program that is shown by default, then of
            the main graph and its functions.

    Raises:
        NotFoundError: nothing has this name, and the message proposes names that are near; or no such program.
    """
    for known in (name, *names_in(name)):
        found = _detail(context, known, limit, program)
        if found is not None:
            return found
    model = context.model
    names = (*context.in_program(program).model.graph.names, *_names(model, name))
    raise NotFoundError(not_found(model, next(iter(names_in(name)), name), dict.fromkeys(names)))


def _detail(context: AnalysisContext, name: str, limit: int, program: str | None) -> Detail | None:
    """Look a name up; None where nothing has it."""
    path, asked, users = name.rstrip("/") or name, context.in_program(program), context.for_sharing(program)
    ops, scopes = tuple(_ops(asked, name, limit)), tuple(op_scopes_called(asked, path, limit))
    if program is None and not ops and not scopes:
        asked = context
        ops, scopes = tuple(_ops(asked, name, limit)), tuple(op_scopes_called(asked, path, limit))
    model = context.model
    found = Detail(
        name=name,
        ops=ops,
        scopes=scopes,
        variables=tuple(_variable(VariableRow(users, v)) for v in variables_called(model, name)),
        variable_scopes=tuple(variable_scopes_called(users, path, limit)),
        functions=tuple(_functions(model, name)),
        collections=tuple(
            CollectionRecord(c.name, c.kind, c.size, c.members) for c in model.collections if c.name == name
        ),
        signatures=tuple(signature for signature in model.signatures if signature.name == name),
        program=asked.model.entry.name if asked.model.entry is not None else "",
    )
    is_found = any(
        getattr(found, field.name) for field in fields(found) if field.name not in ("name", "program", "sources")
    )
    return found if is_found else None


def _variable(row: VariableRow) -> VariableDetail:
    return VariableDetail(record_of(row), use_of(row))


def _ops(context: AnalysisContext, name: str, limit: int) -> Iterator[OpDetail]:
    model = context.model
    function_name, separator, inner = name.partition(FUNCTION_SEPARATOR)
    if separator and function_name in model.functions:
        body = model.functions[function_name].body
        row = body.row(inner)
        if row is not None:
            yield _op(context, body, row, function_name, None, limit)
        return
    reference = parse_input(name)
    row, port = model.graph.row(name), None
    if row is None and reference.op != name:
        row = model.graph.row(reference.op)
        port = reference.port if reference.port >= 0 else None
        if row is not None and port is not None:
            _check_port(model, row, port)
    if row is not None:
        yield _op(context, model.graph, row, "", port, limit)


def _check_port(model: Model, row: OpRow, port: int) -> None:
    count = output_count(model, "", row)
    if count is not None and port >= count:
        several = f"{count} outputs, :0 to :{count - 1}"
        outputs = "no outputs" if not count else "one output, :0" if count == 1 else several
        name = model.graph.name(row)
        raise NotFoundError(f"{name}:{port} does not exist: the {model.graph.op_type(row)} op {name} has {outputs}")


def _op(context: AnalysisContext, table: OpTable, row: OpRow, function: str, port: int | None, limit: int) -> OpDetail:
    """Describe an op; with a port, only the consumers of that output."""
    model = context.model
    consumers = [edge for edge in table.consumers(row) if port is None or edge.port == port]
    origin = table.origin(row) if isinstance(table, InlinedTable) else ("", table.name(row))
    decided = context.roles.why(row, function)
    return OpDetail(
        name=table.name(row),
        function=function,
        type=table.op_type(row),
        role=context.roles.of(row, function),
        role_rule=decided.code if decided is not None else "",
        role_because=decided.because if decided is not None else "no rule gives it another: it computes",
        device=table.device(row),
        definition=int(table.columns.definition[row]),
        attributes=table.attributes(row),
        inputs=tuple(
            _link(model, table, edge, edge.source, edge.source, function)
            for edge in table.inputs(row)
            if edge.source != MISSING
        ),
        outputs=tuple(_outputs(model, table, row, function, limit)),
        consumers=tuple(_link(model, table, edge, edge.target, row, function) for edge in consumers[:limit]),
        total_consumers=len(consumers),
        dangling_inputs=tuple(text for target, text in table.dangling if target == row),
        collections=() if function else _collections_of(model, table.name(row)),
        inlined_from=FUNCTION_SEPARATOR.join(origin) if origin[0] else "",
        code=model.code_lines.of(origin[1], origin[0] or function) if model.code_lines is not None else (),
    )


def _outputs(model: Model, table: OpTable, row: OpRow, function: str, limit: int) -> Iterator[Output]:
    readers = Counter(edge.port for edge in table.consumers(row))
    defined = output_count(model, function, row)
    known = 1 if output_facts(model, function, row, 0) != UNKNOWN else 0
    count = max(readers, default=-1) + 1 if defined is None else defined
    for port in range(min(max(count, known), limit)):
        context = output_facts(model, function, row, port)
        yield Output(port, context.dtype, context.shape, context.shape_known, readers[port])


def _link(model: Model, table: OpTable, edge: Edge, other: OpRow, producer: OpRow, function: str) -> Link:
    context = output_facts(model, function, producer, edge.port)
    return Link(
        table.name(other),
        table.op_type(other),
        edge.slot,
        edge.port,
        edge.argument,
        context.dtype,
        context.shape,
        context.shape_known,
    )


def _collections_of(model: Model, op: str) -> tuple[str, ...]:
    return tuple(
        collection.name for collection in model.collections if any(member.target == op for member in collection.members)
    )


def _functions(model: Model, name: str) -> Iterator[FunctionDetail]:
    function: Function | None = model.functions.get(name)
    if function is not None:
        yield FunctionDetail(
            function.name,
            function.op_count,
            function.body.type_counts(),
            tuple(f"{argument.name}: {argument.dtype}" for argument in function.arguments),
            tuple(f"{r.name}: {r.dtype} = {r.source}" for r in function.results),
            function.gradient,
        )


def _names(model: Model, name: str) -> Iterator[str]:
    """Yield the names that may have been meant, those of the same function first."""
    function = model.functions.get(name.partition(FUNCTION_SEPARATOR)[0])
    if function is not None:
        yield from (f"{function.name}{FUNCTION_SEPARATOR}{op}" for op in function.body.names)
    yield from (*model.variables.names, *model.graph.names, *model.functions)
