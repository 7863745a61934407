"""What fuzzing found stays mended, and every target takes input that is nearly right; `make fuzz` looks for more."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fuzz.targets import found_cases, load, targets

MUTANTS = 30
SLOW = {"questions": 8, "diff": 8}
FOUND = [path for name in targets() for path in found_cases(name)]


@pytest.mark.parametrize("name", targets())
def test_mutants_are_read_or_refused(name: str) -> None:
    target, chance = targets()[name], random.Random(7)
    seeds = target.seeds()

    for _ in range(SLOW.get(name, MUTANTS)):
        target.run(target.mutate(chance.choice(seeds), chance))


@pytest.mark.parametrize("name", [name for name, target in targets().items() if isinstance(target.asked, str)])
def test_seeds_are_read(name: str) -> None:
    """What is refused from the start would fuzz the refusal; a state file names a checkpoint that is not there."""
    target = targets()[name]
    assert isinstance(target.asked, str)

    read = [load(seed, target.asked) is not None for seed in target.seeds() if seed not in map(Path.read_bytes, FOUND)]

    assert all(read) == (name != "state_file")


def test_what_was_found_stays_mended() -> None:
    for path in FOUND:
        targets()[path.parent.name].run(path.read_bytes())
