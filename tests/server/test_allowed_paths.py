"""Nothing outside the roots is opened, by whatever way."""

from __future__ import annotations

from pathlib import Path

import pytest

from scopeview.errors import NotFoundError
from scopeview.server.allowed_paths import AllowedPaths, openable


def test_named_paths_and_roots(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "deep").mkdir(parents=True)
    outside.mkdir()
    (root / "deep" / "m.pb").write_bytes(b"")
    (outside / "secret").write_bytes(b"")
    (root / "link").symlink_to(outside)
    (root / "inner").symlink_to(root / "deep")
    allowed_paths = AllowedPaths(["named.meta"], [str(root)])

    assert allowed_paths.allowed("named.meta") == ("named.meta", None)
    assert allowed_paths.allowed("deep/m.pb") == (str(root / "deep" / "m.pb"), (root,))
    assert allowed_paths.allowed(str(root / "inner" / "m.pb"))[0] == str(root / "deep" / "m.pb")
    for path in ("../outside/secret", str(outside / "secret"), "link/secret", str(root / "link"), "/", "a\0b"):
        with pytest.raises(NotFoundError, match="is not served"):
            allowed_paths.allowed(path)


def test_without_roots_only_what_was_named() -> None:
    with pytest.raises(NotFoundError):
        AllowedPaths(["a"]).allowed("b")
    assert AllowedPaths(["a"]).listed("").paths == ("a",)


def test_folders_are_not_files(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"")
    allowed_paths = AllowedPaths(roots=[str(tmp_path)])

    assert allowed_paths.listed(str(tmp_path)).paths == (str(tmp_path / "file"), f"{tmp_path / 'folder'}/")
    assert allowed_paths.listed(str(tmp_path / "file")).paths == ()
    assert allowed_paths.listed(f"{tmp_path / 'folder'}/").above == f"{tmp_path}/"
    assert allowed_paths.listed(str(tmp_path)).above == ""


def test_what_was_sent_together_is_opened_as_what_it_is(tmp_path: Path) -> None:
    for name in ("m.ckpt.index", "m.ckpt.data-00000-of-00001", "m.ckpt.meta", "checkpoint", "a.data-00000-of-00001"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "saved").mkdir()

    assert [path.name for path in openable(tmp_path)] == ["a.data-00000-of-00001", "m.ckpt", "m.ckpt.meta", "saved"]
