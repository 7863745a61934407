from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import scopeview
from sample_graphs.build_broken import field, graph_of
from scopeview.errors import UnknownFormatError
from scopeview.readers import find_artifacts
from scopeview.readers.checksums import masked_crc32c
from scopeview.readers.event_graphs import best_first, event_graphs, run_graphs
from scopeview.readers.graph.nodes import Span


def record(event: bytes) -> bytes:
    head = struct.pack("<Q", len(event))
    return head + struct.pack("<I", masked_crc32c(head)) + event + struct.pack("<I", masked_crc32c(event))


def graph(ops: int) -> bytes:
    return graph_of(*((f"op_{number}", "NoOp", ()) for number in range(ops)))


def function(before: bytes, after: bytes | None = None) -> bytes:
    return field(4, field(2, before) + (b"" if after is None else field(3, after)))


SIZES = st.lists(st.integers(1, 30), max_size=4)


@given(
    given_graphs=SIZES, functions=SIZES, partitions=SIZES, tag=st.text("ab/ é", max_size=5), is_summary=st.booleans()
)
def test_every_graph_of_an_event_is_found(
    given_graphs: list[int], functions: list[int], partitions: list[int], tag: str, is_summary: bool
) -> None:
    run = b"".join(function(graph(n), graph(1)) for n in functions) + b"".join(field(3, graph(n)) for n in partitions)
    named = field(1, tag.encode())
    traced = (
        field(5, field(1, named + field(8, field(8, run)) + field(9, field(1, field(1, b"graph_run_metadata")))))
        if is_summary
        else field(8, field(2, run) + named)
    )
    event = b"".join(field(4, graph(n)) for n in given_graphs) + traced

    found = list(event_graphs(event, Span(0, len(event))))

    in_order = sorted(found, key=lambda graph: graph.span.start)
    assert [event[g.span.start : g.span.end] for g in in_order] == [
        *(graph(n) for n in given_graphs),
        *(part for n in functions for part in (graph(n), graph(1))),
        *(graph(n) for n in partitions),
    ]
    names = {g.name for g in found if g.is_trace}
    expected = {f"{tag or 'run'}/function_{i}{end}" for i in range(len(functions)) for end in ("", "/optimized")}
    assert names == expected | {f"{tag or 'run'}/partition_{i}" for i in range(len(partitions))}


@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=6, unique=True))
def test_of_several_traces_the_largest_comes_first(sizes: list[int]) -> None:
    run = b"".join(function(graph(n), graph(50)) for n in sizes)

    best = best_first(run_graphs(run, Span(0, len(run))))

    assert run[best[0].span.start : best[0].span.end] == graph(max(sizes))
    assert not best[0].is_derived


def test_a_graph_that_was_given_twice_is_opened_as_it_was_last(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(b"".join(record(field(4, graph(n))) for n in (7, 3)))

    assert len(scopeview.load(path).graph) == 3
    assert [found.name for found in find_artifacts(path)] == ["graph", "graph.2"]


@settings(max_examples=5, deadline=None, phases=(Phase.generate,))
@given(tags=st.integers(1000, 60_000), functions=st.integers(2000, 12_000), events=st.integers(1, 3))
def test_long_tags_of_many_functions_cost_little(tags: int, functions: int, events: int) -> None:
    event = field(8, field(1, b"t" * tags) + field(2, function(b"") * functions))
    started = time.thread_time()

    found = [graph for _ in range(events) for graph in event_graphs(event, Span(0, len(event)))]

    assert sum(len(graph.name) for graph in found) < 250 * functions * events
    assert time.thread_time() - started < 10


def test_more_graphs_than_anyone_chooses_from_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "events.out.tfevents.1"
    path.write_bytes(record(field(4, graph(2))) * 3000)

    model = scopeview.load(path)

    assert len(model.others) == 999
    assert "the event file holds 3,000 graphs; the best 1,000 of them are listed" in model.notes


def test_a_serialized_run_opens_at_its_largest_graph_and_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run.pb"
    device = field(1, field(1, b"/job:localhost/replica:0/task:0/device:CPU:0") + field(2, field(1, b"x")))
    path.write_bytes(field(1, device) + field(3, graph(4)) + field(3, graph(9)))

    model = scopeview.load(path)

    assert len(model.graph) == 9
    assert "this is a graph out of a RunMetadata" in model.notes[0]
    assert [(other.name, other.kind) for other in model.also_here] == [("run/partition_0", "trace of a RunMetadata")]
    path.write_bytes(field(1, device))
    with pytest.raises(UnknownFormatError, match="is a RunMetadata without a graph: it holds the times of a run only"):
        scopeview.load(path)
