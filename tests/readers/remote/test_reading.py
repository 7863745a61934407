"""Parts of files elsewhere are read by range, once, through a bounded cache; folders are listed."""

from __future__ import annotations

import fsspec
import numpy as np
import pytest

from scopeview.errors import DamagedError, RemoteError
from scopeview.readers.paths import path_of
from scopeview.readers.remote.cache import BLOCK_BYTES, BlockCache
from scopeview.readers.remote.file import RemoteFile
from scopeview.readers.storage import children, files_below, is_dir, is_file, opened, positioned, status
from tests.places import SAMPLES
from tests.web_server import Files


def test_a_long_file_is_read_once_in_few_requests(web: Files) -> None:
    content = np.random.default_rng(5).bytes(40 * BLOCK_BYTES + 77)
    web.put("long", content)
    file = positioned(path_of(f"{web.url}/long"))

    forward = b"".join(file.read(at, 30_000) for at in range(0, len(content), 30_000))

    assert forward == content
    assert web.sent["long"] == len(content)
    assert sum(method == "GET" for method, _, _ in web.requests) <= 8
    web.forget()
    assert file.read(1234, 5) == content[1234:1239]
    assert not web.requests


@pytest.mark.parametrize("seed", range(3))
def test_any_part_is_what_stands_there(web: Files, memory: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    content = random.bytes(3_000_000 + seed)
    web.put(f"any{seed}", content)
    fsspec.filesystem("memory").pipe_file(f"/samples of all kinds/any{seed}", content)
    files = [positioned(path_of(f"{base}/any{seed}")) for base in (web.url, memory)]

    for _ in range(20):
        start, size = int(random.integers(0, len(content))), int(random.integers(0, 2_000_000))
        assert [file.read(start, size) for file in files] == [content[start : start + size]] * 2
    with opened(path_of(f"{web.url}/any{seed}")) as stream:
        stream.seek(-1_500_000, 2)
        assert stream.read() == content[-1_500_000:]
        assert stream.seek(7) == 7
        assert stream.read(9) == content[7:16]


def test_a_file_that_changes_meanwhile_is_refused(web: Files, memory: str) -> None:
    content = bytes(3 * BLOCK_BYTES)
    system = fsspec.filesystem("memory")
    web.put("changing", content)
    system.pipe_file("/samples of all kinds/changing", content)
    files = [RemoteFile(path_of(f"{base}/changing")) for base in (web.url, memory)]  # type: ignore[arg-type]
    assert [file.read(0, 1) for file in files] == [b"\0"] * 2

    web.put("changing", bytes(len(content)))
    system.pipe_file("/samples of all kinds/changing", bytes(len(content)))

    for file in files:
        with pytest.raises(DamagedError, match="has changed since it was opened"):
            file.read(2 * BLOCK_BYTES, 1)


def test_a_server_without_ranges_gives_small_files_whole(web: Files) -> None:
    web.has_ranges = False
    content = np.random.default_rng(1).bytes(5 * BLOCK_BYTES)
    web.put("whole", content)
    file = positioned(path_of(f"{web.url}/whole"))

    assert file.read(3 * BLOCK_BYTES, 100) == content[3 * BLOCK_BYTES : 3 * BLOCK_BYTES + 100]
    assert file.read(10, 4 * BLOCK_BYTES) == content[10 : 10 + 4 * BLOCK_BYTES]
    assert web.sent["whole"] < 3 * len(content)


def test_a_server_without_ranges_gives_no_large_file(web: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scopeview.readers.remote.file._WHOLE_UP_TO", 1000)
    web.has_ranges = False
    web.put("large", bytes(200 * BLOCK_BYTES))

    with pytest.raises(RemoteError, match="gives no parts of a file"):
        positioned(path_of(f"{web.url}/large")).read(150 * BLOCK_BYTES, 10)


def test_the_cache_is_bounded() -> None:
    cache = BlockCache(10)
    for number in range(5):
        cache.put("a", number, b"1234")
        cache.get("a", 0)

    assert cache.size <= 10
    assert [number for number in range(5) if cache.get("a", number)] == [0, 4]


def test_folders_are_listed(web: Files, memory: str) -> None:
    for base in (web.url, memory):
        folder = path_of(f"{base}/artifacts/m29_keras")
        assert [path.name for path in children(folder)] == sorted(
            path.name for path in (SAMPLES / "m29_keras").iterdir()
        )
        below = [path.relative_to(folder).as_posix() for path in files_below(folder)]
        here = sorted(path.relative_to(SAMPLES / "m29_keras") for path in (SAMPLES / "m29_keras").rglob("*"))
        assert below == [path.as_posix() for path in here if (SAMPLES / "m29_keras" / path).is_file()]
        assert is_dir(folder / "variables")
        assert is_file(folder / "saved_model.pb")
        assert status(folder / "no such file") is None


def test_a_name_with_odd_characters_is_found(web: Files) -> None:
    name = "läyer 1 [a]+100%/mödel #1.meta"
    web.put(name, web.content["artifacts/m17_gan.meta"])

    found = children(path_of(f"{web.url}/läyer 1 [a]+100%25"))

    assert [path.name for path in found] == ["mödel #1.meta"]
