"""Names that are near one that is not there, for the sentence that says so."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from shlex import quote

from scopeview.model.model import Model
from scopeview.model.names import leaf_of

_MAX_NAMES_COMPARED = 50_000
_FEW = 8


def not_found(model: Model, name: str, known: Iterable[str], what: str = "nothing") -> str:
    """Say that nothing has a name, and what may have been meant."""
    # Many names stand twice, as a variable and as the op that holds it.
    names = list(dict.fromkeys(islice(known, _MAX_NAMES_COMPARED)))
    absent = f"{what} in {model.origin.path} is called {name!r}"
    leaf = leaf_of(name.rstrip("/"))
    near = [other for other in names if leaf_of(other) == leaf][:3]
    near = near or sorted((other for other in names if leaf.casefold() in leaf_of(other).casefold()), key=len)[:3]
    if not near:
        import difflib  # for misspelled names only

        near = difflib.get_close_matches(name[:200], names, n=3)
    if not near and 0 < len(names) <= _FEW:
        return f"{absent}; there are: {', '.join(names)}"
    proposal = f"; near it: {', '.join(near)}" if near else ""
    return f"{absent}{proposal}; try: scopeview find {quote(model.origin.path)} {quote(leaf or '*')}"
