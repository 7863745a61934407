"""What whoever looks at a graph has asked for."""

from __future__ import annotations

from dataclasses import dataclass

from scopeview.analysis.derive.roles import Role


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What whoever looks at a graph has asked for; part of the address of a picture.

    Attributes:
        roles: roles that are drawn in place beside `forward`; everything else is hidden by role.
        shown: paths of what is drawn in place although its role is hidden by role.
        unfolded: paths of which one is in a group that is to be drawn member by member.
        limit: items of one level; more are folded by structure, then by role and op type, and then counted.
        plumbing: draw constants, casts, shapes and the like by themselves, not folded into the op that takes them.
        hidden: queries; what fits one of them is not drawn.
        only: queries; of what is left, only what fits one of them is drawn.
    """

    roles: frozenset[Role] = frozenset()
    shown: frozenset[str] = frozenset()
    unfolded: frozenset[str] = frozenset()
    limit: int = 150
    plumbing: bool = False
    hidden: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()


DEFAULT_VIEW = ViewOptions()
