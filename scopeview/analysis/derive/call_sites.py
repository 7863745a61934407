"""Call sites: the op scopes that use a variable, and how each of them came to it.

A variable of scope V is read by ops of a scope S. Segments of V and S agree if they are equal, or if S's has a number
that TensorFlow added (`cell` and `cell_1`); a number is never taken off a variable's own name, for `layer_0` is a name.

    home       S is V                                   below   S lies in V
    prefixed   V stands in S (`tower_0/net`)            re-entry   the same, with added numbers (`net_1`)
    cross      neither: the variable came as an object (tied weights, a scope without its name scope)

Evidence, beside the dataflow (E1) that every call site has: E2 no variable of its own stands there; E3 the same op
types as at the first call site; E4 no op there holds or initializes a variable.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scopeview.analysis.derive.accesses import Access
from scopeview.analysis.derive.reach import per_type
from scopeview.analysis.derive.roles import Roles
from scopeview.analysis.derive.uses import Use, Uses, count_uses
from scopeview.model.code_lines import CodeLine, CodeStack
from scopeview.model.model import Model
from scopeview.model.names import common_scope, natural_key, scope_of, split_uniquifier
from scopeview.model.op_types import VARIABLE_TYPES
from scopeview.model.scopes import ROOT
from scopeview.model.variables import Variable

Relation = Literal["home", "below", "prefixed", "re-entry", "cross"]
Evidence = Literal["E1", "E2", "E3", "E4"]


@dataclass(frozen=True, slots=True)
class CallSite:
    """One op scope that uses a variable."""

    scope: str
    """The op scope; empty for the root."""
    program: str
    """The function of the object graph whose scope it is; empty for the main graph."""
    relation: Relation
    reads: tuple[str, ...]
    """The ops of the computation that use the variable there."""
    times: int
    """How often it is used there: every op that applies it to data (`MatMul`, `MatMul_1`) is a use of its own."""
    evidence: tuple[Evidence, ...]
    counted: str = ""
    """Why the uses are not as many as the reads; empty where each read is one."""
    code: tuple[CodeStack, ...] = ()
    """The lines of Python that use it there, where a trace recorded them; those that are alike once."""


class Match(NamedTuple):
    """How an op scope agrees with a variable scope."""

    relation: Relation
    entry: str
    """The part of the op scope that is the variable scope's entry; the op scope itself where none is."""


def match_scope(variable_scope: str, op_scope: str) -> Match:
    """Say how an op scope relates to a variable scope.

    >>> match_scope("rnn/cell", "rnn/while/cell_1/add")
    Match(relation='re-entry', entry='rnn/while/cell_1')
    >>> match_scope("net", "tower_0/net"), match_scope("layer_0", "layer")
    (Match(relation='prefixed', entry='tower_0/net'), Match(relation='cross', entry='layer'))
    """
    if op_scope == variable_scope:
        return Match("home", op_scope)
    if not variable_scope:
        return Match("prefixed", op_scope)
    if op_scope.startswith(f"{variable_scope}/"):
        return Match("below", variable_scope)
    wanted, segments = variable_scope.split("/"), op_scope.split("/")
    for relation, agrees in (("prefixed", str.__eq__), ("re-entry", _is_reentered)):
        end = _subsequence_end(wanted, segments, agrees)
        if end:
            return Match(relation, "/".join(segments[:end]))  # type: ignore[arg-type]
    return Match("cross", op_scope)


def _is_reentered(segment: str, entered: str) -> bool:
    """Whether an op scope's segment is a variable scope's, perhaps with a number; case does not count in op names."""
    entered, segment = entered.casefold(), segment.casefold()
    return entered == segment or split_uniquifier(entered)[0] == segment


def _subsequence_end(wanted: Sequence[str], segments: Sequence[str], agrees: object) -> int:
    """Return the number of segments up to the last that is needed to contain the wanted ones in order, or 0."""
    assert callable(agrees)
    found = 0
    for position, segment in enumerate(segments, 1):
        found += agrees(wanted[found], segment)
        if found == len(wanted):
            return position
    return 0


