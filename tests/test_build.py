"""A wheel has the page in it, whether or not the machine that builds it has Node."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.places import ROOT

TOOLS = ("sh", "bash", "env", "uname", "cat", "ls", "mkdir", "rm")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of what the build of the Docker image gets: kept in this repository, let through, and copied."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("needs git, and the repository that these tests are of")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    target = tmp_path / "checkout"
    copied = _copied()
    for name in filter(None, listed.split("\0")):
        if name in copied or name.partition("/")[0] in copied:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


def _copied() -> set[str]:
    """Return the files and folders that the Dockerfile copies, as far as `.dockerignore` lets them through."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    sources = {name for line in lines if line.startswith("COPY ") for name in line.split()[1:-1]}
    passed = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert passed[0] == "*"
    return {name for name in sources if f"!{name}" in passed}


def build(checkout: Path, target: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", str(target), str(checkout)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=600, check=False, env={**os.environ, **environment}
    )


def without_node(folder: Path) -> str:
    """Return a search path on which there is no Node."""
    folder.mkdir()
    for tool in TOOLS:
        where = shutil.which(tool)
        if where is not None:
            (folder / tool).symlink_to(where)
    return str(folder)


def test_a_wheel_built_without_node_has_the_page(checkout: Path, tmp_path: Path) -> None:
    done = build(checkout, tmp_path / "out", PATH=without_node(tmp_path / "bin"))

    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (tmp_path / "out").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    page = {f"scopeview/server/static/{name}" for name in ("app.js", "app.css", "icon.svg")}
    templates = {"scopeview/server/templates/shell.html", "scopeview/render/templates/report.html"}
    assert page | templates <= names
    assert not [name for name in names if "node_modules" in name or name.startswith("web/")]


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """What the build calls; the build has hatchling, the tests need not."""
    for place, name in (("builders.hooks", "BuildHookInterface"), ("metadata", "MetadataHookInterface")):
        monkeypatch.setitem(sys.modules, f"hatchling.{place}.plugin.interface", SimpleNamespace(**{name: object}))
    monkeypatch.syspath_prepend(ROOT)
    return importlib.import_module("hatch_build")


def test_a_page_that_cannot_be_built_is_one_clear_error(checkout: Path, hooks: ModuleType) -> None:
    if not hooks._system_node():
        pytest.skip("needs npm: without it the build brings its own, which takes a minute")
    (checkout / "web" / "package.json").write_text("this is no package(", "utf-8")
    hook = hooks.CustomBuildHook()
    hook.root, hook.target_name = str(checkout), "wheel"

    with pytest.raises(RuntimeError, match=r"(?s)the page could not be built: npm install .*SCOPEVIEW_NO_PAGE=1"):
        hook.initialize("standard", {"artifacts": []})


def test_links_of_the_description_are_absolute_or_none(hooks: ModuleType) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    home = "https://example.org/someone/scopeview"
    links = re.compile(r"\]\(([^)]*)\)")
    files = [target for target in links.findall(text) if not target.startswith("http")]
    assert files
    assert all((ROOT / target).exists() for target in files)

    known = hooks.description(text, home, "1.2.3")
    assert all(f"{home}/blob/v1.2.3/{t}" in known or f"{home}/raw/v1.2.3/{t}" in known for t in files)
    assert f"({home}/raw/v1.2.3/docs/images/inspect.svg)" in known
    unknown = hooks.description(text, "", "1.2.3")
    assert all(target.startswith("https://") for shown in (known, unknown) for target in links.findall(shown))
    assert "the JSON is a stable contract" in unknown
    assert hooks.addresses("", "1.2.3") == {}
    assert hooks.addresses(home, "1.2.3")["Changelog"] == f"{home}/blob/v1.2.3/CHANGELOG.md"


def test_the_page_comes_with_the_licenses_of_what_it_contains(tmp_path: Path, hooks: ModuleType) -> None:
    licenses = hooks.licenses
    packages = {"one": {"two": "^1"}, "two": {}, "never": {}}
    for name, needed in packages.items():
        folder = tmp_path / "node_modules" / name
        folder.mkdir(parents=True)
        package = {"version": "1.2", "license": f"L-{name}", "dependencies": needed}
        (folder / "package.json").write_text(json.dumps(package), "utf-8")
        (folder / "LICENSE.md").write_text(f"the text of {name}", "utf-8")
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {"one": "^1"}}), "utf-8")

    text = licenses(tmp_path)
    assert [f"{name} 1.2 (L-{name})" in text for name in packages] == [True, True, False]
    assert "the text of two" in text
    (tmp_path / "node_modules" / "two" / "LICENSE.md").unlink()
    with pytest.raises(RuntimeError, match="two has no text of its license"):
        licenses(tmp_path)
