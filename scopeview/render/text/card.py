"""The card at the beginning of `scopeview inspect`."""

from __future__ import annotations

from scopeview.analysis.answers.card import ModelCard
from scopeview.render.card import card_rows
from scopeview.render.text.console import Console
from scopeview.render.text.styled import Text

_STYLES = {"errors": "bold yellow"}


def print_card(console: Console, card: ModelCard) -> None:
    """Print the lines of a card, each cut at the width of the screen."""
    rows = list(card_rows(card))
    if not rows:
        return
    console.print()
    width = max(len(label) for label, _ in rows)
    for label, phrases in rows:
        line = Text(f"  {label.ljust(width)}  ", style="heading")
        line.append(" · ".join(phrases), style=_STYLES.get(label, "bold default"))
        console.print(line, no_wrap=True, overflow="ellipsis")
