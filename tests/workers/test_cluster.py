"""A real cluster of Dask gives what this process gives, whatever happens to its workers; without it, a sentence."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scopeview.analysis import work
from scopeview.analysis.work import SERIAL
from scopeview.errors import RemoteError
from scopeview.workers.cluster import Cluster, cluster
from scopeview.workers.fleet import fleet
from tests.cli.running import Run
from tests.places import SAMPLES
from tests.web_server import served
from tests.workers.fleets import training

_IS_MISSING = importlib.util.find_spec("distributed") is None

services = [
    pytest.mark.services,
    pytest.mark.skipif(_IS_MISSING, reason="distributed is not installed; `make test-services` installs it"),
    pytest.mark.filterwarnings("ignore"),  # of sockets that a lost scheduler leaves open
]


def with_services(test: Any) -> Any:
    for mark in services:
        test = mark(test)
    return test


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    with cluster(3, None) as found:
        yield found


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("cluster")
    training(base, range(0, 120, 10), nan_from=70, growth=1.5)
    return base


@with_services
def test_a_fleet_is_the_same(running: Cluster, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "UNIT_BYTES", 4000)

    assert fleet([f"{run}/*"], running, query="") == fleet([f"{run}/*"], SERIAL, query="")


@with_services
def test_commands_print_the_same(run: Path, scopeview: Run) -> None:
    sides = [f"{run}/model-{step}.safetensors" for step in (10, 80)]
    checkpoint = str(SAMPLES / "m33_original.ckpt")
    for command in (("values", sides[1]), ("values", checkpoint), ("diff", *sides, "--values")):
        here, there = scopeview(*command, "--json"), scopeview(*command, "--json", "--workers", "2")
        assert there == here, command


def square(number: int) -> int:
    return number * number


def killing(task: tuple[str, int]) -> int:
    """End the worker that is the first to come here."""
    folder, number = task
    if number == 5:
        try:
            (Path(folder) / "killed").touch(exist_ok=False)
        except FileExistsError:
            return square(number)
        os.kill(os.getpid(), signal.SIGKILL)
    return square(number)


@with_services
def test_a_killed_worker_costs_nothing_but_time(running: Cluster, tmp_path: Path) -> None:
    found = running.run(killing, [(str(tmp_path), number) for number in range(30)])

    assert found == [number * number for number in range(30)]
    assert (tmp_path / "killed").exists()


def waiting(task: tuple[str, int]) -> int:
    """Be slow where one part is done first: until the test is over."""
    folder, number = task
    if number == 3:
        try:
            (Path(folder) / "slow").touch(exist_ok=False)
        except FileExistsError:
            return square(number)
        until = time.monotonic() + 60
        while not (Path(folder) / "over").exists() and time.monotonic() < until:
            time.sleep(0.02)
        return -1
    return square(number)


@with_services
def test_what_a_slow_worker_has_is_given_to_another(running: Cluster, tmp_path: Path) -> None:
    impatient = Cluster(running._client, patience_s=0.2)
    try:
        found = impatient.run(waiting, [(str(tmp_path), number) for number in range(12)])
    finally:
        (tmp_path / "over").touch()

    assert found == [number * number for number in range(12)]


def always_killing(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


@with_services
def test_a_part_that_ends_every_worker_is_a_sentence(running: Cluster) -> None:
    with pytest.raises(RemoteError, match="ended every worker that had it"):
        running.run(always_killing, [1])


def failing(number: int) -> int:
    raise (RemoteError("unreachable") if number else KeyError("no such thing"))


@with_services
def test_failures_are_sentences(running: Cluster) -> None:
    with pytest.raises(RemoteError, match="unreachable"):
        running.run(failing, [1])
    with pytest.raises(RemoteError, match="a worker failed"):
        running.run(failing, [0])


@with_services
def test_a_lost_scheduler_is_a_sentence(tmp_path: Path) -> None:
    from distributed import LocalCluster

    local = LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None)
    tasks = [(str(tmp_path), number) for number in range(40)]
    gone = pytest.raises(RemoteError, match=r"the scheduler of Dask is gone after \d+ of 40 parts")
    with gone, cluster(None, local.scheduler_address) as running:
        running.run(waiting, tasks, lambda _number: close_once(local))
    (tmp_path / "over").touch()


def close_once(local: Any) -> None:
    if local.status.name == "running":
        local.close(timeout=5)


@with_services
def test_no_scheduler_is_a_sentence(run: Path, scopeview: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scopeview.workers.cluster._CONNECT_S", 1)

    ran = scopeview("fleet", f"{run}/*", "--scheduler", "tcp://127.0.0.1:9")

    assert (ran.code, ran.err.count("\n")) == (2, 1), ran.err
    assert "no scheduler of Dask answers at tcp://127.0.0.1:9" in ran.err


def test_without_dask_a_sentence_says_what_to_install(
    run: Path, scopeview: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)

    for option in (("--workers", "2"), ("--scheduler", "tcp://127.0.0.1:9")):
        ran = scopeview("fleet", f"{run}/*", *option)
        assert (ran.code, "pip install 'scopeview[distributed]'" in ran.err) == (2, True)
    both = scopeview("fleet", f"{run}/*", "--workers", "2", "--threads", "2")
    assert (both.code, "exclude each other" in both.err) == (2, True)


@pytest.mark.parametrize("options", [(), pytest.param(("--workers", "2"), marks=services)], ids=["threads", "workers"])
def test_ctrl_c_ends_it_without_a_word(options: tuple[str, ...]) -> None:
    with served() as files:
        files.hold = threading.Event()
        target = f"{files.url}/run/model.ckpt"
        command = [sys.executable, "-m", "scopeview", "fleet", target, *options]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
            while not files.requests and process.poll() is None:
                time.sleep(0.02)
            os.killpg(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        files.hold.set()

    assert process.returncode == 130
    assert errors.strip() == ""