class CallSites:
    """Finds the call sites of variables, and of whole variable scopes."""

    def __init__(self, model: Model, roles: Roles, uses: Uses) -> None:
        self._model = model
        self._roles = roles
        self._uses = uses
        self._types: dict[str, Counter[str]] = {}

    def of(self, variable: Variable, reads: Iterable[Access]) -> tuple[CallSite, ...]:
        """Group the uses of one variable, given its forward reads, by the call site that they belong to, home first."""
        home = scope_of(variable.name)
        by_entry: dict[tuple[str, str], list[Use]] = defaultdict(list)
        for use in self._uses.of(reads):
            match = match_scope(home, use.scope)
            entry = match.entry if home and match.relation != "cross" else ""
            by_entry[use.program, entry].append(use)
        groups = [
            (program, scope, uses)
            for (program, entry), of_entry in by_entry.items()
            for scope, uses in (_within_entry(of_entry) if entry else _apart(of_entry))
        ]
        return self._described(home, groups)

    def of_scope(self, scope: str, reads: Iterable[Iterable[Access]]) -> tuple[CallSite, ...]:
        """Group the forward reads of the variables of a scope, each by itself, by entry of that scope, home first.

        What is used below an entry belongs to it.
        """
        by_entry: dict[tuple[str, str], list[Use]] = defaultdict(list)
        for of_variable in reads:
            for use in self._uses.of(of_variable):
                match = match_scope(scope, use.scope)
                by_entry[use.program, match.entry].append(use)
        groups = [(program, entry, found) for (program, entry), found in by_entry.items()]
        return self._described(scope, groups)

    def _described(self, home: str, groups: Iterable[tuple[str, str, list[Use]]]) -> tuple[CallSite, ...]:
        ordered = sorted(
            groups, key=lambda group: (group[0], _rank(match_scope(home, group[1]).relation), natural_key(group[1]))
        )
        first = ordered[0][1] if ordered else ""
        return tuple(self._described_one(home, first, *group) for group in ordered)

    def _described_one(self, home: str, first: str, program: str, scope: str, uses: list[Use]) -> CallSite:
        reads = [read for use in uses for read in use.reads]
        times = count_uses(uses)
        names = tuple(dict.fromkeys(read.works_for for read in reads))
        return CallSite(
            scope=scope,
            program=program,
            relation=match_scope(home, scope).relation,
            reads=names,
            times=times,
            evidence=self._evidence(scope, first, reads),
            counted=_why_so_many(uses, times) if len(names) != times else "",
            code=self._code(names),
        )

    def _code(self, ops: Iterable[str]) -> tuple[CodeStack, ...]:
        lines = self._model.code_lines
        if lines is None or self._model.trace is None:
            return ()
        stacks: dict[tuple[CodeLine, ...], str] = {}
        for op in ops:
            stack = lines.of(op)
            if stack:
                stacks.setdefault(stack, op)
        return tuple(CodeStack(op, stack) for stack, op in stacks.items())

    def _evidence(self, scope: str, first: str, reads: Sequence[Access]) -> tuple[Evidence, ...]:
        """Say what speaks for a re-entry; scopes inside of functions have the dataflow alone."""
        found: list[Evidence] = ["E1"]
        if not scope or self._model.op_scopes.find(scope) is None or any(read.function for read in reads):
            return tuple(found)
        if self._model.variable_scopes.find(scope) is None:
            found.append("E2")
        if scope != first and first and self._computing(scope) == self._computing(first):
            found.append("E3")
        if not self._holds_variable(scope):
            found.append("E4")
        return tuple(found)

    def _computing(self, scope: str) -> Counter[str]:
        """Count the op types of a scope's own computation."""
        if scope not in self._types:
            graph, tree = self._model.graph, self._model.op_scopes
            rows = tree.rows(tree.find(scope) or ROOT)
            part = slice(rows.start, rows.stop)
            is_forward = self._roles.codes()[part] == self._roles.forward
            numbers = np.bincount(graph.columns.type_id[part][is_forward], minlength=len(graph.columns.types))
            counted = {graph.columns.types[i]: int(numbers[i]) for i in np.flatnonzero(numbers).tolist()}
            self._types[scope] = Counter({name: n for name, n in counted.items() if name not in _MACHINERY})
        return self._types[scope]

    def _holds_variable(self, scope: str) -> bool:
        tree = self._model.op_scopes
        found = tree.find(scope)
        return found is not None and bool(self._holding[tree.last[found]] - self._holding[tree.first[found]])

    @cached_property
    def _holding(self) -> NDArray[np.int64]:
        """How many ops before each row hold or assign a variable: shape (ops + 1,)."""
        holds = per_type(self._model.graph, lambda name: name in VARIABLE_TYPES or name.startswith("Assign"))
        return np.concatenate(([0], np.cumsum(holds)))


_MACHINERY = VARIABLE_TYPES | {"Identity", "Const"}
"""Types that differ between the first entry, which makes the variables, and all others."""

_RANKS: tuple[Relation, ...] = ("home", "below")


def _rank(relation: Relation) -> int:
    return _RANKS.index(relation) if relation in _RANKS else len(_RANKS)


def _why_so_many(uses: Sequence[Use], times: int) -> str:
    """Say why the uses of a call site are not as many as its reads."""
    several = next((use for use in uses if use.layers > 1 and use.applied), None)
    if several is not None:
        return f"{several.layers} ops take the weight that {several.reads[0].works_for} prepares"
    prepared = next((use for use in uses if len(use.reads) > 1 and use.applied), None)
    if prepared is not None:
        return f"{len(prepared.reads)} of the reads prepare one weight for {prepared.applied[0]}"
    branches = {read.branch for use in uses for read in use.reads if read.branch}
    if len(branches) > 1:
        return "they stand in branches of which one runs"
    return "ops of different kinds in one scope count as one layer" if times == 1 else "equal ops count once each"


def _apart(uses: Iterable[Use]) -> list[tuple[str, list[Use]]]:
    """Group uses by their scopes; what lies in another of these scopes belongs to it."""
    by_scope: dict[str, list[Use]] = defaultdict(list)
    for use in uses:
        by_scope[use.scope].append(use)
    groups: dict[str, list[Use]] = defaultdict(list)
    for scope, found in by_scope.items():
        groups[_outermost(scope, by_scope)].extend(found)
    return list(groups.items())


def _outermost(scope: str, known: Container[str]) -> str:
    """Return the shortest of the known paths that lead to a scope, or the scope itself."""
    end = scope.find("/")
    while end >= 0:
        if end and scope[:end] in known:
            return scope[:end]
        end = scope.find("/", end + 1)
    return scope


def _within_entry(uses: Sequence[Use]) -> list[tuple[str, list[Use]]]:
    """Group the uses of one entry: numbered scopes (`cell`, `cell_1`) are call sites, all others are one together."""
    base = common_scope([use.scope for use in uses])
    start = len(base) + 1 if base else 0
    families: dict[str, set[str]] = defaultdict(set)
    for use in uses:
        segment = use.scope[start:].partition("/")[0]
        families[split_uniquifier(segment)[0]].add(segment)
    groups: dict[str, list[Use]] = defaultdict(list)
    for use in uses:
        segment = use.scope[start:].partition("/")[0]
        is_numbered = segment and len(families[split_uniquifier(segment)[0]]) > 1
        groups[f"{base}/{segment}" if is_numbered and base else segment if is_numbered else base].append(use)
    return list(groups.items())
