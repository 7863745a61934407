"""Variables: storage with a name of its own, apart from the ops that make and read it.

Six things that look like one name are kept apart: the variable's `name` (its place in the variable scopes), its
`handle_op` (the node), `shared_name` (the storage the node binds to), `checkpoint_keys` (what savers call it),
`full_name` and `object_paths` (what an object graph calls it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal, NewType

import numpy as np
from numpy.typing import NDArray

from scopeview.model.dtypes import NON_NUMERIC
from scopeview.model.names import sort_key
from scopeview.model.scopes import ScopeTree
from scopeview.model.shapes import Shape, byte_count, element_count
from scopeview.model.variable_columns import VariableColumns

VariableRow = NewType("VariableRow", int)

Kind = Literal["ref", "resource", "partitioned", "frozen", "checkpoint", "object", "traced"]
"""How the artifact holds a variable:

ref          a `VariableV2` or `Variable` op
resource     a `VarHandleOp`
partitioned  several of these that save under one key
frozen       a constant that was a variable before freezing
checkpoint   an entry of a checkpoint
object       an object of a SavedModel that no op of the graph holds
traced       a variable that a trace saw, and whose graph is not there
"""


@dataclass(frozen=True, slots=True)
class Initializer:
    """What gives a variable its first value."""

    kind: str
    """The initializer by its usual name (`truncated_normal`), else the type of the op that makes the value."""
    arguments: Mapping[str, object]
    op: str
    """The op whose output is assigned."""
    resembles: str = ""
    """A named scheme whose formula gives the same arguments for this shape (`glorot_uniform`)."""


class FirstValue:
    """What gives a variable its first value, worked out when somebody asks: of thousands, few are shown."""

    __slots__ = ("_answer", "_find", "_find_op")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, find: Callable[[], Initializer | None], find_op: Callable[[], str | None]) -> None:
        self._find: Callable[[], Initializer | None] | None = find
        self._find_op = find_op
        self._answer: Initializer | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FirstValue) and self.initializer == other.initializer

    @property
    def op(self) -> str | None:
        """The op whose output is assigned, found without describing the initializer."""
        if self._find is None:
            return self._answer.op if self._answer is not None else None
        return self._find_op()

    @property
    def initializer(self) -> Initializer | None:
        """The initializer, or None if nothing but a restore assigns the variable."""
        find = self._find
        if find is not None:  # two threads may both find it; the answers are equal
            self._answer = find()
            self._find = None
        return self._answer


@dataclass(frozen=True, slots=True)
class StoredSlice:
    """Where a checkpoint keeps the bytes of a variable or of a part of it."""

    shard: int
    offset: int
    size_bytes: int
    checksum: int | None
    """crc32c of the bytes as the index gives it; a V1 checkpoint has none."""
    is_blank: bool = False
    """Whether the checksum is that of all zeros, or of all ones."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a partitioned variable."""

    name: str
    offset: tuple[int, ...]
    shape: tuple[int, ...]
    stored: StoredSlice | None = None
    device: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable, whatever kind of artifact it was read from."""

    name: str
    kind: Kind
    shape: Shape
    dtype: str
    trainable: bool | None = None
    """None where the artifact does not say (a bare GraphDef, a checkpoint)."""
    collections: tuple[str, ...] = ()
    first_value: FirstValue | None = None
    device: str = ""
    handle_op: str | None = None
    shared_name: str = ""
    container: str = ""
    checkpoint_keys: tuple[str, ...] = ()
    full_name: str = ""
    object_paths: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    stored: StoredSlice | None = None
    note: str = ""
    """What a reader must know to read this entry rightly, such as a name that freezing lost."""

    @property
    def initializer(self) -> Initializer | None:
        """What gives it its first value; None where nothing but a restore does, and in a checkpoint."""
        return self.first_value.initializer if self.first_value is not None else None

    @property
    def parameters(self) -> int | None:
        """Number of elements; None where the shape does not tell, 0 for what holds no numbers (strings, handles)."""
        return 0 if self.dtype in NON_NUMERIC else element_count(self.shape)

    @property
    def identity(self) -> str:
        """What no other variable of the model has: its op, or its object, or its key in a checkpoint."""
        if self.handle_op:
            return self.handle_op
        if self.object_paths:
            return self.object_paths[0]
        return self.checkpoint_keys[0] if self.kind == "checkpoint" and self.checkpoint_keys else self.name

    @property
    def handles(self) -> tuple[str, ...]:
        """The ops that hold it: one, or one for each part."""
        return (self.handle_op,) if self.handle_op else tuple(part.name for part in self.parts)

    @property
    def size_bytes(self) -> int | None:
        """Bytes of the values; None where shape or dtype does not tell."""
        return byte_count(self.shape, self.dtype)


@dataclass(frozen=True)
class VariableTable:
    """Variables sorted by the path of their names."""

    variables: Sequence[Variable] = field(default=())
    listed: Sequence[int] = field(init=False, repr=False, compare=False, default=())
    """Rows in the order in which the artifact lists its variables, which may be the order of creation."""

    def __post_init__(self) -> None:
        if isinstance(self.variables, VariableColumns):
            object.__setattr__(self, "listed", self.variables.listed.data)
            return
        given = tuple(self.variables)
        rows = sorted(range(len(given)), key=lambda row: sort_key(given[row].name))
        object.__setattr__(self, "variables", tuple(given[row] for row in rows))
        object.__setattr__(self, "listed", tuple(sorted(range(len(rows)), key=rows.__getitem__)))

    def __len__(self) -> int:
        return len(self.variables)

    def __repr__(self) -> str:
        return f"<VariableTable of {len(self.variables):,} variables>"

    def __iter__(self) -> Iterator[Variable]:
        return iter(self.variables)

    def __getitem__(self, row: VariableRow | int) -> Variable:
        return self.variables[row]

    @property
    def columns(self) -> VariableColumns[Variable] | None:
        """The variables as columns, where their objects are only made when asked for."""
        return self.variables if isinstance(self.variables, VariableColumns) else None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every variable's name, sorted by path."""
        if self.columns is not None:
            return tuple(self.columns.names)
        return tuple(variable.name for variable in self.variables)

    @cached_property
    def scopes(self) -> ScopeTree:
        """The variable-scope tree."""
        return self.columns.scopes if self.columns is not None else ScopeTree(self.names)

    @cached_property
    def parameters(self) -> NDArray[np.int64]:
        """Shape (variables,): elements of each variable, 0 where unknown."""
        if self.columns is not None:
            return self.columns.parameters
        return np.array([variable.parameters or 0 for variable in self.variables], dtype=np.int64)

    @cached_property
    def size_bytes(self) -> NDArray[np.int64]:
        """Shape (variables,): bytes of each variable, 0 where unknown."""
        if self.columns is not None:
            return self.columns.size_bytes
        return np.array([variable.size_bytes or 0 for variable in self.variables], dtype=np.int64)

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Variable, ...]]:
        found: dict[str, tuple[Variable, ...]] = {}
        for variable in self.variables:
            for name in {variable.name, *(part.name for part in variable.parts)}:
                found[name] = (*found.get(name, ()), variable)
        return MappingProxyType(found)

    def named(self, name: str) -> tuple[Variable, ...]:
        """Return the variables of a name; several in object-based artifacts, where names are not unique."""
        return self._by_name.get(name, ())
