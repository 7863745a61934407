"""Models are opened once, in the background; answers are kept, and forgotten when a file changes."""

from __future__ import annotations

import gc
import platform
import shutil
import subprocess
import sys
import threading
import time
import weakref
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scopeview.analysis.context import AnalysisContext
from scopeview.analysis.diff.report import diff
from scopeview.analysis.lint.rule import Subject
from scopeview.analysis.lint.run import lint
from scopeview.errors import NotFoundError, ScopeviewError
from scopeview.readers import Limits
from scopeview.workspace import OpenModel, Workspace
from scopeview.workspace import workspace as workspace_module
from scopeview.workspace.entry import Entry, load
from scopeview.workspace.lanes import Job, Lanes
from tests.graphs import graph_def_from_text
from tests.places import BROKEN, SAMPLES

GAN = str(SAMPLES / "m17_gan.meta")


def test_the_same_artifact_has_the_same_id_and_is_read_once() -> None:
    workspace = Workspace()

    first, second = workspace.open(GAN), workspace.open(GAN)

    assert first == second
    assert workspace.context(first) is workspace.context(second)
    (model,) = workspace.models()
    assert (model.state, model.error, model.has_changed, model.bytes_total) == (
        "ready",
        "",
        False,
        Path(GAN).stat().st_size,
    )


def test_what_is_going_to_be_asked_is_worked_out_once_a_model_is_read() -> None:
    workspace, prepared = Workspace(), threading.Event()
    found: list[AnalysisContext] = []

    def prepare(context: AnalysisContext) -> None:
        found.append(context)
        prepared.set()
        raise NotFoundError("there is nothing to draw")  # for whoever asks; the model is there

    model = workspace.open(GAN, prepare=prepare)
    assert prepared.wait(60)
    assert found == [workspace.context(model)]
    assert workspace.model(model).state == "ready"

    broken = workspace.open("nowhere.meta", prepare=prepare)
    with pytest.raises(ScopeviewError, match=r"nowhere\.meta does not exist"):
        workspace.context(broken)
    assert len(found) == 1


def test_what_cannot_be_read_says_why() -> None:
    workspace = Workspace()
    missing = workspace.open("nowhere.meta")

    with pytest.raises(ScopeviewError, match=r"nowhere\.meta does not exist"):
        workspace.context(missing)
    assert workspace.model(missing).state == "failed"
    with pytest.raises(NotFoundError, match="no model 'zzz' is open"):
        workspace.context("zzz")


def test_a_path_that_holds_several_names_the_choices(tmp_path: Path) -> None:
    for name in ("m32_before.ckpt", "m32_after.ckpt"):
        for suffix in (".index", ".data-00000-of-00001"):
            shutil.copy(SAMPLES / f"{name}{suffix}", tmp_path / f"{name}{suffix}")
    workspace = Workspace()

    unclear = workspace.open(str(tmp_path))
    with pytest.raises(ScopeviewError):
        workspace.context(unclear)

    assert workspace.model(unclear).choices == ("m32_after.ckpt", "m32_before.ckpt")
    chosen = workspace.open(str(tmp_path), artifact="m32_after.ckpt")
    assert chosen != unclear
    assert len(workspace.context(chosen).model.variables) == 28


def test_answers_are_worked_out_once_and_again_after_a_reload(tmp_path: Path) -> None:
    path = tmp_path / "model.meta"
    shutil.copy(GAN, path)
    workspace = Workspace()
    model = workspace.open(str(path))
    asked: list[int] = []

    def ask() -> bytes:
        return workspace.answer(("question",), (model,), lambda: asked.append(1) or b"x" * 10)  # type: ignore[func-returns-value]

    workspace.context(model)
    assert ask() == ask() == b"x" * 10
    assert len(asked) == 1

    shutil.copy(SAMPLES / "m05_reuse.meta", path)
    assert workspace.model(model).has_changed
    workspace.reload(model)
    assert len(workspace.context(model).model.graph) == 14
    assert not workspace.model(model).has_changed
    ask()
    assert len(asked) == 2


