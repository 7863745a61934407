"""Files that a file of weights names: they lie in its folder or below it, and nowhere else."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

_LONGEST = 1000


def beside(path: Path, name: Any) -> Path | None:
    """Return the path of a file that another names; None for a name that leads elsewhere, or is none.

    Whether it is there, and within the fence, is found when it is opened.

    Args:
        path: the file that holds the name.
        name: what stands there, such as `group1-shard1of1.bin` or `weights/data.bin`.
    """
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST or "\0" in name or "\\" in name or ":" in name:
        return None
    try:
        name.encode()
    except UnicodeEncodeError:
        return None
    parts = PurePosixPath(name).parts
    is_within = bool(parts) and not name.startswith("/") and ".." not in parts
    return path.parent.joinpath(*parts) if is_within else None
