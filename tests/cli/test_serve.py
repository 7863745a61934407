"""`scopeview serve` as a person starts and ends it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.running import Run
from tests.places import SAMPLES


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start a server; it is gone when the test is."""
    command = [sys.executable, "-m", "scopeview", "serve", "--no-open", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found is not None
    return found[0]


def ended(process: subprocess.Popen[str], url: str) -> tuple[str, str]:
    """End a server as Ctrl-C does, once it answers: whoever started these tests may have it ignored until then."""
    urllib.request.urlopen(url, timeout=30).close()
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=30)


@pytest.mark.parametrize("imports", ["0", "20000"])
def test_ctrl_c_ends_it_without_a_word(imports: str) -> None:
    with started(str(SAMPLES / "m05_reuse.meta"), "--import-up-to", imports) as process:
        url = address(process)
        with urllib.request.urlopen(f"{url}api/models", timeout=30) as answer:
            identity = re.search(rb'"id":"(\w+)"', answer.read())
        assert identity is not None
        # The first question begins the import, which then runs while the server is ended.
        urllib.request.urlopen(f"{url}api/models/{identity[1].decode()}/summary", timeout=30).close()

        out, errors = ended(process, url)

    assert process.returncode in (0, 130, -signal.SIGINT)
    assert errors.strip() == ""
    assert "Traceback" not in out


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started, from all its threads."""
    return [
        int(child)
        for listed in Path(f"/proc/{pid}/task").glob("*/children")
        for child in listed.read_text("ascii").split()
    ]


def has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def is_true_within(seconds: float, holds: Callable[[], object]) -> bool:
    ends_at = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends_at:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes as Linux shows them")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_signal_leaves_a_child_or_a_folder(number: signal.Signals, tmp_path: Path) -> None:
    """While TensorFlow imports in its child process; what SIGKILL leaves, the next server removes."""
    with started(str(SAMPLES / "m05_reuse.meta"), TMPDIR=str(tmp_path)) as process:
        url = address(process)
        with urllib.request.urlopen(f"{url}api/models", timeout=30) as answer:
            identity = json.load(answer)[0]["id"]
        urllib.request.urlopen(f"{url}api/models/{identity}/summary", timeout=30).close()
        assert is_true_within(20, lambda: children_of(process.pid))
        (child,) = children_of(process.pid)
        assert list(tmp_path.iterdir())

        process.send_signal(number)

        assert is_true_within(2.5, lambda: process.poll() is not None)
        assert is_true_within(1, lambda: has_ended(child))
    if number == signal.SIGKILL:
        with started(str(SAMPLES / "m05_reuse.meta"), "--import-up-to", "0", TMPDIR=str(tmp_path)) as next_one:
            address(next_one)
    assert list(tmp_path.iterdir()) == []


LOADS_FOR_EVER = """
import sys
from scopeview.workspace import entry

def read(*_, **__):
    while True:
        sum(range(1000))

entry.read = read
sys.argv = ["scopeview", "serve", "--no-open", sys.argv[1]]
from scopeview.__main__ import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_model_that_is_read_for_ever_does_not_hold_the_end_up(number: signal.Signals) -> None:
    command = [sys.executable, "-c", LOADS_FOR_EVER, str(SAMPLES / "m05_reuse.meta")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            url = address(process)
            urllib.request.urlopen(f"{url}api/models", timeout=30).close()
            with socket.create_connection(("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]))) as half:
                half.sendall(b"GET /")
                begun = time.monotonic()
                process.send_signal(number)
                _, errors = process.communicate(timeout=10)
                assert time.monotonic() - begun < 2.5
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, "")


NEVER_ANSWERS = """
import sys
from scopeview.readers.weights import hdf5_process

hdf5_process._CHILD = sys.argv.pop()
sys.argv = ["scopeview", "serve", "--no-open", sys.argv.pop()]
from scopeview.__main__ import main
main()
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks at processes as Linux shows them")
def test_a_process_that_hdf5_keeps_busy_ends_with_the_server(tmp_path: Path) -> None:
    child, weights = tmp_path / "child.py", tmp_path / "model.h5"
    child.write_text("while True: pass", "utf-8")
    weights.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    command = [sys.executable, "-c", NEVER_ANSWERS, str(weights), str(child)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            urllib.request.urlopen(f"{address(process)}api/models", timeout=30).close()
            assert is_true_within(20, lambda: children_of(process.pid))
            (busy,) = children_of(process.pid)
            process.send_signal(signal.SIGTERM)
            assert is_true_within(2.5, lambda: process.poll() is not None)
            assert is_true_within(1, lambda: has_ended(busy))
        finally:
            process.kill()


def test_an_empty_token_is_refused(scopeview: Run) -> None:
    for token in ("", "  "):
        done = scopeview("serve", "--no-open", SAMPLES / "m17_gan.meta", "--token", token)
        assert (done.code, done.out) == (2, "")
        assert "an empty token protects nothing" in done.err


def test_over_ssh_it_prints_the_way_in() -> None:
    with started(str(SAMPLES / "m05_reuse.meta"), SSH_CONNECTION="192.0.2.1 1 192.0.2.2 22") as process:
        port = address(process).rstrip("/").rpartition(":")[2]
        assert process.stdout is not None
        line = process.stdout.readline()

    assert f"ssh -L {port}:127.0.0.1:{port} " in line


def test_off_the_loopback_the_address_has_a_token() -> None:
    with started(str(SAMPLES / "m05_reuse.meta"), "--host", "0.0.0.0", "--allow-host", "proxy.example") as process:
        found = address(process)
        port, token = re.fullmatch(r"http://[^/:]+:(\d+)/\?token=([\w-]{20,})", found).groups()  # type: ignore[union-attr]

        def asked(host: str) -> int:
            headers = {"host": f"{host}:{port}", "authorization": f"Bearer {token}"}
            request = urllib.request.Request(f"http://127.0.0.1:{port}/api/models", headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                return error.code

        hosts = (socket.gethostname().upper(), "192.0.2.7", "proxy.example", "evil.example")
        answers = [asked(host) for host in hosts]

    assert found.startswith(f"http://{socket.gethostname()}:")
    assert answers == [200, 200, 200, 421]


def test_a_port_that_is_taken_and_nothing_to_serve_are_sentences() -> None:
    with started(str(SAMPLES / "m05_reuse.meta")) as first:
        port = address(first).rstrip("/").rpartition(":")[2]
        with started(str(SAMPLES / "m05_reuse.meta"), "--port", port) as second:
            _, errors = second.communicate(timeout=30)
    with started() as third:
        _, usage = third.communicate(timeout=30)

    assert second.returncode != 0
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use; try another --port" in errors
    assert (third.returncode, "pass a PATH to open" in usage) == (2, True)


def test_a_path_that_is_not_there_is_refused_before_anything_is_served(scopeview: Run) -> None:
    done = scopeview("serve", "--no-open", SAMPLES / "m17_gan.meta", "nope.meta")

    assert (done.code, done.out) == (2, "")
    assert done.err == "scopeview: nope.meta does not exist, neither as a file nor as the prefix of a checkpoint\n"
