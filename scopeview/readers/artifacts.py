"""What a path holds: one artifact or several, found by content.

A path is a file, a checkpoint prefix (`model.ckpt-100`), a SavedModel folder, a folder of checkpoints, a logdir, or
several of these at once. All are offered; the first by rank is what opens without being asked for by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from scopeview.errors import NotFoundError, ScopeviewError, UnknownFormatError
from scopeview.model.model import Format
from scopeview.readers.checkpoint.reader import v1_shards
from scopeview.readers.checkpoint.state import latest_prefix, table_path
from scopeview.readers.event_file import EventGraph, event_graphs
from scopeview.readers.files import read_file
from scopeview.readers.sniff import Kind, sniff

_CHECKPOINT_KINDS = ("table", "cut_table")
_RANKS: dict[Kind, int] = {
    "saved_model": 0,
    "saved_model_text": 0,
    "table": 2,
    "cut_table": 2,
    "meta_graph": 3,
    "meta_graph_text": 3,
    "graph_def": 4,
    "graph_def_text": 4,
    "events": 5,
    "inspection": 6,
}
_LATEST_RANK = 1

FORMATS: dict[Kind, Format] = {
    "saved_model": "saved_model",
    "saved_model_text": "saved_model",
    "table": "checkpoint_v2",
    "cut_table": "checkpoint_v2",
    "meta_graph": "meta_graph",
    "meta_graph_text": "meta_graph",
    "graph_def": "graph_def",
    "graph_def_text": "graph_def",
}


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something at a path that can be opened."""

    name: str
    """What the `artifact` argument takes; empty where the path holds nothing else."""
    kind: Kind
    file: Path
    rank: int
    """Lower opens first; equal ranks must be chosen between."""
    event: EventGraph | None = None
    notes: tuple[str, ...] = ()
    """What was found out about the file on the way, such as a record that is damaged."""


def find_artifacts(path: Path) -> list[Artifact]:
    """List what a path holds, best first.

    Raises:
        NotFoundError: nothing is there.
        UnknownFormatError: what is there is not TensorFlow's.
    """
    try:
        return _find(path)
    except OSError as error:
        raise NotFoundError(f"{_short(path)} cannot be opened: {error.strerror or error}") from error


def _find(path: Path) -> list[Artifact]:
    if path.is_dir():
        found = sorted(_in_folder(path), key=lambda artifact: (artifact.rank, artifact.name))
        if not found and table_path(path) is not None and path.name:
            return _at_prefix(path)  # a checkpoint beside a folder of the same name
        if not found:
            raise UnknownFormatError(_nothing_in(path))
        return found
    if path.is_file():
        found = _in_file(path, "")
        meta = path.with_name(f"{path.name}.meta")
        if found[0].kind in _CHECKPOINT_KINDS and meta.is_file():
            return [replace(found[0], name="checkpoint"), *_offered(meta, "meta_graph")]
        return found
    if path.is_symlink() or path.exists():
        what = "a symbolic link that leads nowhere" if path.is_symlink() else "a device or a pipe"
        raise UnknownFormatError(f"{path} is {what}, not a file; pass the file itself")
    return _at_prefix(path)


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 200 else f"{text[:100]}… ({len(text):,} characters)"


def _in_file(path: Path, name: str) -> list[Artifact]:
    shard = _prefix_of_shard(path)
    if shard is not None:
        return _at_prefix(shard)
    kind = sniff(path)
    if kind == "checkpoint_state":
        prefix = latest_prefix(path)
        if prefix is None or table_path(prefix) is None:
            raise NotFoundError(
                f"{path} names the checkpoint {prefix}, which is not there; pass the prefix of one that is"
            )
        return _at_prefix(prefix)
    if kind == "events":
        return list(_in_event_file(path, name))
    return [Artifact(name, kind, path, _RANKS[kind])]


_SHARD = re.compile(r"\d{5}-of-\d{5}")


def _prefix_of_shard(path: Path) -> Path | None:
    """Return the prefix of a data shard (`model.ckpt.data-00000-of-00001`), which cannot be read alone."""
    stem, separator, rest = path.name.rpartition(".data-")
    if not (separator and stem and _SHARD.fullmatch(rest)):
        return None
    if not path.with_name(f"{stem}.index").is_file():
        raise NotFoundError(
            f"{path} is a data file of a checkpoint, and {stem}.index, which says what is in it, is not beside it; "
            "copy that file too"
        )
    return path.with_name(stem)


