"""Where the tests find their artifacts."""

from __future__ import annotations

import csv
import os
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "sample_graphs" / "artifacts"
BROKEN = ROOT / "sample_graphs" / "broken"

CORPUS = Path(os.environ.get("SCOPEVIEW_CORPUS", ROOT.parent / "shared" / "corpus"))
NO_CORPUS = (
    f"the corpus of real artifacts is not at {os.path.relpath(CORPUS, ROOT)}; set SCOPEVIEW_CORPUS to its folder"
)


def samples() -> list[dict[str, Any]]:
    """Return the rows of the samples' manifest."""
    manifest = tomllib.loads((ROOT / "sample_graphs" / "manifest.toml").read_text("utf-8"))
    return list(manifest["sample"])


def table_of(prefix: Path) -> Path:
    """Return the file that holds a checkpoint's table, whatever its version."""
    candidates = (prefix.with_name(f"{prefix.name}.index"), prefix)
    found = [path for path in candidates if path.is_file()] or sorted(prefix.parent.glob(f"{prefix.name}-0*"))
    return found[0]


def readable_by_tensorflow(table: Path | str) -> str:
    """Return the path of a checkpoint as TensorFlow's reader takes it, from the file of its table.

    That is the prefix; a sharded V1 checkpoint goes by the pattern of its shards.
    """
    return re.sub(r"-\d{5}(-of-\d{5})\Z", r"-?????\1", str(table).removesuffix(".index"))


def corpus() -> list[dict[str, str]]:
    """Return the rows of the corpus's manifest; none where there is no corpus."""
    path = CORPUS / "MANIFEST.tsv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))
