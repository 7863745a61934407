"""Roles, and the marks that rules leave on ops: a role, and the rule that gave it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.auxiliary import AuxiliaryVariables
from scopeview.analysis.derive.reach import Flags
from scopeview.model.model import Model
from scopeview.model.ops import OpRow, OpTable

Role = Literal["update", "gradient", "summary", "bookkeeping", "init", "save", "forward"]
"""What an op serves; where an op serves several, the first of these that it serves."""

ROLES: tuple[Role, ...] = get_args(Role)
CODES: Mapping[Role, int] = {role: code for code, role in enumerate(ROLES)}
FORWARD = CODES["forward"]
_ROUNDS = 64

Codes = NDArray[np.int8]


@dataclass(frozen=True)
class Marks:
    """The roles of the ops of one table while rules are applied."""

    model: Model
    auxiliary_variables: AuxiliaryVariables
    table: OpTable
    function: str
    """Whose body the table is; empty for the main graph."""
    codes: Codes
    """Indices into ROLES, shape (ops,)."""
    rules: NDArray[np.int16]
    """The rule that gave each role, as an index into the rules that were applied; -1 where none did: shape (ops,)."""
    afterwards: tuple[int, ...]
    """The rules that mark what is done to gradients: clipping, checks, updates."""
    known: dict[str, Flags] = field(default_factory=dict)
    """What rules work out once and ask for again."""

    def has(self, *roles: Role) -> Flags:
        """Return which ops have one of some roles."""
        return np.isin(self.codes, [CODES[role] for role in roles])

    @property
    def is_open(self) -> Flags:
        """Which ops have no role but `forward`."""
        return np.asarray(self.codes == FORWARD)

    def open_rows(self, *types: str) -> list[OpRow]:
        """Return the ops of some types that have no role but `forward`, in the order of their names."""
        rows = np.array(self.table.rows_of_type(*types), dtype=np.int64)
        return list(map(OpRow, rows[self.codes[rows] == FORWARD].tolist()))

    def remember(self, what: str, compute: Callable[[], Flags]) -> Flags:
        """Return flags that do not depend on roles, worked out once."""
        if what not in self.known:
            self.known[what] = compute()
        return self.known[what]

    def mark(self, rows: NDArray[np.int64], code: int | Codes, rule: int) -> int:
        """Give a role to those rows that have none yet; return how many these are."""
        is_open = self.codes[rows] == FORWARD
        given = code if isinstance(code, int) else code[is_open]
        self.codes[rows[is_open]] = given
        self.rules[rows[is_open]] = rule
        return int(is_open.sum())


class Given(NamedTuple):
    """Rows that a rule gives roles to."""

    rows: Iterable[int] | NDArray[np.int64]
    codes: int | Codes


@dataclass(frozen=True)
class RoleRule:
    """One rule: which ops get which role, and why."""

    code: str
    because: str
    """Why an op has the role, as the end of "it is gradient because ..."."""
    find: Callable[[Marks], Iterator[Given]]
    in_functions: bool = True
    """Whether it holds inside of functions too."""


def apply_rules(marks: Marks, rules: Iterable[tuple[int, RoleRule]]) -> int:
    """Apply rules in their order; return how many ops they gave a role."""
    changed = 0
    for number, rule in rules:
        if marks.function and not rule.in_functions:
            continue
        for rows, codes in rule.find(marks):
            chosen = rows if isinstance(rows, np.ndarray) else np.fromiter(rows, dtype=np.int64)
            changed += marks.mark(chosen, codes, number)
    return changed


def apply_until_stable(marks: Marks, rules: Iterable[tuple[int, RoleRule]]) -> None:
    """Apply rules again and again until none gives a role any more."""
    rules = list(rules)
    for _ in range(_ROUNDS):
        if not apply_rules(marks, rules):
            break
