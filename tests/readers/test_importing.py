from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

import scopeview
from scopeview.errors import UnknownFormatError
from scopeview.model.model import Message
from scopeview.model.variables import VariableTable
from scopeview.readers.tensorflow import importing
from scopeview.readers.tensorflow.importing import with_import
from tests.graphs import graph_def_from_text
from tests.places import BROKEN, SAMPLES


@pytest.mark.parametrize(
    "name",
    [
        "m17_gan.meta",
        "m12_name_scope_mistake.pb",
        "m29_module",
        "m28_partitioned.meta",
        "m32_object.ckpt",
        "m32_v1.ckpt",
    ],
)
def test_tensorflow_and_what_was_read_agree(name: str) -> None:
    model = with_import(scopeview.load(SAMPLES / name), timeout_s=120)

    report = model.imported
    assert report is not None
    assert (report.ok, report.error, report.differences, report.unregistered) == (True, "", (), ())
    assert set(report.op_types) == set(model.graph.names)


def test_tensorflow_infers_shapes() -> None:
    report = with_import(scopeview.load(SAMPLES / "m11_both_scopes.meta"), timeout_s=120).imported

    assert report is not None
    (matmul,) = report.tensors["model/encoder/MatMul"]
    assert (matmul.dtype, matmul.shape) == ("float32", (None, 2))
    assert report.trainable == ("encoder/weight",)


def test_a_refusal_is_reported_in_tensorflows_words(tmp_path: Path) -> None:
    (tmp_path / "custom.pb").write_bytes(graph_def_from_text("a MyOwnOp\nb Identity a"))

    report = with_import(scopeview.load(tmp_path / "custom.pb"), timeout_s=120).imported

    assert report is not None
    assert not report.ok
    assert "MyOwnOp" in report.error
    assert report.unregistered == ("MyOwnOp",)


def test_an_abort_of_tensorflow_is_reported_and_nothing_else_ends() -> None:
    """TensorFlow's reader checks the claimed size and ends the process with SIGABRT."""
    report = with_import(scopeview.load(BROKEN / "huge_sizes.index"), timeout_s=120).imported

    assert report is not None
    assert not report.ok
    assert "SIGABRT" in report.error


def test_an_import_that_takes_too_long_is_ended() -> None:
    report = with_import(scopeview.load(SAMPLES / "m17_gan.meta"), timeout_s=0.2).imported

    assert report is not None
    assert report.error == ("TensorFlow did not finish within 0.2 s and was ended; --import-timeout allows more")


def test_contradictions_are_listed() -> None:
    model = scopeview.load(SAMPLES / "m05_reuse.meta")
    wrong = replace(model.variables[0], shape=(9,))
    changed = replace(model, variables=VariableTable([wrong]), collections=model.collections[:1] * 2)
    other = scopeview.load(SAMPLES / "m06_variable_ignores_reuse.meta")

    by_shape = with_import(changed, timeout_s=120).imported
    by_name = with_import(replace(model, message=other.message), timeout_s=120).imported

    assert by_shape is not None
    assert by_name is not None
    assert [d for d in by_shape.differences if d.startswith("variable shared_scope/v: read")]
    assert "variable shared_scope_1/v is known to TensorFlow and was not read" in by_name.differences
    assert "op shared_scope/v/Initializer/Const is only in the file" not in by_name.differences
    assert any("only after TensorFlow's import" in difference for difference in by_name.differences)
    assert any("is only in the file" in difference for difference in by_name.differences)


def test_an_op_of_another_type_is_a_contradiction(tmp_path: Path) -> None:
    (tmp_path / "a.pb").write_bytes(graph_def_from_text("a NoOp"))
    model = scopeview.load(tmp_path / "a.pb")
    raw = graph_def_from_text("a Placeholder dtype=float32")

    report = with_import(replace(model, message=Message("graph_def", raw, 0, len(raw))), timeout_s=120).imported

    assert report is not None
    assert report.differences == ("op a is a NoOp in the file and a Placeholder in TensorFlow",)


def test_entries_of_a_checkpoint_that_differ_are_listed() -> None:
    model = scopeview.load(SAMPLES / "m33_original.ckpt")
    changed = [replace(v, dtype="int32") if v.name == "layer1/biases" else v for v in model.variables]

    report = with_import(replace(model, variables=VariableTable(changed)), timeout_s=120).imported

    assert report is not None
    assert len(report.differences) == 1
    assert report.differences[0].startswith("entry layer1/biases: read")


def test_a_model_without_a_message_cannot_be_imported() -> None:
    model = replace(scopeview.load(SAMPLES / "m05_reuse.meta"), message=None)

    with pytest.raises(UnknownFormatError, match="holds no message"):
        with_import(model, timeout_s=1)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("sys.exit(3)", "exit code 3: last words"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV: last words"),
        ("os.kill(os.getpid(), 40)", "signal 40: last words"),
    ],
)
def test_how_a_child_ended_is_said(code: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = tmp_path / "child.py"
    child.write_text(f"import os, signal, sys\nsys.stderr.write('first\\nlast words')\nsys.stderr.flush()\n{code}\n")
    monkeypatch.setattr(importing, "_CHILD", str(child))

    assert importing.run_child("graph_def", "a", "b", 30.0) == f"TensorFlow's process ended with {says}"


def test_a_child_that_nobody_wants_any_more_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = tmp_path / "child.py"
    child.write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setattr(importing, "_CHILD", str(child))
    unwanted = threading.Event()
    unwanted.set()

    assert importing.run_child("graph_def", "a", "b", 600.0, unwanted) == "the import was ended before it had finished"


def test_the_child_imports_nothing_of_scopeview(tmp_path: Path) -> None:
    raw = tmp_path / "graph.pb"
    raw.write_bytes(graph_def_from_text("a NoOp"))
    code = (
        f"import sys, runpy; sys.argv = ['x', 'graph_def', {str(raw)!r}, {str(tmp_path / 'answer.json')!r}]\n"
        f"runpy.run_path({importing._CHILD!r}, run_name='__main__')\n"
        "print([m for m in sys.modules if m.startswith('scopeview')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)

    assert (tmp_path / "answer.json").is_file()
    assert done.stdout.strip().splitlines()[-1] == "[]"
