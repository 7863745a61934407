"""The record of `scopeview trace`: NAME.scopetrace, JSON lines beside the MetaGraphs that it exported.

The first line is the header: `scopetrace` (the version of this format), `program`, `tensorflow_version`, `error`,
`error_frames`, `graphs`, `left_out`, `folder`. Every other line is one event: `event` names its type, the other members
are the fields of that type in `model/trace.py`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from scopeview.errors import DamagedError
from scopeview.model.trace import (
    CollectionAddition,
    FunctionTrace,
    ObjectMade,
    OpStack,
    ReuseCall,
    ScopeEntry,
    Trace,
    VariableRequest,
)

VERSION = 1
SUFFIX = ".scopetrace"
_EVENTS: dict[str, tuple[str, type]] = {
    "scope": ("scopes", ScopeEntry),
    "reuse_variables": ("reuse_calls", ReuseCall),
    "variable": ("variables", VariableRequest),
    "collection": ("collections", CollectionAddition),
    "object": ("objects", ObjectMade),
    "function": ("functions", FunctionTrace),
    "ops": ("op_stacks", OpStack),
}
_HEADER = ("program", "tensorflow_version", "error", "error_frames", "graphs", "left_out", "folder")
_MOST_LINES = 1_000_000


def trace_lines(trace: Trace) -> Iterator[str]:
    """Write a trace, line by line."""
    empty: dict[str, Any] = {field: () for field, _ in _EVENTS.values()}
    header = dataclasses.asdict(dataclasses.replace(trace, **empty))
    yield json.dumps({"scopetrace": VERSION, **{name: header[name] for name in _HEADER}})
    for event, (field, _) in _EVENTS.items():
        for one in getattr(trace, field):
            yield json.dumps({"event": event, **dataclasses.asdict(one)})


def parse_trace(text: str, path: str) -> Trace:
    """Read a trace; every field is checked.

    Raises:
        DamagedError: it is not such a record, of another version, or a line of it is damaged.
    """
    lines = text.splitlines()
    header = _object(lines[0] if lines else "", path, 1)
    if header.get("scopetrace") != VERSION:
        raise DamagedError(
            f"{path} is a trace of version {header.get('scopetrace')!r}, and this is {VERSION}; record it again"
        )
    if len(lines) > _MOST_LINES:
        raise DamagedError(f"{path} has {len(lines)} lines, more than {_MOST_LINES}; trace a part of the program")
    gathered: dict[str, list[Any]] = {field: [] for field, _ in _EVENTS.values()}
    for number, line in enumerate(lines[1:], start=2):
        record = _object(line, path, number)
        event = record.pop("event", None)
        if event not in _EVENTS:
            raise DamagedError(f"{path}, line {number}: there is no event {str(event)[:40]!r}; record it again")
        gathered[_EVENTS[event][0]].append(_checked(_EVENTS[event][1], record, path, number))
    names = {name: header.get(name) for name in _HEADER if name in header}
    trace: Trace = _checked(Trace, {**names, **dict.fromkeys(gathered, ())}, path, 1)
    events: dict[str, Any] = {field: tuple(records) for field, records in gathered.items()}
    found = dataclasses.replace(trace, **events)
    _check_numbers(found, path)
    return found


def is_trace(head: bytes) -> bool:
    """Whether a file begins as such a record."""
    return head.lstrip().startswith(b'{"scopetrace"')


def _check_numbers(trace: Trace, path: str) -> None:
    """Check that scopes refer to scopes before them: a walk to the root then ends."""
    for number, scope in enumerate(trace.scopes):
        if scope.number != number or not -1 <= scope.parent < number or not -1 <= scope.reuse_from <= number:
            raise DamagedError(f"{path}: scope {number} refers to a scope that is not before it; record it again")
    used = [request.scope for request in trace.variables] + [call.scope for call in trace.reuse_calls]
    if any(not -1 <= scope < len(trace.scopes) for scope in used):
        raise DamagedError(f"{path} refers to a scope that it does not have; record it again")


@cache
def _adapter(kind: type) -> Any:
    """Return what checks records of a type; to make one takes as long as to check thousands."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _checked(kind: type, record: object, path: str, number: int) -> Any:
    from pydantic import ValidationError

    try:
        return _adapter(kind).validate_python(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))[:80]
        raise DamagedError(f"{path}, line {number}: {where}: {first['msg']}; record it again") from error


def _object(line: str, path: str, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{path}, line {number}, is not JSON; record it again") from error
    if not isinstance(record, dict):
        raise DamagedError(f"{path}, line {number}, is no JSON object; record it again")
    return record
