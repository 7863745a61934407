"""What was recorded while a program built its graphs: what a saved graph no longer holds.

The reuse flag, the stack of scopes and the lines of code are gone once a graph is saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from scopeview.model.shapes import Shape

Reuse = Literal["no", "yes", "auto"]
"""The reuse flag of a variable scope: None or False, True, `tf.compat.v1.AUTO_REUSE`."""

ScopeKind = Literal["variable_scope", "name_scope"]
EnteredBy = Literal["name", "scope object", "default name"]
Action = Literal["created", "reused", "refused"]
Maker = Literal["get_variable", "tf.Variable"]

NO_SCOPE = -1
"""In place of a scope's number: the root."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A line of the user's own code; TensorFlow's and Keras's frames are left out."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line} in {self.function}" if self.function != "<module>" else f"{self.file}:{self.line}"
        )


@dataclass(frozen=True, slots=True)
class ScopeEntry:
    """One time that a scope was entered."""

    number: int
    """Its place among the scopes of the trace, from 0."""
    parent: int
    """The number of the scope that it was entered in; -1 at the root."""
    graph: int
    kind: ScopeKind
    name: str
    """The name that was asked for."""
    scope: str
    """The path of the variable scope; of a name scope, that around it."""
    name_scope: str
    """The op scope that ops get while it is open."""
    entered_by: EnteredBy
    reuse_asked: Reuse | None
    """The flag that this entry asked for; None where it asked for none."""
    reuse: Reuse
    """The flag that is in force in it."""
    reuse_from: int
    """The number of the entry whose flag it inherits: its own if it asked for one; -1 if no flag is set."""
    auxiliary_name_scope: bool
    settings: Mapping[str, str]
    """Initializer, regularizer, partitioner and custom getter, where they are set."""
    frames: tuple[Frame, ...]
    """The lines that entered it, innermost first."""


@dataclass(frozen=True, slots=True)
class ReuseCall:
    """One call of `reuse_variables()`."""

    scope: int
    """The number of the scope entry that it switched; -1 for the scope around all others."""
    frames: tuple[Frame, ...]
    graph: int = 0
    """The number of the graph."""


@dataclass(frozen=True, slots=True)
class VariableRequest:
    """One time that code asked for a variable."""

    number: int
    graph: int
    variable: str
    """The full name."""
    action: Action
    maker: Maker
    scope: int
    """The scope entry in which it was asked for; -1 at the root."""
    reuse: Reuse
    """The flag that decided."""
    name_scope: str
    """The op scope at that moment."""
    shape: Shape
    dtype: str
    error: str
    """What TensorFlow said when it refused; else empty."""
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class CollectionAddition:
    """One addition to a collection."""

    graph: int
    collection: str
    member: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class ObjectMade:
    """A saver or an optimizer that was made."""

    graph: int
    what: Literal["saver", "optimizer"]
    name: str
    """The name of the class."""
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class FunctionTrace:
    """One tracing of a `tf.function`."""

    function: str
    """The name of the Python function, and where it is."""
    times: int
    """Which tracing of the function it is, from 1; of a method, for the same object."""
    arguments: tuple[str, ...]
    """What it was traced for, argument by argument."""
    changed: tuple[str, ...]
    """The arguments that differ from the tracing before: why it was traced again."""
    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class OpStack:
    """Ops that the same lines created."""

    graph: int
    frames: tuple[Frame, ...]
    """The lines, innermost first."""
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TracedGraph:
    """A graph that the program built."""

    number: int
    ops: int
    file: str
    """The MetaGraph beside the record; empty where it could not be exported."""
    note: str
    """Why it could not be exported; else empty."""


@dataclass(frozen=True)
class Trace:
    """The record of one run."""

    program: str
    """The command that was run."""
    tensorflow_version: str
    error: str
    """What ended the program, if it raised: the type and the message."""
    error_frames: tuple[Frame, ...]
    graphs: tuple[TracedGraph, ...]
    scopes: tuple[ScopeEntry, ...]
    reuse_calls: tuple[ReuseCall, ...]
    variables: tuple[VariableRequest, ...]
    collections: tuple[CollectionAddition, ...]
    objects: tuple[ObjectMade, ...]
    functions: tuple[FunctionTrace, ...]
    left_out: int = 0
    """Events past the limit, which were not recorded."""
    op_stacks: tuple[OpStack, ...] = ()
    """Which lines created the ops of each graph."""
    folder: str = ""
    """The folder of the script, as files of frames are named: relative to where the program ran."""

    def of_graph(self, graph: int) -> tuple[VariableRequest, ...]:
        """Return the requests for variables of one graph."""
        return tuple(request for request in self.variables if request.graph == graph)

    @cached_property
    def switches(self) -> Mapping[int, ReuseCall]:
        """The last call of `reuse_variables()` on each scope entry that has one, by the number of the entry."""
        return {call.scope: call for call in self.reuse_calls}

    @cached_property
    def root_switches(self) -> Mapping[int, ReuseCall]:
        """The last call of `reuse_variables()` on the root scope of each graph that has one, by its number."""
        return {call.graph: call for call in self.reuse_calls if call.scope == NO_SCOPE}

    @cached_property
    def variable_scope_around(self) -> Sequence[int]:
        """The innermost variable scope that each scope entry is or lies in, by number; -1 for none."""
        found: list[int] = []
        for number, entry in enumerate(self.scopes):
            around = NO_SCOPE if entry.parent == NO_SCOPE else found[entry.parent]
            found.append(number if entry.kind == "variable_scope" else around)
        return found

    def stack(self, number: int) -> tuple[ScopeEntry, ...]:
        """Return a scope entry and those around it, outermost first."""
        found: list[ScopeEntry] = []
        while number != NO_SCOPE:
            found.append(self.scopes[number])
            number = self.scopes[number].parent
        return tuple(reversed(found))
