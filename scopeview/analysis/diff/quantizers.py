"""Ranges of quantization: the variables that `FakeQuantWithMinMaxVars` reads, and their namesakes in checkpoints."""

from __future__ import annotations

import re

from scopeview.analysis.diff.namespace import Entry, EntryColumns, Namespace

_RANGE = re.compile(r"(.*_)?(min|max)(imum)?(_var|_range)?(/biased|/local_step)?", re.IGNORECASE)
_END = re.compile(r"min|max", re.IGNORECASE)
_STEP = re.compile(r"(biased|local_step)")


def quantizer_ranges(side: Namespace) -> tuple[str, ...]:
    """Return the variables of a side that hold the ends of quantized ranges, and the state of their averages.

    In a graph the op that reads a variable says so (`FakeQuant*`); in a checkpoint, which has no ops, a range is an end
    (`min`, `max`) in a scope that is called after quantization, as those are that TensorFlow's rewriters make.
    """
    entries = side.entries
    if isinstance(entries, EntryColumns) and b"quant" not in entries.variables.spans.blob.lower():
        return ()  # it has no ops, and hundreds of thousands of names
    names = (name for name in entries if _END.search(name))
    return tuple(name for name in names if _may_be_range(name) and _is_range(side, side.entries[name]))


def is_range_name(name: str) -> bool:
    """Whether a variable that only a checkpoint shows is called as the end of a quantized range."""
    return _may_be_range(name) and "quant" in name.lower()


def _may_be_range(name: str) -> bool:
    scope, _, leaf = name.rpartition("/")
    leaf = f"{scope.rpartition('/')[2]}/{leaf}" if _STEP.fullmatch(leaf) else leaf
    return _RANGE.fullmatch(leaf) is not None


def _is_range(side: Namespace, entry: Entry) -> bool:
    if entry.shape is not None and len(entry.shape) > 1:
        return False
    readers = side.context.accesses(entry.variable).readers if len(side.context.model.graph) else ()
    return any(access.op_type.startswith("FakeQuant") for access in readers) or is_range_name(entry.name)
