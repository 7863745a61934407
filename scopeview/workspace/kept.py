"""Answers that are kept as the bytes that are sent, the latest last, within a budget."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

_PER_ANSWER = 1000
"""Bytes that an answer costs beside its content: its question, and what the containers need."""


class KeptAnswers:
    """A cache of answers; whoever uses it holds a lock."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._size = 0
        self._answers: OrderedDict[Hashable, tuple[tuple[str, ...], bytes]] = OrderedDict()

    def get(self, key: Hashable) -> bytes | None:
        """Return an answer, if it is kept."""
        kept = self._answers.get(key)
        if kept is None:
            return None
        self._answers.move_to_end(key)
        return kept[1]

    def keep(self, key: Hashable, identities: tuple[str, ...], content: bytes) -> None:
        """Keep an answer about some models, and drop the oldest beyond the budget."""
        self._drop(key)
        self._answers[key] = identities, content
        self._size += len(content) + _PER_ANSWER
        while self._size > self._budget and len(self._answers) > 1:
            self._drop(next(iter(self._answers)))

    def forget(self, identity: str) -> None:
        """Drop every answer about a model."""
        for key in [key for key, (identities, _) in self._answers.items() if identity in identities]:
            self._drop(key)

    def _drop(self, key: Hashable) -> None:
        dropped = self._answers.pop(key, None)
        if dropped is not None:
            self._size -= len(dropped[1]) + _PER_ANSWER
