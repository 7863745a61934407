"""The plugin in a real TensorBoard: runs, graphs and steps to choose from, and nothing served beside the logdir."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, expect

from sample_graphs.build_broken import field, graph_of, varint
from scopeview.readers.checksums import masked_crc32c
from tests.browser.conftest import PATIENCE_MS
from tests.places import ROOT, SAMPLES

HOSTILE = "<img src=x onerror=alert(1)>"
STEPS = ("first", "<b>second</b>")

# TensorBoard loads TensorFlow where it finds it, which takes most of its start; it has its own readers without.
START = """
import sys, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")
from tensorboard import main
main.run_main()
"""


def record(event: bytes) -> bytes:
    head = struct.pack("<Q", len(event))
    return head + struct.pack("<I", masked_crc32c(head)) + event + struct.pack("<I", masked_crc32c(event))


def step(tag: str, op: str, micros: int) -> bytes:
    """An event with a recorded step in which one op ran."""
    ran = field(1, op.encode()) + varint(4 << 3) + varint(micros)
    stats = field(1, field(1, field(1, b"/device:CPU:0") + field(2, ran)))
    return field(8, field(1, tag.encode()) + field(2, stats))


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("logs")
    shutil.copytree(SAMPLES / "m29_logdir" / "v1", folder / "plain")
    (folder / HOSTILE).mkdir()
    graph = graph_of(("near/op", "NoOp", ()), ("far/op", "NoOp", ()))
    events = [field(3, b"brain.Event:2"), field(4, graph), *(step(tag, "near/op", 7) for tag in STEPS)]
    (folder / HOSTILE / "events.out.tfevents.1").write_bytes(b"".join(map(record, events)))
    (folder / "summaries").mkdir()
    (folder / "summaries" / "events.out.tfevents.1").write_bytes(record(field(3, b"brain.Event:2")))
    (folder.parent / "outside.pb").write_bytes(graph)
    return folder


@pytest.fixture(scope="module")
def tensorboard(logdir: Path) -> Iterator[str]:
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    command = [sys.executable, "-c", START, "--logdir", str(logdir), "--port", "0", "--load_fast", "false"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    address = next(filter(None, (re.search(r"http://localhost:\d+/", line) for line in process.stderr)))
    yield address[0]
    process.terminate()
    process.wait(10)
    process.stderr.close()


def answer(address: str, sent: object = None, **headers: str) -> tuple[int, str]:
    body = None if sent is None else json.dumps(sent).encode()
    asked = urllib.request.Request(address, body, {"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(asked) as found:
            return found.status, found.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def menu(tab: FrameLocator, name: str) -> Locator:
    return tab.get_by_role("group", name="Runs").get_by_role("combobox", name=name)


def test_runs_graphs_and_steps_are_chosen_in_the_tab(browser: Browser, tensorboard: str) -> None:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("dialog", lambda dialog: problems.append(dialog.message))
    page.on(
        "console",
        lambda said: problems.extend(
            [f"{said.text} {said.location}"] if said.type == "error" and "scopeview" in str(said.location) else ()
        ),
    )
    page.goto(f"{tensorboard}#scopeview")
    tab: FrameLocator = page.frame_locator("iframe").frame_locator("iframe[title=scopeview]")
    runs, graphs = menu(tab, "run"), menu(tab, "graph")
    expect(runs.locator("option:checked")).to_have_text(HOSTILE)
    expect(runs.locator("option")).to_have_text([HOSTILE, "plain"])
    expect(tab.get_by_role("button", name="near", exact=True)).to_be_visible()

    menu(tab, "step").select_option(label=STEPS[1])
    expect(tab.locator(".key")).to_contain_text(f"time of the recorded step {STEPS[1]}")

    runs.select_option(label="plain")
    expect(graphs.locator("option")).to_have_text(["meta_graph", "graph"])
    graphs.select_option(label="graph")
    expect(tab.get_by_label("Model").locator("option:checked")).to_contain_text("[graph]")
    expect(menu(tab, "step")).to_have_count(0)
    context.close()
    assert problems == []


def test_the_logdir_is_served_and_nothing_else(tensorboard: str, logdir: Path) -> None:
    page = f"{tensorboard}data/plugin/scopeview/page/"
    outside = str(logdir.parent / "outside.pb")

    assert answer(f"{page}api/models", {"path": str(logdir / "plain")})[0] == 200
    for path in (outside, f"{logdir}/../outside.pb", "../outside.pb"):
        status, said = answer(f"{page}api/models", {"path": path})
        assert (status, "is not served" in said) == (404, True)
    assert answer(f"{page}api/upload?name=x.pb", {"any": "thing"}) == (
        400,
        '{"error":"no files are taken here; open them by their paths","choices":[]}',
    )
    status, said = answer(f"{page}api/runs", host="rebound.example")
    assert (status, "--scopeview_allow_host" in said) == (421, True)
    assert answer(f"{page}api/runs", origin="http://another.example")[0] == 403
    assert answer(f"{page}api/models", {"path": "x" * 70_000})[0] == 413
    assert answer(f"{page}static/../../../pyproject.toml")[0] == 404
