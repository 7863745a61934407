"""Names that are near one that is not there, for the sentence that says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from shlex import quote

from scopeview.model.model import Model
from scopeview.model.names import leaf_of

_MOST_COMPARED = 50_000
_LONGEST_NAME = 200
"""Of a name that is not there; the comparison of longer ones would take long and help nobody."""
_LIKENESS = 0.7
_FEW = 8


def not_found(model: Model, name: str, known: Iterable[str], what: str = "nothing") -> str:
    """Say that nothing has a name, and what may have been meant."""
    # Many names stand twice, as a variable and as the op that holds it.
    names = list(dict.fromkeys(islice(known, _MOST_COMPARED)))
    absent = f"{what} in {model.origin.path} is called {name!r}"
    leaf = leaf_of(name.rstrip("/"))
    near = [other for other in names if leaf_of(other) == leaf][:3]
    near = near or sorted((other for other in names if leaf.casefold() in leaf_of(other).casefold()), key=len)[:3]
    near = near or spelled_alike(name, names)
    if not near and 0 < len(names) <= _FEW:
        return f"{absent}; there are: {', '.join(names)}"
    proposal = f"; near it: {', '.join(near)}" if near else ""
    return f"{absent}{proposal}; try: scopeview find {quote(model.origin.path)} {quote(leaf or '*')}"


def spelled_alike(name: str, names: Iterable[str], most: int = 3, likeness: float = 0.6) -> list[str]:
    """Return the names that are spelled most like one, in any case, best first.

    Args:
        name: what was written.
        names: those that there are.
        most: how many to return.
        likeness: the least that counts as near, of 1 for equal (`difflib.SequenceMatcher.ratio`).
    """
    import difflib  # for misspelled names only

    folded: dict[str, str] = {}
    for known in islice(names, _MOST_COMPARED):
        folded.setdefault(known.casefold(), known)
    close = difflib.get_close_matches(name.casefold()[:_LONGEST_NAME], folded, n=most, cutoff=likeness)
    return [folded[known] for known in close]


def near_leaves(names: Iterable[str], words: Sequence[str], most: int = 5) -> tuple[str, ...]:
    """Return names whose last segments are near the last of some words, the shortest of each."""
    leaves: dict[str, str] = {}
    for name in islice(names, _MOST_COMPARED):
        leaf = leaf_of(name).casefold()
        if leaf not in leaves or len(name) < len(leaves[leaf]):
            leaves[leaf] = name
    wanted = leaf_of(words[-1].strip("/")) if words else ""
    return tuple(leaves[leaf] for leaf in spelled_alike(wanted, leaves, most, _LIKENESS))
