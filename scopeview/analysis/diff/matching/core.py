"""Matches the variables of two sides: equal names first, then modules, then what belongs to a matched variable."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from scopeview.analysis.diff.matching.auxiliary import Side, side_of
from scopeview.analysis.diff.matching.candidates import components, has_matrix
from scopeview.analysis.diff.matching.entries import Confidence, Item, Normed, OpenGroup, Result, Shape
from scopeview.analysis.diff.matching.found import Found
from scopeview.analysis.diff.matching.large import (
    MOST_PAIRS,
    SAMPLED_FROM,
    equal_values,
    explains_all,
    extended,
    sample,
)
from scopeview.analysis.diff.matching.modules import Module, alike, modules_of, writes_weight
from scopeview.analysis.diff.matching.pair_facts import PairFacts
from scopeview.analysis.diff.matching.roles import KERNEL, MAGNITUDE, OTHER
from scopeview.analysis.diff.matching.solve import Solver
from scopeview.analysis.diff.matching.whole_sides import judge_as_wholes

_CONFIDENCE: Mapping[str, Confidence] = {
    "name": "certain",
    "same checksum": "certain",
    "names": "high",
    "companion": "high",
    "order": "medium",
}
_SHOWN = {
    "names": "names, numbers and shapes agree",
    "order": "place in the list of both sides",
    "companion": "stands with a matched layer on both sides",
    "another shape": "names and numbers agree; another shape",
}
_MOVED = 2
_AS_WELL = 0.99
"""Of what the better reading explains, the share from which on the other is as good."""
_FEW = 2


def match_items(a: Sequence[Item], b: Sequence[Item], given: Mapping[str, str] | None = None) -> Result:
    """Match the variables of two sides one to one; what is not clear stays open.

    Args:
        a: the variables of one side.
        b: those of the other.
        given: pairs that a person has given, by name.
    """
    found = Found()
    for one, other in (given or {}).items():
        found.add(one, other, "given", "certain")
    if not names_have_moved(a, b):
        _by_name(a, b, found)
    sides = side_of(a, b), side_of(b, a)
    solved = _solve(sides, found)
    groups: list[OpenGroup] = []
    if solved is not None:
        solved.unfold(found)
        _propose_withheld(solved.solver, found)
        groups = _groups_left(solved.solver)
    is_transposed = solved is not None and solved.solver.is_transposed
    _propose_last(sides, found, is_transposed)
    judge_as_wholes((sides[0].own, sides[1].own), found)
    _follow(sides, found)
    return _result(found, groups, (a, b), is_transposed)


def _result(
    found: Found, groups: Sequence[OpenGroup], sides: tuple[Sequence[Item], Sequence[Item]], is_transposed: bool
) -> Result:
    """Return what is found of the variables that are there: the missing primary of a slot is not."""
    real = {item.name for item in sides[0]}, {item.name for item in sides[1]}
    matches = tuple(m for m in found.matches if m.a in real[0] and m.b in real[1])
    proposals = {one: other for one, other in found.proposals.items() if one in real[0] and other in real[1]}
    left = []
    for group in groups:
        ours = tuple(name for name in group.a if name in real[0] and name not in found.to_b)
        theirs = tuple(name for name in group.b if name in real[1] and name not in found.to_a)
        left += [OpenGroup(ours, theirs)] if ours and theirs else []
    return Result(matches, proposals, tuple(left), is_transposed, tuple(found.normed))


def _by_name(a: Sequence[Item], b: Sequence[Item], found: Found) -> None:
    """Match equal names, and equal object paths where no name says otherwise."""
    named = {item.name: item for item in b}
    keyed = {item.key: item for item in b if item.key}
    for item in a:
        other = named.get(item.alias or item.name) or named.get(item.name)
        if other is not None:
            found.add(item.name, other.name, "name" if other.name == item.name else "rule", "certain")
    for item in a:
        other = keyed.get(item.key)
        if other is not None and item.dtype == other.dtype and _ranks_agree(item, other):
            is_same = item.shape == other.shape
            found.add(item.name, other.name, "object path" if is_same else "object path; another shape", "certain")


def _ranks_agree(a: Item, b: Item) -> bool:
    return a.shape is None or b.shape is None or (len(a.shape) == len(b.shape) and a.shape[:-1] == b.shape[:-1])


def names_have_moved(a: Sequence[Item], b: Sequence[Item]) -> bool:
    """Whether values show that names stand for other variables now, as when all layers moved by one."""
    values = [Counter(i.value for i in side if i.value is not None) for side in (a, b)]
    at_b = {item.value: item.name for item in b if item.value is not None and values[1][item.value] == 1}
    names_b = {item.name: item for item in b}
    moved = kept = 0
    for item in a:
        if item.value is None or values[0][item.value] != 1 or item.value not in at_b:
            continue
        moved += at_b[item.value] != item.name and item.name in names_b
        kept += at_b[item.value] == item.name
    return moved >= _MOVED and moved > kept


@dataclass(frozen=True)
class _Solved:
    """The modules of both sides, and what the solver said of them, or of a sample."""

    solver: Solver
    modules: tuple[Sequence[Module], Sequence[Module]]
    beyond: Mapping[tuple[int, int], str]
    """Pairs of modules outside the sample, each with its evidence."""

    def unfold(self, found: Found) -> None:
        """Match the variables of matched modules by their roles; few such pairs are less sure."""
        solver = self.solver
        by_names = [*solver.pairing.evidence.values(), *self.beyond.values()].count("names")
        for one, other in enumerate(solver.pairing.partner):
            if other >= 0:
                evidence = solver.pairing.evidence[one]
                is_thin = evidence == "names" and by_names < _FEW
                _unfold(solver.a[one], solver.b[int(other)], found, evidence, is_thin)
        for (one, other), evidence in self.beyond.items():
            _unfold(self.modules[0][one], self.modules[1][other], found, evidence)
        for one, other in solver.reshaped():
            _unfold(solver.a[one], solver.b[other], found, "another shape")


def _solve(sides: tuple[Side, Side], found: Found) -> _Solved | None:
    """Match the modules of both sides; of large sides a sample, which says about the rest."""
    if all(i.name in found.to_b for i in sides[0].own) or all(i.name in found.to_a for i in sides[1].own):
        return None
    modules = alike(modules_of(sides[0].own), modules_of(sides[1].own))
    given = list(_given(modules, found))
    left_a = set(range(len(modules[0]))) - {one for one, _ in given}
    left_b = set(range(len(modules[1]))) - {other for _, other in given}
    if not left_a or not left_b:
        for one, other in given:
            _unfold(modules[0][one], modules[1][other], found, "names")
        return None
    if len(modules[0]) * len(modules[1]) <= (MOST_PAIRS if given else SAMPLED_FROM):
        return _Solved(_best_reading(*modules, given), modules, {})
    a, b = ([side[index] for index in sorted(left)] for side, left in zip(modules, (left_a, left_b), strict=True))
    if len(a) * len(b) <= SAMPLED_FROM:
        return _Solved(_best_reading(a, b, []), (a, b), {})
    is_small = len(a) * len(b) <= MOST_PAIRS
    sampled = _solve_sample(a, b, is_small)
    return _Solved(_best_reading(a, b, []), (a, b), {}) if sampled is None and is_small else sampled


def _solve_sample(a: Sequence[Module], b: Sequence[Module], is_all_asked: bool) -> _Solved | None:
    """Match a sample, and by what it shows the rest; None if it is too large, or leaves open what must be matched.

    Args:
        a: the modules of one side.
        b: those of the other.
        is_all_asked: whether it must explain all modules of a side.
    """
    kept = sample(a), sample(b)
    if len(kept[0]) * len(kept[1]) > (SAMPLED_FROM if is_all_asked else MOST_PAIRS):
        return None
    solver = _best_reading([a[i] for i in kept[0]], [b[i] for i in kept[1]], [])
    partners = {kept[0][one]: kept[1][int(other)] for one, other in enumerate(solver.pairing.partner) if other >= 0}
    every = extended(a, b, partners, solver.is_transposed)
    anchors = equal_values(a, b, solver.is_transposed)
    if is_all_asked and not explains_all(a, b, every, anchors):
        return None
    proved = set(anchors)
    return _Solved(
        solver,
        (a, b),
        {pair: "same checksum" if pair in proved else "names" for pair in every.items() if pair[0] not in partners},
    )


def _best_reading(a: Sequence[Module], b: Sequence[Module], given: Sequence[tuple[int, int]]) -> Solver:
    """Match in the reading of kernel layouts that explains more; what both explain otherwise stays open."""
    facts = PairFacts(a, b)
    plain = Solver(facts, False, given)
    plain.solve()
    is_other_style = writes_weight(a) != writes_weight(b)
    if not is_other_style and not _may_be_transposed(plain):
        return plain
    other = Solver(facts, True, given)
    other.solve()
    explained = _explained(plain), _explained(other)
    chosen, rival = (other, plain) if explained[1] > explained[0] else (plain, other)
    if is_other_style and min(explained) >= _AS_WELL * max(explained):
        chosen.reopen(rival)
    return chosen


def _given(modules: tuple[Sequence[Module], Sequence[Module]], found: Found) -> Iterator[tuple[int, int]]:
    """Yield the modules of which a variable is matched."""
    place = {item.name: index for index, m in enumerate(modules[1]) for item in m.members.values()}
    taken: set[int] = set()
    for index, module in enumerate(modules[0]):
        partners = {place.get(found.to_b[i.name], -1) for i in module.members.values() if i.name in found.to_b}
        other = min((partner for partner in partners if partner >= 0 and partner not in taken), default=-1)
        if other >= 0:
            taken.add(other)
            yield index, other


def _may_be_transposed(solver: Solver) -> bool:
    """Whether kernels are left on both sides, or words do not explain all that is matched."""
    partners = solver.pairing.partner.tolist()
    taken = set(partners)
    left_a = [m for m, partner in zip(solver.a, partners, strict=True) if partner < 0]
    left_b = [m for index, m in enumerate(solver.b) if index not in taken]
    if all(sum(has_matrix(m) for m in side) > 1 for side in (left_a, left_b)):
        return True
    return solver.crosses_names()


def _explained(solver: Solver) -> float:
    """Return how many variables a reading matches; other words and shapes count for less."""
    return sum(
        len(module.members.keys() & solver.b[int(partner)].members.keys()) * solver.likeness(index, int(partner))
        for index, (module, partner) in enumerate(zip(solver.a, solver.pairing.partner, strict=True))
        if partner >= 0
    )


def _unfold(a: Module, b: Module, found: Found, evidence: str, is_thin: bool = False) -> None:
    confidence = "medium" if is_thin else _CONFIDENCE.get(evidence, "medium")
    for one, other in paired_members(a, b):
        found.add(one.name, other.name, _SHOWN.get(evidence, evidence), confidence)
    found.normed += _normed(a, b)


def _normed(a: Module, b: Module) -> Iterator[Normed]:
    """Yield the kernel of two modules that one of them keeps as its magnitude and its direction."""
    for one, other, is_kernel_in_a in ((a.members, b.members, True), (b.members, a.members, False)):
        if KERNEL in one and MAGNITUDE not in one and KERNEL in other and MAGNITUDE in other:
            yield Normed(one[KERNEL].name, other[MAGNITUDE].name, other[KERNEL].name, is_kernel_in_a)


def paired_members(a: Module, b: Module) -> Iterator[tuple[Item, Item]]:
    """Yield the variables of two modules that have one role; of unknown roles only one on either side."""
    is_direction = MAGNITUDE in a.members.keys() ^ b.members.keys()  # which without its length is no kernel
    for role, item in a.members.items():
        other = b.members.get(role) if role != KERNEL or not is_direction else None
        if other is not None and other.dtype == item.dtype:
            yield item, other
    roles = a.members.keys() | b.members.keys()
    if len(a.members) == len(b.members) == 1 and len(roles) > 1 and OTHER in roles:
        yield next(iter(a.members.values())), next(iter(b.members.values()))


def _propose_withheld(solver: Solver, found: Found) -> None:
    """Propose what shape alone speaks for."""
    for one, other in sorted(solver.pairing.withheld):
        for item, partner in paired_members(solver.a[one], solver.b[other]):
            if item.name not in found.to_b and partner.name not in found.to_a:
                found.proposals[item.name] = partner.name


def _groups_left(solver: Solver) -> list[OpenGroup]:
    """Return for each role the variables of the modules among which nothing decides."""
    found = []
    for rows, columns in components(solver.pairing.candidates):
        if len(rows) == len(columns) == 1:
            continue
        by_role: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        for side, modules in ((0, [solver.a[row] for row in rows]), (1, [solver.b[column] for column in columns])):
            for module in modules:
                for role, item in module.members.items():
                    by_role[role][side].append(item.name)
        found += [OpenGroup(tuple(ours), tuple(theirs)) for ours, theirs in by_role.values()]
    return found


def _follow(sides: tuple[Side, Side], found: Found) -> None:
    """Match slots, averages and replicas of matched variables by slot; optimizer scalars by their names."""
    if not found.to_b:
        return
    targets: dict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in sides[1].auxiliary:
        if item.name not in found.to_a:
            targets[item.primary, item.slot].append(item)
    for item in sides[0].auxiliary:
        if item.name in found.to_b or (item.primary and item.primary not in found.to_b):
            continue
        primary = found.to_b.get(item.primary, "")
        others = [o for o in targets[primary, item.slot] if o.shape == item.shape and o.dtype == item.dtype]
        if len(others) == 1:
            shown = f"follows {primary}" if primary else "optimizer scalar"
            found.add(item.name, others[0].name, shown, "high" if primary else "medium")


def _propose_last(sides: tuple[Side, Side], found: Found, is_transposed: bool) -> None:
    """Propose what is left alone of its shape and dtype on both sides; axes of length 1 do not count."""
    left: list[dict[object, list[str]]] = [defaultdict(list), defaultdict(list)]
    in_parts = {name for one in found.normed for name in (one.kernel, one.magnitude, one.direction)}
    for index, taken in ((0, found.to_b), (1, found.to_a)):
        for item in sides[index].own:
            if item.name not in taken and item.name not in in_parts:
                left[index][_sizes(item.shape, is_transposed), item.dtype].append(item.name)
    proposals, used = found.proposals, set(found.proposals.values())
    for kind, names in left[0].items():
        others = left[1].get(kind, [])
        if len(names) == len(others) == 1 and names[0] not in proposals and others[0] not in used:
            proposals[names[0]] = others[0]


def _sizes(shape: Shape, is_transposed: bool) -> object:
    """Return what is equal of the shapes of one variable on both sides."""
    if shape is None:
        return None
    sizes = [size or 0 for size in shape if size != 1]
    return tuple(sorted(sizes) if is_transposed else sizes)
