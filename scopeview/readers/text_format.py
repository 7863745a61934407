"""Protobuf text format: which message a text is, and its bytes in wire format.

A text is translated to wire format first, so that everything after this step reads one format.
Source of the grammar: https://protobuf.dev/reference/protobuf/textformat-spec/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal

from scopeview.errors import DamagedError
from scopeview.model.notes import NotRead
from scopeview.readers.budget import budget
from scopeview.readers.protobuf.wire import Buffer

TextKind = Literal["graph_def_text", "meta_graph_text", "saved_model_text", "checkpoint_state"]

_FIELDS: dict[TextKind, frozenset[str]] = {
    "saved_model_text": frozenset({"saved_model_schema_version", "meta_graphs"}),
    "meta_graph_text": frozenset(
        {
            "meta_info_def",
            "graph_def",
            "saver_def",
            "collection_def",
            "signature_def",
            "asset_file_def",
            "object_graph_def",
        }
    ),
    "graph_def_text": frozenset({"node", "library", "version", "versions", "debug_info"}),
    "checkpoint_state": frozenset(
        {
            "model_checkpoint_path",
            "all_model_checkpoint_paths",
            "all_model_checkpoint_timestamps",
            "last_preserved_timestamp",
        }
    ),
}

_CONTAINERS: dict[str, tuple[str, ...]] = {
    "graph_def_text": (),
    "meta_graph_text": ("graph_def",),
    "saved_model_text": ("meta_graphs", "graph_def"),
}
"""The blocks, from the outside in, whose direct content is worth keeping when a text is cut off."""

_MESSAGES: dict[str, str] = {
    "graph_def_text": "GraphDef",
    "meta_graph_text": "MetaGraphDef",
    "saved_model_text": "SavedModel",
}

_COST_PER_BYTE = 4
"""Bytes of memory that a character of a text takes while it is parsed, the parsed message included."""

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
      | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<open>[{<])
      | (?P<close>[}>])
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<other>[^\s])""",
    re.VERBOSE | re.DOTALL,
)


def text_kind(head: bytes) -> TextKind | tuple[str, ...]:
    """Return which message a text is, or the names of its top-level fields if it is none (empty if it is no text).

    A text of nothing but comments is an empty GraphDef: TensorFlow reads it as that.
    """
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(head) - error.start > 3:  # more than a character that the end of `head` cut in two
            return ()
        text = head[: error.start].decode("utf-8-sig")
    if any(ord(character) < 32 and character not in "\t\r\n\f" for character in text):
        return ()
    names = tuple(dict.fromkeys(_top_level_fields(text)))
    for kind, known in _FIELDS.items():
        if names and set(names) <= known:
            return kind
    if not names and all(line.lstrip().startswith("#") or not line.strip() for line in text.splitlines()):
        return "graph_def_text" if text.strip() else ()
    return names


def _top_level_fields(text: str) -> Iterator[str]:
    """Yield the words at nesting 0 that a `{`, a `<` or a `:` follows."""
    depth, pending = 0, ""
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "open":
            if depth == 0 and pending:
                yield pending
            depth += 1
            pending = ""
        elif kind == "close":
            depth, pending = max(0, depth - 1), ""
        elif kind == "word" and depth == 0:
            pending = token.group()
        elif kind == "other" and depth == 0 and token.group() == ":" and pending:
            yield pending
        elif kind != "comment":
            pending = ""


def to_wire(content: Buffer, kind: str, path: str) -> tuple[bytes, list[str]]:
    """Return a text as wire format, and notes about what had to be left out.

    A text that ends too early is cut back to its last complete node; fields that this TensorFlow does not know are
    left out and named.

    Raises:
        DamagedError: nothing of the text can be parsed.
    """
    notes: list[str] = []
    text = _affordable(bytes(content[:])).decode("utf-8-sig", "replace")
    raw, reason = _translated(text, kind, notes)
    if raw is None:
        shortened = _cut_back(text, kind)
        if shortened is not None:
            raw, second_reason = _translated(shortened, kind, notes)
            lines = shortened.count("\n") + 1
            notes.append(NotRead(f"the text is truncated: it is shown as far as line {lines:,} ({reason})"))
            reason = reason if raw is not None else second_reason
    if raw is None:
        raise DamagedError(f"{path} looks like a {_MESSAGES[kind]} in text format but does not parse: {reason}")
    return raw, notes


def _affordable(text: bytes) -> bytes:
    """Return a text as far as the budget goes: each message in it costs as much as an op."""
    if not budget().spend(_COST_PER_BYTE * len(text), "the characters of the text"):
        text = _up_to_a_block(text, budget().bytes_left // _COST_PER_BYTE)
    affordable = budget().affordable_items()
    if text.count(b"{") + text.count(b"<") <= affordable:
        return text
    budget().spend_items(affordable + 1, "the messages of the text")
    nth = next(islice(re.finditer(rb"[{<]", text), affordable, None))
    return _up_to_a_block(text, nth.start())


def _up_to_a_block(text: bytes, end: int) -> bytes:
    """Return a text up to the last block that ends before a place; what is open around it is closed by `_cut_back`."""
    closed = max(text.rfind(b"}", 0, end), text.rfind(b">", 0, end))
    return text[: closed + 1] or text[:end]


def _translated(text: str, kind: str, notes: list[str]) -> tuple[bytes | None, str]:
    """Return the wire format, or None and why not."""
    from scopeview.readers.protobuf.text import TextError
    from scopeview.readers.protobuf.text import to_wire as translate

    try:
        raw, unknown = translate(text, _MESSAGES[kind])
    except TextError as error:
        return None, str(error)
    if unknown:
        notes.append(f"fields that scopeview does not know were left out: {unknown[0]}")
    return raw, ""


def _cut_back(text: str, kind: str) -> str | None:
    """Cut an unfinished text after its last complete node or field, and close what is open around it.

    A block may end the text if it stands at the outermost level, or in one of the blocks that hold nodes: so no node is
    ever shown in part. None if no block is complete.
    """
    containers = _CONTAINERS[kind]
    path: list[tuple[str, str]] = []
    cut: tuple[int, str] | None = None
    word = ""
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "open":
            path.append((word, "}" if token.group() == "{" else ">"))
        elif token.lastgroup == "close" and path:
            path.pop()
            if tuple(name for name, _ in path) == containers[: len(path)]:
                cut = token.end(), "".join(closer for _, closer in reversed(path))
        elif token.lastgroup == "word":
            word = token.group()
    return text[: cut[0]] + cut[1] if path and cut is not None else None
