"""What a trace records, of programs that TensorFlow really runs: flags, lines, refusals (M15, M34)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import scopeview
from scopeview.analysis.answers.refusals import BuildError
from scopeview.analysis.answers.trace import TraceReport, trace_report
from scopeview.errors import DamagedError, ScopeviewError
from scopeview.readers.tensorflow.tracing.run import find_program
from scopeview.readers.trace_file import parse_trace, trace_lines
from tests.places import ROOT
from tests.readers import traced_programs
from tests.readers.faulty_programs import FAULTY

SOURCE = (ROOT / "tests" / "readers" / "traced_programs.py").read_text("utf-8").splitlines()


def report(folder: Path, name: str) -> TraceReport:
    path = folder / f"{name}.scopetrace"
    return trace_report(parse_trace(path.read_text("utf-8"), str(path)))


def refused(folder: Path, name: str) -> BuildError:
    (found,) = report(folder, name).refused
    return found


def code(line: int) -> str:
    return SOURCE[line - 1].strip()


def test_every_level_says_its_flag_and_where_it_comes_from(folder: Path) -> None:
    found = report(folder, "flags_at_every_level")

    scopes = [(line.path, line.kind, line.reuse, re.sub(r" at .*", "", line.reuse_origin)) for line in found.scopes]
    assert scopes == [
        ("root", "variable_scope", "no", ""),
        ("root/foo", "variable_scope", "auto", "entered with reuse=AUTO_REUSE"),
        ("root/foo/bar", "variable_scope", "auto", "inherited from 'root/foo', entered with reuse=AUTO_REUSE"),
        ("root", "variable_scope", "yes", "switched by reuse_variables()"),
        ("root/foo", "variable_scope", "no", ""),
        ("root/foo/late", "variable_scope", "no", ""),
        ("root", "variable_scope", "no", ""),
        ("root/foo", "variable_scope", "yes", "entered with reuse=True"),
        ("root_2/foo/ops", "name_scope", "yes", "entered with reuse=True"),
        ("root/foo/bar", "variable_scope", "yes", "inherited from 'root/foo', entered with reuse=True"),
        ("root/foo", "variable_scope", "yes", "entered with reuse=True"),
        ("root/foo/bar", "variable_scope", "yes", "inherited from 'root/foo', entered with reuse=True"),
    ]
    (variable,) = found.variables
    assert (variable.name, variable.shape, variable.dtype) == ("root/foo/bar/v", (2,), "float32")
    assert [(r.action, r.reuse, r.name_scope) for r in variable.requests] == [
        ("created", "auto", "root/foo/bar"),
        ("reused", "yes", "root_2/foo/ops/bar"),
        ("reused", "yes", "root_2/foo_1/bar"),
    ]
    assert all(code(r.frames[0].line) == 'get("v", [2])' for r in variable.requests)
    assert {r.frames[0].function for r in variable.requests} == {"flags_at_every_level"}


def test_a_scope_object_carries_its_flag_into_another_scope(folder: Path) -> None:
    (variable,) = report(folder, "scope_objects_carry_their_flag").variables

    assert [(r.action, r.reuse) for r in variable.requests] == [("created", "no"), ("reused", "yes"), ("reused", "yes")]
    assert variable.requests[1].reuse_origin.startswith("entered with reuse=True at ")
    assert variable.requests[2].reuse_origin.startswith("inherited from 'tower', entered with reuse=True at ")
    assert variable.requests[2].name_scope == "other/tower"


@pytest.mark.parametrize(
    ("program", "kind", "variable", "fix"),
    [
        (
            "exists_already",
            "exists",
            "net/dense/kernel",
            r"The same line ran twice.*variable_scope\('net/dense'\).*reuse=True.*AUTO",
        ),
        (
            "missing_under_reuse",
            "missing",
            "net/hiden/weights",
            r"Reuse is in force.*'net'.*mean 'net/hidden/weights'",
        ),
        ("made_by_tf_variable", "missing", "net/b", r"made by tf\.Variable at .*Create it with get_variable"),
        ("another_shape", "shape", "emb/table", r"shape \[100, 8\] at .* and \[120, 8\] is asked for"),
        ("another_dtype", "dtype", "emb/table", r"dtype float32 at .* and float64 is asked for"),
        ("another_partitioner", "partitions", "big/w", r"partitioner that it was created with"),
        (
            "reuse_too_early",
            "missing",
            "rnn/w0",
            r"switched by reuse_variables\(\) at .*after the variable was created",
        ),
    ],
)
def test_a_refusal_is_explained(folder: Path, program: str, kind: str, variable: str, fix: str) -> None:
    found = refused(folder, program)

    assert (found.kind, found.variable) == (kind, variable)
    assert re.search(fix, found.fix)
    assert "get(" in code(found.request.frames[0].line)
    assert found.scopes[-1].path == variable.rpartition("/")[0]
    if kind in ("exists", "shape", "dtype"):
        assert found.other is not None
        assert found.other.action == "created"
        assert "get(" in code(found.other.frames[0].line)


@pytest.mark.parametrize(
    ("program", "kind", "variable", "fix"),
    [
        ("twice_in_one_scope", "exists", "foo/v", r"in variable_scope\('foo'\).*use the variable that .* returned"),
        ("image_filter_twice", "exists", "conv1/weights", r"The same line ran twice.*in image_filter <- .*AUTO_REUSE"),
        ("third_call_without_reuse", "exists", "embed/conv1/kernel", r"scope\('embed'\).* as the request at .* did"),
        ("loop_in_one_scope", "exists", "rnn/w", r"ran twice in variable_scope\('rnn'\).*as in a loop"),
        ("name_scopes_for_two_layers", "exists", "w", r"enter variable_scope\('layer2'\) in its place"),
        ("reuse_false_below_true", "missing", "net/head/b", r"reuse=False at .* does not switch it off"),
        ("reuse_false_for_the_second", "exists", "net/w", r"'net'\) was entered with reuse=False"),
        (
            "optimizer_after_reuse",
            "missing",
            "w/Adam/",
            r"switched by reuse_variables\(\) at .*slot.* for 'w'.* ends before",
        ),
        ("optimizer_in_a_scope_that_reuses", "missing", "net/net/w/Momentum/", r"slot .* for 'net/w'.*Leave the scope"),
        ("reuse_in_a_loop", "missing", "rnn/w", r"switched by reuse_variables\(\) at .*after the first step"),
        ("reuse_on_a_scope_that_was_left", "missing", "net/b", r"switched by reuse_variables\(\) at "),
        ("misspelled", "missing", "encoder/kernal", r"Did you mean 'encoder/kernel'\?"),
        ("constant_and_shape", "initializer", "w", r"leave `shape` out"),
        ("unknown_dimension", "initializer", "w", r"\[\?, 3\] is asked for"),
        (
            "partitioner_for_the_second",
            "partitions",
            "emb/t",
            r"without a partitioner.*fixed_size_partitioner \(set at",
        ),
        ("another_shape_of_parts", "shape", "emb/t", r"shape \[4, 2\] in its part part_0 .* \[8, 3\] is asked for"),
    ],
)
def test_the_fix_is_that_of_the_case(folder: Path, program: str, kind: str, variable: str, fix: str) -> None:
    """That the fix helps is run, too: `traced_programs` builds each program with it."""
    found = refused(folder, program)

    assert (found.kind, found.variable) == (kind, variable)
    assert re.search(fix, found.fix), found.fix
    flag = found.request.reuse_origin
    assert bool(flag) == (found.request.reuse != "no")


def test_reuse_of_partitions_is_recorded(folder: Path) -> None:
    requests = [
        (variable.name, [request.action for request in variable.requests])
        for variable in report(folder, "another_shape_of_parts").variables
    ]
    assert requests[0] == ("emb/t/part_0", ["created"])
    (first, second, *_) = report(folder, "parts_shared").variables
    assert {r.action for v in (first, second) for r in v.requests} == {"created", "reused"}
    assert [r.maker for r in first.requests] == ["get_variable", "get_variable"]


def test_what_was_built_before_a_refusal_is_kept(folder: Path) -> None:
    found = report(folder, "exists_already")
    model = scopeview.load(folder / "exists_already.meta")

    assert found.error.startswith("ValueError: Variable net/dense/kernel already exists")
    assert [variable.name for variable in model.variables] == ["net/dense/kernel"]
    assert [(graph.ops, graph.file) for graph in found.graphs] == [(len(model.graph), "exists_already.meta")]


def test_tf_variable_under_reuse_is_a_new_variable(folder: Path) -> None:
    found = report(folder, "tf_variable_under_reuse")

    assert [(v.name, [(r.action, r.maker, r.reuse) for r in v.requests]) for v in found.variables] == [
        ("net/b", [("created", "tf.Variable", "no")]),
        ("net_1/b", [("created", "tf.Variable", "yes")]),
    ]


def test_a_name_scope_does_not_reach_the_name_of_a_variable(folder: Path) -> None:
    found = report(folder, "name_scope_around_get_variable")

    assert [(v.name, v.requests[0].name_scope) for v in found.variables] == [("w", "layer1")]


def test_a_function_says_why_it_was_traced_again(folder: Path) -> None:
    traced = [t for t in report(folder, "retraced").functions if ".double (" in t.function]

    assert [t.times for t in traced] == [1, 2, 3]
    assert traced[0].changed == ()
    assert re.fullmatch(r"argument 0: float32 \(2,\) -> float32 \(3,\)", traced[1].changed[0])
    assert any("2 -> 3" in change or "factor" in change for change in traced[2].changed)


def test_a_method_of_another_object_is_traced_for_the_first_time(folder: Path) -> None:
    found = report(folder, "retraced")
    traced = [t for t in found.functions if ".Layer.__call__ (" in t.function]
    (weights,) = [v for v in found.variables if v.name == "weight"]

    assert [(t.times, t.changed) for t in traced] == [(1, ()), (1, ())]
    assert [(r.action, r.reuse) for r in weights.requests] == [("created", "no")] * 2
    assert all(code(r.frames[0].line).startswith("self.weight") for r in weights.requests)


def test_a_function_that_is_made_again_is_traced_again(folder: Path) -> None:
    traced = [t for t in report(folder, "retraced").functions if t.function.startswith("rescaled (")]

    assert [t.times for t in traced] == [1, 2]
    assert "another tf.function of the same code" in traced[1].changed[0]


def test_lines_that_autograph_rewrote_are_the_users_own(folder: Path) -> None:
    found = report(folder, "retraced")
    (scale,) = [v for v in found.variables if v.name.endswith("scale")]
    inner = [t for t in found.functions if ".halved (" in t.function]

    assert code(scale.requests[0].frames[0].line) == 'self.scale = tf.Variable(2.0, name="scale")'
    assert [code(t.frames[0].line) for t in inner] == ["x = halved(x)"] * 2
    assert [code(t.frames[1].line) for t in inner] == ["net(tf.zeros([size]), tf.constant(3))"] * 2
    assert re.fullmatch(r"argument 0: float32 \(1,\) -> float32 \(2,\)", inner[1].changed[0])


def test_an_error_within_a_function_is_the_error_and_its_line(folder: Path) -> None:
    found = report(folder, "variable_at_each_call")

    assert found.error.startswith("ValueError: tf.function only supports singleton tf.Variables")
    assert code(found.error_frames[0].line) == "return x * tf.Variable(2.0)"


@pytest.mark.parametrize("name", ["pytest_False", "pytest_True"])
def test_a_command_and_a_module_are_traced(folder: Path, name: str) -> None:
    found = refused(folder, name)

    assert (found.kind, found.variable) == ("exists", "net/w")
    assert [Path(frame.file).name for frame in found.request.frames] == ["a_test.py"]


def test_what_is_no_program_is_one_sentence() -> None:
    with pytest.raises(ScopeviewError, match="no-such-thing is no script, and no command"):
        find_program("no-such-thing", as_module=False)


def test_a_record_is_read_back_as_it_was(folder: Path) -> None:
    for path in folder.glob("*.scopetrace"):
        text = path.read_text("utf-8")
        trace = parse_trace(text, "x")
        assert parse_trace("\n".join(trace_lines(trace)), "x") == trace
        assert {line["event"] for line in map(json.loads, text.splitlines()[1:])} <= {
            "scope",
            "reuse_variables",
            "variable",
            "collection",
            "object",
            "function",
            "ops",
        }
    assert len(list(folder.glob("*.scopetrace"))) == len(traced_programs.PROGRAMS) + len(FAULTY) + 4


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lines: [], "line 1, is not JSON"),
        (lambda lines: [lines[0].replace('"scopetrace": 1', '"scopetrace": 9'), *lines[1:]], "version 9"),
        (lambda lines: [lines[0], lines[1][:-9], *lines[2:]], "line 2, is not JSON"),
        (lambda lines: [lines[0], lines[1].replace('"parent": -1', '"parent": 7'), *lines[2:]], "not before it"),
        (lambda lines: [lines[0], lines[1].replace('"number": 0', '"number": "x"'), *lines[2:]], "line 2: number"),
        (lambda lines: [lines[0], '{"event": "nothing"}'], "no event 'nothing'"),
        (lambda lines: [lines[0], "[" * 100_000], "is not JSON"),
    ],
)
def test_a_damaged_record_is_one_sentence(folder: Path, damage: object, said: str) -> None:
    lines = (folder / "flags_at_every_level.scopetrace").read_text("utf-8").splitlines()

    with pytest.raises(DamagedError, match=re.escape(said)):
        parse_trace("\n".join(damage(lines)), "x.scopetrace")  # type: ignore[operator]
