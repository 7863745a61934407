"""What the computation costs, beside what TensorFlow records and counts."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, get_args

import pytest

from scopeview.analysis.answers.costs import CostKey, costs
from scopeview.analysis.answers.find import find
from scopeview.analysis.answers.variables import variable_table
from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.cost_columns import COLUMNS
from scopeview.errors import NotFoundError, QueryError, UnknownFormatError
from scopeview.readers import read
from scopeview.readers.step_stats import read_runs
from tests.cli.running import Run
from tests.graphs import model_from_text
from tests.oracle import Oracle
from tests.places import SAMPLES

Recorded = tuple[Path, dict[str, Any], AnalysisContext]


@pytest.fixture(scope="module")
def recorded(oracle: Oracle, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A logdir with two recorded steps, what TensorFlow says they cost, and the graph as we read it."""
    folder = tmp_path_factory.mktemp("logdir")
    truth = oracle.ask("recorded", folder, batch=3)
    assert "refused" not in truth, truth
    return folder, truth, AnalysisContext(read(str(folder), artifact=_graph_of(folder)))


def _graph_of(folder: Path) -> str:
    return next(f"{file.name}:graph" for file in folder.iterdir())


def test_flops_are_those_of_tensorflows_profiler(recorded: Recorded) -> None:
    _, truth, context = recorded

    ours = {row.path: row.flops for row in costs(context, by_op=True, limit=10_000).rows if row.flops}
    expected = {name: number for name, number in truth["flops"].items() if number}

    assert {name: ours.get(name) for name in expected} == expected
    assert ours == expected


def test_times_are_those_of_the_step(recorded: Recorded) -> None:
    _, truth, context = recorded
    report = costs(context, by_op=True, limit=10_000)

    ours = {row.path: [row.time_us, row.memory_bytes, row.executions] for row in report.rows if row.time_us is not None}
    assert report.runs == ("step0", "step1") and report.run == "step1"
    assert ours == {name: pytest.approx(numbers) for name, numbers in truth["times"].items() if name in ours}
    assert len(set(truth["times"]) - set(ours)) == report.total_elsewhere
    assert report.total.time_us == pytest.approx(sum(row.time_us or 0 for row in report.rows))


def test_scopes_add_up(recorded: Recorded) -> None:
    report = costs(recorded[2])

    for name in ("flops", "ops", "parameters", "output_bytes", "memory_bytes"):
        parts = sum(getattr(row, name) or 0 for row in report.rows)
        if name != "ops":  # ops that cost nothing are not listed
            assert parts == getattr(report.total, name)
    (conv,) = (row for row in report.rows if row.path == "conv")
    assert (conv.is_scope, conv.parameters) == (True, 3 * 2 * 3 * 5 + 5)
    assert costs(recorded[2], "conv").total.flops == conv.flops


def test_ops_are_found_by_what_they_cost(recorded: Recorded) -> None:
    _, truth, context = recorded
    slow = sorted(name for name, (time, *_) in truth["times"].items() if time > 20 and context.model.graph.row(name))

    assert sorted(hit.name for hit in find(context, "time:>20us", limit=1000).hits) == slow
    heavy = {name for name, number in truth["flops"].items() if number >= 1000}
    assert {hit.name for hit in find(context, "flops:>=1k", limit=1000).hits} == heavy
    with pytest.raises(QueryError, match="time:>1 is no amount"):
        find(context, "time:>1")


def test_variables_cost_what_the_ops_that_read_them_cost(recorded: Recorded) -> None:
    _, truth, context = recorded
    keys = ("time_us", "flops", "output_bytes")
    rows = {row.name: row.cells for row in variable_table(context, columns=keys).rows}

    outputs = {row.path: row.output_bytes for row in costs(context, by_op=True, limit=10_000).rows}
    readers = {
        "conv/kernel": "conv/Conv2D",
        "conv/bias": "conv/BiasAdd",
        "deep/kernel": "deep/depthwise",
        "dense/kernel": "dense/MatMul",
    }
    times = {op: pytest.approx(numbers[0]) for op, numbers in truth["times"].items()}
    assert times["dense/MatMul"] is not None  # while TensorFlow may have fused others away
    assert rows == {name: (times.get(op), truth["flops"][op], outputs[op]) for name, op in readers.items()}
    heaviest = max(readers, key=lambda name: rows[name][1] or 0)
    assert variable_table(context, sort="flops", descending=True).rows[0].name == heaviest
    bound = f"flops:>={truth['flops'][readers[heaviest]]:.0f}"
    assert [row.name for row in variable_table(context, bound).rows] == [heaviest]
    assert [hit.name for hit in find(context, f"{bound} in:variables").hits] == [heaviest]
    assert {hit.what for hit in find(context, bound).hits} == {"op"}


def test_what_no_shape_and_no_step_gives_is_unknown_of_a_variable_too() -> None:
    context = AnalysisContext(
        model_from_text(
            "w VariableV2 dtype=float32 shape=3,4\nw/read Identity w\nx Placeholder dtype=float32\n"
            "small Neg w/read\nlarge MatMul x w/read"
        )
    )
    (row,) = variable_table(context, columns=("time_us", "flops", "output_bytes")).rows

    assert row.cells == (None, None, None)  # of the two that read it, one is known and does little
    assert variable_table(context, "flops:>=0").total == variable_table(context, "time:>0us").total == 0


def test_costs_on_the_command_line(recorded: Recorded, scopeview: Run) -> None:
    folder, _, _ = recorded
    file = next(folder.iterdir())

    shown = scopeview("costs", folder, "--artifact", _graph_of(folder), "--run", "step0", "--limit", "3")
    assert "in the recorded step step0" in shown.out and "recorded steps: step0, step1" in shown.out
    assert "more: --offset 3 shows the next page" in shown.out
    refused = scopeview("costs", folder, "--artifact", _graph_of(folder), "--run", "step7")
    assert (refused.code, "it holds step0, step1" in refused.err) == (2, True)
    assert read_runs(str(file)).all[0].name == "step0"


def test_sizes_that_are_unknown_count_as_one() -> None:
    context = AnalysisContext(
        model_from_text("x Placeholder dtype=float32 shape=-1,4\nw Const dtype=float32 value=1,2,3,4\ny Neg x")
    )
    report = costs(context, by_op=False)

    assert report.is_per_example
    assert {row.path: (row.flops, row.output_bytes) for row in report.rows} == {
        "y": (4, None),
        "x": (None, 16),
        "w": (None, 16),
    }
    with pytest.raises(NotFoundError, match=r"nothing in .* is called 'layer'"):
        costs(context, "layer")


def test_what_holds_no_step_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a step")
    with pytest.raises(UnknownFormatError, match="holds no times of a step"):
        read_runs(str(tmp_path / "notes.txt"))


def test_csv_has_every_column_of_the_rows_in_full(scopeview: Run) -> None:
    found = scopeview("costs", SAMPLES / "m17_gan.meta", "--limit", "7", "--csv").out
    rows = json.loads(scopeview("costs", SAMPLES / "m17_gan.meta", "--limit", "7", "--json").out)["rows"]

    expected = [{key: "" if row[key] is None else str(row[key]) for key in row if key != "is_scope"} for row in rows]
    assert list(csv.DictReader(found.splitlines())) == expected
    assert [column.head.key for column in COLUMNS if column.head.sort] == [
        {"time": "time_us", "memory": "memory_bytes"}.get(sort, sort) for sort in get_args(CostKey)
    ]
