"""The `checkpoint` file of a folder: a CheckpointState in text format, which names the latest checkpoint.

Its paths are relative or absolute, and stale once the folder was moved (tensorflow/tensorflow#571): then the last
segment in the same folder counts, as `tf.train.latest_checkpoint` does not do.
"""

from __future__ import annotations

import re
from pathlib import Path

from scopeview.errors import NotFoundError
from scopeview.readers.fence import LONGEST_PATH
from scopeview.readers.paths import is_remote
from scopeview.readers.storage import children, is_dir, is_file, opened

_PATTERN = re.compile(r"-\?{5}-of-\d{5}\Z")


_LARGEST = 1 << 20
"""Bytes of a state file that is read; one that lists a thousand checkpoints has 100 kB."""

_MOST_NAMED = 200
"""Checkpoints of a state file that are looked for; a saver keeps five."""


def read_state(state_file: Path) -> list[str] | None:
    """Return the checkpoints that a state file names, the latest first, or None if it cannot be read.

    Text of another kind, a path that no file can have and an empty one are not checkpoints; an empty latest one stays.
    """
    from scopeview.readers.protobuf.decode import parse
    from scopeview.readers.protobuf.text import to_wire

    try:
        with opened(state_file) as file:
            text = file.read(_LARGEST + 1).decode("utf-8")
        if len(text) > _LARGEST:
            return None
        state = parse("CheckpointState", to_wire(text, "CheckpointState")[0])
    except (OSError, NotFoundError, ValueError):
        return None
    return [str(state.model_checkpoint_path), *map(str, state.all_model_checkpoint_paths[:_MOST_NAMED])]


def latest_prefix(state_file: Path) -> Path | None:
    """Return the prefix of the checkpoint that a state file names, or None if it names none that a file could be."""
    named = (read_state(state_file) or [""])[0]
    if not is_prefix(named):
        return None
    path = place_of(state_file, named)
    return path if table_path(path) is not None else state_file.parent / Path(named).name


def place_of(state_file: Path, named: str) -> Path:
    """Return the prefix that a name in a state file stands for.

    Of a state file elsewhere it lies in the same folder: there names are URLs, and what a file says opens none.
    """
    return state_file.parent / (Path(named).name if is_remote(state_file) else named)


def is_prefix(text: str) -> bool:
    """Return whether a text from a file can be the path of a checkpoint: it ends in a name, and is not too long."""
    return "\0" not in text and len(text) <= LONGEST_PATH and Path(text).name not in ("", ".", "..")


def table_path(prefix: Path) -> Path | None:
    """Return the file that holds a checkpoint's table: the V2 index, the V1 file, or its first shard."""
    if not is_prefix(str(prefix)):
        return None
    index = prefix.with_name(f"{prefix.name}.index")
    if is_file(index):
        return index
    if is_file(prefix):
        return prefix
    if not is_dir(prefix.parent):
        return None
    # A sharded V1 saver calls its checkpoint `model.ckpt-?????-of-00002`. Not glob: a folder named `br[1]` is a name,
    # not a pattern (tensorflow/tensorflow#35489).
    stem = _PATTERN.sub("", prefix.name)
    shards = re.compile(rf"{re.escape(stem)}-\d{{5}}-of-\d{{5}}\Z")
    return next((path for path in children(prefix.parent) if shards.match(path.name)), None)
