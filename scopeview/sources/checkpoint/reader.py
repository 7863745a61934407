"""A checkpoint, of whatever version, to a Model: no ops, every entry a variable."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from scopeview.errors import DamagedError
from scopeview.model.builder import OpTableBuilder
from scopeview.model.model import Model, Origin
from scopeview.model.variables import Variable, VariableTable
from scopeview.sources.checkpoint import v1, v2
from scopeview.sources.checkpoint.object_graph import (
    OBJECT_GRAPH_KEY,
    parse_object_graph,
    with_full_names,
    with_paths_of_keys,
)
from scopeview.sources.files import read_file
from scopeview.sources.graph.attributes import decode_node

_SHARD = re.compile(r"-\d{5}-of-\d{5}\Z")


def read_checkpoint(path: Path, origin: Origin) -> Model:
    """Read a checkpoint from its table: a V2 index, or a V1 file or one of its shards."""
    buffer = read_file(path)
    bundle = v2.read_bundle(buffer, str(path))
    if bundle is None:
        return _read_v1(path, origin)
    prefix = path.with_name(path.name.removesuffix(".index"))
    variables = v2.bundle_variables(bundle)
    if not variables and bundle.notes:
        raise DamagedError(f"{path} is a checkpoint index of which nothing can be read: {'; '.join(bundle.notes)}")
    is_object_based = any(variable.name == OBJECT_GRAPH_KEY for variable in variables)
    notes = [*bundle.notes, *v2.check_shards(prefix, bundle)]
    if is_object_based:
        variables = _name_objects(prefix, bundle, variables, notes)
    filled = replace(
        origin,
        format="checkpoint_object" if is_object_based else "checkpoint_v2",
        producer=bundle.producer,
        details={"shards": str(bundle.shard_count)},
    )
    return _model(filled, variables, notes)


def _name_objects(prefix: Path, bundle: v2.Bundle, variables: list[Variable], notes: list[str]) -> list[Variable]:
    raw = v2.read_string(prefix, bundle, OBJECT_GRAPH_KEY.encode())
    object_graph = parse_object_graph(raw) if raw is not None else None
    if object_graph is None:
        notes.append(
            "the object graph could not be read from the data shard: "
            "entries are named by their keys, full names are unknown"
        )
        return with_paths_of_keys(variables)
    return with_full_names(variables, object_graph)


def _read_v1(path: Path, origin: Origin) -> Model:
    notes: list[str] = []
    shards = v1_shards(path)
    match = _SHARD.search(path.name)
    missing = int(match.group()[-5:]) - len(shards) if match else 0
    if missing > 0:
        notes.append(f"{missing} of {missing + len(shards)} shards are missing: what they hold is not shown")
    variables, producer = v1.read_v1((read_file(shard) for shard in shards), str(path), notes)
    filled = replace(origin, format="checkpoint_v1", producer=producer, details={"shards": str(len(shards))})
    return _model(filled, variables, notes)


def v1_shards(path: Path) -> list[Path]:
    """Return every shard of a V1 checkpoint that one of its files belongs to."""
    match = _SHARD.search(path.name)
    if match is None:
        return [path]
    stem, total = path.name[: match.start()], match.group()[-5:]
    pattern = re.compile(rf"{re.escape(stem)}-\d{{5}}-of-{total}\Z")
    return sorted(sibling for sibling in path.parent.iterdir() if pattern.match(sibling.name))


def _model(origin: Origin, variables: list[Variable], notes: list[str]) -> Model:
    graph, _ = OpTableBuilder(b"", decode_node).freeze()
    return Model(origin, graph, {}, VariableTable(variables), notes=tuple(dict.fromkeys(notes)))
