"""What a person says of a matching, as a parameter of the questions about a diff: bounded, and read as `--map` is."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scopeview.analysis.diff.matching.rules import Guidance, guidance_of
from scopeview.errors import QueryError

LONGEST = 24_000
"""Characters of the parameter: with all of them escaped, an address stays within what a head may have."""

_Name = Annotated[str, Field(max_length=2000)]
_RuleText = Annotated[str, Field(max_length=300)]


class _Edits(BaseModel):
    """What the parameter holds."""

    model_config = ConfigDict(extra="forbid")

    rules: list[_RuleText] = Field(default=[], max_length=50)
    pairs: dict[_Name, _Name | None] = Field(default={}, max_length=1000)
    accept: Literal["", "proposed"] = ""


Edits = Annotated[
    str,
    Query(
        max_length=LONGEST,
        description="What a person says of the matching, as JSON: `rules` as `--rule` takes them, `pairs` as a `--map` "
        "(null: no counterpart), `accept` as `--accept`.",
    ),
]


def guidance_from(edits: str) -> Guidance:
    """Read the parameter.

    Raises:
        QueryError: it is not understood; the sentence says what of it is not.
    """
    if not edits:
        return Guidance()
    try:
        found = _Edits.model_validate_json(edits)
    except ValidationError as error:
        first = error.errors()[0]
        place = f" at {first['loc'][0]}" if first["loc"] else ""
        raise QueryError(f"the edits of the pairs are not understood{place}: {first['msg']}") from error
    return guidance_of(found.rules, found.pairs, found.accept)
