"""The composite action, its steps run as GitHub runs them: in bash, with the inputs in the environment."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import ROOT, SAMPLES

ACTION = (ROOT / "action.yml").read_text("utf-8")
HOOKS = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
EXAMPLES = ROOT / "docs" / "examples"


def step(name: str) -> tuple[str, dict[str, str]]:
    """Return the script of a step, and what of its environment comes from which input."""
    (part,) = re.findall(rf"^    - name: {name}\n((?:      .*\n|\n)+)", ACTION + "\n", re.MULTILINE)
    script = re.search(r"^      run: (?:\|\n((?:        .*\n)+)|(.*)\n)", part, re.MULTILINE)
    assert script is not None
    return script[1] or script[2], dict(re.findall(r"^        (\w+): \$\{\{ inputs\.(\w+) \}\}$", part, re.MULTILINE))


@pytest.fixture
def github(tmp_path: Path) -> Path:
    """A folder with `scopeview` on the search path, and the summary of a run."""
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "scopeview"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m scopeview "$@"\n', "utf-8")
    command.chmod(0o755)
    return tmp_path


def run(github: Path, name: str, **inputs: str) -> int:
    script, takes = step(name)
    environment = os.environ | {
        "PATH": f"{github / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GITHUB_STEP_SUMMARY": str(github / "summary.md"),
        **{variable: inputs.get(one, "") for variable, one in takes.items()},
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=github, env=environment, capture_output=True, check=False).returncode


def test_the_namespace_is_compared_and_summed_up(github: Path) -> None:
    kept = str(EXAMPLES / "variables.json")
    assert run(github, "namespace", kept=kept, artifact=str(EXAMPLES / "train.meta")) == 0
    assert run(github, "namespace", kept=kept, artifact=str(SAMPLES / "m17_gan.meta")) == 1
    assert "discriminator/" in (github / "summary.md").read_text("utf-8")


def test_findings_are_written_as_sarif_whatever_the_inputs_hold(github: Path) -> None:
    artifact = github / "a $(touch ran) graph.meta"
    artifact.write_bytes((SAMPLES / "m36_missed_sharing_flat.meta").read_bytes())
    assert run(github, "lint", artifact=str(artifact), rules="G2,G3", sarif="out.sarif") == 0
    rules = {one["ruleId"] for one in json.loads((github / "out.sarif").read_text("utf-8"))["runs"][0]["results"]}
    assert rules <= {"G2", "G3"}
    assert not (github / "ran").exists()


def test_scopes_of_a_program_fail_on_its_lines(github: Path) -> None:
    pytest.importorskip("tensorflow")
    assert run(github, "scopes", script=f"{EXAMPLES / 'faulty.py'}", sarif="out.sarif") == 1
    (first, *_) = json.loads((github / "out.sarif").read_text("utf-8"))["runs"][0]["results"]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("model.py")


def test_steps_and_hooks_are_those_that_exist() -> None:
    from scopeview.cli.main import COMMANDS

    assert "run: python -m pip install" in ACTION
    called = re.findall(r"\bscopeview ([a-z-]+)", re.sub(r"#.*", "", HOOKS)) + re.findall(
        r"^ +scopeview ([a-z-]+)", ACTION
    )
    entries = set(re.findall(r"entry: scopeview ([a-z-]+)", HOOKS))
    assert entries == {"diff", "lint", "check-scopes"}
    assert entries <= {name.replace("_", "-") for name in COMMANDS}
    assert called
