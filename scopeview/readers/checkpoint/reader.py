"""A checkpoint, of whatever version, to a Model: no ops, every entry a variable."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from scopeview.errors import DamagedError
from scopeview.model.builder import OpTableBuilder
from scopeview.model.model import Damage, Model, Origin
from scopeview.model.object_paths import OBJECT_GRAPH_KEY
from scopeview.model.variables import Variable, VariableTable
from scopeview.readers.checkpoint import v1, v2
from scopeview.readers.checkpoint.folder import folder_damage
from scopeview.readers.checkpoint.index_columns import IndexColumns, read_columns
from scopeview.readers.checkpoint.object_graph import (
    parse_object_graph,
    with_full_names,
    with_paths_of_keys,
)
from scopeview.readers.checkpoint.table import looks_like_cut_table, looks_like_table
from scopeview.readers.files import look_into
from scopeview.readers.graph.attributes import decode_node
from scopeview.readers.protocol import Artifact, Certainty, Content
from scopeview.readers.storage import children, is_file, status

_SHARD = re.compile(r"-\d{5}-of-\d{5}\Z")


class CheckpointReader:
    """Reads checkpoints of all versions from their table."""

    def sniff(self, content: Content) -> Certainty:
        """Return whether the file ends as a table does, or starts as one that was cut off."""
        if looks_like_table(bytes(content.buffer[-48:])):
            return Certainty.CERTAIN
        return Certainty.PERHAPS if looks_like_cut_table(content.head) else Certainty.NO

    def list(self, content: Content, name: str) -> Iterable[Artifact]:
        """List the checkpoint."""
        yield checkpoint_artifact(content.path, name)

    def read(self, artifact: Artifact, path: str, tags: Sequence[str] | None) -> Model:
        """Read the checkpoint."""
        del tags
        return read_checkpoint(artifact.file, Origin(path, "checkpoint_v2", str(artifact.file)))


def checkpoint_artifact(table: Path, name: str) -> Artifact:
    """Return the checkpoint that has this table; its size is that of all its files."""
    found = [status(path) for path in (table, *_data_files(table))]
    size = sum(one.st_size for one in found if one is not None)
    return Artifact(name, "checkpoint", table, CheckpointReader(), size, has_graph=False, has_values=True)


def _data_files(table: Path) -> list[Path]:
    if table.suffix != ".index":
        return [path for path in v1_shards(table) if path != table]
    only = table.with_name(f"{table.stem}.data-00000-of-00001")
    if is_file(only):
        return [only]
    pattern = re.compile(rf"{re.escape(table.stem)}\.data-\d{{5}}-of-\d{{5}}\Z")
    return [path for path in children(table.parent) if pattern.match(path.name)]


def read_checkpoint(path: Path, origin: Origin) -> Model:
    """Read a checkpoint from its table: a V2 index, or a V1 file or one of its shards."""
    buffer = look_into(path)
    columns = read_columns(buffer)
    if columns is not None:
        return _of_columns(path, origin, columns)
    bundle = v2.read_bundle(buffer, str(path))
    if bundle is None:
        return _read_v1(path, origin)
    prefix = path.with_name(path.name.removesuffix(".index"))
    variables = v2.bundle_variables(bundle)
    if not variables and bundle.notes:
        raise DamagedError(f"{path} is a checkpoint index of which nothing can be read: {'; '.join(bundle.notes)}")
    is_object_based = any(variable.name == OBJECT_GRAPH_KEY for variable in variables)
    of_shards = v2.check_shards(prefix, bundle)
    damage = [*(Damage("index", path.name, note) for note in bundle.notes), *of_shards, *folder_damage(path)]
    notes = [*bundle.notes, *(found.message for found in of_shards)]
    object_keys: dict[str, bool] = {}
    if is_object_based:
        variables, object_keys = _name_objects(prefix, bundle, variables, notes)
    filled = replace(
        origin,
        format="checkpoint_object" if is_object_based else "checkpoint_v2",
        producer=bundle.producer,
        details={"shards": str(bundle.shard_count)},
    )
    return replace(_model(filled, variables, notes), damage=tuple(damage), object_keys=object_keys)


def _of_columns(path: Path, origin: Origin, found: IndexColumns) -> Model:
    """Return the model of an index that was read in columns, of which nothing is damaged."""
    prefix, count = path.with_name(path.name.removesuffix(".index")), found.bundle.shard_count
    shards, at = np.unique(found.shard, return_inverse=True)
    needed = np.zeros(len(shards), dtype=np.int64)
    np.maximum.at(needed, at, found.end)
    of_shards = v2.check_shard_sizes(prefix, count, dict(zip(shards.tolist(), needed.tolist(), strict=True)))
    filled = replace(origin, format="checkpoint_v2", producer=found.bundle.producer, details={"shards": str(count)})
    model = _model(filled, found.variables, [damage.message for damage in of_shards])
    return replace(model, damage=(*of_shards, *folder_damage(path)))


def _name_objects(
    prefix: Path, bundle: v2.Bundle, variables: list[Variable], notes: list[str]
) -> tuple[list[Variable], dict[str, bool]]:
    """Return the entries under their full names, and which keys of the object graph are there."""
    raw = v2.read_string(prefix, bundle, OBJECT_GRAPH_KEY.encode())
    object_graph = parse_object_graph(raw) if raw is not None else None
    if object_graph is None:
        notes.append(
            "the object graph could not be read from the data shard: "
            "entries are named by their keys, full names are unknown"
        )
        return with_paths_of_keys(variables), {}
    there = {variable.name for variable in variables}
    there |= {name.removesuffix(suffix) for name in there for suffix in ("-keys", "-values")}  # the two of a table
    keys = (attribute.checkpoint_key for node in object_graph.nodes for attribute in node.attributes)
    return with_full_names(variables, object_graph), {key: key in there for key in keys}


def _read_v1(path: Path, origin: Origin) -> Model:
    notes: list[str] = []
    shards = v1_shards(path)
    match = _SHARD.search(path.name)
    missing = int(match.group()[-5:]) - len(shards) if match else 0
    if missing > 0:
        notes.append(f"{missing} of {missing + len(shards)} shards are missing: what they hold is not shown")
    damage = [Damage("shard", path.name, note) for note in notes]
    variables, producer = v1.read_v1((look_into(shard) for shard in shards), str(path), notes)
    damage += [Damage("index", path.name, note) for note in notes[len(damage) :]]
    filled = replace(origin, format="checkpoint_v1", producer=producer, details={"shards": str(len(shards))})
    return replace(_model(filled, variables, notes), damage=(*damage, *folder_damage(path)))


def v1_shards(path: Path) -> list[Path]:
    """Return every shard of a V1 checkpoint that one of its files belongs to."""
    match = _SHARD.search(path.name)
    if match is None:
        return [path]
    stem, total = path.name[: match.start()], match.group()[-5:]
    pattern = re.compile(rf"{re.escape(stem)}-\d{{5}}-of-{total}\Z")
    return [sibling for sibling in children(path.parent) if pattern.match(sibling.name)]


def _model(origin: Origin, variables: Sequence[Variable], notes: list[str]) -> Model:
    graph, _ = OpTableBuilder(b"", decode_node).freeze()
    return Model(origin, graph, {}, VariableTable(variables), notes=tuple(dict.fromkeys(notes)))
