"""What TensorFlow still accepts of a changed file is read equally: names, types, wiring, collections, shapes."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

import scopeview
from fuzz.targets import targets
from tests.compare import assert_equals_tensorflow
from tests.oracle import Oracle

MUTANTS = int(os.environ.get("SCOPEVIEW_MUTANTS", "40"))
"""How many are tried of each format; more by hand: SCOPEVIEW_MUTANTS=5000."""
LEAST = 0.2
"""Of these, how many TensorFlow must accept, or nothing is compared."""


@pytest.mark.parametrize("name", ["graph_def", "meta_graph"])
def test_mutants_are_read_as_tensorflow_reads_them(oracle: Oracle, name: str, tmp_path: Path) -> None:
    target, chance, accepted = targets()[name], random.Random(11), 0
    seeds = target.seeds()
    assert isinstance(target.asked, str)
    path = tmp_path / target.asked

    for number in range(MUTANTS):
        raw = target.mutate(chance.choice(seeds), chance)
        path.write_bytes(raw)
        truth = oracle.ask(name, path, text=False)
        if "refused" not in truth and truth["nodes"]:  # TensorFlow imports a message without any graph, too
            accepted += 1
            try:
                assert_equals_tensorflow(scopeview.load(path), truth)
            except (AssertionError, scopeview.ScopeviewError) as error:
                kept = tmp_path / f"mutant{number}"
                kept.write_bytes(raw)
                raise AssertionError(f"{kept} is read otherwise") from error

    assert accepted >= LEAST * MUTANTS
