from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.running import Ran, run


@pytest.fixture
def scopeview(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """The command line: `scopeview("inspect", path)` returns exit code, output and errors."""
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return lambda *arguments: run(monkeypatch, capsys, *arguments)
