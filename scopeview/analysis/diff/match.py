"""Which variable of one side is which of the other, by names, object paths, values, structure and a person's rules."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from scopeview.analysis.diff.items import left_to_match
from scopeview.analysis.diff.matching.core import match_items
from scopeview.analysis.diff.matching.entries import Confidence, Item, Match, OpenGroup, Result, Shape
from scopeview.analysis.diff.matching.joined import JoinedProposal, joined_proposals
from scopeview.analysis.diff.matching.layouts import differ_by_convention, direction_of, permuting_axes
from scopeview.analysis.diff.matching.peepholes import reasons_of_peepholes
from scopeview.analysis.diff.matching.rules import Guidance, Rule
from scopeview.analysis.diff.namesakes import Namesakes
from scopeview.analysis.diff.namespace import Entry, Namespace
from scopeview.analysis.diff.recipes import Recipe, recipes_of_joined, without_heads
from scopeview.analysis.diff.same_places import IN_ONE_PLACE, pairs_in_one_place
from scopeview.analysis.diff.spelling import canonical, prefix_change
from scopeview.analysis.diff.value_proof import Proof, Proofs
from scopeview.analysis.diff.weight_norm import normed_recipes, shapes_of_normed
from scopeview.model.names import scope_of

__all__ = ["Confidence", "Matching", "Pair", "Rule", "change_of_prefix", "leaf_change", "match"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries that are one variable."""

    a: Entry
    b: Entry
    evidence: str
    confidence: Confidence
    axes: tuple[int, ...] = ()
    """The order of A's axes that gives B, where the sides store kernels in different layouts; empty if it stays."""
    is_reshaped: bool = False
    """Whether values show that its elements, in this order of axes, are those of B in another shape."""

    @property
    def is_same_name(self) -> bool:
        """Whether both are called alike."""
        return self.a.name == self.b.name


@dataclass(frozen=True)
class Matching:
    """The matched pairs, and what is known of the rest."""

    judged: tuple[Pair, ...]
    """The pairs that are no namesakes."""
    proposals: Mapping[str, str]
    """Names of A to names of B: the best guess, which is no match."""
    open_groups: tuple[OpenGroup, ...] = ()
    """Variables among which nothing decides."""
    is_transposed: bool = False
    """Whether the sides store kernels in different layouts."""
    alternatives: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each variable of an open group, on either side, what it may be on the other."""
    recipes: tuple[Recipe, ...] = ()
    """Variables of B that values show to be joined of several of A, or to be parts of them."""
    joined: tuple[JoinedProposal, ...] = ()
    """Variables without a match that may be joined or summed of several, by names and shapes alone."""
    rejected: Collection[str] = ()
    """Names of A that were given as having no counterpart."""
    namesakes: Namesakes | None = None
    """Pairs of one name, shape and dtype, as columns, where both sides are."""
    turned: int = 0
    """The `direction_of` the sides, if they store kernels in different layouts."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why variables without a match have none, where that is known."""
    given: int = 0
    """How many of the judged were given, or are proved by values: the first."""

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """All pairs: those that were given, those of equal names in the order of A's list, all others."""
        if self.namesakes is None:
            return self.judged
        ours = self.namesakes.sides[0].variables
        place = np.empty(len(ours), dtype=np.int64)
        place[ours.listed] = np.arange(len(ours))
        others = [
            -1 if at < self.given else int(place[ours.row(pair.a.name) or 0]) if pair.is_same_name else len(ours)
            for at, pair in enumerate(self.judged)
        ]
        order = np.argsort(np.concatenate((others, place[self.namesakes.rows[0]])), kind="stable")
        found = [*self.judged, *map(self.pair_of, range(len(self.namesakes)))]
        return tuple(found[index] for index in order.tolist())

    def pair_of(self, number: int) -> Pair:
        """Return the pair of two namesakes."""
        assert self.namesakes is not None
        a, b = self.namesakes.entries(number)
        return _pair(a, b, Match(a.name, b.name, "name", "certain"), self.is_transposed, self.turned)


