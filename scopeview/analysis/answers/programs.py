"""What can be run? The entry points of a model, each with its inputs, its outputs and where inlining stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.derive.entry_points import default_program, program_names, program_sizes
from scopeview.model.entry_point import MAIN, ProgramKind, Stop
from scopeview.model.model import TensorInfo

_MOST_OPS = 400_000
"""Ops of the programs that are made to be listed; beyond, only the one that is shown by default is."""


@dataclass(frozen=True, slots=True)
class ProgramRecord:
    """One entry point, its calls inlined."""

    name: str
    kind: ProgramKind
    is_default: bool
    """Whether it is shown where no program is named."""
    ops: int
    """Ops with those of the bodies that are inlined; an estimate where `is_inlined` is false."""
    is_inlined: bool
    """Whether it was inlined to be listed, which is not done for very many or very large ones."""
    inputs: tuple[TensorInfo, ...]
    """What a caller passes, with the names that the tensors have in the program."""
    outputs: tuple[TensorInfo, ...]
    """What a caller gets."""
    stops: tuple[Stop, ...]
    """Calls that stay calls, the first of them, and why."""
    total_stops: int


def programs_of(context: AnalysisContext) -> tuple[ProgramRecord, ...]:
    """Return the programs of a model in the order of their names, the main graph last; a checkpoint has none."""
    return context.cached("programs", lambda: tuple(_records(context)))


def _records(context: AnalysisContext) -> Iterator[ProgramRecord]:
    model = context.model
    if not len(model.graph):
        return
    sizes, chosen, spent = program_sizes(model), default_program(model), 0
    for name in program_names(model):
        if name == MAIN:
            yield ProgramRecord(MAIN, "main", chosen == MAIN, len(model.graph), True, (), (), (), 0)
            continue
        spent += sizes[name]
        if spent > _MOST_OPS and name != chosen:
            kind: ProgramKind = "signature" if any(s.name == name for s in model.signatures) else "function"
            yield ProgramRecord(name, kind, False, sizes[name], False, (), (), (), 0)
            continue
        made = context.in_program(name).model
        assert made.entry is not None
        signature = next((s for s in made.signatures if s.name == name), None)
        yield ProgramRecord(
            name,
            made.entry.kind,
            name == chosen,
            len(made.graph),
            True,
            signature.inputs if signature is not None else (),
            signature.outputs if signature is not None else (),
            made.entry.stops,
            made.entry.total_stops,
        )
