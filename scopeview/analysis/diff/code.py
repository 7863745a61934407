"""What a diff is taken away as: code that loads, code that restores, maps of names, the pairs themselves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from scopeview.analysis.diff.loaders import LoaderForm
from scopeview.analysis.diff.matching.rules import Guidance
from scopeview.analysis.diff.report import Diff

CodeForm = Literal["tf1", "tf2", "keras", "torch", "jax", "saver", "init", "map", "pairs"]


@dataclass(frozen=True, slots=True)
class DiffCode:
    """Text to save or to paste."""

    form: CodeForm
    """`tf1`, `tf2`, `keras`, `torch`, `jax`: a loader; `saver`, `init`: code for TensorFlow 1; `map`: names for
    `init_from_checkpoint`; `pairs`: JSON as `diff --map` and `convert --map` take it."""
    file: str
    """A name for the file."""
    text: str


def diff_code(found: Diff, form: CodeForm, guidance: Guidance) -> DiffCode:
    """Return a diff in one of these forms.

    Args:
        found: the diff.
        form: which.
        guidance: what a person said of the matching; what was rejected is null in `pairs`.

    Raises:
        QueryError: nothing could be loaded, or no library is known that reads the source.
    """
    match form:
        case "pairs":
            pairs = {e.a: e.b for e in found.report.entries if e.a is not None and e.b is not None}
            rejected = {name: None for name in sorted(guidance.rejected) if name not in pairs}
            return DiffCode(form, "pairs.json", json.dumps(pairs | rejected, indent=2) + "\n")
        case "saver":
            return DiffCode(form, "restore.py", found.as_saver())
        case "init":
            return DiffCode(form, "initialize.py", found.as_init())
        case "map":
            return DiffCode(form, "assignment_map.py", found.as_names())
        case _:
            loader: LoaderForm = form
            return DiffCode(form, f"load_{form}.py", found.as_loader(loader))
