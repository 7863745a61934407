"""The variable namespace of one side: whatever the artifact, entries with a name, a shape and a dtype."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Literal

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.auxiliary import AuxiliaryKind
from scopeview.analysis.derive.auxiliary_columns import AuxiliaryColumns
from scopeview.model.object_paths import OBJECT_GRAPH_KEY
from scopeview.model.shapes import Shape
from scopeview.model.variable_columns import VariableColumns
from scopeview.model.variables import Variable

EntryKind = Literal["variable"] | AuxiliaryKind

Checksum = tuple[tuple[tuple[int, ...], int, int], ...]
"""Offset, bytes and crc32c of every slice: equal for equal values that are stored in equal parts."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One variable of one side."""

    name: str
    """Its name: in an object-based checkpoint the full name, where that is its alone; else the key."""
    key: str
    """The key of its object path, in an object-based checkpoint; else the name."""
    shape: Shape
    dtype: str
    kind: EntryKind
    primary: str
    """What it exists for, if it is a slot, an average or a replica."""
    slot: str
    trainable: bool | None
    collections: tuple[str, ...]
    checksum: Checksum | None
    """None where the artifact holds no values, or no checksums."""
    is_blank: bool
    """Whether the values are all zeros or all ones, as far as the checksum shows: they prove nothing."""
    variable: Variable

    @property
    def type(self) -> tuple[Shape, str]:
        """What two variables must agree in to be one."""
        return self.shape, self.dtype


class EntryColumns(Mapping[str, Entry]):
    """The entries of a checkpoint whose variables are columns; each is made when it is asked for, and then kept."""

    def __init__(
        self, variables: VariableColumns[Variable], auxiliary: AuxiliaryColumns, make: Callable[[Variable, str], Entry]
    ) -> None:
        self.variables, self.auxiliary = variables, auxiliary
        self._make = make
        self._made: dict[int, Entry] = {}

    def at(self, row: int) -> Entry:
        """Return the entry of a row."""
        found = self._made.get(row)
        if found is None:
            variable = self.variables[row]
            found = self._made.setdefault(row, self._make(variable, variable.name))
        return found

    def __getitem__(self, name: str) -> Entry:
        row = self.variables.row(name)
        if row is None:
            raise KeyError(name)
        return self.at(row)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.variables.row(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables.names)

    def __len__(self) -> int:
        return len(self.variables)


@dataclass(frozen=True)
class Namespace:
    """The entries of one side by name."""

    context: AnalysisContext
    entries: Mapping[str, Entry]

    @cached_property
    def by_key(self) -> Mapping[str, Entry]:
        """Entries by key."""
        return {entry.key: entry for entry in self.entries.values()}

    @cached_property
    def as_listed(self) -> Sequence[Entry]:
        """Entries in the order in which the artifact lists them."""
        table = self.context.model.variables
        if isinstance(self.entries, EntryColumns):
            return [*map(self.entries.at, table.listed)]
        rows = [row for row in range(len(table)) if table[row].name != OBJECT_GRAPH_KEY]
        entry_at = dict(zip(rows, self.entries.values(), strict=True))
        return [entry_at[row] for row in table.listed if row in entry_at]

    @property
    def has_values(self) -> bool:
        """Whether it is a checkpoint."""
        return self.context.model.origin.format.startswith("checkpoint")


def namespace_of(context: AnalysisContext) -> Namespace:
    """Return the variables of a model as entries; names that are not unique are replaced by keys, or are numbered."""
    columns, auxiliary = context.model.variables.columns, context.auxiliary_variables
    if columns is not None and isinstance(auxiliary, AuxiliaryColumns):
        return Namespace(context, EntryColumns(columns, auxiliary, partial(_entry, context)))
    variables = [v for v in context.model.variables if v.name != OBJECT_GRAPH_KEY]
    counts: dict[str, int] = {}
    for variable in variables:
        counts[variable.name] = counts.get(variable.name, 0) + 1
    entries: dict[str, Entry] = {}
    for variable in variables:
        name = variable.name if counts[variable.name] == 1 else _own_name(variable)
        while name in entries:
            name += "'"
        entries[name] = _entry(context, variable, name)
    return Namespace(context, entries)


def _key(variable: Variable, name: str) -> str:
    """Return the key of a checkpoint's entry, or of an object; elsewhere the name."""
    if not variable.checkpoint_keys:
        return name
    key = variable.checkpoint_keys[0]
    return key if variable.kind == "checkpoint" or "/.ATTRIBUTES/" in key else name


def _own_name(variable: Variable) -> str:
    return variable.checkpoint_keys[0] if variable.checkpoint_keys else variable.identity


def _entry(context: AnalysisContext, variable: Variable, name: str) -> Entry:
    auxiliary = context.auxiliary_variables.of(variable)
    return Entry(
        name=name,
        key=_key(variable, name),
        shape=variable.shape,
        dtype=variable.dtype,
        kind="variable" if auxiliary is None else auxiliary.kind,
        primary="" if auxiliary is None else auxiliary.primary,
        slot="" if auxiliary is None else auxiliary.slot,
        trainable=variable.trainable,
        collections=variable.collections,
        checksum=_checksum(variable),
        is_blank=bool(variable.stored and variable.stored.is_blank),
        variable=variable,
    )


def _checksum(variable: Variable) -> Checksum | None:
    pieces = [((), variable.stored)] if variable.stored else [(part.offset, part.stored) for part in variable.parts]
    found = [
        (tuple(offset), stored.size_bytes, stored.checksum)
        for offset, stored in pieces
        if stored is not None and stored.checksum is not None
    ]
    return tuple(found) if found and len(found) == len(pieces) else None
