"""Which variable of one side is which of the other, by names, object paths, values, structure and a person's rules."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from scopeview.analysis.diff.matching.core import match_items
from scopeview.analysis.diff.matching.entries import Confidence, Item, Match, OpenGroup, Shape
from scopeview.analysis.diff.matching.joined import JoinedProposal, joined_proposals
from scopeview.analysis.diff.matching.layouts import differ_by_convention, direction_of, permuting_axes
from scopeview.analysis.diff.matching.recurrent import recurrent_pairs
from scopeview.analysis.diff.matching.rules import Guidance, Rule, rewritten
from scopeview.analysis.diff.namespace import Entry, Namespace
from scopeview.analysis.diff.recipes import Recipe, recipes_of_joined, without_heads
from scopeview.analysis.diff.same_places import IN_ONE_PLACE, pairs_in_one_place
from scopeview.analysis.diff.spelling import canonical, prefix_change
from scopeview.analysis.diff.value_proof import Proof, Proofs
from scopeview.model.names import scope_of

__all__ = ["Confidence", "Matching", "Pair", "Rule", "change_of_prefix", "leaf_change", "match"]

_LEAST_BYTES = 16
"""Values of fewer bytes agree by chance."""


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


@dataclass(frozen=True, slots=True)
class Matching:
    """The matched pairs, and what is known of the rest."""

    pairs: tuple[Pair, ...]
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
    all_items = _items(a, rules, alone), _items(b, (), ())
    of_others = _recurrent_of_others(all_items, (paired.keys(), set(paired.values())))
    items = [_without(side, made) for side, made in zip(all_items, (ours, theirs), strict=True)]
    whole = _without(items[0], of_others[0]), _without(items[1], of_others[1])
    placed = _placed(proofs.places, paired, whole)
    result = match_items(*whole, placed | paired)
    matched = [(a.entries[m.a], b.entries[m.b], _as_placed(m, placed)) for m in result.matches]
    shapes = [(one.name, one.shape, other.name, other.shape) for one, other, _ in matched]
    is_transposed = result.is_transposed or differ_by_convention(shapes)
    turned = direction_of(shapes) if is_transposed or accepts_proposals else 0
    pairs = [
        _proved_pair(one, other, proofs.pairs[one.name])
        if proved.get(one.name) == other.name
        else _pair(one, other, m, is_transposed, turned)
        for one, other, m in matched
    ]
    proposals = dict(result.proposals)
    ours_alone, theirs_alone = ([item for item in side if not item.is_auxiliary] for side in items)
    joined = joined_proposals(ours_alone, theirs_alone, {one.name: other.name for one, other, _ in matched})
    filled = {other.name for _, other, _ in matched} | {recipe.target.name for recipe in proofs.recipes}
    recipes = (*proofs.recipes, *(recipe for name, recipe in proofs.tied.items() if name not in filled))
    if accepts_proposals:
        layout = is_transposed, turned
        accepted, joined = _accepted(joined, a, b, layout)
        recipes = (*recipes, *accepted)
        taken = [Match(one, other, "accepted proposal", "low") for one, other in proposals.items()]
        pairs += [_pair(a.entries[m.a], b.entries[m.b], m, *layout) for m in taken]
        proposals = {}
    alternatives = {name: group.b for group in result.open_groups for name in group.a}
    alternatives |= {name: group.a for group in result.open_groups for name in group.b}
    groups = result.open_groups
    return Matching(tuple(pairs), proposals, groups, is_transposed, alternatives, recipes, joined, alone)


def _accepted(
    joined: Sequence[JoinedProposal], a: Namespace, b: Namespace, layout: tuple[bool, int]
) -> tuple[list[Recipe], tuple[JoinedProposal, ...]]:
    """Return the recipes of proposals that are accepted, and the proposals that make none."""
    blocks = [shape for one in joined for shape in _shapes_of(one, a, b)]
    turned = layout[1] if layout[0] or differ_by_convention(blocks) else None
    made = [recipes_of_joined(one, a.entries, b.entries, turned) for one in joined]
    left = tuple(one for one, some in zip(joined, made, strict=True) if not some and one.how != "gates")
    return [recipe for some in made for recipe in some], left


def _without(items: Sequence[Item], names: Collection[str]) -> list[Item]:
    return [item for item in items if item.name not in names]


def _recurrent_of_others(
    items: tuple[Sequence[Item], Sequence[Item]], paired: tuple[Collection[str], Collection[str]]
) -> tuple[set[str], set[str]]:
    """Return the variables of recurrent layers that the other side keeps in other pieces: no two of them are one."""
    found: tuple[set[str], set[str]] = set(), set()
    for layers in recurrent_pairs(*([item for item in side if not item.is_auxiliary] for side in items)):
        if all(layer.names.isdisjoint(names) for layer, names in zip(layers, paired, strict=True)):
            for names, layer in zip(found, layers, strict=True):
                names |= layer.names
    return found


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


def _items(side: Namespace, rules: Sequence[Rule], taken: Collection[str]) -> list[Item]:
    """Return the variables of a side that are to be matched as a whole."""
    return [
        Item(
            name=entry.name,
            shape=entry.shape,
            dtype=entry.dtype,
            value=_fingerprint(entry),
            primary=entry.primary,
            slot=entry.slot,
            is_auxiliary=entry.kind != "variable",
            key=entry.key if entry.key != entry.name else "",
            alias=rewritten(entry.name, rules) if rules else "",
        )
        for entry in side.as_listed
        if entry.name not in taken
    ]


def _fingerprint(entry: Entry) -> Hashable | None:
    """Return the checksum of values that do not agree by chance: of some bytes, and not all alike."""
    is_small = entry.checksum is None or sum(piece[1] for piece in entry.checksum) < _LEAST_BYTES
    if is_small or entry.kind != "variable" or entry.is_blank:
        return None
    return entry.shape, entry.dtype, entry.checksum


def _proved_pair(a: Entry, b: Entry, proof: Proof) -> Pair:
    return Pair(a, b, proof.evidence, "certain", proof.axes, proof.is_reshaped)


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
