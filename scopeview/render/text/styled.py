"""Texts with styles, and how many columns of a terminal they take; rich is asked only about rare characters."""

from __future__ import annotations

_NARROW = frozenset(
    map(chr, (*range(0x20, 0x7F), *range(0xA0, 0xAD), *range(0xAE, 0x300), *range(0x2500, 0x25FD), 0x2026, 0x2192))
)
"""Characters of one column each: Latin, boxes and blocks, `…` and `→`."""


def cell_len(text: str) -> int:
    """Return how many columns of a terminal a text takes; wide characters take two.

    >>> cell_len("a/b"), cell_len("├ 1×"), cell_len("\\u5c42")
    (3, 4, 2)
    """
    if _NARROW.issuperset(text):
        return len(text)
    from rich.cells import cell_len as length_of_any

    return length_of_any(text)


class Text:
    """A text whose parts have styles, named as in `console.THEME`; it grows by `append`."""

    __slots__ = ("parts",)

    def __init__(self, text: str = "", style: str = "") -> None:
        self.parts = [(text, style)] if text else []

    @classmethod
    def assemble(cls, *parts: str | tuple[str, str]) -> Text:
        """Return a text of parts, each with or without a style."""
        made = cls()
        for part in parts:
            made.append(*((part,) if isinstance(part, str) else part))
        return made

    def append(self, text: str, style: str = "") -> Text:
        """Add a part at the end."""
        if text:
            self.parts.append((text, style))
        return self

    def extend(self, other: Text) -> None:
        """Add the parts of another text at the end."""
        self.parts += other.parts

    def rstrip(self) -> None:
        """Take away the blanks at the end."""
        while self.parts:
            text, style = self.parts.pop()
            if kept := text.rstrip():
                self.parts.append((kept, style))
                return

    @property
    def plain(self) -> str:
        """The text without styles."""
        return "".join([text for text, _ in self.parts])

    @property
    def last_style(self) -> str:
        """The style in which it ends."""
        return self.parts[-1][1] if self.parts else ""
