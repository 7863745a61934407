"""Files elsewhere open as those of this machine do, and move few bytes; no text in a file opens a URL."""

from __future__ import annotations

import io
from pathlib import Path

import fsspec
import numpy as np
import pytest

import scopeview
from scopeview.errors import ScopeviewError
from scopeview.readers import find_artifacts
from scopeview.readers.fence import fenced
from scopeview.readers.paths import is_url, path_of
from scopeview.readers.storage import status
from tests.cli.running import Run
from tests.places import BROKEN, SAMPLES
from tests.web_server import Files

KINDS = {
    "m17_gan.meta": None,
    "m02_nested_scopes.pbtxt": None,
    "m29_keras": None,
    "m29_two_tag_sets": None,
    "m29_logdir": "v1/events.out.tfevents.sample:meta_graph",
    "m30_frozen_ref.pb": None,
    "m32_object.ckpt": None,
    "m32_sharded.ckpt": None,
    "m32_v1_two_shards": None,
    "m28_partitioned.ckpt": None,
}
"""Samples of every kind, and which of what they hold to open."""


def described(path: str, base: str, artifact: str | None, tags: list[str] | None) -> str:
    model = scopeview.load(path, artifact=artifact, tags=tags)
    text = scopeview.to_json(scopeview.inspect(model))
    assert base in text
    return text.replace(base, "BASE")


@pytest.mark.parametrize("name", KINDS)
def test_everything_opens_from_elsewhere_as_from_here(name: str, web: Files, memory: str) -> None:
    chosen = KINDS[name], ["serve"] if "two_tag" in name else None

    here = described(str(SAMPLES / name), str(SAMPLES), *chosen)

    assert described(f"{web.url}/artifacts/{name}", f"{web.url}/artifacts", *chosen) == here
    assert described(f"{memory}/artifacts/{name}", f"{memory}/artifacts", *chosen) == here


def test_broken_files_are_refused_in_the_same_words(web: Files) -> None:
    def refusal(path: str, base: str) -> str:
        try:
            return str(scopeview.load(path).notes).replace(base, "")
        except ScopeviewError as error:
            return f"{type(error).__name__}: {error}".replace(base, "")

    names = sorted(path.name for path in BROKEN.iterdir() if path.is_file())[::3]
    assert len(names) > 10
    for name in names:
        assert refusal(f"{web.url}/broken/{name}", f"{web.url}/broken") == refusal(str(BROKEN / name), str(BROKEN))


def test_a_checkpoint_moves_its_index_and_nothing_else(web: Files) -> None:
    index, data = (web.content[f"artifacts/m33_original.ckpt.{part}"] for part in ("index", "data-00000-of-00001"))
    web.put("one/model.ckpt.index", index)
    web.put("one/model.ckpt.data-00000-of-00001", data)

    scopeview.load(f"{web.url}/one/model.ckpt")

    assert web.sent == {"one/model.ckpt.index": len(index)}
    assert len(web.requests) < 15


def test_values_are_those_of_the_file_here(web: Files) -> None:
    here = scopeview.values(scopeview.load(SAMPLES / "m33_original.ckpt"))
    there = scopeview.values(scopeview.load(f"{web.url}/artifacts/m33_original.ckpt"))

    assert [(one.variable, one.l2, one.histogram) for one in there.variables] == [
        (one.variable, one.l2, one.histogram) for one in here.variables
    ]


def weights(tmp_path: Path) -> dict[str, bytes]:
    """Files of weights, by name."""
    import h5py

    arrays = {"layer/kernel": np.arange(40_000, dtype=np.float32).reshape(200, 200), "layer/bias": np.ones(200)}
    with h5py.File(tmp_path / "w.h5", "w") as file:
        for key, array in arrays.items():
            file[key] = array
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
    return {"w.h5": (tmp_path / "w.h5").read_bytes(), "w.npz": packed.getvalue()}


def test_weights_of_other_frameworks_are_read_from_elsewhere(web: Files, tmp_path: Path) -> None:
    for name, content in weights(tmp_path).items():
        (tmp_path / name).write_bytes(content)
        web.put(f"weights/{name}", content)
        here = scopeview.values(scopeview.load(tmp_path / name))
        there = scopeview.values(scopeview.load(f"{web.url}/weights/{name}"))
        assert [(one.variable, one.l2, one.unread) for one in there.variables] == [
            (one.variable, one.l2, one.unread) for one in here.variables
        ]
        assert len(there.variables) == 2