def _in_event_file(path: Path, name: str) -> Iterator[Artifact]:
    notes: list[str] = []
    graphs = event_graphs(read_file(path), notes)
    if not graphs:
        reason = f" ({notes[0]})" if notes else ""
        raise UnknownFormatError(
            f"{path} is an event file without a graph: it holds summaries only{reason}; "
            "pass the run that wrote its graph"
        )
    for position, graph in enumerate(graphs):
        label = f"{name}:{graph.name}" if name else graph.name
        # The best graph of a file competes with other files; the rest is there to be asked for.
        rank = _RANKS["events"] + (1 if position else 0)
        yield Artifact(label, "events", path, rank, graph, tuple(notes))


def _at_prefix(prefix: Path) -> list[Artifact]:
    """List the checkpoint of a prefix, and the MetaGraph that was saved beside it."""
    table = table_path(prefix)
    meta = prefix.with_name(f"{prefix.name}.meta")
    if table is None and not meta.is_file():
        raise NotFoundError(f"{prefix} does not exist, neither as a file nor as the prefix of a checkpoint")
    found = []
    if table is not None:
        found.append(Artifact("checkpoint", _table_kind(table), table, _LATEST_RANK))
    if meta.is_file():
        found += _offered(meta, "meta_graph")
    return found


def _table_kind(table: Path) -> Kind:
    kind = sniff(table)
    if kind not in _CHECKPOINT_KINDS:
        raise UnknownFormatError(f"{table} is not a checkpoint, although its name says so: it is {kind}")
    return kind


def _in_folder(folder: Path) -> Iterator[Artifact]:
    """Yield what lies in a folder, and event files in folders below it (runs)."""
    latest = latest_prefix(folder / "checkpoint")
    latest_table = table_path(latest) if latest is not None else None
    seen_shards: set[Path] = set()
    for file in sorted(folder.iterdir()):
        if not file.is_file() or file.name == "checkpoint" or file in seen_shards:
            continue
        if ".data-" in file.name or file.name == "fingerprint.pb":
            continue
        for artifact in _offered(file, file.name.removesuffix(".index")):
            if artifact.kind in _CHECKPOINT_KINDS:
                seen_shards.update(v1_shards(file))
            yield replace(artifact, rank=_LATEST_RANK) if file == latest_table else artifact
    values = folder / "variables" / "variables.index"
    if values.is_file() and any((folder / name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt")):
        yield Artifact("variables", _table_kind(values), values, _RANKS["table"])
    for file in sorted(folder.rglob("*tfevents*")):
        if file.parent != folder and file.is_file():
            yield from _offered(file, str(file.relative_to(folder)))


def _offered(file: Path, name: str) -> list[Artifact]:
    """List what a file among others holds; what is not TensorFlow's is passed over there."""
    try:
        return _in_file(file, name)
    except ScopeviewError:
        return []


def _nothing_in(folder: Path) -> str:
    chunked = folder / "saved_model.cpb"
    if chunked.is_file():
        return f"{folder} holds only a chunked SavedModel ({chunked.name}); save it below 2 GB or as text"
    state = folder / "checkpoint"
    if state.is_file():
        return f"{folder} has a state file that names the checkpoint {latest_prefix(state)}, which is not there"
    deeper = sorted(
        {str(p.parent.relative_to(folder)) for p in folder.glob("**/saved_model.pb*")}
        | {str(p.relative_to(folder)).removesuffix(".index") for p in folder.glob("**/*.index")}
    )
    if deeper:
        shown = ", ".join(deeper[:8]) + (f" and {len(deeper) - 8} more" if len(deeper) > 8 else "")
        return f"{folder} holds no artifact of TensorFlow itself; below it are: {shown}"
    empty = f"{folder} holds no SavedModel, checkpoint, graph or event file of TensorFlow that can be opened"
    refused = [str(error) for file in sorted(folder.iterdir()) if (error := _refusal(file)) is not None]
    return f"{empty}: {refused[0]}" if refused else empty


def _refusal(file: Path) -> ScopeviewError | None:
    """Return why a file whose name looks like TensorFlow's does not open, or None."""
    if "tfevents" not in file.name and file.suffix not in (".pb", ".pbtxt", ".meta", ".index"):
        return None
    try:
        _in_file(file, "")
    except ScopeviewError as error:
        return error
    return None
