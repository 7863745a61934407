"""Who is in which collection, who is not, and what the savers store of them: `scopeview collections`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from scopeview.analysis.answers.inspect import CollectionRecord
from scopeview.analysis.answers.totals import is_trained
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.savers import Saving
from scopeview.analysis.suggestions import not_found
from scopeview.errors import NotFoundError
from scopeview.model.collection import MemberKind
from scopeview.model.names import is_within


@dataclass(frozen=True, slots=True)
class CollectionDetail:
    """One collection, its members resolved."""

    collection: CollectionRecord
    kinds: Mapping[MemberKind, int]
    """What its members are."""
    listed_twice: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """The variables that one set has and another has not."""

    left: str
    right: str
    meaning: str
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Membership:
    """The collections that one variable is in."""

    variable: str
    collections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CollectionsReport:
    """Collections by name, their differences, and the collections of each variable."""

    collections: tuple[CollectionDetail, ...]
    differences: tuple[Difference, ...]
    """Only those that are not empty."""
    variables: tuple[Membership, ...]
    total_variables: int
    """Variables that there are, listed or not."""
    saving: Saving
    has_collections: bool
    """Whether the artifact can have collections at all: a bare GraphDef and a checkpoint cannot."""


def collections(
    context: AnalysisContext, *, name: str = "", scope: str = "", limit: int | None = None
) -> CollectionsReport:
    """Describe the collections of a model.

    Args:
        context: the model, analyzed.
        name: only this collection; differences are then those that it takes part in.
        scope: only variables within this variable scope, in the membership of variables.
        limit: members of a collection, and variables, to list; sizes and totals are always given.

    Raises:
        NotFoundError: there is no collection of this name.
    """
    model = context.model
    chosen = [found for found in model.collections if not name or found.name == name]
    if name and not chosen:
        raise NotFoundError(not_found(model, name, [found.name for found in model.collections], "no collection"))
    within = [
        variable
        for variable in model.variables
        if is_within(variable.name, scope) and (not name or name in variable.collections)
    ]
    return CollectionsReport(
        collections=tuple(
            CollectionDetail(
                CollectionRecord(found.name, found.kind, found.size, found.members[:limit]),
                Counter(member.kind for member in found.members),
                _twice(member.text for member in found.members),
            )
            for found in chosen
        ),
        differences=tuple(d for d in _differences(context) if not name or name in (d.left, d.right)),
        variables=tuple(Membership(variable.name, variable.collections) for variable in within[:limit]),
        total_variables=len(within),
        saving=context.saving,
        has_collections=bool(model.collections) or model.origin.format in ("meta_graph", "saved_model", "live_graph"),
    )


def _twice(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text for text, number in Counter(texts).items() if number > 1)


def _differences(context: AnalysisContext) -> Iterator[Difference]:
    model = context.model
    owned = [v for v in model.variables if v.handles and v.kind != "frozen"]
    everyone = {v.name for v in owned}
    by_collection = {
        name: {v.name for v in owned if name in v.collections}
        for name in ("trainable_variables", "variables", "local_variables")
    }
    trained = {v.name for v in owned if is_trained(context, v) and v not in context.auxiliary_variables}
    saved = everyone - set(context.saving.never_saved)
    trainable, variables = by_collection["trainable_variables"], by_collection["variables"]
    pairs: list[tuple[str, set[str], str, set[str], str]] = []
    if trained:
        pairs += [
            ("trainable_variables", trainable, "updated", trained, "trainable, and no optimizer updates them"),
            ("updated", trained, "trainable_variables", trainable, "updated, and not trainable"),
        ]
    if model.collection("variables") is not None:
        listed = {v.name for v in owned if v.collections}
        pairs += [
            ("trainable_variables", trainable, "variables", variables, "trainable, and not among the global variables"),
            ("all", everyone, "collections", listed, "in no collection: nothing initializes or saves them by default"),
        ]
    if model.savers and model.collection("variables") is not None:
        pairs += [
            ("variables", variables, "saved", saved, "global variables that no saver stores"),
            ("saved", saved, "variables", variables, "stored, and not among the global variables"),
        ]
    for left, one, right, other, meaning in pairs:
        only = tuple(v.name for v in owned if v.name in one - other)
        if only:
            yield Difference(left, right, meaning, only)
