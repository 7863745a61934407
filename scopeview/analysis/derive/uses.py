"""Uses of a variable: which of the ops that read it apply it once more, and which only prepare or measure it.

A use applies the variable to data. What computes with variables and constants alone prepares a weight: all that one
layer does so to a weight is one use, in as many ops as it takes, and counts where it meets data.

    MatMul(x, w)  MatMul_1(y, w)                  two uses
    Square(w) -> Sum -> Rsqrt -> Mul(w, .) -> Conv2D(x, .)     weight normalization: one use
    Mul(w, mask) -> MatMul(x, .), MatMul_1(y, .)   a masked weight that two layers take: two uses
    Square(w) -> Sum -> Add(loss, .)               a penalty: it meets data only as a sum, and is no use
    Mul(w, rate) -> Assign(target, .)              a copy, and no use
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scopeview.analysis.derive.accesses import Access, Accesses, NoUse
from scopeview.analysis.derive.reach import Flags, per_type, takes_data
from scopeview.analysis.derive.roles import Roles
from scopeview.model.model import Model
from scopeview.model.names import common_scope, is_within, leaf_of, scope_of, split_uniquifier
from scopeview.model.op_types import LAYERS, REDUCTIONS, SIZES, WRITER
from scopeview.model.ops import OpRow, OpTable

_MOST_PREPARING = 300
"""Ops that prepare one weight; a value with more behind it is a network of constants, in which each read is a use."""


@dataclass(frozen=True, slots=True)
class Use:
    """Reads that are one use, or one read of a weight that several layers take."""

    program: str
    scope: str
    reads: tuple[Access, ...]
    layers: int = 0
    """Layers (`MatMul`, `Conv2D`) that apply the weight; 0 where none does, and it is a use all the same."""
    applied: tuple[str, ...] = ()
    """The ops in which a prepared weight meets data."""
    takes_data: bool = False
    """Whether the op that reads the weight takes data too."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Where what an op makes of weights meets data, and whether it gets there otherwise than as a sum."""

    applied: frozenset[OpRow] = frozenset()
    is_whole: bool = False
    is_copy: bool = False
    """Whether it goes into variables, and nowhere else."""


@dataclass(frozen=True)
class _Kinds:
    """What the ops of a table do, each of shape (ops,)."""

    data: Flags
    """Which compute with data."""
    writes: Flags
    reduces: Flags
    left_out: Flags
    """Which do not compute, or take the shape of a weight alone."""


