"""The card at the beginning of `scopeview inspect`."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from scopeview.analysis.answers.card import ModelCard
from scopeview.render.card import card_rows

_STYLES = {"errors": "warning"}


def print_card(console: Console, card: ModelCard) -> None:
    """Print the lines of a card, each cut at the width of the screen."""
    rows = list(card_rows(card))
    if not rows:
        return
    console.print()
    width = max(len(label) for label, _ in rows)
    for label, phrases in rows:
        line = Text(f"  {label.ljust(width)}  ", style="heading")
        line.append(" · ".join(phrases), style=_STYLES.get(label, "default"))
        console.print(line, no_wrap=True, overflow="ellipsis")
