"""What a path holds: one artifact or several, found by content.

A path is a file, a checkpoint prefix (`model.ckpt-100`), a SavedModel folder, a folder of checkpoints, a logdir, or
several of these at once. All are offered; the first by rank is what opens without being asked for by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scopeview.errors import DamagedError, NotFoundError, RemoteError, ScopeviewError, UnknownFormatError
from scopeview.readers.budget import budget_for
from scopeview.readers.checkpoint.state import latest_prefix, table_path
from scopeview.readers.fence import fence, or_outside
from scopeview.readers.protocol import Artifact, Content
from scopeview.readers.ranking import ranked
from scopeview.readers.registry import reader_for
from scopeview.readers.storage import children, files_below, is_dir, is_file, looking, or_unlisted, status

_MOST_NAMED = 8
"""Artifacts below a folder that its refusal names."""


def find_artifacts(path: Path) -> list[Artifact]:
    """List what a path holds, best first.

    Raises:
        NotFoundError: nothing is there.
        UnknownFormatError: what is there is not TensorFlow's.
        RemoteError: it lies elsewhere, and cannot be reached.
    """
    try:
        with looking(path):
            return _find(path)
    except OSError as error:
        raise NotFoundError(f"{_short(path)} cannot be opened: {error.strerror or error}") from error


def _find(path: Path) -> list[Artifact]:
    if is_dir(path):
        found = _in_folder(path)
        if not found and path.name and table_path(path) is not None:
            return _at_prefix(path)  # a checkpoint beside a folder of the same name
        if not found:
            raise UnknownFormatError(_nothing_in(path))
        return found
    if is_file(path):
        found = _in_file(path, "")
        meta = path.with_name(f"{path.name}.meta")
        if not found[0].has_graph and is_file(meta):
            return _numbered([replace(found[0], name="checkpoint"), *_offered(meta, "meta_graph")])
        return _numbered(found)
    if status(path) is not None or (fence() is None and path.is_symlink()):
        what = "a symbolic link that leads nowhere" if status(path) is None else "a device or a pipe"
        raise UnknownFormatError(f"{path} is {what}, not a file; pass the file itself")
    return _at_prefix(path)


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else f"{text[:100]}… ({len(text):,} characters)"


def _numbered(found: list[Artifact]) -> list[Artifact]:
    """Rank the artifacts of one file or prefix as they are listed."""
    return [replace(artifact, rank=(number,)) for number, artifact in enumerate(found)]


def _in_file(path: Path, name: str) -> list[Artifact]:
    shard = _prefix_of_shard(path)
    if shard is not None:
        return _at_prefix(shard)
    content = Content(path)
    with budget_for(content.size) as budget:
        found = list(reader_for(content).list(content, name))
    return [
        replace(artifact, checkpoint=_checkpoint_beside(artifact), notes=(*artifact.notes, *budget.cuts))
        for artifact in found
    ]


def _checkpoint_beside(artifact: Artifact) -> Path | None:
    """Return the table with the values of a graph: in the folder of a SavedModel, or of a `.meta` the same prefix."""
    if not artifact.has_graph:
        return None
    if artifact.has_tags:
        table = artifact.file.parent / "variables" / "variables.index"
        return table if is_file(table) else None
    return table_path(artifact.file.with_suffix("")) if artifact.file.suffix == ".meta" else None


_SHARD = re.compile(r"\d{5}-of-\d{5}")


def _prefix_of_shard(path: Path) -> Path | None:
    """Return the prefix of a data shard (`model.ckpt.data-00000-of-00001`), which cannot be read alone."""
    stem, separator, rest = path.name.rpartition(".data-")
    if not (separator and stem and _SHARD.fullmatch(rest)):
        return None
    if not is_file(path.with_name(f"{stem}.index")):
        raise NotFoundError(
            f"{path} is a data file of a checkpoint, and {stem}.index, which says what is in it, is not beside it; "
            "copy that file too"
        )
    return path.with_name(stem)


def _at_prefix(prefix: Path) -> list[Artifact]:
    """List the checkpoint of a prefix, and the MetaGraph that was saved beside it."""
    table = table_path(prefix)
    meta = prefix.with_name(f"{prefix.name}.meta") if prefix.name else prefix
    if table is None and not is_file(meta):
        raise NotFoundError(
            f"{prefix} does not exist, neither as a file nor as the prefix of a checkpoint{or_unlisted(prefix)}"
        )
    found = [_checkpoint(table, "checkpoint")] if table is not None else []
    if is_file(meta):
        found += _offered(meta, "meta_graph")
    return _numbered(found)


def _checkpoint(table: Path, name: str) -> Artifact:
    found = _in_file(table, name)[0]
    if found.has_graph:
        raise UnknownFormatError(f"{table} is not a checkpoint, although its name says so: it is a {found.kind}")
    return found


def _in_folder(folder: Path) -> list[Artifact]:
    """List what lies in a folder, and event files in folders below it (runs)."""
    from scopeview.readers.checkpoint.reader import checkpoint_artifact, v1_shards

    found: list[Artifact] = []
    seen: set[Path] = set()
    for file in children(folder):
        if file in seen or file.name in ("checkpoint", "fingerprint.pb") or ".data-" in file.name or not is_file(file):
            continue
        for artifact in _offered(file, file.name.removesuffix(".index")):
            found.append(artifact)
            if not artifact.has_graph:
                seen.update(v1_shards(file))
    found = _without_parts(found)
    values = folder / "variables" / "variables.index"
    if is_file(values) and any(artifact.has_tags for artifact in found):
        found.append(checkpoint_artifact(values, "variables"))
    for file in files_below(folder):
        if file.parent != folder and "tfevents" in file.name and is_file(file):
            found += _offered(file, str(file.relative_to(folder)))
    return ranked(folder, found)


def _without_parts(found: Sequence[Artifact]) -> list[Artifact]:
    """Return what a folder holds without the files of weights that an index beside them names."""
    from scopeview.readers.weights.shard_index import has_index_name, parts_of

    parts: set[Path] = set()
    for artifact in found:
        if has_index_name(artifact.file):
            with suppress(DamagedError):
                parts.update(parts_of(artifact.file))
    return [artifact for artifact in found if artifact.file not in parts]


def _offered(file: Path, name: str) -> list[Artifact]:
    """List what a file among others holds; what is not TensorFlow's is passed over there."""
    try:
        return _in_file(file, name)
    except RemoteError:
        raise
    except ScopeviewError:
        return []


