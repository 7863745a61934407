"""A fleet is described as its members are, one by one; a broken one is a row."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import scopeview
from scopeview.analysis import work
from scopeview.analysis.work import SERIAL, Runner
from scopeview.errors import NotFoundError, QueryError
from scopeview.readers.weights import scan
from scopeview.workers.fleet import fleet, run_and_step
from scopeview.workers.threads import Threads
from tests.cli.running import Run
from tests.places import BROKEN, SAMPLES
from tests.workers.fleets import training, write_safetensors


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("fleet")
    training(base / "a", range(0, 50, 10), nan_from=30, growth=2.0)
    training(base / "b", range(0, 40, 10))
    write_safetensors(base / "b" / "model-40.safetensors", {"layer.still": np.ones((7, 3), np.float32)})
    (base / "b" / "model-50.safetensors").write_bytes(b"\x10")
    return base


def test_rows_are_what_is_said_of_each_alone() -> None:
    report = scopeview.fleet(f"{SAMPLES}/m3*", f"{SAMPLES}/m2*.meta")

    assert len(report.rows) > 20
    for row in report.rows:
        alone = scopeview.inspect(scopeview.load(row.path, artifact=row.artifact or None)).model
        assert (row.format, row.ops, row.variables, row.parameters) == (
            alone.format,
            alone.ops,
            alone.variables,
            alone.parameters,
        )
    paths = [row.path for row in report.rows]
    assert not [path for path in paths if ".data-" in path or path.endswith(".index")]
    assert len(paths) == len(set(paths))
    numbers = {row.namespace for row in report.rows}
    assert numbers == {one.number for one in report.namespaces}
    assert sum(one.artifacts for one in report.namespaces) == len(report.rows)


def test_equal_namespaces_are_one_and_differences_are_named(runs: Path) -> None:
    report = scopeview.fleet(f"{runs}/*/*.safetensors")

    assert [one.artifacts for one in report.namespaces] == [9, 1]
    assert (report.namespaces[1].lacking, report.namespaces[1].lacking_total) == (("layer/grown",), 1)
    assert [run.namespaces for run in report.runs] == [(0,), (0, 1)]
    assert report.unreadable == 1
    (broken,) = [row for row in report.rows if row.error]
    assert (broken.step, broken.namespace) == (50, None)


def test_the_first_nan_and_the_largest_drift_are_found(runs: Path) -> None:
    report = scopeview.fleet(f"{runs}/*/*.safetensors", query="")

    a, b = report.runs
    assert (a.first_nan_step, a.first_nan_variable, b.first_nan_path) == (30, "layer/grown", "")
    assert [row.nan for row in report.rows][:5] == [0, 0, 0, 5, 5]
    grown = report.drifts[0]
    assert (grown.run, grown.variable, grown.steps) == (a.run, "layer/grown", (0, 10, 20, 30, 40))
    factors = np.array(grown.norms[1:]) / np.array(grown.norms[:-1])
    assert grown.largest_change == pytest.approx(factors.max())
    assert grown.ratio == grown.norms[-1] / grown.norms[0]
    still = next(one for one in report.drifts if one.variable == "layer/still")
    assert (still.largest_change, round(still.norms[0] ** 2)) == (1.0, 21)


@pytest.mark.parametrize("runner", [SERIAL, Threads(1), Threads(5)], ids=["serial", "1 thread", "5 threads"])
@pytest.mark.parametrize("unit_bytes", [1, 4000, 1 << 26])
def test_the_cut_and_the_runner_make_no_difference(
    runs: Path, runner: Runner, unit_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "BLOCK_BYTES", 1000)
    whole = fleet([f"{runs}/a/*"], SERIAL, query="")
    monkeypatch.setattr(work, "UNIT_BYTES", unit_bytes)
    seen: list[tuple[str, int, int]] = []

    found = fleet([f"{runs}/a/*"], runner, query="", on_progress=lambda *done: seen.append(done))

    assert found == whole
    assert seen[-1][0] == "bytes"
    assert seen[-1][1] == seen[-1][2] == sum(row.size_bytes for row in found.rows)


def test_a_query_chooses_whose_values_are_read(runs: Path) -> None:
    report = scopeview.fleet(f"{runs}/a/*", query="name:*still")

    assert {one.variable for one in report.drifts} == {"layer/still"}
    assert {row.nan for row in report.rows} == {0}
    with pytest.raises(QueryError):
        scopeview.fleet(f"{runs}/a/*", query="nosuchfield:x")


def test_every_broken_file_is_a_row() -> None:
    report = scopeview.fleet(f"{BROKEN}/*", query="")

    assert report.unreadable > 20
    assert all("Error:" not in row.error for row in report.rows), "only foreseen errors"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a/*.safetensors", 5),
        ("?/model-[12]0.safetensors", 4),
        ("**/*.safetensors", 11),
        ("*/model-1*", 2),
        ("a", 5),
        ("a/model-0.safetensors", 1),
    ],
)
def test_patterns_name_what_fits(runs: Path, pattern: str, expected: int) -> None:
    assert len(scopeview.fleet(f"{runs}/{pattern}", f"{runs}/{pattern}").rows) == expected


def test_a_pattern_that_names_nothing_is_refused(runs: Path) -> None:
    for pattern in (f"{runs}/c/*", f"{runs}/a/*.nothing"):
        with pytest.raises(NotFoundError, match="names nothing"):
            scopeview.fleet(pattern)


@pytest.mark.parametrize(
    ("path", "run", "step"),
    [
        ("runs/a/model.ckpt-100", "runs/a/model.ckpt-*", 100),
        ("gs://b/run/ckpt-7", "gs://b/run/ckpt-*", 7),
        ("export/1700000000/saved_model.pb", "export/*/saved_model.pb", 1700000000),
        ("export/17", "export/*", 17),
        ("w/epoch12.weights.h5", "w/epoch*.weights.h5", 12),
        ("m32_after.ckpt", "m32_after.ckpt", None),
        ("resnet50/model.pb", "resnet50/model.pb", None),
    ],
)
def test_steps_are_read_off_names(path: str, run: str, step: int | None) -> None:
    assert run_and_step(path) == (run, step)


def test_a_fleet_elsewhere(runs: Path) -> None:
    import fsspec

    fsspec.filesystem("memory").put(f"{runs}/a", "/fleet of files/a", recursive=True)

    there = scopeview.fleet("memory://fleet of files/*/*.safetensors", query="")
    here = scopeview.fleet(f"{runs}/a/*.safetensors", query="")

    assert [(row.step, row.nan) for row in there.rows] == [(row.step, row.nan) for row in here.rows]
    assert [one.norms for one in there.drifts] == [one.norms for one in here.drifts]


def test_the_command_prints_each_form(runs: Path, scopeview: Run, tmp_path: Path) -> None:
    pattern = f"{runs}/*/*.safetensors"

    text = scopeview("fleet", pattern, "--values", "--limit", "4")
    assert (text.code, text.err) == (0, "")
    assert "11 artifacts, 1 with an error" in text.out
    assert "NaN from step 30 in layer/grown" in text.out
    assert "7 more" in text.out
    report = json.loads(scopeview("fleet", pattern, "--values", "--json").out)
    assert len(report["rows"]) == 11
    rows = list(csv.DictReader(io.StringIO(scopeview("fleet", pattern, "--csv").out)))
    assert [row["step"] for row in rows] == [str(row["step"]) for row in report["rows"]]
    drifts = scopeview("fleet", pattern, "--values", "--csv", "--table", "drifts").out
    assert len(drifts.splitlines()) == 1 + report["drifts_total"]


def test_parquet_needs_pyarrow(runs: Path, scopeview: Run, tmp_path: Path) -> None:
    target = tmp_path / "rows.parquet"

    ran = scopeview("fleet", f"{runs}/a/*", "--parquet", target)

    try:
        import pyarrow.parquet
    except ImportError:
        assert (ran.code, "pip install pyarrow" in ran.err) == (2, True)
        return
    assert ran.code == 0
    assert pyarrow.parquet.read_table(target).column("step").to_pylist() == [0, 10, 20, 30, 40]