def match(
    a: Namespace,
    b: Namespace,
    *,
    rules: Sequence[Rule] = (),
    given: Mapping[str, str] | None = None,
    accepts_proposals: bool = False,
    proofs: Proofs = Proofs(),  # noqa: B008 - frozen
    rejected: Collection[str] = (),
) -> Matching:
    """Match the entries of two sides one to one.

    Args:
        a: the first side.
        b: the second side.
        rules: how names of A are rewritten, tried before anything else.
        given: pairs that a person has given: names of A to names of B.
        accepts_proposals: whether what is proposed counts as matched.
        proofs: what the values of both sides prove.
        rejected: names of A that have no counterpart, unless a pair is given; nor have their auxiliary variables.
    """
    known = {one: other for one, other in (given or {}).items() if one in a.entries and other in b.entries}
    alone = _with_auxiliary(a, set(rejected)) - known.keys()
    proofs = proofs.without(alone)
    ours = {piece.source for recipe in proofs.recipes for piece in recipe.pieces} - known.keys()
    theirs = {recipe.target.name for recipe in proofs.recipes} - set(known.values())
    proved = {one: proof.b for one, proof in proofs.pairs.items() if one not in known and proof.b not in known.values()}
    paired = known | proved
    left = left_to_match((a, b), rules, (alone, (ours, theirs)), paired)
    namesakes, placed = left.namesakes, _placed(proofs.places, paired, left.items)
    result = match_items(*left.items, placed | paired)
    judged = [_as_placed(m, placed) for m in result.matches if namesakes is None or m.a not in namesakes]
    matched = [(a.entries[m.a], b.entries[m.b], m) for m in judged]
    layout = _layouts(matched, shapes_of_normed(result.normed, a, b), namesakes, result, accepts_proposals)
    shown = {one: proof for one, proof in proofs.pairs.items() if one in proved}
    pairs = [_proved_or_matched(*match, shown, *layout) for match in matched]
    proposals = dict(result.proposals)
    joined = joined_proposals(*left.own, {m.a: m.b for m in result.matches})
    normed = normed_recipes(result.normed, a, b, layout)
    recipes = _recipes(proofs, {m.b for m in result.matches}, namesakes or (), normed)
    if accepts_proposals:
        accepted, joined = _accepted(joined, a, b, layout)
        recipes = (*recipes, *accepted)
        taken = (Match(*names, "accepted proposal", "low") for names in proposals.items())
        pairs += [_pair(a.entries[m.a], b.entries[m.b], m, *layout) for m in taken]
        proposals = {}
    return Matching(
        judged=tuple(pairs),
        proposals=proposals,
        open_groups=result.open_groups,
        is_transposed=layout[0],
        alternatives=_alternatives(result.open_groups),
        recipes=recipes,
        joined=joined,
        rejected=alone,
        namesakes=namesakes,
        turned=layout[1],
        reasons=reasons_of_peepholes(*left.own),
        given=sum(m.a in paired or m.a in placed for m in judged),
    )


def _recipes(
    proofs: Proofs, matched: Collection[str], namesakes: Container[str], normed: Iterable[Recipe]
) -> tuple[Recipe, ...]:
    """Return what values show to be joined, what is tied where nothing else fills it, and weight norm by names."""
    filled = {*matched, *(recipe.target.name for recipe in proofs.recipes)}
    tied = (recipe for name, recipe in proofs.tied.items() if name not in filled and name not in namesakes)
    found = [*proofs.recipes, *tied]
    used = {name for recipe in found for name in (recipe.target.name, *(piece.source for piece in recipe.pieces))}
    found += (r for r in normed if r.target.name not in used and not any(piece.source in used for piece in r.pieces))
    return tuple(found)


def _accepted(
    joined: Sequence[JoinedProposal], a: Namespace, b: Namespace, layout: tuple[bool, int]
) -> tuple[list[Recipe], tuple[JoinedProposal, ...]]:
    """Return the recipes of proposals that are accepted, and the proposals that make none."""
    blocks = [shape for one in joined for shape in _shapes_of(one, a, b)]
    turned = layout[1] if layout[0] or differ_by_convention(blocks) else None
    made = [recipes_of_joined(one, a.entries, b.entries, turned) for one in joined]
    left = tuple(one for one, some in zip(joined, made, strict=True) if not some and one.how != "gates")
    return [recipe for some in made for recipe in some], left


def _layouts(
    matched: Sequence[tuple[Entry, Entry, Match]],
    of_normed: Sequence[tuple[str, Shape, str, Shape]],
    namesakes: Namesakes | None,
    result: Result,
    accepts_proposals: bool,
) -> tuple[bool, int]:
    """Return whether matched variables show that the sides store kernels in different layouts, and from which side."""
    shapes = [(one.name, one.shape, other.name, other.shape) for one, other, _ in matched]
    shapes += of_normed
    is_transposed = result.is_transposed or differ_by_convention(shapes)
    if not (is_transposed or accepts_proposals or of_normed):
        return False, 0
    return is_transposed, direction_of(shapes if namesakes is None else [*shapes, *namesakes.shapes()])


