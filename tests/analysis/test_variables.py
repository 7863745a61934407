from __future__ import annotations

import dataclasses
from functools import partial

import pytest

import scopeview
from scopeview.analysis.answers.inspect import inspect
from scopeview.analysis.answers.sharing import sharing
from scopeview.analysis.answers.variables import variable_table
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.variable_columns import COLUMNS, Cell, Column, Format
from scopeview.analysis.variable_row import VariableFacts
from scopeview.errors import QueryError
from tests.places import SAMPLES

GAN = AnalysisContext(scopeview.load(SAMPLES / "m17_gan.meta"))


def test_sorted_filtered_and_paged() -> None:
    columns = ("name", "parameters", "call_sites")
    found = variable_table(
        GAN, "scope:discriminator shared:>1", columns=columns, sort="parameters", descending=True, limit=2
    )

    assert [row.cells for row in found.rows] == [
        ("discriminator/hidden/weights", 24, 2),
        ("discriminator/hidden/biases", 6, 2),
    ]
    assert tuple(head.key for head in found.columns) == columns
    assert (found.total, found.parameters, found.size_bytes) == (4, 37, 148)
    assert variable_table(GAN).total == 8
    assert variable_table(GAN, attached=True).total == 28
    assert variable_table(GAN, "op:MatMul").total == 0


@pytest.mark.parametrize("one", COLUMNS, ids=lambda one: one.head.key)
def test_every_column_sorts_both_ways_and_loses_nothing(one: Column) -> None:
    key, table = one.head.key, partial(variable_table, GAN, attached=True)
    up, down = (table(columns=[key], sort=key, descending=way) for way in (False, True))

    assert {row.name for row in up.rows} == {row.name for row in down.rows} == set(GAN.model.variables.names)
    values = [row.cells[0] for row in up.rows if row.cells[0] is not None]
    assert values == sorted(values)


@pytest.mark.parametrize("one", COLUMNS, ids=lambda one: one.head.key)
def test_every_column_is_a_field_of_the_search_that_finds_its_own_values(one: Column) -> None:
    """A query made of a cell finds every variable with that cell, and no other."""
    for row in variable_table(GAN, attached=True, columns=[one.head.key], limit=None).rows:
        (value,) = row.cells
        if value in ("", ()) or value is None:
            continue
        terms = [f"{one.head.search}:{text}" for text in _as_query(value, one.head.format)]
        fitting = variable_table(GAN, " ".join(terms), attached=True, columns=[one.head.key], limit=None)
        assert row.name in {found.name for found in fitting.rows}
        assert all(_holds(found.cells[0], value) for found in fitting.rows)


def _as_query(value: Cell, format_: Format) -> list[str]:
    if format_ == "names" and isinstance(value, tuple):
        return [str(name) for name in value]
    if format_ == "shape" and isinstance(value, tuple):
        return [f"[{','.join(map(str, value))}]"]
    return ["yes" if value else "no"] if format_ == "yes_no" else [str(value)]


def _holds(cell: Cell, value: Cell) -> bool:
    return set(value) <= set(cell) if isinstance(value, tuple) and isinstance(cell, tuple) else cell == value


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    for arguments in ({"sort": "weight"}, {"columns": ["name", "weight"]}):
        with pytest.raises(QueryError, match="there is no column 'weight'; the columns are name, shape"):
            variable_table(GAN, **arguments)


def test_records_of_a_variable_say_the_same() -> None:
    """The facts of `inspect`, of `sharing` and of the table are those of one row."""
    uses = {use.name: use for use in sharing(GAN, minimum=0, attached=True).variables}
    table = {row.name: row.cells for row in variable_table(GAN, attached=True, limit=None).rows}
    keys = [column.head.key for column in COLUMNS]
    shared = {field.name for field in dataclasses.fields(VariableFacts)}
    for record in inspect(GAN).variables:
        assert all(getattr(record, name) == getattr(uses[record.name], name) for name in shared)
        cells = dict(zip(keys, table[record.name], strict=True))
        for key in ("shape", "dtype", "parameters", "size_bytes", "trainable", "uses", "collections", "device", "kind"):
            assert cells[key] == getattr(record, key)
        assert cells["slots"] == len(record.slots)
        assert cells["call_sites"] == len(uses[record.name].call_sites)