def _nothing_in(folder: Path) -> str:
    chunked = folder / "saved_model.cpb"
    if is_file(chunked):
        return f"{folder} holds only a chunked SavedModel ({chunked.name}); save it below 2 GB or as text"
    state = folder / "checkpoint"
    if is_file(state):
        named = latest_prefix(state)
        missing = (
            "names no checkpoint"
            if named is None
            else f"names the checkpoint {named}, which is not there{or_outside()}"
        )
        return f"{folder} has a state file that {missing}"
    below = [file for file in files_below(folder) if file.parent != folder]
    deeper = sorted(
        {str(file.parent.relative_to(folder)) for file in below if file.name.startswith("saved_model.pb")}
        | {str(file.relative_to(folder)).removesuffix(".index") for file in below if file.suffix == ".index"}
        | {str(file.parent.relative_to(folder)) for file in below if file.name == "_CHECKPOINT_METADATA"}
    )
    if deeper:
        more = f" and {len(deeper) - _MOST_NAMED} more" if len(deeper) > _MOST_NAMED else ""
        shown = ", ".join(deeper[:_MOST_NAMED]) + more
        return f"{folder} holds no artifact of TensorFlow itself; below it are: {shown}"
    empty = f"{folder} holds no SavedModel, checkpoint, graph or event file of TensorFlow that can be opened"
    refused = next((str(error) for file in children(folder) if (error := _refusal(file)) is not None), None)
    return f"{empty}: {refused}" if refused else empty


def _refusal(file: Path) -> ScopeviewError | None:
    """Return why a file whose name looks like TensorFlow's does not open, or None."""
    if "tfevents" not in file.name and file.suffix not in (".pb", ".pbtxt", ".meta", ".index"):
        return None
    try:
        _in_file(file, "")
    except RemoteError:
        raise
    except ScopeviewError as error:
        return error
    return None
