from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from scopeview.analysis.variable_columns import COLUMNS
from scopeview.render.csv import csv_table
from tests.cli.running import Run
from tests.places import ROOT, SAMPLES


def test_hits_are_counted_and_listed(scopeview: Run) -> None:
    ran = scopeview("find", SAMPLES / "m05_reuse.meta", "shared_scope", "dtype:float32", "name:*v")

    assert ran.out.splitlines() == [
        "1 variable, 1 op",
        "  shared_scope/v  ref variable  float32[1]",
        "  shared_scope/v  VariableV2    float32[1]",
    ]


def test_pages_say_what_comes_next(scopeview: Run) -> None:
    ran = scopeview("find", SAMPLES / "m17_gan.meta", "op:MatMul", "--limit", "3", "--offset", "3")

    assert ran.out.splitlines()[-1].endswith("more: --offset 6 shows the next page")


def test_json_has_the_same_answer(scopeview: Run) -> None:
    found = json.loads(scopeview("find", SAMPLES / "m05_reuse.meta", "trainable:yes", "--json").out)

    assert (found["variables"], found["ops"]) == (1, 0)
    assert found["hits"][0]["shape"] == [1]


def test_a_query_that_cannot_be_read_ends_with_a_sentence(scopeview: Run) -> None:
    ran = scopeview("find", SAMPLES / "m05_reuse.meta", "color:red")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("scopeview: there is no search field 'color'")


def test_variables_are_a_table_of_chosen_columns(scopeview: Run) -> None:
    query = ("find", SAMPLES / "m17_gan.meta", "shared:>1", "--limit", "2", "--columns", "name,shape,call_sites")

    assert scopeview(*query).out.splitlines() == [
        "4 variables, 37 parameters, 148 B",
        "  name                          shape   call sites",
        "  discriminator/hidden/biases   [6]              2",
        "  discriminator/hidden/weights  [4, 6]           2",
        "  … 2 more: --offset 2 shows the next page",
    ]
    page = json.loads(scopeview(*query, "--json").out)
    assert [head["key"] for head in page["columns"]] == ["name", "shape", "call_sites"]
    assert page["rows"][1]["cells"] == ["discriminator/hidden/weights", [4, 6], 2]


def test_csv_has_every_column_and_no_formula(scopeview: Run, tmp_path: Path) -> None:
    (tmp_path / "x.pbtxt").write_text('node { name: "=cmd" op: "VariableV2" }')
    out = scopeview("find", tmp_path / "x.pbtxt", "in:variables", "--csv").out

    (row,) = csv.DictReader(io.StringIO(out))
    assert list(row) == [column.head.key for column in COLUMNS]
    assert (row["name"], row["shape"], row["uses"], row["trainable"]) == ("'=cmd", "[...]", "0", "")


def test_every_cell_of_csv_is_guarded_by_one_writer() -> None:
    starts = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d")
    table = csv_table(["=a"], [[f"{start}x\r=y", -1, None, 0.5] for start in starts])
    rows = list(csv.reader(io.StringIO(table, newline="")))

    assert rows[0] == ["'=a"]
    assert [row[0] for row in rows[1:]] == [f"'{start}x\r=y" for start in starts]
    assert {tuple(row[1:]) for row in rows[1:]} == {("-1", "", "0.5")}
    writers = [path for path in (ROOT / "scopeview").rglob("*.py") if "csv.writer" in path.read_text("utf-8")]
    assert [path.name for path in writers] == ["csv.py"]


def test_a_column_that_is_not_there_ends_with_a_sentence(scopeview: Run) -> None:
    ran = scopeview("find", SAMPLES / "m05_reuse.meta", "in:variables", "--columns", "weight")

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("scopeview: there is no column 'weight'; the columns are name, shape")
