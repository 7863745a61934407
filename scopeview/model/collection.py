"""Collections: named lists that a MetaGraph keeps beside its graph, with each member resolved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MemberKind = Literal["variable", "op", "tensor", "value", "context", "saver", "queue_runner", "message", "missing"]


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a collection."""

    text: str
    """What the file says: a name, a number, or a summary of a message."""
    kind: MemberKind
    target: str | None = None
    """Name of the variable or op that it stands for, if it stands for one."""


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection of a MetaGraph."""

    name: str
    kind: str
    """How the file stores it: variables, nodes, bytes, integers, floats, any, contexts, savers, queue_runners."""
    members: tuple[Member, ...]

    @property
    def size(self) -> int:
        """Number of members."""
        return len(self.members)
