"""GraphDebugInfo: the stacks that created ops, in `debug/saved_model_debug_info.pb` or in field 5 of a GraphDef.

message GraphDebugInfo { repeated string files = 1; map<fixed64, FileLineCol> frames_by_id = 4;
                         map<fixed64, StackTrace> traces_by_id = 6; map<string, StackTrace> traces = 2;
                         map<string, fixed64> name_to_trace_id = 5; }

A key is `op@function`; frames come from the outside in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from scopeview.model.code_lines import CodeLine, CodeLines
from scopeview.readers.protobuf.decode import DecodeError, parse
from scopeview.readers.storage import opened

_FILE = Path("debug") / "saved_model_debug_info.pb"
_MOST_BYTES = 256 << 20


def debug_info_of_folder(folder: Path) -> CodeLines | None:
    """Return the stacks that a SavedModel was saved with, or None."""
    try:
        with opened(folder / _FILE) as file:
            raw = file.read(_MOST_BYTES)
    except OSError:
        return None
    return CodeLines(partial(parse_debug_info, raw))


def parse_debug_info(raw: bytes) -> Mapping[str, tuple[CodeLine, ...]]:
    """Decode a GraphDebugInfo: the stack of each op, innermost frame first; nothing where it is damaged."""
    try:
        info = parse("GraphDebugInfo", raw)
    except DecodeError:
        return {}
    stacks = {name: _stack(info, trace) for name, trace in info.traces.items()}
    for name, trace_id in info.name_to_trace_id.items():
        if trace_id in info.traces_by_id:
            stacks[name] = _stack(info, info.traces_by_id[trace_id])
    return stacks


def _stack(info: Any, trace: Any) -> tuple[CodeLine, ...]:
    frames = [*trace.file_line_cols, *(info.frames_by_id[one] for one in trace.frame_id if one in info.frames_by_id)]
    return tuple(
        CodeLine(info.files[frame.file_index], frame.line, frame.func, frame.code)
        for frame in reversed(frames)
        if 0 <= frame.file_index < len(info.files)
    )
