"""Fixtures: TensorFlow as the oracle, and the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.cli.running import Ran, run
from tests.oracle import Oracle

# A machine may be slow, and a change must not fail for a case that chance found: new cases are looked for elsewhere.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together on one worker what shares a server or a model: the tests of a module, or of one real artifact.

    Only those directly in this folder are spread one by one: they are many, and each is about an artifact of its own.
    """
    here = Path(__file__).parent
    for item in items:
        row = (
            item.callspec.params.get("row") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
        )
        if item.path.parent != here:  # doctests of the package as well: this file is read for them too
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
        elif isinstance(row, dict):
            item.add_marker(pytest.mark.xdist_group(row["id"]))


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """TensorFlow in a process of its own, started once and forked for every question."""
    with Oracle() as running:
        yield running


@pytest.fixture
def scopeview(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """The command line: `scopeview("inspect", path)` returns exit code, output and errors."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return lambda *arguments: run(monkeypatch, capsys, *arguments)
