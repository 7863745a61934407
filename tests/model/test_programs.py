"""Programs equal what TensorFlow's own inlining gives."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import scopeview
from scopeview.errors import ScopeviewError
from scopeview.model.inlined_table import InlinedTable
from scopeview.model.model import Model
from scopeview.model.ops import OpRow
from scopeview.model.programs import program
from tests.oracle import Oracle
from tests.places import CORPUS, SAMPLES, corpus

TAGS = {"ngraph/python/sample_graph": ["serve"]}
FOLDERS = [
    *sorted(
        {str(path.parent.relative_to(SAMPLES)) for path in SAMPLES.glob("*/saved_model.pb")} - {"m29_two_tag_sets"}
    ),
]
REAL = sorted({row["entry"] for row in corpus() if row["kind"].startswith("savedmodel") if "." not in row["entry"]})
BODIES = {"If", "StatelessIf", "While", "StatelessWhile", "Case", "StatelessCase"}
OURS = BODIES | {"BatchFunction", "RemoteCall", "TPUPartitionedCall"}


def main_rows(table: InlinedTable) -> list[OpRow]:
    """Return the ops that lie in no body of an op that stays."""
    inside = tuple(
        f"{table.name(row)}/{label}"
        for row in table.entered
        for label in ("then/", "else/", "cond/", "body/", "branch", "batch/", "call/")
    )
    return [row for row in table if not table.name(row).startswith(inside)]


def wiring(table: InlinedTable, row: OpRow) -> list[list[Any]]:
    return [[table.op_type(edge.source), edge.port] for edge in table.inputs(row) if not edge.is_control]


def assert_is_tensorflows(model: Model, answer: dict[str, Any], name: str) -> None:
    """Compare op types, wiring and the ops of bodies; what bodies get from outside has no counterpart there."""
    found = program(model, name)
    table = found.graph
    assert isinstance(table, InlinedTable)
    rows = main_rows(table)
    assert Counter(table.op_type(row) for row in rows) == answer["ops"]
    wired = Counter(
        json.dumps([table.op_type(row), wiring(table, row)]) for row in rows if table.op_type(row) not in OURS
    )
    ours = {text: count for text, count in answer["wired"].items() if json.loads(text)[0] not in OURS}
    assert wired == ours
    inside = Counter(table.op_type(row) for row in set(table) - set(rows) if table.op_type(row) != "BatchFunction")
    assert inside == answer["bodies"]
    assert not table.dangling
    assert len(set(table.names)) == len(table)


def signatures(model: Model) -> list[str]:
    return [signature.name for signature in model.signatures if not signature.name.startswith("__saved_model")]


@pytest.mark.parametrize("folder", FOLDERS)
def test_sample_equals_tensorflow(oracle: Oracle, folder: str) -> None:
    model = scopeview.load(SAMPLES / folder)
    for name in signatures(model):
        answer = oracle.ask("inlined", SAMPLES / folder, tags=None, signature=name)
        assert "refused" not in answer, answer
        assert_is_tensorflows(model, answer, name)


@pytest.mark.parametrize("entry", REAL)
def test_real_artifact_equals_tensorflow(oracle: Oracle, entry: str) -> None:
    try:
        model = scopeview.load(CORPUS / entry, tags=TAGS.get(entry))
    except ScopeviewError as error:
        pytest.skip(str(error))
    for name in signatures(model):
        answer = oracle.ask("inlined", CORPUS / entry, tags=TAGS.get(entry), signature=name)
        if "refused" in answer:
            pytest.skip(answer["refused"])
        assert_is_tensorflows(model, answer, name)


@pytest.mark.parametrize(
    ("names", "width", "steps"),
    [(("part", "whole", "seen"), 4, 3), (("a", "b", "c"), 7, 2), (("Identity", "x", "x"), 5, 1)],
)
def test_nested_calls_equal_tensorflow(
    oracle: Oracle, tmp_path: Path, names: tuple[str, ...], width: int, steps: int
) -> None:
    built = oracle.ask("build_functions", tmp_path, names=list(names), width=width, steps=steps)
    assert "refused" not in built, built
    model = scopeview.load(tmp_path)
    for name in ("serving_default", "decode"):
        answer = oracle.ask("inlined", tmp_path, tags=None, signature=name)
        assert "refused" not in answer, answer
        assert_is_tensorflows(model, answer, name)
