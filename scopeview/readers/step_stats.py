"""StepStats: when each op of a recorded step began and ended, and what memory it was given.

    RunMetadata      1 step_stats StepStats
    StepStats        1 dev_stats *DeviceStepStats
    DeviceStepStats  1 device string, 2 node_stats *NodeExecStats
    NodeExecStats    1 node_name string, 3 op_start_rel_micros, 4 op_end_rel_micros, 6 memory *AllocatorMemoryUsed,
                     14 op_start_rel_nanos, 15 op_end_rel_nanos
    AllocatorMemoryUsed  2 total_bytes
    Event            8 tagged_run_metadata {1 tag string, 2 run_metadata bytes}

tensorflow/core/framework/step_stats.proto and tensorflow/core/util/event.proto. A graphics card reports each kernel on
the stream that ran it and once more on `stream:all`; the numbered streams are left out where `stream:all` is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from scopeview.errors import UnknownFormatError
from scopeview.model.recorded_runs import OpRun, RecordedRun, RecordedRuns
from scopeview.readers.budget import budget, budget_for
from scopeview.readers.files import look_into
from scopeview.readers.graph.nodes import Span
from scopeview.readers.paths import path_of
from scopeview.readers.protobuf import wire
from scopeview.readers.protobuf.wire import Buffer, WireError
from scopeview.readers.records import header_is_valid, records

_TAG, _RUN_OF_TAG, _RUN_OF_EVENT = 1, 2, 8
_STEP_STATS, _DEVICES, _DEVICE, _NODES = 1, 1, 1, 2
_NAME, _START_US, _END_US, _MEMORY, _START_NS, _END_NS = 1, 3, 4, 6, 14, 15
_TOTAL_BYTES = 2
_SIGN = 1 << 63
_UNTAGGED = "run"
_MOST_RUNS = 100
_HEAD = 64


@dataclass(slots=True)
class _Sum:
    """What was added up of one op."""

    time_us: float = 0.0
    memory: int = 0
    executions: int = 0
    devices: dict[str, None] = field(default_factory=dict)


def runs_of_events(buffer: Buffer, events: Iterable[Span]) -> tuple[RecordedRun, ...]:
    """Return the recorded steps of an event file that hold times; a damaged one is left out."""
    found: list[RecordedRun] = []
    for event in events:
        try:
            for item in wire.fields(buffer, event.start, event.end):
                if item.number == _RUN_OF_EVENT and item.wire_type == wire.LENGTH:
                    found += _tagged(buffer, item)
        except WireError:
            continue
        if len(found) >= _MOST_RUNS:
            break
    return tuple(found[:_MOST_RUNS])


def run_of_metadata(buffer: Buffer, span: Span, name: str = _UNTAGGED) -> Iterator[RecordedRun]:
    """Yield the recorded step of a RunMetadata, if it holds times."""
    sums: dict[str, _Sum] = {}
    for stats in _inside(buffer, span.start, span.end, _STEP_STATS):
        devices = [_Device(buffer, one) for one in _inside(buffer, stats.start, stats.end, _DEVICES)]
        names = {device.name for device in devices}
        for device in devices:
            kind, colon, stream = device.name.rpartition("stream:")
            if colon and stream != "all" and f"{kind}stream:all" in names:
                continue
            for node in device.nodes:
                if not budget().spend_items(1, "the ops of a recorded step"):
                    break
                _add(sums, buffer, node, device.name)
    if sums:
        yield RecordedRun(
            name, {op: OpRun(s.time_us, s.memory, tuple(s.devices), s.executions) for op, s in sums.items()}
        )


def _tagged(buffer: Buffer, tagged: wire.Field) -> Iterator[RecordedRun]:
    parts = {item.number: item for item in wire.fields(buffer, tagged.start, tagged.end)}
    run, tag = parts.get(_RUN_OF_TAG), parts.get(_TAG)
    if run is not None and run.wire_type == wire.LENGTH:
        name = wire.text_of(buffer, tag) if tag is not None and tag.wire_type == wire.LENGTH else ""
        yield from run_of_metadata(buffer, Span(run.start, run.end), name or _UNTAGGED)


def _inside(buffer: Buffer, start: int, end: int, number: int) -> list[wire.Field]:
    return [
        item
        for item in wire.fields(buffer, start, end)
        if item.number == number and item.wire_type == wire.LENGTH and item.complete
    ]


class _Device:
    """One DeviceStepStats."""

    def __init__(self, buffer: Buffer, span: wire.Field) -> None:
        names = _inside(buffer, span.start, span.end, _DEVICE)
        self.name = wire.text_of(buffer, names[-1]) if names else ""
        self.nodes = _inside(buffer, span.start, span.end, _NODES)


def _add(sums: dict[str, _Sum], buffer: Buffer, node: wire.Field, device: str) -> None:
    numbers: dict[int, int] = {}
    name, memory = "", 0
    for item in wire.fields(buffer, node.start, node.end):
        if item.wire_type == wire.VARINT:
            numbers[item.number] = item.value - (1 << 64 if item.value >= _SIGN else 0)
        elif item.number == _NAME and item.wire_type == wire.LENGTH:
            name = wire.text_of(buffer, item)
        elif item.number == _MEMORY and item.wire_type == wire.LENGTH:
            used = {one.number: one.value for one in wire.fields(buffer, item.start, item.end)}
            memory += used.get(_TOTAL_BYTES, 0) & (_SIGN - 1)
    op = name.partition(":")[0]  # kernels of a graphics card are called `op:OpType`
    if not op:
        return
    found = sums.setdefault(op, _Sum())
    found.time_us += max(0.0, _elapsed(numbers))
    found.memory += memory
    found.executions += 1
    found.devices[device] = None


def _elapsed(numbers: dict[int, int]) -> float:
    """Return microseconds; nanoseconds are finer, where they are given."""
    nanos = numbers.get(_END_NS, 0) - numbers.get(_START_NS, 0)
    return nanos / 1000 if nanos > 0 else float(numbers.get(_END_US, 0) - numbers.get(_START_US, 0))


def read_runs(path: str) -> RecordedRuns:
    """Return the recorded steps of an event file, or of a serialized RunMetadata.

    Raises:
        UnknownFormatError: the file holds no recorded step.
        ReadError: it cannot be read.
    """
    buffer = look_into(path_of(path))
    try:
        found = runs_in(buffer)
    except WireError:
        found = ()
    if not found:
        raise UnknownFormatError(
            f"{path} holds no times of a step: record one with RunOptions(trace_level=RunOptions.FULL_TRACE)"
        )
    return RecordedRuns(lambda: found)


def runs_in(buffer: Buffer) -> tuple[RecordedRun, ...]:
    """Return the recorded steps of an event file or of a RunMetadata, as far as a budget of its own goes.

    They are decoded when they are asked for, long after the budget of the file has ended.

    Raises:
        WireError: it is no RunMetadata.
    """
    with budget_for(len(buffer)):
        if header_is_valid(bytes(buffer[:_HEAD])):
            return runs_of_events(buffer, (Span(start, end) for start, end in records(buffer, [])))
        return tuple(run_of_metadata(buffer, Span(0, len(buffer))))
