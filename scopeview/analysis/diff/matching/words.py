"""How alike two words are before anything is known of the sides."""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import lru_cache

_SYNONYMS: tuple[frozenset[str], ...] = (
    frozenset({"layer", "block", "unit", "cell", "h"}),
    frozenset({"stage", "group", "stack", "body"}),
    frozenset({"mlp", "feed", "intermediate"}),
    frozenset({"policy", "pi", "actor"}),
    frozenset({"value", "vf", "critic"}),
    frozenset({"shortcut", "downsample", "skip", "residual"}),
    frozenset({"upsample", "up", "deconv"}),
    frozenset({"encoder", "encode"}),
    frozenset({"decoder", "decode"}),
    frozenset({"source", "src"}),
    frozenset({"target", "tgt", "trg"}),
    frozenset({"generator", "gen"}),
    frozenset({"discriminator", "disc"}),
    frozenset({"hidden", "hid"}),
    frozenset({"token", "word"}),
    frozenset({"segment", "type"}),
    frozenset({"output", "projection"}),
    frozenset({"cross", "encdec", "inter"}),
)
SYNONYM = 0.85
LETTER = 0.2
"""One equal letter alone says little: `d` is down here and deconvolution there."""
_GROUPS: dict[str, list[frozenset[str]]] = {}
for _group in _SYNONYMS:
    for _word in _group:
        _GROUPS.setdefault(_word, []).append(_group)


@lru_cache(maxsize=65536)
def likeness(one: str, other: str) -> float:
    """Return how alike two words are, from 0 to 1: equal, synonym, abbreviation, or nearly the same letters."""
    if one == other:
        return 1.0 if len(one) > 1 else LETTER
    if any(other in group for group in _GROUPS.get(one, ())):
        return SYNONYM
    short, long = sorted((one, other), key=len)
    if len(short) < 2 or short[0] != long[0]:
        return 0.0
    if long.startswith(short):
        return 0.8 if len(short) >= 3 else 0.4
    if len(short) >= 3 and _is_subsequence(short, long):
        return 0.6
    if len(short) >= 5 and len(long) - len(short) <= 2:
        ratio = SequenceMatcher(None, short, long, autojunk=False).ratio()
        return 0.8 if ratio >= 0.85 else 0.0
    return 0.0


def _is_subsequence(short: str, long: str) -> bool:
    letters = iter(long)
    return all(letter in letters for letter in short)
