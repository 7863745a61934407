"""What the tests of records share: every program, traced once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every program, traced in one process of its own."""
    target = tmp_path_factory.mktemp("traces")
    command = [sys.executable, "-m", "tests.readers.traced_programs", str(target)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return target