def test_an_answer_of_what_was_read_before_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "model.meta"
    shutil.copy(GAN, path)
    workspace = Workspace()
    model = workspace.open(str(path))
    workspace.context(model)

    def while_it_is_read_again() -> bytes:
        workspace.reload(model)
        return b"old"

    assert workspace.answer(("question",), (model,), while_it_is_read_again) == b"old"
    assert workspace.answer(("question",), (model,), lambda: b"new") == b"new"


def test_what_was_read_before_is_held_by_nothing() -> None:
    """A model that is read again, after a diff and a question: it is gone at once, and not when garbage is looked for.

    So the memory of a server that runs for long stays flat.
    """
    workspace = Workspace()
    a, b = (workspace.open(str(SAMPLES / name)) for name in ("m33_original.ckpt", "m33_renamed.meta"))
    workspace.difference(a, b)
    before = [weakref.ref(workspace.context(one)) for one in (a, b)]

    def ask(context: AnalysisContext) -> bytes:
        return workspace.answer(("findings",), (b,), lambda: str(lint(Subject(context))).encode())

    gc.collect()
    gc.disable()
    try:
        ask(workspace.context(b))
        for one in (a, b):
            workspace.reload(one)
            workspace.context(one)

        assert [found() for found in before] == [None, None]
    finally:
        gc.enable()
    diff = workspace.difference(a, b)
    assert workspace.difference(a, b) is diff


def test_a_diff_of_what_is_read_again_meanwhile_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace()
    a, b = (workspace.open(str(SAMPLES / name)) for name in ("m33_original.ckpt", "m33_renamed.meta"))

    def reload_meanwhile(*sides: Any, **options: Any) -> Any:
        workspace.reload(a)
        return diff(*sides, **options)

    monkeypatch.setattr(workspace_module, "diff", reload_meanwhile)
    workspace.difference(a, b)

    assert not workspace._diffs


def test_reading_is_given_up_when_nobody_wants_it() -> None:
    entry = Entry("id", GAN, None, None, None)
    entry.unwanted.set()

    load(entry, Limits())

    assert (entry.context, entry.state, entry.done.is_set()) == (None, "failed", True)
    assert entry.error == f"{GAN} was closed while it was read"


def test_files_are_read_within_the_limits_of_whoever_serves() -> None:
    workspace = Workspace(limits=Limits(memory_bytes=20_000))
    context = workspace.context(workspace.open(GAN))

    assert len(context.model.graph) < 100
    assert any("--limit-memory allows more" in note for note in context.model.notes)


def test_answers_stay_within_their_budget() -> None:
    workspace = Workspace(budget_bytes=100)
    model = workspace.open(GAN)
    worked_out: list[str] = []

    def ask(question: str) -> None:
        workspace.answer((question,), (model,), lambda: worked_out.append(question) or b"x" * 60)  # type: ignore[func-returns-value]

    for question in ("a", "b", "b", "a"):
        ask(question)

    assert worked_out == ["a", "b", "a"]


def test_a_model_that_is_closed_is_gone() -> None:
    workspace = Workspace()
    model = workspace.open(GAN)
    workspace.context(model)

    workspace.close(model)

    assert workspace.models() == ()


def imported(workspace: Workspace, model: str) -> OpenModel:
    """Return the model when TensorFlow's import has ended."""
    workspace.context(model)
    ends_at = time.monotonic() + 120
    while workspace.model(model).revision == 0 and time.monotonic() < ends_at:
        time.sleep(0.05)
    return workspace.model(model)


def test_a_small_graph_is_imported_when_it_is_first_asked_about() -> None:
    workspace = Workspace(import_up_to=1000)
    model = workspace.open(GAN)
    before = workspace.answer(("question",), (model,), lambda: b"as read")

    state = imported(workspace, model)

    assert (state.imported, state.import_error, state.bytes_done > 0) == ("done", "", True)
    report = workspace.context(model).model.imported
    assert report is not None and report.ok and report.tensors["generator/MatMul"][0].dtype == "float32"
    again = workspace.answer(("question",), (model,), lambda: b"as imported")
    assert (before, again) == (b"as read", b"as imported")


