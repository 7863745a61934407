"""FunctionDefLibrary to functions, each body an op table.

message FunctionDefLibrary { repeated FunctionDef function = 1; repeated GradientDef gradient = 2; }
message FunctionDef { OpDef signature = 1; repeated NodeDef node_def = 3; map<string, string> ret = 4; ... }
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from scopeview.model.builder import OpTableBuilder
from scopeview.model.dtypes import dtype_name
from scopeview.model.functions import Argument, Function
from scopeview.model.model import Dangling
from scopeview.model.op_types import ARGUMENT_TYPE
from scopeview.model.shapes import Shape
from scopeview.readers.graph.attribute_columns import ATTRIBUTE_COLUMNS
from scopeview.readers.graph.attributes import decode_node, shape_of
from scopeview.readers.graph.nodes import Span, read_nodes
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.decode import DecodeError, parse
from scopeview.readers.protobuf.wire import Buffer

_FUNCTION, _GRADIENT = 1, 2
_NODE_DEF = 3


def read_functions(
    buffer: Buffer, libraries: Iterable[Span], notes: list[str]
) -> tuple[dict[str, Function], list[Dangling]]:
    """Read every function of the libraries of a graph, by name, and what dangles in their bodies."""
    functions: dict[str, Function] = {}
    dangling: list[Dangling] = []
    gradients: dict[str, str] = {}
    for found in _library_fields(buffer, libraries, notes):
        try:
            if found.number == _GRADIENT:
                pair = parse("GradientDef", bytes(buffer[found.start : found.end]))
                gradients[pair.function_name] = pair.gradient_func
            if found.number != _FUNCTION:
                continue
            function = _read_function(buffer, found, notes)
        except (wire.WireError, DecodeError) as error:
            notes.append(f"an entry of the function library at byte {found.start:,} is damaged: {error}")
            continue
        if function.name in functions:
            dangling.append(Dangling("duplicate", "function library", function.name))
            continue
        functions[function.name] = function
        dangling += [
            Dangling("input", f"{function.name}: {function.body.name(row)}", text)
            for row, text in function.body.dangling
        ]
    return _with_gradients(functions, gradients), dangling


def _library_fields(buffer: Buffer, libraries: Iterable[Span], notes: list[str]) -> Iterable[wire.Field]:
    for span in libraries:
        try:
            for found in wire.fields(buffer, span.start, span.end):
                if found.wire_type == wire.LENGTH and found.complete:
                    yield found
        except wire.WireError as error:
            notes.append(f"the function library is damaged at byte {error.offset:,}")


def _read_function(buffer: Buffer, span: wire.Field, notes: list[str]) -> Function:
    header, nodes = _split_function(buffer, span)
    builder = OpTableBuilder(buffer, decode_node, ATTRIBUTE_COLUMNS, in_function=True)
    signature = header.signature
    for argument in signature.input_arg:
        builder.add(argument.name, ARGUMENT_TYPE, ())
    own_notes: list[str] = []
    read_nodes(buffer, nodes, builder, own_notes)
    notes += [f"function {signature.name!r}: {note}" for note in own_notes]
    return Function(
        name=signature.name,
        arguments=tuple(Argument(arg.name, argument_type(arg)) for arg in signature.input_arg),
        results=tuple(
            Argument(arg.name, argument_type(arg), header.ret.get(arg.name, "")) for arg in signature.output_arg
        ),
        body=builder.freeze()[0],
        argument_shapes=_argument_shapes(header),
        controls=tuple(header.control_ret.values()),
    )


def _split_function(buffer: Buffer, span: wire.Field) -> tuple[Any, list[Span]]:
    """Return the FunctionDef without its nodes, and where the nodes are."""
    nodes: list[Span] = []
    rest: list[bytes] = []
    position = span.start
    for found in wire.fields(buffer, span.start, span.end):
        if found.number == _NODE_DEF:
            nodes.append(Span(found.start, found.end))
        else:
            rest.append(bytes(buffer[position : found.end]))
        position = found.end
    return parse("FunctionDef", b"".join(rest)), nodes


def _argument_shapes(header: Any) -> dict[int, Shape]:
    """Return the shapes that the attributes of arguments give, by position."""
    shapes = {}
    for position, given in header.arg_attr.items():
        if "_output_shapes" in given.attr and given.attr["_output_shapes"].list.shape:
            shapes[position] = shape_of(given.attr["_output_shapes"].list.shape[0])
    return shapes


def argument_type(argument: Any) -> str:
    """Return the dtype of an OpDef.ArgDef, or the attribute that decides it (`$T`, `$N*$T`, `$Tin`)."""
    if argument.type_list_attr:
        return f"${argument.type_list_attr}"
    dtype = f"${argument.type_attr}" if argument.type_attr else dtype_name(argument.type)
    return f"${argument.number_attr}*{dtype}" if argument.number_attr else dtype


def _with_gradients(functions: dict[str, Function], gradients: dict[str, str]) -> dict[str, Function]:
    for name, gradient in gradients.items():
        if name in functions:
            functions[name] = replace(functions[name], gradient=gradient)
    return functions
