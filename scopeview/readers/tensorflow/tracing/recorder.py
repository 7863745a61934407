"""Keeps what the hooks see: scopes with their flags, variables, collections, savers, optimizers, function traces."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from scopeview.model.trace import (
    NO_SCOPE,
    CollectionAddition,
    EnteredBy,
    Frame,
    FunctionTrace,
    ObjectMade,
    Reuse,
    ReuseCall,
    ScopeEntry,
    ScopeKind,
    VariableRequest,
)

MOST_EVENTS = 200_000
MOST_GRAPHS = 64

_OTHER_FUNCTION = "it is another tf.function of the same code: tf.function was applied again, as in a loop"
_SAME_ARGUMENTS = (
    "its arguments are the same: the first tracing created variables, or a value that it closes over changed"
)


@dataclass(frozen=True, slots=True)
class Entered:
    """What a hook knows of a scope that was entered; the fields are those of `ScopeEntry`."""

    kind: ScopeKind
    name: str
    scope: str
    name_scope: str
    entered_by: EnteredBy = "name"
    reuse_asked: Reuse | None = None
    reuse: Reuse = "no"
    auxiliary_name_scope: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)


class Recorder:
    """The events of one run. The hooks call it; it knows no TensorFlow."""

    def __init__(self) -> None:
        self.scopes: list[ScopeEntry] = []
        self.reuse_calls: list[ReuseCall] = []
        self.variables: list[VariableRequest] = []
        self.collections: list[CollectionAddition] = []
        self.objects: list[ObjectMade] = []
        self.functions: list[FunctionTrace] = []
        self.left_out = 0
        self.getting: list[str] = []
        """Names that `get_variable` is at work on; what is made meanwhile is no `tf.Variable` of the user's."""
        self.graphs: list[Any] = []
        """The graphs of the events, in the order in which they were first seen."""
        self._numbers: dict[int, int] = {}
        self._open: list[tuple[int, object]] = []
        """Numbers of the scope entries that are open, with the scope object of a variable scope."""
        self._flag_objects: dict[int, int] = {}
        """Which entry set the flag of a scope object, by the identity of the object."""
        self._entries: dict[int, int] = {}
        """The entry of a scope object, by the identity of the object."""
        self._kept_alive: list[object] = []
        self._traces: Counter[tuple[str, int]] = Counter()
        self._last_traced: dict[int, tuple[str, ...]] = {}

    def graph(self, graph: Any) -> int:
        """Return the number of a graph; graphs past a limit share the last number."""
        number = self._numbers.get(id(graph))
        if number is None:
            if len(self.graphs) >= MOST_GRAPHS:
                return MOST_GRAPHS
            number = self._numbers[id(graph)] = len(self.graphs)
            self.graphs.append(graph)
        return number

    @property
    def current(self) -> int:
        """The number of the innermost scope that is open."""
        return self._open[-1][0] if self._open else NO_SCOPE

    @property
    def name_scope(self) -> str:
        """The op scope of the innermost scope that is open; get_variable itself leaves all op scopes."""
        return self.scopes[self.current].name_scope if self._open else ""

    @property
    def current_variable_scope(self) -> int:
        """The number of the innermost variable scope that is open."""
        numbers = (number for number, _ in reversed(self._open) if self.scopes[number].kind == "variable_scope")
        return next(numbers, NO_SCOPE)

    def enter(
        self,
        entered: Entered,
        graph: Any,
        frames: tuple[Frame, ...],
        *,
        scope_object: object = None,
        passed_in: object = None,
    ) -> None:
        """Note that a scope was entered.

        Args:
            entered: what it is.
            graph: the graph that is being built.
            frames: the user's lines.
            scope_object: the VariableScope that was entered, which `reuse_variables()` may switch.
            passed_in: the VariableScope that it was entered by, whose flag it takes over.
        """
        if self._is_full():
            self._open.append((self.current, scope_object))
            return
        number, parent = len(self.scopes), self.current
        source = self._source(number, entered, passed_in)
        fields = {field.name: getattr(entered, field.name) for field in dataclasses.fields(entered)}
        self.scopes.append(
            ScopeEntry(
                number=number, parent=parent, graph=self.graph(graph), reuse_from=source, frames=frames, **fields
            )
        )
        self._open.append((number, scope_object))
        if scope_object is not None:
            self._kept_alive.append(scope_object)  # identities are compared, so none may be used again
            self._flag_objects[id(scope_object)] = source
            self._entries[id(scope_object)] = number

    def _source(self, number: int, entered: Entered, scope_object: object) -> int:
        """Return the entry that set the flag in force: this one, that of the object passed in, or one around it."""
        if entered.reuse_asked in ("yes", "auto"):
            return number
        if entered.reuse == "no":
            return NO_SCOPE
        passed_in = self._flag_objects.get(id(scope_object), NO_SCOPE) if scope_object is not None else NO_SCOPE
        around = self.current_variable_scope
        return passed_in if passed_in != NO_SCOPE or around == NO_SCOPE else self.scopes[around].reuse_from

    def leave(self) -> None:
        """Note that the innermost scope was left."""
        if self._open:
            self._open.pop()

    def switch_reuse(
        self, scope_object: object, graph: Any, frames: tuple[Frame, ...], *, is_root: bool = False
    ) -> None:
        """Note a call of `reuse_variables()` on a scope object.

        Args:
            scope_object: the object; it may have been left by now, and be entered by later.
            graph: the graph that is being built.
            frames: the user's lines.
            is_root: whether it is the scope around all others.
        """
        number = self._entries.get(id(scope_object), NO_SCOPE)
        if number == NO_SCOPE and not is_root:
            return
        if number != NO_SCOPE:
            self._flag_objects[id(scope_object)] = number
            if any(opened is scope_object for _, opened in self._open):
                self.scopes[number] = replace(self.scopes[number], reuse="yes", reuse_from=number)
        self.reuse_calls.append(ReuseCall(number, frames, self.graph(graph)))

    def request(self, request: VariableRequest) -> None:
        """Note that a variable was asked for; its number is its place in the record."""
        if not self._is_full():
            self.variables.append(replace(request, number=len(self.variables)))

    def add_to_collection(self, graph: Any, collection: str, member: str, frames: tuple[Frame, ...]) -> None:
        """Note an addition to a collection."""
        if not self._is_full():
            self.collections.append(CollectionAddition(self.graph(graph), collection, member, frames))

    def made(self, what: Literal["saver", "optimizer"], name: str, graph: Any, frames: tuple[Frame, ...]) -> None:
        """Note that a saver or an optimizer was made."""
        if not self._is_full():
            self.objects.append(ObjectMade(self.graph(graph), what, name, frames))

    def traced(
        self, function: str, made: object, owner: object, arguments: tuple[str, ...], frames: tuple[Frame, ...]
    ) -> None:
        """Note that a `tf.function` was traced.

        Args:
            function: its name, and where it is.
            made: what is one for each `tf.function` that was made, and each object that has it as a method.
            owner: the object whose method it is, or None. The same method of another object is not traced again.
            arguments: what it is traced for.
            frames: the user's lines.
        """
        if self._is_full():
            return
        before, changed = self._last_traced.get(id(made)), tuple[str, ...]()
        if before is not None:
            changed = _differences(before, arguments)
        elif self._traces[function, id(owner)]:
            changed = (_OTHER_FUNCTION,)
        self._traces[function, id(owner)] += 1
        self._last_traced[id(made)] = arguments
        self._kept_alive += [made, owner]
        self.functions.append(FunctionTrace(function, self._traces[function, id(owner)], arguments, changed, frames))

    def _is_full(self) -> bool:
        total = len(self.scopes) + len(self.variables) + len(self.collections) + len(self.objects) + len(self.functions)
        if total < MOST_EVENTS:
            return False
        self.left_out += 1
        return True


def _differences(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    """Return what differs between the arguments of two tracings."""
    changed = [
        f"argument {index}: {old} -> {new}"
        for index, (old, new) in enumerate(zip(before, after, strict=False))
        if old != new
    ]
    if len(before) != len(after):
        changed.append(f"{len(before)} -> {len(after)} arguments")
    return tuple(changed) or (_SAME_ARGUMENTS,)
