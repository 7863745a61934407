"""What the patterns of a fleet name: checkpoints by their prefixes, files, folders that hold one artifact or several.

In a pattern `*`, `?` and `[...]` stand within one segment and `**` for any number of them; what lies there is listed
through `readers.storage`, here and elsewhere alike. A path that is there as it is written is no pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import cast

from scopeview.errors import NotFoundError, QueryError, ScopeviewError
from scopeview.readers import find_artifacts
from scopeview.readers.paths import RemotePath, is_remote, path_of
from scopeview.readers.storage import children, files_below, is_dir, looking, status

MOST_TARGETS = 100_000
_MAGIC = re.compile(r"[*?\[]")
_SHARD = re.compile(r".*\.data-\d{5}-of-\d{5}\Z")
_PASSED_OVER = frozenset({"checkpoint", "fingerprint.pb", "events"})


@dataclass(frozen=True, slots=True)
class Target:
    """One artifact of a fleet."""

    path: str
    artifact: str | None = None
    """Which of several that the path holds."""


def targets_of(patterns: Iterable[str]) -> list[Target]:
    """Return what patterns name, in their order, each once.

    Raises:
        NotFoundError: a pattern names nothing.
        QueryError: they name more than 100,000 artifacts.
    """
    found: dict[Target, None] = {}
    for pattern in patterns:
        before = len(found)
        for path in _matches(pattern):
            found.update(dict.fromkeys(_within(path)))
            if len(found) > MOST_TARGETS:
                raise QueryError(f"the patterns name more than {MOST_TARGETS:,} artifacts; narrow them")
        if len(found) == before and not _named_before(pattern, found):
            raise NotFoundError(f"{pattern} names nothing; quote a pattern, so that the shell leaves it alone")
    return list(found)


def _named_before(pattern: str, found: Iterable[Target]) -> bool:
    """Whether a path is there, and another pattern named it already."""
    return any(True for path in _matches(pattern) for target in _within(path) if target in set(found))


def _matches(pattern: str) -> list[Path]:
    """Return the paths that fit a pattern; data files, and tables under the prefix of their checkpoint."""
    path = path_of(pattern)
    with looking(path):
        if not _MAGIC.search(pattern) or status(path) is not None:
            return [path]
        root, segments = _root(path)
        return _as_prefixes(_expanded(root, segments))


def _root(path: Path) -> tuple[Path, list[str]]:
    """Return the folder above the first segment with a wild card, and the segments from there."""
    parts = list(path.parts)
    first = next(number for number, part in enumerate(parts) if _MAGIC.search(part))
    if is_remote(path):
        remote = cast(RemotePath, path)
        return cast(Path, RemotePath(remote.root, parts[:first], remote.query)), parts[first:]
    return Path(*parts[:first]), parts[first:]


def _expanded(root: Path, segments: list[str]) -> list[Path]:
    found = [root]
    for number, segment in enumerate(segments):
        is_last = number == len(segments) - 1
        if segment == "**":
            rest = segments[number + 1 :] or ["*"]
            return sorted({path for folder in found for path in _below(folder, rest)})
        if not _MAGIC.search(segment):
            found = [path for folder in found if status(path := folder / segment) is not None]
        else:
            found = [path for folder in found for path in _listed(folder) if fnmatchcase(path.name, segment)]
        if not is_last:
            found = [path for path in found if is_dir(path)]
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return [path for path in children(folder) if not path.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise NotFoundError(f"{folder} cannot be listed: {error.strerror or error}") from error


def _below(folder: Path, segments: list[str]) -> Iterator[Path]:
    """Yield the files below a folder whose last segments fit, and the folders of SavedModels among them."""
    for path in files_below(folder):
        inside = path.relative_to(folder).parts
        if _fits(inside, segments):
            yield path
        elif path.name == "saved_model.pb" and _fits(inside[:-1], segments):
            yield path.parent


def _fits(parts: tuple[str, ...], segments: list[str]) -> bool:
    tail = parts[len(parts) - len(segments) :] if len(parts) >= len(segments) else ()
    return bool(tail) and all(map(fnmatchcase, tail, segments))


def _as_prefixes(paths: Iterable[Path]) -> list[Path]:
    """Return a checkpoint once, by its prefix, and not the files that belong to one."""
    paths = list(paths)
    prefixes = {path.with_name(path.name.removesuffix(".index")) for path in paths if path.suffix == ".index"}
    found: dict[Path, None] = {}
    for path in paths:
        if path.suffix == ".index":
            found[path.with_name(path.name.removesuffix(".index"))] = None
        elif path.suffix == ".meta" and path.with_suffix("") in prefixes:
            continue  # the graph beside a checkpoint; `*.meta` names the graphs
        elif not _SHARD.match(path.name) and path.name not in _PASSED_OVER:
            found[path] = None
    return list(found)


def _within(path: Path) -> list[Target]:
    """Return a path, or the artifacts of a folder that holds several; its checkpoints, where it has any."""
    if not is_dir(path):
        return [Target(str(path))]
    try:
        found = find_artifacts(path)
    except ScopeviewError:
        return [Target(str(path))]  # a row says why
    if len(found) == 1 or found[0].has_tags:
        return [Target(str(path))]
    chosen = [artifact for artifact in found if artifact.has_values] or found
    return [Target(str(PurePosixPath(path)) if not is_remote(path) else str(path), one.name) for one in chosen]
