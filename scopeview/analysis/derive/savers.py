"""What the savers of a graph store, under which key, and what none of them stores."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from scopeview.model.model import Model, SaverEntry
from scopeview.model.names import scope_of


@dataclass(frozen=True, slots=True)
class Renamed:
    """A variable that a saver stores under another name."""

    key: str
    variable: str


@dataclass(frozen=True, slots=True)
class SaverSummary:
    """The save ops, or the restore ops, of one saver: those that stand in one scope."""

    op: str
    """The first of its ops."""
    ops: int
    restores: bool
    keys: tuple[str, ...]
    renamed: tuple[Renamed, ...]
    others: tuple[str, ...]
    """Keys of what is no variable: tables, iterators, the object graph."""


@dataclass(frozen=True, slots=True)
class Saving:
    """Every saver, and the variables that none of them writes."""

    savers: tuple[SaverSummary, ...]
    never_saved: tuple[str, ...]
    """Empty where the graph has no saver at all."""


def find_saving(model: Model) -> Saving:
    """Summarize the savers of a graph.

    A `Saver` of TensorFlow 1 has one save op, one restore op per device or one for all, and stores every variable under
    the name of its op unless it was given a dictionary; the parts of a partitioned variable share the key of the whole.
    """
    by_op: dict[tuple[str, bool], list[SaverEntry]] = defaultdict(list)
    for entry in model.savers:
        by_op[scope_of(entry.op), entry.restores].append(entry)
    owner = {handle: variable.name for variable in model.variables for handle in variable.handles}
    saved = {owner.get(entry.handle_op, "") for entry in model.savers if not entry.restores}
    stored = saved | {owner.get(entry.handle_op, "") for entry in model.savers if entry.restores}
    return Saving(
        savers=tuple(_summary(restores, entries, owner) for (_, restores), entries in by_op.items()),
        never_saved=tuple(
            variable.name
            for variable in model.variables
            if model.savers and variable.handles and variable.name not in stored
        ),
    )


def _summary(restores: bool, entries: list[SaverEntry], owner: dict[str, str]) -> SaverSummary:
    named = [(entry.key, owner.get(entry.handle_op, entry.handle_op)) for entry in entries]
    return SaverSummary(
        op=entries[0].op,
        ops=len({entry.op for entry in entries}),
        restores=restores,
        keys=tuple(dict.fromkeys(entry.key for entry in entries)),
        renamed=tuple(dict.fromkeys(Renamed(key, name) for key, name in named if name and _is_renamed(key, name))),
        others=tuple(dict.fromkeys(key for key, name in named if not name)),
    )


def _is_renamed(key: str, name: str) -> bool:
    return key != name and "/.ATTRIBUTES/" not in key