def test_arrays_of_zarr_are_read_from_elsewhere(memory: str, tmp_path: Path) -> None:
    tensorstore = pytest.importorskip("tensorstore")
    spec = {"driver": "zarr", "kvstore": {"driver": "file", "path": f"{tmp_path}/z/layer/w"}}
    spec["metadata"] = {"shape": [50, 7], "chunks": [20, 7], "dtype": "<f4"}
    tensorstore.open(spec, create=True).result().write(np.arange(350, dtype=np.float32).reshape(50, 7)).result()
    fsspec.filesystem("memory").put(f"{tmp_path}/z", "/samples of all kinds/zarr", recursive=True)

    found = scopeview.values(scopeview.load(f"{memory}/zarr/layer/w"))

    assert [one.maximum for one in found.variables] == [349.0]


def test_what_a_file_says_opens_no_url(web: Files, memory: str, tmp_path: Path) -> None:
    target = f"{web.url}/artifacts/m33_original.ckpt"
    state = f'model_checkpoint_path: "{target}"\nall_model_checkpoint_paths: "{target}"\n'
    (tmp_path / "checkpoint").write_text(state)
    fsspec.filesystem("memory").pipe_file("/samples of all kinds/state/checkpoint", state.encode())

    for path in (str(tmp_path), str(tmp_path / "checkpoint"), f"{memory}/state", f"{memory}/state/checkpoint"):
        with pytest.raises(ScopeviewError):
            scopeview.load(path)
    assert not web.requests


def test_a_state_file_elsewhere_names_what_lies_beside_it(memory: str) -> None:
    system = fsspec.filesystem("memory")
    for part in ("index", "data-00000-of-00001"):
        content = (SAMPLES / f"m33_original.ckpt.{part}").read_bytes()
        system.pipe_file(f"/samples of all kinds/run/model.ckpt-100.{part}", content)
    state = b'model_checkpoint_path: "gs://a-bucket/run/model.ckpt-100"'
    system.pipe_file("/samples of all kinds/run/checkpoint", state)

    assert scopeview.load(f"{memory}/run").origin.file == f"{memory}/run/model.ckpt-100.index"


def test_no_url_is_within_a_fence(web: Files, tmp_path: Path) -> None:
    with fenced([tmp_path]):
        assert status(path_of(f"{web.url}/artifacts/m17_gan.meta")) is None
        with pytest.raises(ScopeviewError, match=r"does not exist|leads out"):
            find_artifacts(path_of(f"{web.url}/artifacts/m17_gan.meta"))
    assert not web.requests


def test_a_file_behind_a_server_that_lists_nothing_opens(web: Files) -> None:
    web.has_lists = False

    assert scopeview.load(f"{web.url}/artifacts/m33_original.ckpt").variables.names
    assert scopeview.load(f"{web.url}/artifacts/m29_keras/saved_model.pb").variables.names
    with pytest.raises(ScopeviewError, match=r"need not list its folders: pass a file in it"):
        scopeview.load(f"{web.url}/artifacts/m29_keras")


def test_commands_take_urls(web: Files, scopeview: Run, tmp_path: Path) -> None:
    base = f"{web.url}/artifacts"

    assert scopeview("lint", f"{base}/m33_renamed.meta", f"{base}/m33_original.ckpt").code in (0, 1)
    assert "rename" in scopeview("diff", f"{base}/m33_original.ckpt", f"{base}/m33_renamed.meta").out
    assert scopeview("values", f"{base}/m33_original.ckpt", "--json").code == 0
    assert scopeview("convert", f"{base}/m33_original.ckpt", "--to", tmp_path / "w.npz").code == 0
    assert (tmp_path / "w.npz").is_file()


def test_the_page_opens_named_urls_and_no_others(web: Files) -> None:
    from scopeview.server.allowed_paths import AllowedPaths
    from scopeview.workspace import Workspace

    named = f"{web.url}/artifacts/m33_original.ckpt"
    paths = AllowedPaths([named], [str(SAMPLES)])
    workspace = Workspace()
    try:
        assert paths.allowed(named) == (named, None)
        for other in (f"{web.url}/artifacts/m17_gan.meta", "memory://x/y", f"{named}/../m17_gan.meta"):
            assert not is_url(paths.allowed(other)[0])  # below the root there is nothing of that name
        identity = workspace.open(named)
        assert len(workspace.context(identity).model.variables) > 0
        web.forget()
        assert workspace.models()[0].has_changed is False
        assert not web.requests  # a page asks for this again and again
    finally:
        workspace.shut_down()
        paths.close()


def test_files_that_options_name_may_be_urls(web: Files, scopeview: Run) -> None:
    graph, record = f"{web.url}/artifacts/m17_gan.meta", f"{web.url}/map.json"
    web.put("map.json", b'{"a": "b"}')
    web.put("broken.json", b"{")
    sides = [f"{web.url}/artifacts/m33_{side}" for side in ("original.ckpt", "renamed.meta")]

    assert scopeview("diff", *sides, "--map", record).code in (0, 1)
    assert "is no JSON" in scopeview("diff", *sides, "--map", f"{web.url}/broken.json").err
    assert "holds no times of a step" in scopeview("costs", graph, "--run-metadata", sides[1]).err
