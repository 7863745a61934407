"""Protobuf's text format to wire format, by the table of messages.

Printers write the same attributes thousands of times, each as a block of lines of its own indentation. Such a block is
translated once and looked up after that, which leaves a few tokens of every node to be read.

Grammar: https://protobuf.dev/reference/protobuf/textformat-spec/
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from scopeview.readers.protobuf.text_values import encoded, unescaped
from scopeview.readers.protobuf.types import Field, message_type
from scopeview.readers.protobuf.wire import LENGTH, SINGLE, encode_varint

_TOKEN = re.compile(
    r"""(?:[\s,;]+|\#[^\n]*)*
      (?: (?P<word>[A-Za-z_][A-Za-z0-9_]*)
        | (?P<string>"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+')
        | (?P<number>-?\s*(?:0[xX][0-9a-fA-F]+|(?:inf|nan|Infinity)\b
            |(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[fF]?))
        | (?P<mark>[{}<>:\[\]])
        | (?P<end>\Z))""",
    re.VERBOSE | re.DOTALL,
)
_LINE = re.compile(
    r"""\s*(?: (?P<name>[A-Za-z_]\w*) (?: :[ ] (?: "(?P<text>[^"\\\n]*)" | (?P<value>[\w.+-]+) ) | [ ](?P<opening>\{) )
      | (?P<closing>\}) ) \n (?=\s*[A-Za-z}])""",
    re.VERBOSE,
)
"""A line as printers write most of them: a name and one plain value, a name and an opening brace, or a closing one."""
_INDENT = re.compile(" *")
_EXTENSION = re.compile(r"\s*([\w./\-]+)\s*\]")
_MESSAGES, _TEXTS = ("message", "map"), ("string", "bytes")
_CLOSERS = {"{": "}", "<": ">"}
_DEEPEST = 100


class TextError(ValueError):
    """A text that is not the message it should be; says in which line."""


@dataclass(slots=True)
class _Frame:
    """A message that is being written."""

    message: str
    value_of: Field | None = None
    """The field of the message around it that it is the value of."""
    closer: str = ""
    chunks: list[bytes] = field(default_factory=list)
    packed: dict[int, bytearray] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    """Fields and groups of fields that may come once."""
    is_listed: bool = False
    """Whether it stands in a list, after which another may follow."""
    fields: Mapping[str, Field] = field(init=False)

    def __post_init__(self) -> None:
        self.fields = message_type(self.message).FIELDS

    def content(self) -> bytes:
        for number, values in self.packed.items():
            self.chunks.append(_block(number, bytes(values)))
        return b"".join(self.chunks)


def to_wire(text: str, message: str) -> tuple[bytes, list[str]]:
    """Translate a text, and list the fields that no message of the table has, which are left out.

    Raises:
        TextError: the text is not such a message.
    """
    writer = _Writer(text)
    return writer.write(message), list(writer.unknown)


class _Writer:
    """One text, read from its start to its end."""

    def __init__(self, text: str, blocks: dict[tuple[str, str], bytes] | None = None) -> None:
        self.text = text
        self.position = 0
        self.unknown: dict[str, None] = {}
        self._blocks = {} if blocks is None else blocks
        self._keeps_blocks = blocks is None

    def write(self, message: str) -> bytes:
        stack = [_Frame(message)]
        while True:
            self._lines(stack)
            frame = stack[-1]
            kind, token = self._next()
            if kind == "word":
                self._field(stack, frame, token)
            elif token == "[" and frame.message == "Any":
                self._expanded(stack, frame)
            elif kind == "mark" and token == frame.closer and len(stack) > 1:
                self._close(stack)
            elif kind == "end" and len(stack) == 1:
                return frame.content()
            else:
                raise self.error(f"expected a field of {frame.message}, found {token or 'the end'!r}")

    def _lines(self, stack: list[_Frame]) -> None:
        """Take lines as printers write them, up to one that is another."""
        text, match = self.text, _LINE.match
        while True:
            line = match(text, self.position)
            if line is None:
                return
            frame = stack[-1]
            name, content, value, opening, _ = line.groups()
            if name is None:
                if frame.closer != "}" or len(stack) == 1:
                    return
                self.position = line.end() - 1
                self._close(stack)
                continue
            found = frame.fields.get(name)
            if found is None or (found.kind in _MESSAGES) != (opening is not None):
                return
            if opening is None and (content is not None) != (found.kind in _TEXTS):
                return
            self.position = line.end() - 1  # a block that is looked up begins with its new line
            self._once(frame, found)
            if opening is not None:
                self._open(stack, found, "{", "mark")
            elif content is not None:
                frame.chunks.append(_block(found.number, content.encode()))
            else:
                self._scalar(frame, found, "word" if value[0].isalpha() else "number", value)

    def _once(self, frame: _Frame, found: Field) -> None:
        if not found.is_repeated:
            group = found.oneof or found.name
            if group in frame.seen:
                raise self.error(f"{frame.message} has more than one {group}")
            frame.seen.add(group)

    def _next(self) -> tuple[str, str]:
        match = _TOKEN.match(self.text, self.position)
        if match is None:
            start = self.position + len(self.text[self.position :]) - len(self.text[self.position :].lstrip())
            raise self.error(f"unexpected {self.text[start : start + 1]!r}")
        self.position = match.end()
        kind = match.lastgroup or "end"
        return kind, match[kind]

    def _peek(self) -> str:
        match = _TOKEN.match(self.text, self.position)
        return match[match.lastgroup] if match is not None and match.lastgroup else ""

    def error(self, reason: str) -> TextError:
        return TextError(f"line {self.text.count(chr(10), 0, self.position) + 1:,}: {reason}")

    def _field(self, stack: list[_Frame], frame: _Frame, name: str) -> None:
        found = frame.fields.get(name)
        if found is None:
            self.unknown[f"Message type {frame.message} has no field named {name!r}"] = None
            self._skip()
            return
        self._once(frame, found)
        is_message = found.kind in _MESSAGES
        kind, token = self._next()
        if token == ":" and kind == "mark":
            kind, token = self._next()
        elif not is_message:
            raise self.error(f"expected ':' after {name}")
        if is_message:
            self._open(stack, found, token, kind)
        elif kind == "mark" and token == "[" and found.is_repeated:
            self._list(frame, found)
        else:
            self._scalar(frame, found, kind, token)

    def _open(self, stack: list[_Frame], found: Field, token: str, kind: str, *, is_listed: bool = False) -> None:
        if kind == "mark" and token == "[" and found.is_repeated:
            if self._peek() == "]":
                self._next()
                return
            kind, token = self._next()
            is_listed = True
        if kind != "mark" or token not in _CLOSERS:
            raise self.error(f"expected '{{' after {found.name}, found {token!r}")
        if len(stack) > _DEEPEST:
            raise self.error(f"messages are nested more than {_DEEPEST} levels deep")
        if found.kind == "map" and token == "{" and not is_listed and self._repeated_block(stack[-1], found):
            return
        stack.append(_Frame(found.of, found, _CLOSERS[token], is_listed=is_listed))

    def _repeated_block(self, frame: _Frame, found: Field) -> bool:
        """Take a block of lines that ends where its indentation does, if it is a whole message."""
        if not self._keeps_blocks:
            return False
        line = self.text.rfind("\n", 0, self.position) + 1
        indent = _INDENT.match(self.text, line)
        assert indent is not None  # it may be empty
        closer = f"\n{indent[0]}}}"
        end = self.text.find(closer, self.position)
        if end < 0:
            return False
        block = found.of, self.text[self.position : end]
        content = self._blocks.get(block)
        if content is None:
            inner = _Writer(block[1], self._blocks)
            try:
                content = inner.write(found.of)
            except TextError:  # the lines are indented in another way: read on as usual
                return False
            if inner.unknown:
                return False
            self._blocks[block] = content
        frame.chunks.append(_block(found.number, content))
        self.position = end + len(closer)
        return True

    def _close(self, stack: list[_Frame]) -> None:
        frame = stack.pop()
        field = frame.value_of
        if field is None:
            raise self.error("a '}' too many")
        content = frame.content()
        stack[-1].chunks.append(_block(field.number, content))
        if frame.is_listed:
            kind, token = self._next()
            if (kind, token) != ("mark", "]"):
                self._open(stack, field, token, kind, is_listed=True)

    def _expanded(self, stack: list[_Frame], frame: _Frame) -> None:
        """Take `[type.googleapis.com/tensorflow.AssetFileDef] { ... }` of an Any."""
        match = _EXTENSION.match(self.text, self.position)
        name = match[1].rpartition("tensorflow.")[2] if match is not None else ""
        try:
            message_type(name)
        except KeyError:
            raise self.error(f"a message of an unknown type {name!r}") from None
        assert match is not None
        self.position = match.end()
        kind, token = self._next()
        if token == ":":
            kind, token = self._next()
        frame.chunks.append(_block(1, match[1].encode()))
        self._open(stack, Field(2, "value", "message", False, "", name), token, kind)

    def _list(self, frame: _Frame, found: Field) -> None:
        while True:
            kind, token = self._next()
            if kind == "mark" and token == "]":
                return
            self._scalar(frame, found, kind, token)

    def _scalar(self, frame: _Frame, found: Field, kind: str, token: str) -> None:
        if found.kind in _TEXTS:
            frame.chunks.append(_block(found.number, self._string(found, kind, token)))
            return
        try:
            value = encoded(found, kind, token)
        except (ValueError, OverflowError, struct.error):
            raise self.error(f"{token!r} is no value for {found.name}") from None
        if found.is_repeated:
            frame.packed.setdefault(found.number, bytearray()).extend(value)
        else:
            frame.chunks.append(encode_varint(found.number << 3 | found.wire_type) + value)

    def _string(self, found: Field, kind: str, token: str) -> bytes:
        if kind != "string":
            raise self.error(f"expected a string for {found.name}, found {token!r}")
        content = unescaped(token)
        while self._peek()[:1] in ('"', "'"):
            after = self.position
            kind, token = self._next()
            if "," in self.text[after : self.position - len(token)]:  # the next of a list
                self.position = after
                break
            content += unescaped(token)
        if found.kind == "string" and b"\\" in token.encode():
            try:
                content.decode("utf-8")
            except UnicodeDecodeError:
                raise self.error(f"the text of {found.name} is not UTF-8") from None
        return content

    def _skip(self) -> None:
        """Pass over the value of a field that is not known."""
        kind, token = self._next()
        if token == ":" and kind == "mark":
            kind, token = self._next()
        if kind == "string":
            while self._peek()[:1] in ('"', "'"):
                self._next()
        depth = 1 if kind == "mark" and token in "{<[" else 0
        if kind == "end" or (kind == "mark" and not depth):
            raise self.error("expected a value")
        while depth:
            kind, token = self._next()
            if kind == "end":
                raise self.error("the text ends inside a message")
            if kind == "mark":
                depth += (token in "{<[") - (token in "}>]")


def _block(number: int, content: bytes) -> bytes:
    size = len(content)
    if number < 16 and size < 0x80:
        return SINGLE[number << 3 | LENGTH] + SINGLE[size] + content
    return encode_varint(number << 3 | LENGTH) + encode_varint(size) + content
