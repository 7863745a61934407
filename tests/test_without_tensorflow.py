"""Reading, serving and reporting need neither TensorFlow nor protobuf."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from tests.places import ROOT, SAMPLES

BLOCKED = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("tensorflow", "keras", "tf_keras") or name.startswith("google.protobuf"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker())
from scopeview.cli.main import main
sys.argv = ["scopeview", *sys.argv[1:]]
main()
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error::DeprecationWarning:scopeview", "-c", BLOCKED, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=ROOT)


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", "m17_gan.meta"),
        ("inspect", "m29_module"),
        ("inspect", "m02_nested_scopes.pbtxt"),
        ("inspect", "m33_original.ckpt"),
        ("lint", "m18_missed_sharing.meta"),
        ("diff", "m33_original.ckpt", "m33_renamed.meta"),
        ("report", "m05_reuse.meta", "-o", "-"),
        ("export", "m05_reuse.meta", "--format", "json"),
    ],
    ids=" ".join,
)
def test_commands_work(arguments: tuple[str, ...]) -> None:
    command, *rest = arguments
    done = run(
        command, *(str(SAMPLES / item) if (SAMPLES / item).exists() or ".ckpt" in item else item for item in rest)
    )

    assert done.returncode in (0, 1), done.stderr
    assert done.stdout
    assert "Traceback" not in done.stderr


def test_import_says_what_to_install() -> None:
    done = run("inspect", "--import", str(SAMPLES / "m05_reuse.meta"))

    assert "pip install tensorflow" in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stderr


def test_the_small_installation_has_every_dependency_but_tensorflow() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    listed = [line for line in (ROOT / "requirements-small.txt").read_text().splitlines() if not line.startswith("#")]
    assert listed == [one for one in declared if not one.startswith("tensorflow")]
