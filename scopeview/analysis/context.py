"""What several questions need to know of a model, computed once and when it is first asked for.

Safe for threads: each fact has a lock of its own (`scopeview.model.once`). What is kept per variable below a fact
(`call_sites`, `accesses`) may be computed twice by two threads that ask at once; the two are equal, and either stays.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.accesses import Accesses, AccessIndex
from scopeview.analysis.derive.auxiliary import AuxiliaryVariables, find_auxiliary_variables
from scopeview.analysis.derive.call_sites import CallSite, CallSites
from scopeview.analysis.derive.entry_points import default_program, program_names
from scopeview.analysis.derive.roles import Roles
from scopeview.analysis.derive.structure import Twins, find_twins
from scopeview.analysis.derive.uses import Uses
from scopeview.model.entry_point import MAIN
from scopeview.model.model import Model
from scopeview.model.once import Answers, once
from scopeview.model.op_types import VARIABLE_TYPES, WEIGHT_PASSES
from scopeview.model.variables import Variable

if TYPE_CHECKING:
    from scopeview.analysis.derive.access_columns import SimpleUses
    from scopeview.analysis.derive.savers import Saving
    from scopeview.model.ops import OpRow

Answer = TypeVar("Answer")

_FEWEST_IN_COLUMNS = 200
"""Variables of a graph from which their uses are counted in columns."""

_PROGRAMS_KEPT = 8
"""Programs of a model whose analyses are kept: those that were asked about last."""


class AnalysisContext:
    """The analyses of one model that others build on."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._sites: dict[str, tuple[CallSite, ...]] = {}
        self._judged: dict[str, Accesses] = {}
        self._answers = Answers()
        self._programs = Answers(_PROGRAMS_KEPT)

    def with_model(self, model: Model) -> AnalysisContext:
        """Return the facts of the same artifact after TensorFlow's import: what was worked out stays."""
        other = copy.copy(self)
        other.model = model
        other._judged = {}
        other._answers = Answers()
        other._programs = Answers(_PROGRAMS_KEPT)
        return other

    def cached(self, question: Hashable, compute: Callable[[], Answer]) -> Answer:
        """Return the answer to a question of an analysis that builds on this one, worked out once."""
        return self._answers.get(question, compute)

    def in_program(self, name: str | None = None) -> AnalysisContext:
        """Return the context of a program of the model; of the one that is shown by default if none is named.

        Raises:
            NotFoundError: there is no program of this name.
        """
        chosen = self.cached("default program", lambda: default_program(self.model)) if name is None else name
        if chosen == MAIN:
            return self
        from scopeview.model.programs import program  # only graphs with functions need it

        found: AnalysisContext = self._programs.get(chosen, lambda: AnalysisContext(program(self.model, chosen)))
        return found

    def for_sharing(self, name: str | None = None) -> AnalysisContext:
        """Return the context in which sharing is looked for: a program, or all of them where there are several.

        What several programs use is shared between them, which none of them shows alone.
        """
        several = len([known for known in program_names(self.model) if known != MAIN]) > 1
        return self if name is None and several else self.in_program(name)

    def by_key(self) -> Mapping[str, Variable]:
        """Return variables by their names and by what savers call them; not kept when TensorFlow's import joins."""

        def gathered() -> Mapping[str, Variable]:
            named = {variable.name: variable for variable in self.model.variables}
            return named | {key: variable for variable in self.model.variables for key in variable.checkpoint_keys}

        return self.cached("variables by key", gathered)

    @once
    def auxiliary_variables(self) -> AuxiliaryVariables:
        """Which variables are slots, averages, replicas and scalars, and what each exists for."""
        columns = self.model.variables.columns
        if columns is not None and not len(self.model.graph):
            from scopeview.analysis.derive.auxiliary_columns import auxiliary_columns

            found = auxiliary_columns(columns)
            if found is not None:
                return found
        return find_auxiliary_variables(self.model)

    @once
    def roles(self) -> Roles:
        """What each op is for."""
        return Roles(self.model, self.auxiliary_variables)

    def role_rule(self, op: str, function: str = "") -> str:
        """Return the code of the rule that gave an op its role; empty for `forward`."""
        table = self.model.functions[function].body if function else self.model.graph
        row = table.row(op)
        decided = self.roles.why(row, function) if row is not None else None
        return "" if decided is None else decided.code

    @once
    def _accesses(self) -> AccessIndex:
        return AccessIndex(self.model, self.roles)

    @once
    def _call_sites(self) -> CallSites:
        return CallSites(self.model, self.roles, self._uses)

    @once
    def _uses(self) -> Uses:
        return Uses(self.model, self.roles)

    @once
    def saving(self) -> Saving:
        """What the savers of the graph store, and what none does."""
        from scopeview.analysis.derive.savers import find_saving

        return find_saving(self.model)

    @once
    def twins(self) -> tuple[Twins, ...]:
        """Numbered scopes of the op tree that are equal inside."""
        return find_twins(self.model.graph)

    @once
    def is_forward(self) -> NDArray[np.bool_]:
        """Which ops of the main graph compute: shape (ops,)."""
        return np.asarray(self.roles.codes() == self.roles.forward)

    @once
    def forward_edges(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Source and target of every edge by which computed values flow between forward ops, sorted by source.

        Edges that leave variables and the ops that read them carry weights, and are left out.
        """
        columns, codes = self.model.graph.columns, self.roles.codes()
        target = self.model.graph.targets
        source = columns.source.astype(np.int64)
        kept = (source >= 0) & (columns.port >= 0) & ~self.gives_weights[source]
        kept[kept] = (codes[source[kept]] == self.roles.forward) & (codes[target[kept]] == self.roles.forward)
        order = np.argsort(source[kept], kind="stable")
        return source[kept][order], target[kept][order]

    @once
    def weights_of(self) -> NDArray[np.int64]:
        """The variable that each op is, or hands the value of on: its row, or -1; shape (ops,)."""
        graph = self.model.graph
        found = np.full(len(graph), -1, dtype=np.int64)
        held = np.array(graph.rows_of_type(*VARIABLE_TYPES), dtype=np.int64)
        edges, counts = graph.edges_from(held)
        target = graph.targets[edges]
        passes = graph.are_of_type(*WEIGHT_PASSES)[target]
        found[held] = held
        found[target[passes]] = np.repeat(held, counts)[passes]  # of several variables, the last one
        return found

    @once
    def gives_weights(self) -> NDArray[np.bool_]:
        """Which ops are variables, or hand the value of one on: shape (ops,)."""
        return np.asarray(self.weights_of >= 0)

    def accesses(self, variable: Variable) -> Accesses:
        """Return what reads and writes a variable."""
        found = self._judged.get(variable.identity)
        if found is None:
            found = self._judged[variable.identity] = self._uses.judged(self._accesses.of(variable))
        return found

    def call_sites(self, variable: Variable) -> tuple[CallSite, ...]:
        """Return the op scopes whose computation uses a variable."""
        if variable.identity not in self._sites:
            self._sites[variable.identity] = self._call_sites.of(variable, self.accesses(variable).forward)
        return self._sites[variable.identity]

    @once
    def _simple(self) -> SimpleUses | None:
        if len(self.model.variables) < _FEWEST_IN_COLUMNS or not len(self.model.graph):
            return None
        from scopeview.analysis.derive.access_columns import simple_uses

        return simple_uses(self.model, self.roles)

    def is_trained(self, variable: Variable) -> bool | None:
        """Whether an optimizer updates a variable, where the columns of its graph say that; None where they do not."""
        return self._simple.is_trained.get(variable.identity) if self._simple is not None else None

    def uses(self, variable: Variable) -> int:
        """Return at how many places the computation uses a variable; from 2 on, it is shared."""
        known = self._simple.times.get(variable.identity) if self._simple is not None else None
        if known is not None:
            return known
        return sum(site.times for site in self.call_sites(variable))

    def only_use(self, variable: Variable) -> str | None:
        """Return the op that alone uses a variable, where the columns of its graph say that; None where they do not."""
        row = self._simple.only_op.get(variable.identity) if self._simple is not None else None
        return None if row is None else self.model.graph.name(row)

    def writers(self, variable: Variable) -> list[OpRow]:
        """Return the ops of the main graph that write a variable."""
        known = self._simple.writers.get(variable.identity) if self._simple is not None else None
        if known is not None:
            return list(known)
        found = (self.model.graph.row(a.op) for a in self.accesses(variable).writers if not a.function)
        return [row for row in found if row is not None]

    def call_sites_of_scope(self, scope: str) -> tuple[CallSite, ...]:
        """Return the op scopes that use any variable of a variable scope."""
        found = self.model.variable_scopes.find(scope)
        rows = self.model.variable_scopes.rows(found) if found is not None else range(0)
        variables = (self.model.variables[row] for row in rows)
        reads = [self.accesses(v).forward for v in variables if v not in self.auxiliary_variables]
        return self._call_sites.of_scope(scope, reads)
