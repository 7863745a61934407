"""A model's card as Markdown, to paste into an issue."""

from __future__ import annotations

from dataclasses import dataclass

from scopeview.analysis.answers.card import ModelCard
from scopeview.render.card import card_rows
from scopeview.render.formats import printable


@dataclass(frozen=True, slots=True)
class CardText:
    """A card to copy."""

    markdown: str


def card_markdown(card: ModelCard, title: str) -> str:
    """Return the card as a heading and a list; names stand in code, so that nothing in them is markup."""
    lines = [f"### {_code(printable(title))}", ""]
    if card.program != "main":
        lines.append(f"- **program**: {_code(printable(card.program))}")
    lines += [f"- **{label}**: {' · '.join(map(_code, phrases))}" for label, phrases in card_rows(card)]
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    """Write text as inline code, whatever backticks it holds."""
    fence = "`"
    while fence in text:
        fence += "`"
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}"
