"""What the folder of a checkpoint says beside it: a state file that points elsewhere, what an interrupted save left.

checkpoint                          names checkpoints that were moved or deleted
<prefix>.tempstate<number>          a V1 saver writes this and renames it when it is done
<prefix>_temp_<hash>/part-00000-... a V2 saver writes shards here and moves them when it is done
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from scopeview.model.model import Damage
from scopeview.readers.checkpoint.state import is_prefix, place_of, read_state, table_path
from scopeview.readers.storage import children, is_dir, is_file

_TEMP_FILE = re.compile(r".*\.tempstate\d+")
_TEMP_FOLDER = re.compile(r".*_temp(_[0-9a-f]+)?")


def folder_damage(table: Path) -> Iterator[Damage]:
    """Yield what is wrong beside a checkpoint's table; a folder that cannot be listed shows nothing."""
    try:
        siblings = children(table.parent)
    except OSError:
        return
    yield from _stale(table.parent / "checkpoint")
    for path in siblings:
        is_temporary = _TEMP_FILE.fullmatch(path.name) and is_file(path)
        is_temporary = is_temporary or (_TEMP_FOLDER.fullmatch(path.name) and is_dir(path))
        if is_temporary:
            yield Damage("leftover", path.name, "an interrupted save left it; it holds no whole checkpoint")


def _stale(state_file: Path) -> Iterator[Damage]:
    named = list(dict.fromkeys(read_state(state_file) or ()))
    missing = [path for path in named if is_prefix(path) and table_path(place_of(state_file, path)) is None]
    older = [path for path in missing if path != named[0]]
    if missing and missing[0] == named[0]:
        beside = Path(named[0]).name
        is_moved = table_path(state_file.parent / beside) is not None
        where = f"; {beside} lies beside it" if is_moved else ""
        yield Damage("state", state_file.name, f"it names {named[0]} as the latest, which is not there{where}")
    if older:
        listed = ", ".join(Path(path).name for path in older[:4]) + (", …" if len(older) > 4 else "")
        yield Damage("state", state_file.name, f"it names {len(older)} others that are not there: {listed}")
