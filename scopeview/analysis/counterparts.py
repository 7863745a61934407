"""What a conversion takes from a diff: the counterpart of each variable of the source, and what is joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scopeview.analysis.convert import Counterpart, Counterparts
from scopeview.analysis.diff.comparison import swapped
from scopeview.analysis.diff.match import guided_match
from scopeview.analysis.diff.matching.rules import Guidance
from scopeview.analysis.diff.namespace import Namespace
from scopeview.analysis.diff.recipes import Recipe, recipe_of
from scopeview.analysis.diff.value_proof import Proofs


def counterparts(
    a: Namespace,
    b: Namespace,
    guidance: Guidance,
    proofs: Proofs = Proofs(),  # noqa: B008 - frozen
    *,
    is_backwards: bool = False,
) -> tuple[Counterparts, Sequence[Recipe], Mapping[str, str]]:
    """Return the pairs of two sides, what is joined of several, and why others have no counterpart, if that is known.

    Args:
        a: the side that rules and pairs call A.
        b: the other.
        guidance: what a person says.
        proofs: what values prove.
        is_backwards: whether B holds the values, and A the names.
    """
    matching = guided_match(a, b, guidance, proofs)
    found = {}
    for pair in swapped(matching.pairs) if is_backwards else matching.pairs:
        recipe = recipe_of(pair.a, pair.b, pair.axes, pair.evidence, pair.is_reshaped)
        is_reshaped = recipe is not None and recipe.is_reshaped
        found[pair.a.name] = Counterpart(pair.b.name, pair.evidence, pair.axes, is_reshaped)
    return found, () if is_backwards else matching.recipes, matching.reasons
