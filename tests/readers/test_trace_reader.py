"""A record of `scopeview trace` opens as the graph that it describes: with lines, flags and sources."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import scopeview
from scopeview.analysis.answers.inspect import Inspection
from scopeview.analysis.lint.run import merged
from scopeview.errors import QueryError, ScopeviewError
from scopeview.readers.source_lines import source_lines
from scopeview.render.sarif import sarif
from tests.cli.running import run
from tests.readers.test_tracing import SOURCE, code

HERE = "tests/readers/traced_programs.py"


def line_of(text: str) -> int:
    """The number of the one line of the programs that reads so."""
    (number,) = (number for number, line in enumerate(SOURCE, 1) if line.strip() == text)
    return number


def flags(found: Inspection) -> dict[str, tuple[str, ...]]:
    return {scope.path: scope.flags for scope in found.variable_scopes}


def test_a_variable_says_where_it_was_created_and_reused(folder: Path) -> None:
    model = scopeview.load(folder / "one_tower_for_two_images.scopetrace")
    created = line_of('return tf.matmul(image, get("kernel", [3, 3]))')
    reused, entered = line_of("tower(first)"), line_of("with scope(tf1.get_variable_scope(), reuse=True):")
    (variable,) = scopeview.show(model, "net/dense/kernel").variables

    assert model.origin.format == "trace"
    assert variable.use.history is not None
    assert variable.use.history.summary == (
        f"created at {HERE}:{created} in tower (reuse=False), "
        f"reused at {HERE}:{reused} in one_tower_for_two_images by way of {HERE}:{created} in tower "
        "(reuse inherited from the root scope, "
        f"entered with reuse=True at {HERE}:{entered} in one_tower_for_two_images)"
    )


def test_sharing_names_the_lines_of_each_call_site(folder: Path) -> None:
    model = scopeview.load(folder / "one_tower_for_two_images.scopetrace")
    (use,) = scopeview.sharing(model).variables

    callers = {site.scope: [stack.frames[1].line for stack in site.code] for site in use.call_sites}
    assert callers == {
        "net/dense": [line_of("first = tower(tf.zeros([1, 3]))")],
        "net_1/dense": [line_of("tower(first)")],
    }
    assert all("tf.matmul(" in code(stack.frames[0].line) for site in use.call_sites for stack in site.code)


def test_every_scope_says_its_flags(folder: Path) -> None:
    model = scopeview.load(folder / "flags_at_every_level.scopetrace")
    found = flags(scopeview.inspect(model))

    assert {path: list(dict.fromkeys(flag.split(" at ")[0] for flag in of)) for path, of in found.items()} == {
        "root": ["reuse=False", "reuse switched by reuse_variables()"],
        "root/foo": ["entered with reuse=AUTO_REUSE", "reuse=False", "entered with reuse=True"],
        "root/foo/bar": [
            "reuse inherited from 'root/foo', entered with reuse=AUTO_REUSE",
            "reuse inherited from 'root/foo', entered with reuse=True",
        ],
    }
    (scope,) = scopeview.show(model, "root/foo").variable_scopes
    assert [(entry.reuse, entry.name_scope) for entry in scope.entries] == [
        ("auto", "root/foo"),
        ("no", "root_1/foo"),
        ("yes", "root_2/foo"),
        ("yes", "root_2/foo_1"),
    ]


def test_an_op_says_which_line_created_it(folder: Path) -> None:
    model = scopeview.load(folder / "one_tower_for_two_images.scopetrace")
    (row,) = model.graph.rows_of_type("Sum")
    (op,) = scopeview.show(model, model.graph.name(row)).ops

    assert code(op.code[0].line) == "tf.reduce_sum(first)"


def test_what_has_no_graph_opens_with_its_variables(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "exists_already.scopetrace", tmp_path / "alone.scopetrace")
    model = scopeview.load(tmp_path / "alone.scopetrace")

    assert [(v.name, v.kind, v.shape) for v in model.variables] == [("net/dense/kernel", "traced", (4, 2))]
    assert "'exists_already.meta' is not beside the record" in model.notes[0]
    assert "already exists" in model.notes[1]
    assert scopeview.sharing(model, minimum=0).variables[0].unread == "the record holds no graph that reads it"


def test_a_folder_opens_at_the_record_before_its_graph(folder: Path, tmp_path: Path) -> None:
    for suffix in (".scopetrace", ".meta"):
        shutil.copy((folder / "scope_objects_carry_their_flag").with_suffix(suffix), tmp_path)

    assert scopeview.load(tmp_path).trace is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header["graphs"][0].update(file="../../../etc/passwd"),
        lambda header: header["graphs"][0].update(file=".."),
        lambda header: header["graphs"][0].update(file="\0.meta"),
        lambda header: header["graphs"][0].update(file="x" * 100_000 + ".meta"),
        lambda header: header.update(folder="/"),
    ],
)
def test_a_hostile_record_reads_nothing_elsewhere(
    folder: Path, tmp_path: Path, change: Callable[[object], None]
) -> None:
    lines = (folder / "exists_already.scopetrace").read_text("utf-8").splitlines()
    header = json.loads(lines[0])
    change(header)
    record = tmp_path / "x.scopetrace"
    record.write_text("\n".join([json.dumps(header), *lines[1:]]), "utf-8")

    model = scopeview.load(record)
    assert model.trace is not None
    assert len(model.graph) == 0
    assert max(map(len, model.notes)) < 500


def test_an_older_record_opens_and_a_newer_one_is_refused(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "exists_already.scopetrace").read_text("utf-8").splitlines()
    header = json.loads(lines[0])
    del header["folder"]
    record = tmp_path / "x.scopetrace"
    older = [line for line in lines[1:] if json.loads(line)["event"] != "ops"]
    record.write_text("\n".join([json.dumps(header), *older]), "utf-8")
    assert scopeview.load(record).trace is not None

    record.write_text("\n".join([json.dumps(header | {"scopetrace": 2}), *lines[1:]]), "utf-8")
    with pytest.raises(ScopeviewError, match="trace of version 2, and this is 1"):
        scopeview.load(record)


def test_sources_are_read_only_under_the_folder_of_the_script(folder: Path, tmp_path: Path) -> None:
    trace = scopeview.load(folder / "exists_already.scopetrace").trace
    assert trace is not None
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "model.py").write_text("first\n  second\n", "utf-8")
    (tmp_path / "secret.py").write_text("secret\n", "utf-8")
    (tmp_path / "code" / "link.py").symlink_to(tmp_path / "secret.py")
    record = tmp_path / "x.scopetrace"
    record.write_text("", "utf-8")
    wanted = ["code/model.py", "secret.py", "code/../secret.py", "code/link.py", "/etc/passwd", "code/none.py"]

    def texts(script_folder: str) -> list[str]:
        object.__setattr__(trace, "folder", script_folder)
        return [
            one.text for one in source_lines(trace, record, [(file, 2 - ("code/m" not in file)) for file in wanted])
        ]

    assert texts("code") == ["second", "", "", "", "", ""]
    assert texts("..") == texts("/") == [""] * 6


@pytest.mark.parametrize(
    ("program", "rule", "said", "line"),
    [
        ("exists_already", "T1", "already exists", 'get("kernel", [4, 2])'),
        ("another_shape", "T1", "shape", 'get("table", [120, 8])'),
        ("a_file_is_missing", "T2", "ended with FileNotFoundError", 'Path("no-such-file").read_text("utf-8")'),
        (
            "flags_at_every_level",
            "T3",
            "root/foo/bar was entered with reuse=False, and reuse is inherited from 'root/foo'",
            'with scope("foo", reuse=True), scope("bar", reuse=False):',
        ),
        ("tf_variable_under_reuse", "T4", "net_1/b was made by tf.Variable where reuse is on", None),
        ("a_filter_for_two_images", "T5", "made 2 variables", None),
        ("name_scope_around_get_variable", "T6", "w was asked for in the name scope 'layer1'", 'get("w", [2])'),
        ("retraced", "T7", "half (", "half(tf.zeros([2]), number)"),
    ],
)
def test_a_rule_finds_and_names_the_line(folder: Path, program: str, rule: str, said: str, line: str | None) -> None:
    report = scopeview.lint(scopeview.load(folder / f"{program}.scopetrace"), select=[rule])
    (found,) = report.findings

    assert (found.code, said in found.message) == (rule, True), found
    assert line is None or code(found.lines[0].line) == line
    place = sarif(report)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]  # type: ignore[index]
    assert place == {"artifactLocation": {"uri": HERE}, "region": {"startLine": found.lines[0].line}}


def test_rules_of_traces_find_nothing_in_what_is_right(folder: Path) -> None:
    for program in ("one_tower_for_two_images", "a_loop_of_layers", "scope_objects_carry_their_flag"):
        report = scopeview.lint(scopeview.load(folder / f"{program}.scopetrace"), select=["T"])
        assert (report.findings, len(report.rules_applied)) == ((), 7)
    graph = scopeview.lint(scopeview.load(folder / "one_tower_for_two_images.meta"), select=["T"])
    assert set(graph.rules_skipped.values()) == {"it was not opened from a trace"}


def test_findings_of_graph_rules_name_lines_too(folder: Path) -> None:
    report = scopeview.lint(scopeview.load(folder / "a_filter_for_two_images.scopetrace"), select=["G6"])

    assert ["tf1.Variable(tf.zeros([3])" in code(found.lines[0].line) for found in report.findings] == [True]


def test_reports_on_several_graphs_are_one(folder: Path) -> None:
    one = scopeview.lint(scopeview.load(folder / "exists_already.scopetrace"), select=["T"])
    both = merged([one, one])

    assert (both.findings, both.counts) == (one.findings, {"error": 1})


def test_check_scopes_fails_on_what_it_finds(folder: Path) -> None:
    *report, ended = (folder / "checked.json").read_text("utf-8").splitlines()
    (found,) = json.loads("\n".join(report))["findings"]

    assert json.loads(ended) == {"code": 1}
    assert (found["code"], found["where"], Path(found["lines"][0]["file"]).name) == ("T1", "net/w", "a_test.py")


def test_check_scopes_without_a_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    done = run(monkeypatch, capsys, "check-scopes", "no-such-script.py")

    assert (done.code, done.out) == (2, "")
    assert "no-such-script.py is no script" in done.err


def test_show_prints_sentence_and_source(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "one_tower_for_two_images.scopetrace"
    shown = run(monkeypatch, capsys, "show", path, "net/dense/kernel", "--source").out

    assert f"created at {HERE}:" in shown
    assert f"<- {HERE}:{line_of('tower(first)')} in one_tower" in shown
    assert "not read: it is not under the folder of the script" in shown
    refused = run(monkeypatch, capsys, "show", path.with_suffix(".meta"), "net/dense/kernel", "--source")
    assert (refused.code, refused.out) == (QueryError.exit_code, "")
    assert "open the .scopetrace" in refused.err
