"""What each op is for: the computation itself, or the machinery around it.

Structure decides first: what a saver, an `Apply*` op, an initializing assignment or a summary is, its type and wiring
say. What computes for these alone belongs to them (a learning rate, a tag, the fill of an initializer). Names come
last: TensorFlow puts gradients in `gradients`, savers in `save`, updates in `<optimizer>/update_<variable>`.

The rules stand in two tables: `role_rules` marks ops by what they are, `role_spread` by what is around them, again and
again until nothing changes. An op keeps its first role, and the rule that gave it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.auxiliary import AuxiliaryVariables
from scopeview.analysis.derive.role_marks import (
    CODES,
    FORWARD,
    ROLES,
    Codes,
    Marks,
    Role,
    RoleRule,
    apply_rules,
    apply_until_stable,
)
from scopeview.analysis.derive.role_rules import RULES, WHOLE_FUNCTION, is_saver
from scopeview.analysis.derive.role_spread import SPREADING
from scopeview.model.model import Model
from scopeview.model.once import Answers, once
from scopeview.model.ops import OpRow

__all__ = ["ROLES", "TRAINING", "Role", "RoleRule", "Roles"]

TRAINING: frozenset[Role] = frozenset({"update", "gradient"})
"""Roles that use a variable only to train it: a bucket of its own, and no sharing."""

_TABLE = (WHOLE_FUNCTION, *RULES, *SPREADING)
_FIRST_SPREADING = 1 + len(RULES)
_AFTERWARDS = tuple(number for number, rule in enumerate(_TABLE) if rule.code in ("S1", "S2", "S3", "S4"))


class Roles:
    """The role of every op of a model's graph and functions; computed for a table when it is first asked for."""

    def __init__(self, model: Model, auxiliary_variables: AuxiliaryVariables) -> None:
        self._model = model
        self._auxiliary = auxiliary_variables
        self._known = Answers()

    def of(self, row: OpRow, function: str = "") -> Role:
        """Return the role of one op."""
        return ROLES[int(self.codes(function)[row])]

    def why(self, row: OpRow, function: str = "") -> RoleRule | None:
        """Return the rule that gave an op its role; None for what is forward, which is what no rule takes."""
        number = int(self._marks(function).rules[row])
        return None if number < 0 else _TABLE[number]

    def given_by(self, code: str) -> NDArray[np.bool_]:
        """Return which ops of the main graph have their role by the rule of a code: shape (ops,)."""
        numbers = [number for number, rule in enumerate(_TABLE) if rule.code == code]
        return np.isin(self._marks("").rules, numbers)

    forward = FORWARD
    """The code of the role `forward`."""

    def rows(self, role: Role) -> NDArray[np.int64]:
        """Return the ops of the main graph that have a role."""
        return np.flatnonzero(self.codes() == CODES[role])

    def counts(self, rows: range | None = None, function: str = "") -> dict[Role, int]:
        """Count the ops of a table, or of a slice of it, by role, forward first."""
        codes = self.codes(function) if rows is None else self.codes(function)[rows.start : rows.stop]
        numbers = np.bincount(codes, minlength=len(ROLES)).tolist()
        return {role: numbers[CODES[role]] for role in reversed(ROLES) if numbers[CODES[role]]}

    def codes(self, function: str = "") -> Codes:
        """Return the roles of a table, as indices into ROLES: shape (ops,)."""
        return self._marks(function).codes

    def _marks(self, function: str) -> Marks:
        if not function:  # the ops of the main graph are asked for one by one
            return self._of_main_graph
        return self._known.get(function, lambda: self._marked(function))

    @once
    def _of_main_graph(self) -> Marks:
        return self._marked("")

    def _marked(self, function: str) -> Marks:
        table = self._model.functions[function].body if function else self._model.graph
        codes = np.full(len(table), FORWARD, dtype=np.int8)
        rules = np.full(len(table), -1, dtype=np.int16)
        marks = Marks(self._model, self._auxiliary, table, function, codes, rules, _AFTERWARDS)
        if not len(table):
            return marks
        whole: Role | None = None
        if function and is_saver(table):
            whole = "save"
        elif function.startswith("__inference___backward"):
            whole = "gradient"
        if whole is not None:
            codes[:], rules[:] = CODES[whole], 0
            return marks
        numbered = list(enumerate(_TABLE))
        apply_rules(marks, numbered[:_FIRST_SPREADING])
        apply_until_stable(marks, numbered[_FIRST_SPREADING:])
        return marks
