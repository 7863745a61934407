"""Which artifact of a folder opens: the one that says most about the model.

1  saved_model.pb, the name that TensorFlow loads, before any other graph; then saved_model.pbtxt
2  the graph of a training run, with the values of its newest checkpoint: the .meta of that checkpoint, the
   MetaGraph or graph of an event file, a graph file that holds variables
3  the newest checkpoint alone
4  checkpoints, traced graphs, MetaGraphs, graphs; several of a kind must be chosen between
5  event files: those of the folder itself, then one per run below it; the runs must be chosen between
6  everything else
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from scopeview.readers.checkpoint.state import latest_prefix, table_path
from scopeview.readers.protocol import Artifact

_STEP = re.compile(r"(.*)-(\d{1,18})\Z")
_LAST = (9,)


def ranked(folder: Path, found: Sequence[Artifact]) -> list[Artifact]:
    """Return the artifacts of a folder, best first; each graph of a run knows the newest checkpoint."""
    newest = _newest(folder, found)
    graphs = [artifact for artifact in found if artifact.has_graph]
    is_saved_model = any(artifact.has_tags for artifact in graphs)
    seen: set[Path] = set()
    result = []
    for artifact in found:
        is_first = artifact.file not in seen  # what else a file holds is there to be asked for
        seen.add(artifact.file)
        is_own = artifact.file.parent == folder
        of_run = newest if is_own and not is_saved_model else None
        rank = _rank(artifact, of_run, folder) if is_first else _LAST
        table = artifact.checkpoint or (of_run if artifact.has_graph and not artifact.has_tags else None)
        result.append(replace(artifact, rank=rank, checkpoint=table))
    return sorted(result, key=lambda artifact: (artifact.rank, artifact.name))


def _rank(artifact: Artifact, newest: Path | None, folder: Path) -> tuple[int, ...]:
    name = artifact.file.name
    if artifact.has_tags:
        return (1, 0 if name == "saved_model.pb" else 1 if name == "saved_model.pbtxt" else 2)
    if not artifact.has_graph:
        return (3,) if artifact.file == newest else (4, 0)
    is_event = "event file" in artifact.kind
    if newest is not None and artifact.checkpoint == newest:
        return (2, 0)
    if newest is not None and (is_event or artifact.order[:1] == (0,)):
        return (2, 1, *artifact.order) if is_event else (2, 1, 1, *artifact.order[1:])
    if is_event:
        return (5, 0, *artifact.order) if artifact.file.parent == folder else (5, 1)
    kinds = {"MetaGraph": (4, 1), "graph": (4, 2), "trace": (4, 3), "traced": (4, 0, 1)}
    return kinds.get(artifact.kind.split()[0], (6,))


def _newest(folder: Path, found: Iterable[Artifact]) -> Path | None:
    """Return the table of the newest checkpoint: the state file names it, it has the highest step, or is the only one.

    None where several checkpoints of different names lie side by side.
    """
    tables = [artifact.file for artifact in found if artifact.has_values and artifact.file.parent == folder]
    prefix = latest_prefix(folder / "checkpoint")
    named = table_path(prefix) if prefix is not None else None
    if named in tables:
        return named
    steps = {table: _STEP.match(table.name.removesuffix(".index")) for table in tables}
    stems = {match[1] if match else table.name for table, match in steps.items()}
    if len(stems) != 1:
        return None
    return max(tables, key=lambda table: int(match[2]) if (match := steps[table]) else 0)
