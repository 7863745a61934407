"""Fixtures: where samples and corpus are, and TensorFlow as the oracle."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.oracle import Oracle


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """TensorFlow in a process of its own, started once and forked for every question."""
    with Oracle() as running:
        yield running
