"""The `checkpoint` file of a folder: a CheckpointState in text format, which names the latest checkpoint.

Its paths are relative or absolute, and stale once the folder was moved (tensorflow/tensorflow#571): then the last
segment in the same folder counts, as `tf.train.latest_checkpoint` does not do.
"""

from __future__ import annotations

import re
from pathlib import Path

from scopeview.readers.files import opened
from scopeview.readers.protobuf.messages import message

_PATTERN = re.compile(r"-\?{5}-of-\d{5}\Z")


def read_state(state_file: Path) -> list[str] | None:
    """Return the checkpoints that a state file names, the latest first, or None if it cannot be read."""
    from google.protobuf import text_format

    try:
        with opened(state_file) as file:
            text = file.read().decode("utf-8")
        state = text_format.Parse(text, message("CheckpointState")(), allow_unknown_field=True)
    except (OSError, UnicodeDecodeError, text_format.ParseError):
        return None
    return [str(state.model_checkpoint_path), *map(str, state.all_model_checkpoint_paths)]


def latest_prefix(state_file: Path) -> Path | None:
    """Return the prefix of the checkpoint that a state file names, or None if it cannot be read."""
    named = (read_state(state_file) or [""])[0]
    if not named:
        return None
    path = state_file.parent / named
    return path if table_path(path) is not None else state_file.parent / Path(named).name


def table_path(prefix: Path) -> Path | None:
    """Return the file that holds a checkpoint's table: the V2 index, the V1 file, or its first shard."""
    index = prefix.with_name(f"{prefix.name}.index")
    if index.is_file():
        return index
    if prefix.is_file():
        return prefix
    if not prefix.parent.is_dir():
        return None
    # A sharded V1 saver calls its checkpoint `model.ckpt-?????-of-00002`. Not glob: a folder named `br[1]` is a name,
    # not a pattern (tensorflow/tensorflow#35489).
    stem = _PATTERN.sub("", prefix.name)
    shards = re.compile(rf"{re.escape(stem)}-\d{{5}}-of-\d{{5}}\Z")
    return next((path for path in sorted(prefix.parent.iterdir()) if shards.match(path.name)), None)
