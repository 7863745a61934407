"""What became of each variable: the entries of a diff, made of matched pairs and of what is left on either side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import takewhile

from scopeview.analysis.diff.listing import Listing
from scopeview.analysis.diff.match import Matching, Pair, guided_match
from scopeview.analysis.diff.matching.joined import How, JoinedProposal
from scopeview.analysis.diff.matching.rules import Guidance
from scopeview.analysis.diff.namespace import Entry, Namespace
from scopeview.analysis.diff.recipes import Recipe
from scopeview.analysis.diff.value_change import ValueChange, compared
from scopeview.analysis.diff.value_proof import Proofs, proofs_of
from scopeview.analysis.diff.variables import DiffEntry, Status
from scopeview.analysis.work import Reading, Values

REJECTED = "given: no counterpart"


def diff_entries(
    a: Namespace,
    b: Namespace,
    values: tuple[Values, Values] | None = None,
    reading: Reading = Reading(),  # noqa: B008 - frozen
    guidance: Guidance = Guidance(),  # noqa: B008 - frozen
) -> tuple[Sequence[DiffEntry], Matching]:
    """Compare two namespaces.

    Args:
        a: the first side.
        b: the second side.
        values: readers of the values of both sides, to compare them number by number.
        reading: what reads the values, and takes how much was read.
        guidance: rules and pairs that a person gives.

    Returns:
        Entries in the order of their names, and the matching that they come from.
    """
    proofs = proofs_of(a, b, values, reading) if values is not None and _names_differ(a, b) else Proofs()
    matching = guided_match(a, b, guidance, proofs)
    owners = cache(lambda: _by_checksum(a))
    namesakes = matching.namesakes if values is None else None
    pairs = matching.pairs if namesakes is None else matching.judged
    changes = _changes(pairs, values, reading)
    entries = [_paired(pair, change, owners) for pair, change in zip(pairs, changes, strict=True)]
    entries += _alone((a, b), matching, pairs)
    entries = _with_joined(_with_recipes(entries, matching.recipes), matching.joined)
    if matching.reasons:
        entries = [_with_reason(entry, matching.reasons) for entry in entries]
    if matching.rejected:
        entries = [replace(e, evidence=REJECTED) if e.a in matching.rejected else e for e in entries]
    entries.sort(key=lambda entry: ((entry.b or entry.a or "").split("/"), entry.a is None))
    if namesakes is None:
        return entries, matching
    return Listing(entries, namesakes, lambda pair: _paired(matching.pair_of(pair), None, owners)), matching


def _alone(sides: tuple[Namespace, Namespace], matching: Matching, pairs: Sequence[Pair]) -> Iterator[DiffEntry]:
    """Yield what is on one side only."""
    paired = {pair.a.name for pair in pairs}, {pair.b.name for pair in pairs}
    backwards = {b_name: a_name for a_name, b_name in matching.proposals.items()}
    statuses: tuple[Status, Status] = "only_a", "only_b"
    for of, (side, status, proposals) in enumerate(zip(sides, statuses, (matching.proposals, backwards), strict=True)):
        names = side.entries if matching.namesakes is None else matching.namesakes.others(of)
        for name in names:
            if name not in paired[of]:
                yield _single(side.entries[name], status, proposals, matching.alternatives)


def _with_reason(entry: DiffEntry, reasons: Mapping[str, str]) -> DiffEntry:
    """Return an entry of one side, with the reason why it has no counterpart if that is known."""
    reason = reasons.get(entry.a or entry.b or "") if entry.a is None or entry.b is None else None
    return entry if reason is None or entry.joined else replace(entry, evidence=reason)


def _names_differ(a: Namespace, b: Namespace) -> bool:
    """Whether a variable of either side has no namesake on the other: then values may say what it is there."""
    names = [{entry.name for entry in side.entries.values() if entry.kind == "variable"} for side in (a, b)]
    return names[0] != names[1]


def _with_recipes(entries: Sequence[DiffEntry], recipes: Iterable[Recipe]) -> list[DiffEntry]:
    """Return the entries, those of split and joined variables with what they are made of."""
    shown: dict[tuple[str, str], str] = {}
    for recipe in recipes:
        sources = dict.fromkeys(piece.source for piece in recipe.pieces)
        shown["only_b", recipe.target.name] = f"{recipe.evidence} from {', '.join(sources)}"
        shown |= {("only_a", source): f"{recipe.evidence} in {recipe.target.name}" for source in sources}
    found = []
    for entry in entries:
        evidence = shown.get((entry.status, entry.b or entry.a or ""))
        found.append(entry if evidence is None else replace(entry, evidence=evidence, proposal="", alternatives=()))
    return found


def _braced(names: Sequence[str]) -> str:
    """Return names in one, what differs in braces: `attention/{query, key, value}/kernel`."""
    if len(names) == 1:
        return names[0]
    start = _equal_at_start(names)
    start = max((names[0].rfind(mark, 0, start) + 1 for mark in "/._"), default=0)
    end = min(_equal_at_start([name[::-1] for name in names]), min(map(len, names)) - start)
    places = (names[0].find(mark, len(names[0]) - end) for mark in "/._")
    end = len(names[0]) - min((place for place in places if place >= 0), default=len(names[0]))
    inner = [name[start : len(name) - end] for name in names]
    return f"{names[0][:start]}{{{', '.join(inner)}}}{names[0][len(names[0]) - end :]}"


def _equal_at_start(names: Sequence[str]) -> int:
    """Return how many characters are equal at the start of all."""
    return sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False)))


_JOINED_WORDS: Mapping[How, tuple[str, str]] = {
    "joined": ("joined along axis {axis}", "a part of"),
    "summed": ("added up", "a summand of"),
    "gates": ("gate by gate", "gate by gate in"),
}
"""What a whole is of its parts, and a part of the whole."""


def _with_joined(entries: Sequence[DiffEntry], proposals: Iterable[JoinedProposal]) -> list[DiffEntry]:
    """Return the entries, those that may be parts of one or made of several with a word of it."""
    shown: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
    for one in proposals:
        status: tuple[Status, Status] = ("only_a", "only_b") if one.is_whole_in_a else ("only_b", "only_a")
        how, what = _JOINED_WORDS[one.how]
        if one.how == "gates":  # listed from either side
            text = f"{what} {_braced(one.parts)}" if one.is_whole_in_a else f"{_braced(one.parts)} {how}"
            shown[status[0], one.whole] = text, one.parts
            continue
        shown[status[0], one.whole] = f"{_braced(one.parts)} {how.format(axis=one.axis)}", one.parts
        shown |= {(status[1], part): (f"{what} {one.whole}", (one.whole,)) for part in one.parts}
    found = []
    for entry in entries:
        text, others = shown.get((entry.status, entry.b or entry.a or ""), ("", ()))
        found.append(replace(entry, joined=text, proposal="", alternatives=others) if text else entry)
    return found


def _by_checksum(a: Namespace) -> Mapping[object, str]:
    """Return the entry of A that alone has certain values, those that are all zero or one left out."""
    groups: dict[object, list[str]] = {}
    for entry in a.entries.values():
        if entry.checksum is not None and not entry.is_blank:
            groups.setdefault((entry.type, entry.checksum), []).append(entry.name)
    return {values: names[0] for values, names in groups.items() if len(names) == 1}


def _changes(pairs: Sequence[Pair], values: tuple[Values, Values] | None, reading: Reading) -> list[ValueChange | None]:
    """Return how the values of each pair differ; None where they were not asked for, or cannot be compared."""
    if values is None:
        return [None] * len(pairs)
    comparable = [pair for pair in pairs if pair.a.type == pair.b.type or pair.axes]
    asked = [(pair.a.variable, pair.b.variable, tuple(pair.axes)) for pair in comparable]
    found = dict(zip(map(id, comparable), compared(asked, values, reading), strict=True))
    return [found.get(id(pair)) for pair in pairs]


def _paired(pair: Pair, change: ValueChange | None, owners: Callable[[], Mapping[object, str]]) -> DiffEntry:
    a, b = pair.a, pair.b
    differ: bool | None = None
    checksum = ""
    if a.type == b.type and a.checksum is not None and b.checksum is not None and _same_parts(a, b):
        differ = a.checksum != b.checksum
        checksum = "" if differ or pair.evidence == "same checksum" else "; same checksum"
    if change is not None:
        differ = change.changed > 0 or bool(differ)
    return DiffEntry(
        status=_status(a, b, differ),
        a=a.name,
        b=b.name,
        kind=a.kind,
        shape_a=a.shape,
        shape_b=b.shape,
        dtype_a=a.dtype,
        dtype_b=b.dtype,
        evidence=pair.evidence + checksum,
        confidence=pair.confidence,
        values_differ=differ,
        values=change,
        proposal="",
        alternatives=(),
        values_of=owners().get((b.type, b.checksum), "") if differ else "",
        parts_a=max(1, len(a.variable.parts)),
        parts_b=max(1, len(b.variable.parts)),
        collections_left=_only(a, b),
        collections_joined=_only(b, a),
        trainable_a=a.trainable,
        trainable_b=b.trainable,
    )


def _same_parts(a: Entry, b: Entry) -> bool:
    """Whether both are stored in equal parts: checksums of other parts say nothing."""
    pieces_a = [piece[:2] for piece in a.checksum or ()]
    return pieces_a == [piece[:2] for piece in b.checksum or ()]


def _is_resized(a: Entry, b: Entry) -> bool:
    """Whether two shapes hold another number of elements."""
    sizes = a.variable.parameters, b.variable.parameters
    return None not in sizes and sizes[0] != sizes[1]


def _status(a: Entry, b: Entry, differ: bool | None) -> Status:
    if a.name != b.name and not _is_resized(a, b):
        return "renamed"
    if a.shape != b.shape and a.shape is not None and b.shape is not None:
        return "shape"
    if a.dtype != b.dtype:
        return "dtype"
    return "values" if differ else "same"


def _only(one: Entry, other: Entry) -> tuple[str, ...]:
    """Return the collections of one that the other is not in; nothing where a side says nothing of collections."""
    if (
        not (one.collections and (other.collections or other.trainable is not None))
        or other.variable.kind == "checkpoint"
    ):
        return ()
    return tuple(name for name in one.collections if name not in other.collections)


def _single(
    entry: Entry, status: Status, proposals: Mapping[str, str], alternatives: Mapping[str, Sequence[str]]
) -> DiffEntry:
    is_a = status == "only_a"
    proposal = proposals.get(entry.name, "")
    others = () if proposal else tuple(alternatives.get(entry.name, ()))
    shown = "shapes agree, but no name or value proves it" if proposal else ""
    return DiffEntry(
        status=status,
        a=entry.name if is_a else None,
        b=None if is_a else entry.name,
        kind=entry.kind,
        shape_a=entry.shape if is_a else None,
        shape_b=None if is_a else entry.shape,
        dtype_a=entry.dtype if is_a else "",
        dtype_b="" if is_a else entry.dtype,
        evidence=shown or ("several fit equally well" if others else ""),
        confidence="low" if proposal else "certain",
        values_differ=None,
        values=None,
        proposal=proposal,
        alternatives=others,
        values_of="",
        parts_a=max(1, len(entry.variable.parts)) if is_a else 0,
        parts_b=0 if is_a else max(1, len(entry.variable.parts)),
        collections_left=(),
        collections_joined=(),
        trainable_a=entry.trainable if is_a else None,
        trainable_b=None if is_a else entry.trainable,
    )
