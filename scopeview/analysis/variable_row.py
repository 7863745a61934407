"""The one row of a variable: what the artifact says of it, and what the analyses add.

Everything that lists variables takes them from here: the columns of tables (`variable_columns.py`), the records of
`inspect` and `sharing`, the trees, the search and the two sides of a diff.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.accesses import Accesses
from scopeview.analysis.derive.auxiliary import AuxiliaryVariable
from scopeview.analysis.derive.call_sites import CallSite
from scopeview.model.shapes import Shape
from scopeview.model.variables import Initializer, Kind, Variable

if TYPE_CHECKING:
    from scopeview.analysis.variable_costs import ReaderCosts


@dataclass(frozen=True, slots=True)
class VariableRow:
    """A variable of an analyzed model; what is not in the artifact is worked out when it is asked for."""

    context: AnalysisContext
    variable: Variable

    @property
    def accesses(self) -> Accesses:
        """What reads and writes it."""
        return self.context.accesses(self.variable)

    @property
    def call_sites(self) -> tuple[CallSite, ...]:
        """The op scopes whose computation uses it."""
        return self.context.call_sites(self.variable)

    @property
    def uses(self) -> int:
        """At how many places the computation uses it; from 2 on, it is shared."""
        return self.context.uses(self.variable)

    @property
    def costs(self) -> ReaderCosts:
        """What the ops of the computation that read it cost."""
        from scopeview.analysis.variable_costs import reader_costs

        return reader_costs(self.context, self.variable)

    @property
    def auxiliary(self) -> tuple[AuxiliaryVariable, ...]:
        """Variables that exist for it."""
        return self.context.auxiliary_variables.belonging_to(self.variable)

    @property
    def belongs_to(self) -> AuxiliaryVariable | None:
        """What it exists for, if it is an auxiliary variable."""
        return self.context.auxiliary_variables.of(self.variable)


@dataclass(frozen=True, slots=True)
class VariableFacts:
    """What every answer that describes a variable says of it."""

    name: str
    kind: Kind
    shape: Shape
    dtype: str
    trainable: bool | None
    parameters: int | None
    collections: tuple[str, ...]
    initializer: Initializer | None
    checkpoint_keys: tuple[str, ...]
    object_paths: tuple[str, ...]
    note: str
    """What a reader must know, such as a name that freezing lost."""
    uses: int
    """At how many places the computation uses it; from 2 on, it is shared."""
    belongs_to: AuxiliaryVariable | None
    """What it exists for, if it is a slot, an average, a replica or an optimizer's scalar."""


def facts_of(row: VariableRow, result: type[VariableFacts]) -> Mapping[str, Any]:
    """Return the fields of a result type that the row itself answers, or else its variable."""
    return {
        field.name: getattr(source, field.name)
        for field in fields(result)
        for source in (row, row.variable)
        if hasattr(type(source), field.name)
    }


def rows_of(context: AnalysisContext) -> Iterator[VariableRow]:
    """Yield the row of every variable, sorted by path."""
    return (VariableRow(context, variable) for variable in context.model.variables)
