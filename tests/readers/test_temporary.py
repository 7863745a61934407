"""Temporary folders are gone at every end: after their use, with the process, and after one that was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scopeview.readers.temporary import new_folder, remove_left_behind, remove_own, temporary_folder

HOLDER = """
import sys, time
from scopeview.readers.temporary import new_folder
print(new_folder(), flush=True)
time.sleep(float(sys.argv[1]))
"""


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remove_own()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


def test_a_folder_is_there_while_it_is_used(tmp_path: Path) -> None:
    with temporary_folder() as folder:
        assert folder.is_dir()
        assert folder.is_relative_to(tmp_path)
    assert not folder.exists()
    kept = new_folder()
    remove_own()
    assert not kept.exists()
    assert new_folder().is_dir()
    remove_own()
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_ends_leaves_nothing(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", HOLDER, "0"], check=True, stdout=subprocess.DEVNULL)

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_and_what_is_held_or_foreign_stays(tmp_path: Path) -> None:
    held = subprocess.Popen([sys.executable, "-c", HOLDER, "60"], stdout=subprocess.PIPE, text=True)
    killed = subprocess.Popen([sys.executable, "-c", HOLDER, "60"], stdout=subprocess.PIPE, text=True)
    try:
        assert held.stdout is not None and killed.stdout is not None
        stays, goes = (Path(process.stdout.readline().strip()) for process in (held, killed))  # type: ignore[union-attr]
        killed.send_signal(signal.SIGKILL)
        killed.wait(10)
        (tmp_path / "scopeview-of-somebody").mkdir()
        (tmp_path / "scopeview-link").symlink_to(tmp_path / "scopeview-of-somebody")
        (tmp_path / "scopeview-of-somebody" / "kept").touch()

        remove_left_behind()

        assert (stays.is_dir(), goes.parent.exists()) == (True, False)
        assert (tmp_path / "scopeview-of-somebody" / "kept").exists()
    finally:
        for process in (held, killed):
            process.kill()
            process.communicate()
