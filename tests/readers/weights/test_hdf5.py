"""HDF5 is read in a process of its own: values are h5py's, no file leads to another, and no file ends scopeview."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scopeview
from scopeview.errors import DamagedError
from scopeview.model.wanted import UnwantedError, wanted_while
from scopeview.readers import with_values
from scopeview.readers.fence import fenced
from scopeview.readers.weights import hdf5, hdf5_process

h5py: Any = pytest.importorskip("h5py", reason="h5py reads HDF5")


def values(path: Path) -> dict[str, list[float]]:
    model, reader = with_values(scopeview.load(path))
    return {v.name: [x for block in reader.blocks(v) for x in block.tolist()] for v in model.variables}


def test_values_are_those_of_h5py_however_they_are_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5, "BLOCK_BYTES", 64)
    expected: dict[str, list[float]] = {}
    with h5py.File(tmp_path / "x.h5", "w") as file:
        shapes: tuple[tuple[int, ...], ...] = ((), (0, 3), (7,), (5, 9), (9, 2, 3))
        for shape, is_chunked, dtype in itertools.product(shapes, (True, False), ("<f4", ">i2", "u1")):
            value = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
            options = (
                {"chunks": tuple(3 for _ in shape), "compression": "gzip"} if is_chunked and value.size > 1 else {}
            )
            options |= {"maxshape": tuple(None for _ in shape)} if options else {}
            name = f"{len(expected)}"
            file.create_dataset(f"a/{name}", data=value, **options)
            expected[f"a/{name}"] = value.ravel().tolist()

    assert values(tmp_path / "x.h5") == expected


@pytest.mark.parametrize("is_fenced", [False, True])
def test_no_dataset_leads_to_another_file(tmp_path: Path, is_fenced: bool) -> None:
    """External storage is any file at all, whose bytes would be shown as values."""
    served = tmp_path / "served"
    served.mkdir()
    (tmp_path / "secret").write_bytes(bytes(range(1, 9)))
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.ones(4)
    virtual = h5py.VirtualLayout(shape=(4,), dtype="f8")
    virtual[:] = h5py.VirtualSource(tmp_path / "secret.h5", "x", shape=(4,))
    with h5py.File(served / "x.h5", "w", libver="latest") as file:
        file.create_dataset("external", shape=(8,), dtype="u1", external=[(tmp_path / "secret", 0, 8)])
        file.create_virtual_dataset("virtual", virtual)
        file["link"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "x")
        file["own"] = np.ones(2)

    with fenced([served] if is_fenced else None):
        found, model = values(served / "x.h5"), scopeview.load(served / "x.h5")

    assert found == {"external": [], "virtual": [], "own": [1, 1]}
    assert sorted(note.split(" ")[0] for note in model.notes) == ["'link'", "the", "the"]
    assert sum("should be in other files" in note for note in model.notes) == 2


def test_groups_that_hold_each_other_are_walked_as_far_as_the_file_is_worth(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        for name in "abcd":
            file.create_group(name)
        for name, other in itertools.product("abcd", repeat=2):
            file[name][other] = file[other]
        file["w"] = np.ones(3)

    model = scopeview.load(tmp_path / "x.h5")

    assert [variable.name for variable in model.variables] == ["w"]
    assert "more datasets and groups than a file of this size holds" in model.notes[-1]


def test_one_damaged_object_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["bad"], file["good"] = np.ones(3), np.ones(2)
        place = h5py.h5o.get_info(file["bad"].id).addr
    raw = bytearray(path.read_bytes())
    raw[place] ^= 0xFF
    path.write_bytes(raw)

    assert values(path) == {"good": [1, 1]}
    assert "'bad' is damaged, and is left out" in scopeview.load(path).notes[0]
    path.write_bytes(raw[:200])
    with pytest.raises(DamagedError, match=r"x\.h5 is an HDF5 file that cannot be read: .*; fetch it again"):
        scopeview.load(path)


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A program in place of the one that reads HDF5; what ran before is ended, and so is what runs then."""
    hdf5_process.end_all()
    monkeypatch.setattr(hdf5_process, "_CHILD", str(tmp_path / "child.py"))
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["w"] = np.ones(2)
    yield tmp_path / "child.py"
    hdf5_process.end_all()


@pytest.mark.parametrize(
    ("signal", "said"), [("SIGSEGV", "HDF5 ended with SIGSEGV"), ("SIGXCPU", "HDF5 takes too long")]
)
def test_a_crash_is_a_sentence(child: Path, signal: str, said: str) -> None:
    child.write_text(f"import os, signal, sys; sys.stdin.buffer.read(4); os.kill(os.getpid(), signal.{signal})")

    with pytest.raises(DamagedError, match=said):
        scopeview.load(child.with_name("x.h5"))


def test_what_nobody_waits_for_is_killed(child: Path) -> None:
    child.write_text("while True: pass")
    looks = iter([True] * 5)

    with pytest.raises(UnwantedError), wanted_while(lambda: next(looks, False)):
        scopeview.load(child.with_name("x.h5"))

    assert hdf5_process._all == set()


def test_a_process_that_another_file_has_harmed_is_asked_no_more(child: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers one question and then ends: the next file is read by another."""
    source = Path(hdf5_process.__file__).with_name("hdf5_child.py").read_text("utf-8")
    child.write_text(
        source.replace("    while (wanted := _received()) is not None:\n", "    for wanted in [_received()]:\n")
    )

    for _ in range(2):
        assert values(child.with_name("x.h5")) == {"w": [1, 1]}