def test_a_large_graph_is_imported_on_request_and_a_refusal_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "custom.pb"
    path.write_bytes(graph_def_from_text("a NoOp\nb NoOneKnowsThisOp ^a"))
    workspace = Workspace(import_up_to=1)
    model = workspace.open(str(path))
    workspace.context(model)
    assert workspace.model(model).imported == "none"

    workspace.import_model(model)

    state = imported(workspace, model)
    assert state.imported == "refused"
    assert "NoOneKnowsThisOp" in state.import_error
    findings = lint(Subject(workspace.context(model))).findings
    assert [(found.code, state.import_error in found.message) for found in findings if found.code == "G26"] == [
        ("G26", True)
    ]


def test_variables_that_cannot_be_read_leave_the_graph_and_a_note(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "m29_keras", tmp_path / "model")
    shutil.copy(BROKEN / "empty_table.index", tmp_path / "model" / "variables" / "variables.index")
    workspace = Workspace()

    model = workspace.context(workspace.open(str(tmp_path / "model"))).model

    assert len(model.graph) > 0 and len(model.variables) > 0
    (note,) = model.notes
    assert note.startswith("its variables cannot be read: ") and "variables.index" in note
    assert workspace.models()[0].holds_values is False


def test_an_import_child_that_is_killed_is_an_answer_and_the_server_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    workspace = Workspace()
    model = workspace.open(GAN)
    workspace.import_model(model)
    while not started:
        time.sleep(0.01)
    started[0].kill()

    state = imported(workspace, model)

    assert (state.imported, "SIGKILL" in state.import_error) == ("refused", True)
    assert workspace.answer("question", (model,), lambda: b"answer") == b"answer"


MALLOC = """
import ctypes
from scopeview.workspace.memory import configure_malloc

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
FIELDS = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
Info = type("Info", (ctypes.Structure,), {"_fields_": [(name, ctypes.c_size_t) for name in FIELDS]})
libc.mallinfo2.restype = Info
if CONFIGURED:
    configure_malloc()
libc.free(libc.malloc(8 << 20))
before = libc.mallinfo2().hblks
for _ in range(BLOCKS):  # the first ones may find room that the start of Python left in the heap
    libc.malloc(200 << 10)
print(libc.mallinfo2().hblks - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is glibc's malloc that is configured")
@pytest.mark.parametrize("is_configured", [False, True])
def test_columns_are_mapped_by_themselves_after_larger_ones_were_freed(*, is_configured: bool) -> None:
    """Else they lie among others, and what they leave is never given back; the first case is glibc's own habit."""
    blocks = 200  # of 200 KB each: far more than the heap of a Python that has just started has room for
    script = MALLOC.replace("CONFIGURED", str(is_configured)).replace("BLOCKS", str(blocks))
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    mapped = int(run.stdout)
    assert mapped > blocks * 0.9 if is_configured else mapped == 0


def test_what_a_page_waits_for_overtakes_what_was_asked_just_before() -> None:
    lanes, order, begun, go_on = Lanes("test", threads=1, waiting=10), list[str](), threading.Event(), threading.Event()

    def work(name: str) -> str:
        order.append(name)
        begun.set()
        assert go_on.wait(30)
        return name

    jobs = {name: Job(partial(work, name), is_first=name in "EF") for name in "ABCDEF"}
    lanes.submit("", jobs["A"])
    assert begun.wait(30)
    jobs["B"].since -= 60  # it has waited for a minute
    for name in "BCDEF":
        lanes.submit("", jobs[name])
    go_on.set()
    for job in jobs.values():
        job.future.result(30)

    assert "".join(order) == "ABEFCD"
    lanes.shut_down()