class Uses:
    """Finds the uses among the reads of the variables of one model."""

    def __init__(self, model: Model, roles: Roles) -> None:
        self._model = model
        self._roles = roles
        self._kinds: dict[str, _Kinds] = {}
        self._prepared: dict[tuple[str, OpRow], _Prepared] = {}

    def judged(self, accesses: Accesses) -> Accesses:
        """Return accesses in which penalties for the size of the weight and copies of it are marked as no uses."""
        prepared = {read: self._prepared_by(read) for read in accesses.forward}
        layers = frozenset().union(*(found.applied for found in prepared.values() if found.is_whole))
        reasons: dict[Access, NoUse] = {}
        for read, found in prepared.items():
            if found.is_copy:
                reasons[read] = "copy"
            elif found.applied and not found.is_whole and found.applied.isdisjoint(layers):
                reasons[read] = "penalty"  # and no part of how a layer prepares its weight
        penalties = [read for read, reason in reasons.items() if reason == "penalty"]
        if len(penalties) == len(accesses.forward):
            return accesses  # a value that is only summed up is what the graph is for
        if not reasons:
            return accesses
        judged = (replace(read, no_use=reasons[read]) if read in reasons else read for read in accesses.readers)
        return replace(accesses, readers=tuple(judged))

    def of(self, reads: Iterable[Access]) -> list[Use]:
        """Return the uses among the forward reads of one variable, in the order of the first read of each."""
        groups: dict[int, tuple[list[Access], set[OpRow]]] = {}
        group_at: dict[tuple[str, str, OpRow], int] = {}
        """The group of reads that are applied in an op of a function."""
        for number, read in enumerate(reads):
            applied = set(self._where_applied(read))
            places = [(read.program, read.function, op) for op in applied]
            same = sorted({group_at[place] for place in places if place in group_at})
            members = [other for group in same for other in groups[group][0]] + [read]
            kept = same[0] if same else number
            for group in same:
                applied |= groups.pop(group)[1]
            groups[kept] = (members, applied)
            group_at |= {(read.program, read.function, op): kept for op in applied}
        return [self._use(groups[group][0], frozenset(groups[group][1])) for group in sorted(groups)]

    def _use(self, reads: Sequence[Access], applied: frozenset[OpRow]) -> Use:
        first = reads[0]
        table = self._table(first.function)
        if not applied:
            is_layer = LAYERS.fullmatch(self._type_of(first)) is not None
            row = self._row(first)
            takes = row is not None and bool(self._kinds_of(first.function).data[row])
            return Use(first.program, first.scope, tuple(reads), int(is_layer), takes_data=takes)
        scope = common_scope([read.scope for read in reads])
        layers = sum(LAYERS.fullmatch(table.op_type(row)) is not None for row in applied)
        names = tuple(sorted(table.name(row) for row in applied))
        return Use(first.program, scope, tuple(reads), layers, names)

    def _type_of(self, read: Access) -> str:
        """Return the type of the op that a read works for."""
        table = self._table(read.function)
        row = table.row(read.works_for)
        return read.op_type if row is None else table.op_type(row)

    def _where_applied(self, read: Access) -> frozenset[OpRow]:
        """Return where a prepared weight meets data; empty for a read that takes data itself, or never meets any."""
        row = self._row(read)
        return frozenset() if row is None else self._preparing(read.function, row).applied

    def _prepared_by(self, read: Access) -> _Prepared:
        row = self._row(read)
        if row is None:
            return _Prepared()
        writes = bool(self._kinds_of(read.function).writes[row])
        return _Prepared(is_copy=True) if writes and not read.writes else self._preparing(read.function, row)

    def _row(self, read: Access) -> OpRow | None:
        table = self._table(read.function)
        row = table.row(read.works_for)
        return table.row(read.op) if row is None else row

    def _preparing(self, function: str, row: OpRow) -> _Prepared:
        if (function, row) not in self._prepared:
            self._prepared[function, row] = self._walk(function, row)
        return self._prepared[function, row]

    def _walk(self, function: str, start: OpRow) -> _Prepared:
        """Follow what an op makes of weights until it meets data, each op whole and as a sum once."""
        table, kinds = self._table(function), self._kinds_of(function)
        if kinds.data[start]:
            return _Prepared()
        applied: set[OpRow] = set()
        is_whole = is_written = is_fetched = False
        queue = [(start, bool(kinds.reduces[start]))]
        seen = set(queue)
        for row, is_sum in queue:
            if len(queue) > _MOST_PREPARING:
                return _Prepared()
            targets = table.data_targets(row)
            is_fetched |= not targets
            for target in targets:
                if kinds.writes[target]:
                    is_written = True
                elif kinds.left_out[target]:
                    continue
                elif kinds.data[target]:
                    applied.add(target)
                    is_whole |= not is_sum
                elif (step := (target, is_sum or bool(kinds.reduces[target]))) not in seen:
                    seen.add(step)
                    queue.append(step)
        is_copy = is_written and not applied and not is_fetched
        return _Prepared(frozenset(applied), is_whole, is_copy)

    def _kinds_of(self, function: str) -> _Kinds:
        if function not in self._kinds:
            table = self._table(function)
            arguments = self._model.functions[function].arguments if function else ()
            fed = frozenset(argument.name for argument in arguments if argument.dtype != "resource")
            is_other = self._roles.codes(function) != self._roles.forward
            self._kinds[function] = _Kinds(
                takes_data(table, fed),
                per_type(table, WRITER.fullmatch),
                per_type(table, REDUCTIONS.__contains__),
                is_other | per_type(table, SIZES.__contains__),
            )
        return self._kinds[function]

    def _table(self, function: str) -> OpTable:
        return self._model.functions[function].body if function else self._model.graph


def count_uses(uses: Sequence[Use]) -> int:
    """Count the uses at one call site: layers, or equal ops whose names differ by a number, whichever are more.

    Of two branches of a `tf.cond` one runs, so that the one that uses the variable more often counts.
    """
    choices = {scope_of(use.reads[0].branch) for use in uses if use.reads[0].branch}
    by_branch: dict[str | None, dict[str, list[Use]]] = defaultdict(lambda: defaultdict(list))
    for use in uses:
        branch = use.reads[0].branch
        within = [choice for choice in choices if branch and is_within(scope_of(branch), choice)]
        by_branch[min(within, key=len) if within else None][branch].append(use)
    return sum(max(_in_a_row(found) for found in taken.values()) for taken in by_branch.values()) or 1


def _in_a_row(uses: Sequence[Use]) -> int:
    families: Counter[tuple[str, ...]] = Counter()
    for name, op_type, takes in {(u.reads[0].works_for, u.reads[0].op_type, u.takes_data) for u in uses}:
        family = () if takes else (scope_of(name), split_uniquifier(leaf_of(name))[0])
        families[*family, op_type] += 1
    layers = {read.works_for for use in uses if use.layers and not use.applied for read in use.reads}
    prepared = sum(use.layers for use in uses if use.applied)
    return max(len(layers) + prepared, max(families.values(), default=0))
