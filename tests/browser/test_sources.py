"""The sources of the page: types that follow the server, and what can be checked without a browser.

`make lint`, which `make test` begins with, has them linted and formatted.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.places import ROOT

WEB = ROOT / "web"
pytestmark = pytest.mark.skipif(
    shutil.which("npx") is None or not (WEB / "node_modules").is_dir(),
    reason="needs npm, and the packages that pip install -e . brings into web/node_modules",
)


def npx(*arguments: str) -> str:
    done = subprocess.run(["npx", "--no-install", *arguments], cwd=WEB, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_types_are_those_of_the_server() -> None:
    done = subprocess.run(
        [sys.executable, WEB / "generate_types.py", "--print"], capture_output=True, text=True, check=True
    )

    assert done.stdout == (WEB / "src" / "lib" / "schema.ts").read_text("utf-8"), "make types writes them again"


def test_types_hold() -> None:
    npx("tsc", "--noEmit")


def test_pure_parts() -> None:
    npx("vitest", "run")


def test_the_lock_names_no_registry() -> None:
    assert '"resolved"' not in (WEB / "package-lock.json").read_text("utf-8")
