"""What ops took in steps that TensorFlow recorded: times and memory, as StepStats of a RunMetadata holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from scopeview.model.once import once


@dataclass(frozen=True, slots=True)
class OpRun:
    """What one op took in one step, over all its executions and devices."""

    time_us: float
    """Microseconds from the start of the op to its end, added up."""
    memory_bytes: int
    """Bytes that its allocators gave it, added up."""
    devices: tuple[str, ...]
    """Where it ran."""
    executions: int
    """How often: an op in a loop runs many times."""


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """One recorded step."""

    name: str
    """Its tag in the event file; `run` for a RunMetadata of its own."""
    ops: Mapping[str, OpRun]
    """By the name of the op."""


class RecordedRuns:
    """The recorded steps beside a graph, in the order of the file; decoded when the first is asked for."""

    def __init__(self, load: Callable[[], tuple[RecordedRun, ...]]) -> None:
        self._load = load

    @once
    def all(self) -> tuple[RecordedRun, ...]:
        """Every step that holds times."""
        return self._load()