def _alternatives(groups: Sequence[OpenGroup]) -> dict[str, tuple[str, ...]]:
    """Return what each variable of an open group may be on the other side."""
    return {name: group.b for group in groups for name in group.a} | {n: group.a for group in groups for n in group.b}


def _placed(
    places: Mapping[str, str], settled: Mapping[str, str], items: tuple[Sequence[Item], Sequence[Item]]
) -> dict[str, str]:
    """Return the pairs that the dataflow shows of what no rule, no person and no value speaks of."""
    ours = {item.name for item in items[0] if not item.alias} - settled.keys()
    theirs = {item.name for item in items[1]} - set(settled.values())
    return {one: other for one, other in places.items() if one in ours and other in theirs}


def _as_placed(match: Match, placed: Mapping[str, str]) -> Match:
    return Match(match.a, match.b, IN_ONE_PLACE, "high") if placed.get(match.a) == match.b else match


def _with_auxiliary(side: Namespace, names: Collection[str]) -> set[str]:
    """Return the entries of these names, and those that exist for one of them."""
    return {e.name for e in side.entries.values() if e.name in names or e.primary in names} if names else set()


def guided_match(a: Namespace, b: Namespace, guidance: Guidance, proofs: Proofs) -> Matching:
    """Match the entries of two sides with what a person says, values prove and graphs show; see `match`."""
    return match(
        a,
        b,
        rules=guidance.rules,
        given=guidance.given,
        accepts_proposals=guidance.accepts_proposals,
        proofs=replace(proofs, places=pairs_in_one_place(a, b)),
        rejected=guidance.rejected,
    )


def _shapes_of(proposal: JoinedProposal, a: Namespace, b: Namespace) -> Iterator[tuple[str, Shape, str, Shape]]:
    """Yield name and shape on side A and on side B of each part and its block of the whole."""
    wholes, sides = (a, b) if proposal.is_whole_in_a else (b, a)
    whole = wholes.entries[proposal.whole]
    if proposal.how != "joined" or whole.shape is None:
        return
    count = len(proposal.parts)
    block = tuple((n or 0) // count if at == proposal.axis else n for at, n in enumerate(whole.shape))
    for name in proposal.parts:
        part, piece = (name, without_heads(sides.entries[name].shape, block)), (whole.name, block)
        yield (*piece, *part) if proposal.is_whole_in_a else (*part, *piece)


def _proved_pair(a: Entry, b: Entry, proof: Proof) -> Pair:
    return Pair(a, b, proof.evidence, "certain", proof.axes, proof.is_reshaped)


def _proved_or_matched(
    a: Entry, b: Entry, match: Match, proved: Mapping[str, Proof], is_transposed: bool, turned: int
) -> Pair:
    proof = proved.get(a.name)
    if proof is not None and proof.b == b.name:
        return _proved_pair(a, b, proof)
    return _pair(a, b, match, is_transposed, turned)


def _pair(a: Entry, b: Entry, match: Match, is_transposed: bool, turned: int) -> Pair:
    evidence = match.evidence
    if evidence == "name" and a.key != a.name and b.key != b.name and a.key != b.key:
        evidence = f"name; its path was {a.key}, and is {b.key}"
    one, other = a.primary or a.name, b.primary or b.name  # a slot is turned as its variable is
    axes = permuting_axes((one, other), a.shape, b.shape, turned) if is_transposed else ()
    return Pair(a, b, evidence, match.confidence, axes, bool(axes) and len(a.shape or ()) != len(b.shape or ()))


def change_of_prefix(pair: Pair) -> tuple[str, str]:
    """Return the change of prefix that a pair of other names is an instance of; both empty for a change of leaf."""
    return prefix_change(canonical(pair.a.name), canonical(pair.b.name))


def leaf_change(pair: Pair) -> tuple[str, str] | None:
    """Return the leaves of a pair where they differ."""
    leaves = pair.a.name[len(scope_of(pair.a.name)) :].strip("/"), pair.b.name[len(scope_of(pair.b.name)) :].strip("/")
    return leaves if leaves[0] != leaves[1] else None
