from __future__ import annotations

import pytest

import scopeview
from scopeview.analysis.answers.variables import _KEYS, variable_table
from scopeview.analysis.context import AnalysisContext
from tests.places import SAMPLES

GAN = AnalysisContext(scopeview.load(SAMPLES / "m17_gan.meta"))


def test_sorted_filtered_and_paged() -> None:
    found = variable_table(GAN, "scope:discriminator shared:>1", sort="parameters", descending=True, limit=2)

    assert [(row.name, row.parameters, row.call_sites) for row in found.rows] == [
        ("discriminator/hidden/weights", 24, 2),
        ("discriminator/hidden/biases", 6, 2),
    ]
    assert (found.total, found.parameters, found.size_bytes) == (4, 37, 148)
    assert variable_table(GAN).total == 8
    assert variable_table(GAN, attached=True).total == 28
    assert variable_table(GAN, "op:MatMul").total == 0


@pytest.mark.parametrize("sort", _KEYS)
def test_every_column_sorts_both_ways_and_loses_nothing(sort: str) -> None:
    up, down = (variable_table(GAN, sort=sort, descending=way, attached=True) for way in (False, True))  # type: ignore[arg-type]

    assert {row.name for row in up.rows} == {row.name for row in down.rows} == set(GAN.model.variables.names)
    values = [getattr(row, sort) for row in up.rows if getattr(row, sort) is not None]
    values = [value.kind for value in values] if sort == "initializer" else values
    assert values == sorted(values)
