"""What cannot be reached is asked for again, and then one sentence."""

from __future__ import annotations

import sys
import threading

import pytest

import scopeview
from scopeview.errors import RemoteError
from scopeview.readers import find_artifacts
from scopeview.readers.paths import path_of
from tests.cli.running import Run
from tests.web_server import Files


def test_answers_that_break_off_are_asked_for_again(web: Files) -> None:
    web.put("dropped.meta", web.content["artifacts/m17_gan.meta"])
    web.drops = 2

    assert len(scopeview.load(f"{web.url}/dropped.meta").graph) > 100
    assert web.drops == 0


@pytest.mark.parametrize("status_code", [500, 503, 429])
def test_servers_that_fail_for_a_while_are_asked_again(web: Files, status_code: int) -> None:
    web.put(f"busy{status_code}.meta", web.content["artifacts/m17_gan.meta"])
    web.statuses[:] = [status_code] * 4  # fsspec asks twice, by HEAD and by GET

    assert len(scopeview.load(f"{web.url}/busy{status_code}.meta").graph) > 100


def fail(web: Files, how: str) -> None:
    web.put("failing.meta", web.content["artifacts/m17_gan.meta"])
    match how:
        case "drops":
            web.drops = 1000
        case "slow":
            web.hold = threading.Event()
        case _:
            web.statuses[:] = [int(how)] * 1000


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("drops", "4 times; check the network"),
        ("slow", "no answer came within 0.05 s, 4 times"),
        ("503", "the server answered 503, 4 times"),
        ("403", "access is refused"),
        ("404", "does not exist"),
    ],
)
def test_what_cannot_be_reached_is_one_sentence(
    web: Files, scopeview: Run, monkeypatch: pytest.MonkeyPatch, how: str, words: str
) -> None:
    if how == "slow":
        monkeypatch.setenv("SCOPEVIEW_REMOTE_TIMEOUT", "0.05")
    fail(web, how)

    ran = scopeview("inspect", f"{web.url}/failing.meta")

    if web.hold is not None:
        web.hold.set()
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert ran.err.count("\n") == 1
    assert len(web.requests) <= 40


def test_one_file_of_a_folder_that_cannot_be_reached_is_not_passed_over(web: Files) -> None:
    web.put("two/a.meta", web.content["artifacts/m17_gan.meta"])
    web.put("two/b.meta", web.content["artifacts/m17_gan.meta"])
    web.drops = 1000

    with pytest.raises(RemoteError):
        find_artifacts(path_of(f"{web.url}/two"))


def test_values_that_cannot_be_reached_are_not_called_missing(web: Files) -> None:
    for part in ("index", "data-00000-of-00001"):
        web.put(f"lost/m.ckpt.{part}", web.content[f"artifacts/m33_original.ckpt.{part}"])
    model = scopeview.load(f"{web.url}/lost/m.ckpt")
    web.statuses[:] = [503] * 1000
    with pytest.raises(RemoteError, match="answered 503"):
        scopeview.values(model)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("gs://a/b", "pip install 'scopeview[gcs]'"),
        ("hdfs://a/b", "pip install 'scopeview[hdfs]'"),
        ("nosuch://a/b", "fsspec knows no protocol nosuch://"),
    ],
)
def test_what_is_not_installed_is_named(scopeview: Run, monkeypatch: pytest.MonkeyPatch, url: str, words: str) -> None:
    for module in ("gcsfs", "pyarrow", "pyarrow.fs"):
        monkeypatch.setitem(sys.modules, module, None)

    ran = scopeview("inspect", url)

    assert (ran.code, words in ran.err, ran.err.count("\n")) == (2, True, 1)


def test_without_fsspec_a_sentence_says_what_to_install(scopeview: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)

    ran = scopeview("inspect", "memory://a/b.pb")

    assert ran.code == 2
    assert "pip install 'scopeview[remote]'" in ran.err
