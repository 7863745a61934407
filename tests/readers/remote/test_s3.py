"""Files in S3, of a server in this process: listed, read by range, with the credentials of the environment."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

import scopeview
from scopeview.errors import RemoteError
from scopeview.readers.paths import path_of
from scopeview.readers.remote import calls
from scopeview.readers.storage import children, files_below, is_dir, is_file, positioned, status
from tests.cli.running import Run
from tests.places import SAMPLES

_MISSING = [name for name in ("moto", "s3fs", "flask") if importlib.util.find_spec(name) is None]

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(
        bool(_MISSING), reason=f"not installed: {', '.join(_MISSING)}; `make test-services` installs it"
    ),
    pytest.mark.filterwarnings("ignore"),  # of what botocore and moto deprecate
]

SENT = ("m33_original.ckpt", "m29_keras", "m29_logdir", "m32_v1_two_shards", "m17_gan.meta")


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    import fsspec
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    patch.setenv("AWS_ACCESS_KEY_ID", "a")
    patch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    system = fsspec.filesystem("s3")
    system.mkdir("bucket")
    for path in SAMPLES.rglob("*"):
        name = path.relative_to(SAMPLES).as_posix()
        if path.is_file() and name.startswith(SENT):
            system.pipe_file(f"bucket/run 1/{name}", path.read_bytes())
    yield "s3://bucket/run 1"
    patch.undo()
    server.stop()


@pytest.mark.parametrize("name", SENT)
def test_everything_opens_as_from_here(bucket: str, name: str) -> None:
    artifact = "v1/events.out.tfevents.sample:meta_graph" if name == "m29_logdir" else None
    here, there = (scopeview.load(f"{base}/{name}", artifact=artifact) for base in (SAMPLES, bucket))

    assert scopeview.to_json(scopeview.inspect(there)).replace(bucket, "") == (
        scopeview.to_json(scopeview.inspect(here)).replace(str(SAMPLES), "")
    )


def test_folders_are_listed(bucket: str) -> None:
    folder = path_of(bucket)

    assert {path.name for path in children(folder)} == {
        path.name for path in SAMPLES.iterdir() if path.name.startswith(SENT)
    }
    assert is_dir(folder / "m29_keras" / "variables")
    assert is_file(folder / "m17_gan.meta")
    assert status(folder / "nothing") is None
    assert len(files_below(folder / "m29_keras")) == sum(path.is_file() for path in (SAMPLES / "m29_keras").rglob("*"))


def test_values_and_ranges_are_those_of_the_file(bucket: str) -> None:
    content = (SAMPLES / "m17_gan.meta").read_bytes()
    file = positioned(path_of(f"{bucket}/m17_gan.meta"))

    assert file.read(70_000, 99) == content[70_000:70_099]
    here, there = (scopeview.values(scopeview.load(f"{base}/m33_original.ckpt")) for base in (SAMPLES, bucket))
    assert [one.l2 for one in there.variables] == [one.l2 for one in here.variables]


def test_what_is_not_there_is_one_sentence(bucket: str, scopeview: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "PAUSE_S", 0.0)

    for path in (f"{bucket}/none", "s3://no-such-bucket/model.ckpt"):
        ran = scopeview("inspect", path)
        assert (ran.code, ran.err.count("\n")) == (2, 1), ran.err


def test_without_credentials_a_sentence_says_where_they_come_from(
    bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    import s3fs

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, f"{tmp_path}/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    s3fs.S3FileSystem.clear_instance_cache()

    with pytest.raises(RemoteError, match="credentials are taken from where fsspec looks"):
        scopeview.load(f"{bucket}/m17_gan.meta")
    s3fs.S3FileSystem.clear_instance_cache()
