"""A person's words become a path of this machine or a URL; what is joined to a URL stays below it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from scopeview.errors import NotFoundError, QueryError
from scopeview.readers.paths import RemotePath, is_remote, is_url, path_of


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        ("gs://bucket/run/model.ckpt-100", "gs://bucket/run/model.ckpt-100"),
        ("s3://bucket/run/", "s3://bucket/run"),
        ("S3://Bucket//odd/key", "s3://Bucket//odd/key"),
        ("memory://a/b", "memory://a/b"),
        ("memory:///a/b", "memory://a/b"),
        ("hdfs:///user/x", "hdfs:///user/x"),
        ("hdfs://name:8020/user/x", "hdfs://name:8020/user/x"),
        ("https://example.org", "https://example.org/"),
        ("https://example.org/a/m.index?sig=a%2Fb&x=1#top", "https://example.org/a/m.index?sig=a%2Fb&x=1"),
    ],
)
def test_urls_are_shown_as_they_were_named(named: str, shown: str) -> None:
    path = path_of(named)

    assert (str(path), is_remote(path)) == (shown, True)
    assert path_of(str(path)) == path
    assert hash(path_of(str(path))) == hash(path)


@pytest.mark.parametrize("named", ["a/b", "/data/x", "file:///data/x", "gs:/bucket/x", "a://b/c"[1:], "model.ckpt-1"])
def test_other_words_are_paths_of_this_machine(named: str) -> None:
    assert isinstance(path_of(named), Path)
    assert not is_url(named)
    assert path_of(Path("x")) == Path("x")


@pytest.mark.parametrize("named", ["https://user:secret@example.org/m.pb", "gs://", "https://"])
def test_passwords_and_nothing_are_refused(named: str) -> None:
    with pytest.raises(QueryError) as refused:
        path_of(named)
    assert "secret" not in str(refused.value)


def test_urls_are_taken_apart_and_joined_as_paths_are() -> None:
    url: Any = path_of("gs://bucket/run/model.ckpt-7.index")
    path = PurePosixPath("/run/model.ckpt-7.index")

    assert (url.name, url.stem, url.suffix) == (path.name, path.stem, path.suffix)
    assert str(url.parent / "checkpoint") == "gs://bucket/run/checkpoint"
    assert [str(one) for one in url.parents] == ["gs://bucket/run", "gs://bucket/"]
    assert str(url.with_name("x")) == "gs://bucket/run/x"
    assert str(url.with_suffix("")) == "gs://bucket/run/model.ckpt-7"
    assert url.relative_to(url.parent.parent).as_posix() == "run/model.ckpt-7.index"
    assert sorted([url, url.parent]) == [url.parent, url]
    assert str(path_of("https://h/a/m.index?sig=1").with_name("m.data")) == "https://h/a/m.data?sig=1"
    with pytest.raises(ValueError, match="does not lie below"):
        url.relative_to(path_of("gs://other/run"))


@pytest.mark.parametrize(
    "below", ["../x", "/etc/passwd", "a/../../x", "https://evil.org/x", "gs://other/x", "a//b", ""]
)
def test_nothing_that_is_joined_leads_out(below: str) -> None:
    with pytest.raises(NotFoundError):
        RemotePath("gs://bucket", ("run",)) / below


@pytest.mark.parametrize("name", ["", "..", "a/b"])
def test_names_are_single_segments(name: str) -> None:
    with pytest.raises(ValueError, match="invalid name"):
        RemotePath("gs://bucket", ("run",)).with_name(name)


@pytest.mark.parametrize("call", ["open", "__fspath__"])
def test_a_url_is_never_taken_for_a_file_of_this_machine(call: str) -> None:
    assert not hasattr(path_of("gs://bucket/x"), call)
