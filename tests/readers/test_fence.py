"""Nothing outside the fence is read, asked about or distinguished, whatever happens meanwhile."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from scopeview import load
from scopeview.errors import NotFoundError, ScopeviewError
from scopeview.readers.fence import (
    LONGEST_PATH,
    children,
    fenced,
    files_below,
    is_dir,
    is_file,
    opened,
    resolved,
    status,
)
from scopeview.readers.tensorflow.importing import with_import
from tests.places import SAMPLES


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "deep" / "er").mkdir(parents=True)
    outside.mkdir()
    (root / "deep" / "er" / "file").write_text("inside")
    (outside / "secret").write_text("outside")
    (root / "out").symlink_to(outside)
    (root / "in").symlink_to("deep/er")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    return root


def test_files_below_are_opened_and_links_within_are_followed(root: Path) -> None:
    with fenced([root]):
        for path in (root / "deep/er/file", root / "in/file", root / "deep/../in/file"):
            with opened(path) as file:
                assert file.read() == b"inside"
        assert [path.name for path in children(root / "in")] == ["file"]
        assert (is_dir(root), is_dir(root / "in"), is_file(root / "in/file"), is_file(root / "in")) == (
            True,
            True,
            True,
            False,
        )
        assert {str(path.relative_to(root)) for path in files_below(root)} >= {"deep/er/file", "loop", "pipe"}
        assert not any("secret" in str(path) for path in files_below(root))


def test_what_is_outside_is_refused_with_one_sentence_whether_it_is_there_or_not(root: Path) -> None:
    outside = root.parent / "outside"
    sentences = set()
    with fenced([root]):
        for path in (root / "out/secret", root / "out/nothing", outside / "secret", outside / "nothing", root / "../x"):
            assert (status(path), is_file(path), is_dir(path)) == (None, False, False)
            with pytest.raises(NotFoundError) as refused:
                opened(path)
            sentences.add(str(refused.value).replace(str(path), "PATH"))
        with pytest.raises(NotFoundError):
            children(root / "out")
    assert len(sentences) == 1


@pytest.mark.parametrize("name", ["loop", "loop/x", "a" * 300, "nothing", "deep/er/file/x", "\ud800", "a\0b", "pipe"])
def test_no_name_is_more_than_a_refusal(root: Path, name: str) -> None:
    for roots in (None, [root]):
        with fenced(roots):
            assert not is_file(root / name)
            if roots is not None or name != "pipe":  # a pipe that a person names is waited for
                with pytest.raises((OSError, ScopeviewError, ValueError)):
                    opened(root / name)


def test_a_path_of_megabytes_is_refused_at_once() -> None:
    with pytest.raises(NotFoundError, match="not a path of this system"):
        resolved(Path("a/" * LONGEST_PATH))


def test_a_socket_and_a_device_are_no_files(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener, fenced([tmp_path, Path("/dev")]):
        listener.bind(str(tmp_path / "s"))
        for path in (tmp_path / "s", Path("/dev/zero")):
            with pytest.raises((OSError, NotFoundError)):
                opened(path)


def test_a_file_and_a_folder_that_are_swapped_for_links_lead_nowhere(root: Path) -> None:
    """The race between the check and the opening: a thread swaps both without a pause."""
    stop = threading.Event()
    good, evil, target = root / "good", root.parent / "outside", root / "swapped"
    good.mkdir()
    (good / "secret").write_text("inside")

    def swap() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            spare = root / f"spare{number % 2}"
            spare.symlink_to(evil if number % 2 else "good")
            spare.replace(target)

    swapping = threading.Thread(target=swap)
    swapping.start()
    read = set()
    try:
        with fenced([root]):
            for _ in range(500):
                with suppress(OSError, NotFoundError), opened(target / "secret") as file:
                    read.add(file.read())
    finally:
        stop.set()
        swapping.join()
    assert read <= {b"inside"}


def test_a_real_folder_that_becomes_a_link_in_between_is_not_followed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.path.realpath

    def swapped_afterwards(path: Path) -> str:
        found = real(path)
        if found.endswith("/er/file"):
            shutil.rmtree(root / "deep" / "er")
            (root / "deep" / "er").symlink_to(root.parent / "outside")
            (root.parent / "outside" / "file").write_text("outside")
        return found

    with fenced([root]):
        monkeypatch.setattr(os.path, "realpath", swapped_afterwards)
        with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
            opened(root / "deep/er/file")


def test_tensorflow_gets_the_files_that_were_checked(tmp_path: Path) -> None:
    for suffix in (".index", ".data-00000-of-00001"):
        shutil.copy(SAMPLES / f"m32_after.ckpt{suffix}", tmp_path / f"m.ckpt{suffix}")
    with fenced([tmp_path]):
        model = with_import(load(tmp_path / "m.ckpt"), timeout_s=120)

    assert model.imported is not None and model.imported.ok
    assert model.imported.differences == ()
    (tmp_path / "m.ckpt.index").unlink()
    (tmp_path / "m.ckpt.index").symlink_to(SAMPLES / "m32_after.ckpt.index")
    with fenced([tmp_path]), pytest.raises(NotFoundError, match="leads out"):
        with_import(model, timeout_s=120)


def test_a_state_file_says_nothing_of_what_is_outside(tmp_path: Path) -> None:
    said = []
    for name in ("there", "not-there"):
        folder, outside = tmp_path / f"root-{name}", tmp_path / name
        folder.mkdir()
        if name == "there":
            outside.mkdir()
            shutil.copy(SAMPLES / "m32_after.ckpt.index", outside / "m.ckpt.index")
        (folder / "checkpoint").write_text(f'model_checkpoint_path: "{outside}/m.ckpt"')
        for path in (folder, folder / "checkpoint"):
            with fenced([folder]), pytest.raises(ScopeviewError) as refused:
                load(path)
            said.append(str(refused.value).replace(str(folder), "F").replace(str(outside), "O"))
    assert said[:2] == said[2:]
    assert "or not in a folder that is served" in said[1]
